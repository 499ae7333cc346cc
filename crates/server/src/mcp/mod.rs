//! Memory as tools for language models, by the Model Context Protocol: over a pipe, and over HTTP.
//!
//! The protocol itself is rmcp's. What is here: the eight tools ([`tools`]), conversations as resources
//! ([`resources`]), a prompt ([`prompts`]), and how what is stored is shown to a model ([`quotes`]): as
//! dated quotes that are marked to be no instructions. Each result comes twice, as text to read and as
//! the JSON of `longmem-wire`; clients show their model the one or the other.

mod arguments;
mod call;
mod handler;
mod http;
mod message;
mod pipe;
mod prompts;
mod quotes;
mod reply;
mod resources;
mod schema;
mod stdio;
mod tools;
mod top_level_id;
mod warmth;

#[cfg(test)]
mod tests;

pub(crate) use http::service;
pub use stdio::serve_mcp;
