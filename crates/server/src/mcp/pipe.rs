//! Lines of JSON that come in by one stream and go out by another.

use std::borrow::Cow;
use std::io;
use std::pin::Pin;

use rmcp::model::{ClientJsonRpcMessage, ClientRequest, GetMeta, JsonRpcMessage, ProtocolVersion};
use rmcp::service::{RoleServer, RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use rmcp::transport::async_rw::AsyncRwTransport;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, BufReader, Empty, empty};
use tokio_util::sync::CancellationToken;

use super::message::{Received, Wrong, read};
use super::top_level_id::TopLevelId;

/// Bytes of the longest line that is kept.
const MAX_LINE: usize = 8 << 20;

/// Bytes of a line for which memory is kept from one to the next.
const USUAL_LINE: usize = 64 << 10;

/// A pipe to one client. What cannot be read is answered here and goes no further, as does a notification
/// that comes before the greeting, which would end the service.
pub(super) struct Pipe<R, W: AsyncWrite> {
    input: BufReader<R>,
    /// What there is of the line that is being read.
    line: Vec<u8>,
    /// Looks for the id in a line that is too long to be kept.
    too_long: Option<TopLevelId>,
    output: AsyncRwTransport<RoleServer, Empty, W>,
    /// The answer to something that cannot be read, on its way out.
    answer: Option<Sending>,
    is_greeted: bool,
    ended: CancellationToken,
}

type Sending = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

impl<R: AsyncRead + Send + Unpin, W: AsyncWrite + Send + Unpin + 'static> Pipe<R, W> {
    /// Joins two streams; `ended` is cancelled when the input has ended.
    pub(super) fn new(input: R, output: W, ended: CancellationToken) -> Self {
        Self {
            input: BufReader::new(input),
            line: Vec::new(),
            too_long: None,
            output: AsyncRwTransport::new(empty(), output),
            answer: None,
            is_greeted: false,
            ended,
        }
    }

    /// Reads the rest of a line, and what it says; none at the end. Whoever stops waiting for it loses nothing.
    async fn next_line(&mut self) -> io::Result<Option<Received>> {
        loop {
            let piece = self.input.fill_buf().await?;
            let end = piece.iter().position(|byte| *byte == b'\n');
            let has_ended = piece.is_empty();
            let piece = &piece[..end.unwrap_or(piece.len())];
            if self.too_long.is_none() && self.line.len() + piece.len() > MAX_LINE {
                self.too_long = Some(TopLevelId::default());
            }
            match &mut self.too_long {
                Some(looking) => {
                    looking.look_at(&std::mem::take(&mut self.line));
                    looking.look_at(piece);
                }
                None => self.line.extend_from_slice(piece),
            }
            let used = piece.len() + usize::from(end.is_some());
            self.input.consume(used);
            if end.is_none() && !has_ended {
                continue;
            }
            let line = self.take_line();
            if line.is_some() || has_ended {
                return Ok(line);
            }
        }
    }

    /// What the line says that has ended; none for an empty one.
    fn take_line(&mut self) -> Option<Received> {
        if let Some(looking) = self.too_long.take() {
            let may_be_notification = looking.expects_nothing();
            let wrong = Wrong::too_long(looking.found(), MAX_LINE);
            return Some(Received::Wrong(Wrong { may_be_notification, ..wrong }));
        }
        let line = self.line.trim_ascii();
        let received = (!line.is_empty()).then(|| read(line));
        self.line.clear();
        self.line.shrink_to(USUAL_LINE);
        received
    }

    async fn next_message(&mut self) -> io::Result<Option<ClientJsonRpcMessage>> {
        loop {
            if let Some(answer) = &mut self.answer {
                let sent = answer.await;
                self.answer = None;
                sent?;
            }
            match self.next_line().await? {
                None => return Ok(None),
                Some(Received::Message(message)) => {
                    self.is_greeted |= greets(&message);
                    if self.is_greeted || matches!(*message, JsonRpcMessage::Request(_)) {
                        return Ok(Some(*message));
                    }
                }
                Some(Received::Wrong(wrong)) if wrong.may_be_notification => {}
                Some(Received::Wrong(Wrong { id, error, .. })) => {
                    let error = TxJsonRpcMessage::<RoleServer>::error(*error, id);
                    self.answer = Some(Box::pin(self.output.send(error)));
                }
            }
        }
    }
}

/// Whether a message begins what a client has to say: the greeting of the older versions of the protocol, or a
/// request that says by itself which version it speaks. To ask whether anybody is there begins nothing.
fn greets(message: &ClientJsonRpcMessage) -> bool {
    let JsonRpcMessage::Request(request) = message else { return false };
    match &request.request {
        ClientRequest::InitializeRequest(_) => true,
        ClientRequest::PingRequest(_) | ClientRequest::DiscoverRequest(_) => false,
        request => {
            let meta = request.get_meta();
            let version = meta.protocol_version();
            meta.missing_required_keys(&ProtocolVersion::V_2026_07_28).is_empty()
                && version.is_some_and(|version| ProtocolVersion::KNOWN_VERSIONS.contains(&version))
        }
    }
}

impl<R, W> Transport<RoleServer> for Pipe<R, W>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    type Error = io::Error;

    fn name() -> Cow<'static, str> {
        "pipe".into()
    }

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        self.output.send(message)
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        let message = self.next_message().await.ok().flatten();
        if message.is_none() {
            self.ended.cancel();
        }
        message
    }

    async fn close(&mut self) -> io::Result<()> {
        self.output.close().await
    }
}
