//! Whether it is a server of longmem that listens at an address.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Bytes of the answer that are read at most.
const BYTES: u64 = 4096;

/// Asks whoever listens whether it is a longmem; false if it does not answer.
pub(crate) async fn is_longmem<S: AsyncRead + AsyncWrite + Unpin>(
    connecting: impl Future<Output = io::Result<S>>,
    host: &str,
) -> bool {
    let asked = async {
        let mut stream = connecting.await?;
        let request = format!("GET /healthz HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(BYTES).read_to_end(&mut answer).await?;
        io::Result::Ok(String::from_utf8_lossy(&answer).contains(r#""server":"longmem""#))
    };
    matches!(timeout(PATIENCE, asked).await, Ok(Ok(true)))
}
