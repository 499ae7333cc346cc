//! Keeps a memory on several PostgreSQL servers, each user wholly on one.
//!
//! A file lists the servers. A [hash](home) of a server's and a user's name says where a user belongs, so
//! nobody has to be asked; a user who lives elsewhere, since the list changed, is looked for once. A
//! user's memory moves to where it belongs while it is read and written to, so servers can come and go.
//!
//! Useful where one server has not enough room, or too much to do, for all users. Not useful for one user
//! with very much: a user is never divided.

mod at_once;
mod file;
mod forgetting;
mod home;
mod joining;
mod kept;
mod locate;
mod member;
mod moves;
mod moving;
mod of_user;
mod opening;
mod ring;
mod state;
mod status;
mod store;
mod upkeep;
mod vectors;

pub use file::{ListedServer, RingFile, file_named, ring_place};
pub use home::home;
pub use member::Connect;
pub use moves::{MoveHome, MovedHome};
pub use status::{AwayUser, MemberCounts, MemberStatus, RingStatus};
pub use store::RingStore;

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
