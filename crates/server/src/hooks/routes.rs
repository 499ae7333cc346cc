//! Hooks over HTTP: `POST /hooks/{client}/{event}` with the JSON that an agent sends.
//!
//! Where memory cannot be used, the answer is `{}` with status 200: an agent goes on without it. A call
//! that cannot be read is refused with status 400, one of an unknown client or event with 404, one whose
//! key may not do what it asks for with 403, and one that is for another server with 421.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{self, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use longmem_core::{EstimatedTokens, TokenCounter, fnv1a, real_path};
use longmem_memory::{Memory, MemoryError};

use super::{
    Hook, HookAnswer, HookError, WaitingTranscript, WaitingTranscripts, catch_up_transcripts,
};
use crate::activity::{Door, Event, Note};
use crate::caller::{Caller, Permission};
use crate::problem::Problem;
use crate::proxy::DEGRADED;
use crate::shared::Shared;

/// The header of a request that is for one store only: its place's FNV-1a hash, in hexadecimal digits.
const STORE: HeaderName = HeaderName::from_static("x-longmem-store");

/// How long an agent may take to write its answer after its hook was called.
const BEHIND: Duration = Duration::from_secs(3);

/// Where a server finds the transcripts of agents.
///
/// The path of a transcript comes with a request, so it counts only from a caller with the memory of the
/// person who runs the server, and only in these folders.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TranscriptCapture {
    /// Those that wait to be read.
    pub waiting: WaitingTranscripts,
    /// The folders below which agents keep them.
    pub folders: Vec<PathBuf>,
}

impl TranscriptCapture {
    /// Transcripts in these folders.
    pub fn new(waiting: WaitingTranscripts, folders: Vec<PathBuf>) -> Self {
        Self { waiting, folders }
    }

    /// Notes a transcript, if it may be read. Says whether it may.
    fn note(&self, transcript: &WaitingTranscript) -> bool {
        self.holds(&transcript.path) && self.waiting.note(transcript).is_ok()
    }

    /// Whether a file is in one of the folders, wherever links lead.
    fn holds(&self, path: &Path) -> bool {
        let Ok(path) = path.canonicalize() else { return false };
        let mut folders = self.folders.iter().filter_map(|folder| folder.canonicalize().ok());
        folders.any(|folder| path.starts_with(folder))
    }
}

/// The routes of hooks.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/hooks/{client}/{event}", post(called))
}

async fn called(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    extract::Path((client, event)): extract::Path<(String, String)>,
    headers: HeaderMap,
    json: Bytes,
) -> Result<Response, Problem> {
    if let Some(number) = headers.get(STORE)
        && *number != store_number(&shared).await
    {
        let detail = "this server serves another store than the one that the request is for";
        return Err(misdirected(detail));
    }
    let hook = Hook::read(&client, &event, &json)?;
    if headers.contains_key(STORE) && hook.begins_catching_up() && capture(&shared).is_none() {
        return Err(misdirected("this server reads no transcripts"));
    }
    let ((client, event), began) = (hook.names(), Instant::now());
    let answered = answered(&shared, hook, caller).await;
    shared.metrics.hook(client, event, began.elapsed());
    answered
}

async fn answered(shared: &Arc<Shared>, hook: Hook, caller: Caller) -> Result<Response, Problem> {
    if hook.begins_catching_up()
        && let Some(capture) = capture(shared)
    {
        let of_this_person = caller.user == shared.settings.user;
        if of_this_person && let Some(transcript) = hook.grown_transcript(&caller.user) {
            caller.require(Permission::Write)?;
            capture.note(&transcript);
        }
        if !capture.waiting.is_empty() {
            tokio::spawn(catch_up(Arc::clone(shared), capture.waiting.clone(), Vectors::Now));
        }
    }
    if !hook.reads_memory() {
        return Ok(response(&HookAnswer::default()));
    }
    caller.require(Permission::Read)?;
    let (client, began) = (hook.names().0, Instant::now());
    Ok(match answer(shared, hook, &caller).await {
        Ok(mut answer) => {
            if let Some(brought) = answer.brought.take() {
                let tokens = EstimatedTokens.count(answer.text().unwrap_or_default());
                let injected = Note::new(Door::Hook, Event::Injected { brought, tokens });
                let injected = injected.client(client).took(began.elapsed());
                shared.activity.note(&caller.user, shared.memory.now(), injected);
            }
            response(&answer)
        }
        Err(_) => {
            let degraded = [(DEGRADED, "memory_unavailable")];
            (degraded, response(&HookAnswer::default())).into_response()
        }
    })
}

/// The transcripts that this server reads; none if it stores nothing.
fn capture(shared: &Shared) -> Option<&TranscriptCapture> {
    shared.settings.transcripts.as_ref().filter(|_| !shared.settings.read_only)
}

/// A command of longmem's own asked for what this server does not do: it does that itself then.
fn misdirected(detail: &str) -> Problem {
    let title = "Not of this server";
    Problem::new(StatusCode::MISDIRECTED_REQUEST, "misdirected", title, detail)
}

/// What the header [`STORE`] says of this server's store; nothing while it cannot be opened.
async fn store_number(shared: &Shared) -> String {
    let place = shared.memory.read(|memory: &Memory| Ok::<_, MemoryError>(memory.place())).await;
    let real = |place: String| {
        real_path(Path::new(&place)).map_or(place, |path| path.display().to_string())
    };
    place.map_or_else(|_| String::new(), |place| format!("{:016x}", fnv1a(real(place).as_bytes())))
}

async fn answer(shared: &Shared, hook: Hook, caller: &Caller) -> Result<HookAnswer, MemoryError> {
    let (user, time_zone) =
        (caller.user.clone(), shared.settings.talk.conversation.time_zone.clone());
    shared.memory.read(move |memory: &Memory| hook.answer(memory, &user, &time_zone)).await
}

/// When what was read of transcripts gets its vectors.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vectors {
    /// As soon as it is stored.
    Now,
    /// When it is searched for.
    Later,
}

/// Reads the transcripts that wait since a process ended before it could.
pub(crate) async fn catch_up_at_start(shared: Arc<Shared>, vectors: Vectors) {
    let waiting = capture(&shared).map(|capture| capture.waiting.clone());
    if let Some(waiting) = waiting.filter(|waiting| !waiting.is_empty()) {
        catch_up(shared, waiting, vectors).await;
    }
}

/// Reads the transcripts that wait, and those that an agent was still writing once more.
async fn catch_up(shared: Arc<Shared>, waiting: WaitingTranscripts, vectors: Vectors) {
    for is_last in [false, true] {
        let waiting = waiting.clone();
        let read =
            move |memory: &Memory| Ok::<_, MemoryError>(catch_up_transcripts(memory, &waiting));
        let read = match vectors {
            Vectors::Now => shared.memory.run(read).await,
            // Nobody who asks something waits for it.
            Vectors::Later => shared.memory.run_aside(read).await,
        };
        // What cannot be read now goes on waiting.
        let Ok(Ok(caught_up)) = read else { return };
        if caught_up.new_turns > 0 {
            // Found by its meaning at the next prompt; without the model, by words.
            let user = shared.settings.user.clone();
            let captured = Event::Captured { turns: caught_up.new_turns, session: None };
            shared.activity.note(&user, shared.memory.now(), Note::new(Door::Hook, captured));
            if vectors == Vectors::Now {
                let _ = shared.memory.run(move |memory: &Memory| memory.catch_up(&user)).await;
            }
        }
        if caught_up.fresh == 0 || is_last {
            return;
        }
        tokio::select! {
            () = shared.stopping.cancelled() => return,
            () = tokio::time::sleep(BEHIND) => {}
        }
    }
}

fn response(answer: &HookAnswer) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], answer.to_json()).into_response()
}

impl From<HookError> for Problem {
    fn from(error: HookError) -> Self {
        match &error {
            HookError::Client(_) | HookError::Event { .. } => {
                Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", error.to_string())
            }
            HookError::Json(_) => Self::invalid(error.to_string()),
        }
    }
}
