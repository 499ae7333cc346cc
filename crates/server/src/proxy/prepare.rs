//! What goes to the upstream in the place of a body: the same bytes, with blocks of memory among them.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use longmem_core::UserName;
use longmem_memory::{Epoch, Memory};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};

use super::api::RequestKind;
use super::conversation::{Conversation, Question};
use super::exchange::Exchange;
use super::place::{Insertion, spliced};
use super::recall::{Recalled, Sender, recalled};
use super::session::session;
use super::settings::ProxyMode;
use super::sticky::{Block, Moment};
use super::wish::Wish;
use crate::activity::Brought;
use crate::shared::Shared;

/// Bytes of a body from which on it is read in a thread of its own.
const LONG: usize = 64 << 10;

/// Characters of the name of a program that are kept.
const PROGRAM_CHARACTERS: usize = 60;

/// A question to a model.
pub(super) struct Asked {
    pub(super) user: UserName,
    pub(super) kind: RequestKind,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// What goes to the upstream.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) body: Bytes,
    /// Tokens of the blocks that were put into it.
    pub(super) injected: usize,
    /// Why memory has less of a part in it than it could.
    pub(super) degraded: Option<&'static str>,
    /// Why the body was not looked into.
    pub(super) uninspected: Option<&'static str>,
    /// Whether the answer is to come as a stream.
    pub(super) streams: bool,
    /// What is stored when the answer has come; none if nothing is.
    pub(super) exchange: Option<Exchange>,
}

impl Prepared {
    /// The body as it came.
    pub(super) fn untouched(body: Bytes) -> Self {
        Self {
            body,
            injected: 0,
            degraded: None,
            uninspected: None,
            streams: false,
            exchange: None,
        }
    }

    /// The body as it came, because it could not be looked into.
    pub(super) fn uninspected(body: Bytes, reason: &'static str) -> Self {
        Self { uninspected: Some(reason), ..Self::untouched(body) }
    }
}

/// Puts what is recalled into a question.
pub(super) async fn prepared(shared: Arc<Shared>, asked: Asked) -> Prepared {
    let Asked { user, kind, headers, body } = asked;
    if headers.contains_key(header::CONTENT_ENCODING) {
        return Prepared::uninspected(body, "encoded");
    }
    let Some(conversation) = read(kind, &body).await else {
        return Prepared::uninspected(body, "not_understood");
    };
    let mut prepared = Prepared::untouched(body);
    prepared.streams = conversation.streams;
    let wish = Wish::of(&headers, &shared.settings.proxy);
    prepared.degraded = wish.degraded;
    let now = shared.memory.now();
    let today = now.to_zoned(shared.settings.talk.conversation.time_zone.clone()).date();
    let session = session(&user, &headers, &conversation, &shared.proxies.responses, today);
    let sender = Sender { user, session, program: program(&headers) };
    if wish.mode != ProxyMode::Off {
        insert(&shared, &sender, kind, &conversation, wish.mode, &mut prepared).await;
    }
    if wish.captures && !shared.settings.read_only && kind != RequestKind::CountTokens {
        prepared.exchange = Exchange::of(&sender, &conversation, now);
    }
    prepared
}

/// Reads a body; none if it is not understood.
async fn read(kind: RequestKind, body: &Bytes) -> Option<Conversation> {
    if body.len() < LONG {
        return Conversation::read(kind, body).ok();
    }
    let body = body.clone();
    spawn_blocking(move || Conversation::read(kind, &body).ok()).await.ok().flatten()
}

/// Puts blocks behind the questions of a conversation: what is recalled for the last one, and what was put
/// behind earlier ones before.
async fn insert(
    shared: &Arc<Shared>,
    sender: &Sender,
    kind: RequestKind,
    conversation: &Conversation,
    mode: ProxyMode,
    prepared: &mut Prepared,
) {
    let Some((last, earlier)) = conversation.questions.split_last() else { return };
    let blocks = &shared.proxies.blocks;
    let deadline = Instant::now() + shared.settings.proxy.recall_deadline;
    let epoch = match mode {
        ProxyMode::Sticky => epoch(shared, &sender.user, deadline).await.unwrap_or_else(|late| {
            prepared.degraded = Some(late);
            None
        }),
        ProxyMode::Ephemeral | ProxyMode::Off => None,
    };
    let moment = Moment { now: shared.memory.now(), epoch };
    let known = |question: &Question| {
        let block = blocks.get(&sender.user, question.hash, moment);
        block.filter(|_| mode == ProxyMode::Sticky)
    };
    let mut placed: Vec<(&Question, Arc<Block>)> =
        earlier.iter().filter_map(|question| Some((question, known(question)?))).collect();
    if let Some(block) = known(last) {
        placed.push((last, block));
    } else if conversation.asks && last.place.is_some() {
        let mut standing = Brought::default();
        for (_, block) in &placed {
            standing.turns.extend(&block.turns);
            standing.facts.extend(&block.facts);
        }
        let Recalled { block, degraded } =
            recalled(shared, sender, last, earlier.len(), standing, deadline).await;
        prepared.degraded = degraded.or(prepared.degraded);
        // That nothing stood behind a question is kept, whatever the reason, so that later requests extend this
        // one. The model never saw what only counts tokens, so the question itself may try again.
        let tries_again =
            kind == RequestKind::CountTokens && degraded.is_some() && block.text.is_empty();
        let block = match mode {
            ProxyMode::Sticky if !tries_again => {
                blocks.keep(&sender.user, last.hash, block, moment)
            }
            ProxyMode::Sticky | ProxyMode::Ephemeral | ProxyMode::Off => Arc::new(block),
        };
        placed.push((last, block));
    }
    let mut insertions: Vec<Insertion> = Vec::new();
    for (question, block) in placed.iter().filter(|(_, block)| !block.text.is_empty()) {
        if let Some(place) = question.place {
            insertions.extend(place.insertions(&block.text));
            prepared.injected += block.tokens;
        }
    }
    if !insertions.is_empty() {
        prepared.body = spliced(&prepared.body, &insertions).into();
    }
}

/// The name that a program gives itself, without its version.
fn program(headers: &HeaderMap) -> Option<String> {
    let name = headers.get(header::USER_AGENT)?.to_str().ok()?;
    let name = name.split(['/', ' ']).next().filter(|name| !name.is_empty())?;
    Some(name.chars().take(PROGRAM_CHARACTERS).collect())
}

/// The user's epoch; none if it cannot be read. Nobody waits for a place at the engine for it.
///
/// # Errors
/// The word for it if the deadline passes.
async fn epoch(
    shared: &Shared,
    user: &UserName,
    deadline: Instant,
) -> Result<Option<Epoch>, &'static str> {
    let user = user.clone();
    let memory = shared.memory.clone();
    let read = move |memory: &Memory| memory.epoch(&user);
    // A task of its own: a panic there is no panic here.
    let reading = tokio::spawn(async move { memory.run_aside(read).await });
    let read = timeout_at(deadline, reading).await.map_err(|_| "deadline")?;
    Ok(read.ok().and_then(Result::ok))
}
