//! What a ring of servers promises, on databases and servers that the tests start: skipped with one line
//! where there is no PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod drill;
mod fixture;
mod lists;
mod moves;
mod suite;
