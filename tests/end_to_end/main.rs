//! Runs the built program as a person would, and looks at what comes out.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bench;
mod changes;
mod commands;
mod configuration;
mod copying;
mod damage;
mod durability;
mod errors;
mod errors_as_json;
mod facts;
mod files;
mod hooks;
mod language_model;
mod laziness;
mod locomo;
mod mcp;
mod on_a_ring;
mod on_postgres;
mod outside;
mod privacy;
mod rule_server;
mod safeguards;
mod seeing;
mod serving;
mod speaking;
mod stand_in;
mod support;
mod talk;
#[cfg(target_os = "linux")]
mod terminal;
mod tour;
mod watch;
