//! The same memory for other programs: HTTP, MCP, hooks, and the capture of their transcripts.

mod api;
mod caller;
mod hooks;
mod mcp;
mod problem;
mod settings;
mod shared;

pub use caller::Permission;
pub use hooks::{
    CaughtUpTranscripts, Hook, HookAnswer, HookClient, HookError, TranscriptCapture,
    WaitingTranscript, WaitingTranscripts, catch_up_transcripts,
};
pub use mcp::serve_mcp;
pub use settings::{Auth, ServerSettings};
