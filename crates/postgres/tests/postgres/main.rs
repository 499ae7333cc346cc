//! What a store on PostgreSQL promises, on servers that the tests start: skipped with one line where there is
//! no PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[cfg(target_os = "linux")]
mod connecting;
mod damage;
mod failure;
mod fixture;
mod forgetting;
mod guard;
mod many_indexers;
mod moving;
mod pooler;
mod ring;
mod same_answers;
mod scratch;
#[cfg(unix)]
mod silence;
mod statements;
mod suite;
mod trips;
