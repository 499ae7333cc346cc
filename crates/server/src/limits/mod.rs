//! What keeps one caller from taking the server away from the others.

mod failures;
mod places;
mod queue;
mod rate;

pub(crate) use failures::Failures;
pub(crate) use places::{Places, Seat};
pub(crate) use queue::{Full, Queue};
pub(crate) use rate::{Rate, Rates};
