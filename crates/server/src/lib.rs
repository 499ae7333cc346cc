//! The same memory for other programs: HTTP, MCP, hooks, and the capture of their transcripts.

mod api;
mod caller;
mod problem;
mod settings;
mod shared;

pub use caller::Permission;
pub use settings::{Auth, ServerSettings};
