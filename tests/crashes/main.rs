//! Nothing is lost, doubled or half there when the program is killed at random moments, or when eight
//! of it run at once.
//!
//! Moments are random but seeded; how fast a machine is decides what they hit, so each test says that at
//! least one kill came in time.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![cfg(all(unix, feature = "cli"))]

mod commands;
mod home;
mod spool;
mod together;
