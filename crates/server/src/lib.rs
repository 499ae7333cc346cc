//! The same memory for other programs: HTTP, MCP, hooks, and the capture of their transcripts.

mod access;
mod activity;
mod api;
mod background;
mod bodies;
mod caller;
mod connections;
mod front;
mod guard;
mod health;
mod hooks;
pub mod keys;
mod limits;
mod listen;
mod mcp;
mod metrics;
mod page;
mod peer;
mod problem;
mod proxy;
mod server;
mod settings;
mod shared;
#[cfg(all(test, unix))]
mod tests;
#[cfg(unix)]
mod unix_socket;
mod watch;
mod who_listens;

pub use hooks::{
    CaughtUpTranscripts, Hook, HookAnswer, HookClient, HookError, TranscriptCapture,
    WaitingTranscript, WaitingTranscripts, catch_up_transcripts,
};
pub use listen::{Listeners, ServeError};
pub use longmem_wire::Permission;
pub use mcp::serve_mcp;
pub use proxy::{InvalidUpstream, ProxyMode, ProxySettings, Upstream, UpstreamAddress};
pub use server::Server;
pub use settings::{Auth, Limits, ServerSettings};
pub use tokio_util::sync::CancellationToken;
pub use watch::{WatchPace, WatchSettings, WatchSource, WatchedFolder, capture_once, watch};
