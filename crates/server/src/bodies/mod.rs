//! Bodies: how much of those of requests is taken, by when, and how much of all of them at once; and what goes with
//! those of answers.

mod held;
mod rest;
mod room;
mod while_valid;
mod whole;

pub(crate) use held::Held;
pub(crate) use rest::Rest;
pub(crate) use room::Rooms;
pub(crate) use while_valid::WhileValid;
pub(crate) use whole::{too_long, whole};
