//! Memory for the one program at the other end of a pipe.

use std::sync::Arc;
use std::time::Duration;

use longmem_chat::AsyncMemory;
use rmcp::ServiceExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use super::handler::MemoryHandler;
use super::pipe::Pipe;
use crate::ServerSettings;
use crate::hooks::{Vectors, catch_up_at_start};
use crate::shared::Shared;

/// How long what is going on is waited for once the client is gone.
const LAST_WORK: Duration = Duration::from_secs(2);

/// Serves memory by the Model Context Protocol to a client that writes into `input` and reads from
/// `output`, until the input ends or `stop` is done. What is being written then is finished, for at
/// most two seconds. Nothing of the memory is opened before the client asks for some of it, so a store
/// that cannot be opened is said by each tool that needs it, and is no end of the server.
///
/// # Examples
/// ```no_run
/// use longmem_server::{ServerSettings, serve_mcp};
///
/// # async fn example(memory: longmem_chat::AsyncMemory) -> Result<(), longmem_core::InvalidName> {
/// let settings = ServerSettings::new("ana".parse()?);
/// let (input, output) = (tokio::io::empty(), tokio::io::sink());
/// serve_mcp(memory, settings, input, output, std::future::pending()).await;
/// # Ok(())
/// # }
/// ```
pub async fn serve_mcp(
    memory: AsyncMemory,
    settings: ServerSettings,
    input: impl AsyncRead + Send + Unpin + 'static,
    output: impl AsyncWrite + Send + Unpin + 'static,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let shared = Arc::new(Shared::new(memory, settings));
    // Vectors would need the model, which is loaded by the first search.
    tokio::spawn(catch_up_at_start(Arc::clone(&shared), Vectors::Later));
    let handler = MemoryHandler::of_owner(shared);
    let (stopped, ended) = (CancellationToken::new(), CancellationToken::new());
    let asked = stopped.clone();
    tokio::spawn(async move {
        stop.await;
        asked.cancel();
    });
    let pipe = Pipe::new(input, output, ended.clone());
    // It fails only where the client goes before it said what it wants.
    let Ok(serving) = handler.serve_with_ct(pipe, stopped.clone()).await else { return };
    let too_late = async {
        tokio::select! {
            () = stopped.cancelled() => {}
            () = ended.cancelled() => {}
        }
        tokio::time::sleep(LAST_WORK).await;
    };
    tokio::select! {
        _ = serving.waiting() => {}
        () = too_late => {}
    }
}
