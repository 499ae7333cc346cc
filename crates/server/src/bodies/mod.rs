//! The bodies of requests: how much of them is taken, by when, and how much of all of them at once.

mod rest;
mod room;
mod whole;

pub(crate) use rest::Rest;
pub(crate) use room::Rooms;
pub(crate) use whole::{too_long, whole};
