//! `POST /v1/memory/import`: takes in a chat file, as a job.

use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::Extension;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use http_body_util::BodyExt as _;
use longmem_core::schemars::{self, JsonSchema};
use longmem_memory::{Format, ImportRequest, MemoryError, TranscriptSource};
use longmem_wire as wire;
use serde::Deserialize;
use tokio::time::timeout;

use super::jobs::Begun;
use super::operation::Operation;
use super::query::Query;
use super::registry::Registry;
use super::waiting;
use crate::Permission;
use crate::access::KeyInUse;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::shared::Shared;

/// Bytes of a file at most.
const FILE_BYTES: usize = 512 << 20;
/// Bytes that are written to the disk together.
const PIECE: usize = 1 << 20;
/// How long a client may send nothing.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long the whole of a body may take to come.
const WHOLE_BODY: Duration = Duration::from_mins(10);
/// What a file is called that has no name.
const UNNAMED: &str = "import";

pub(super) fn add(registry: &mut Registry) {
    let operation = Operation::new(
        Method::POST,
        "/v1/memory/import",
        "import",
        "Takes in a chat file: an export or transcript of another program, a zip of them, or JSON \
         Lines. Importing again adds only what is new.",
    );
    let operation = operation
        .needs(Permission::Write)
        .query::<ImportQuery>()
        .takes_bytes("application/octet-stream")
        .up_to(FILE_BYTES)
        .answers::<Begun>(202, "The job that does it; its result is as that of longmem import");
    registry.add(&operation, import);
}

/// What the file is.
#[derive(Debug, Deserialize, JsonSchema)]
struct ImportQuery {
    /// The format; it is detected if this is left out.
    #[serde(default)]
    format: Option<Format>,
    /// The file's name, by which some formats name sessions.
    #[serde(default)]
    #[schemars(length(min = 1, max = 255))]
    name: Option<String>,
    /// Whether turns that were forgotten are brought back.
    #[serde(default)]
    again: bool,
}

async fn import(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    key: Option<Extension<KeyInUse>>,
    Query(asked): Query<ImportQuery>,
    body: Body,
) -> Result<(StatusCode, Json<Begun>), Problem> {
    // Nobody should send half a gigabyte to be refused then.
    shared.ongoing.jobs.check_room(&caller.user)?;
    let arriving = shared.ongoing.upload(&caller.user)?;
    // The file has no name on the disk, so nobody else finds it, and nothing of it stays.
    let file = tempfile::tempfile().map_err(|error| unwritten(&error))?;
    let received = timeout(WHOLE_BODY, receive(body, file)).await;
    let (file, bytes) = received.map_err(|_| late(WHOLE_BODY, "the body did not end"))??;
    drop(arriving);
    if let Some(Extension(key)) = key
        && !key.is_valid(&shared).await
    {
        // It was revoked while the file came.
        return Err(Problem::no_key());
    }
    let job = shared.ongoing.jobs.begin(&caller.user)?;
    let begun = job.begun();
    let (in_hand, user) = (job.clone(), caller.user);
    let (stopping, arrived) = (shared.stopping.clone(), shared.memory.now());
    let work = waiting::stored_first(&shared, &user.clone(), move |memory, _| {
        let name = asked.name.as_deref().unwrap_or(UNNAMED);
        let mut request = ImportRequest::new(Path::new(name), &user);
        (request.format, request.again) = (asked.format, asked.again);
        in_hand.is_at(0, Some(bytes));
        let source = TranscriptSource::Stream { name, bytes: Box::new(file), arrived };
        let report = memory.import_from(source, request, &mut |progress| {
            // A zip holds more than its bytes.
            in_hand.is_at(progress.bytes_read, Some(bytes.max(progress.bytes_read)));
            if stopping.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(wire::Import::new(Path::new(name), report))
    });
    job.run(shared.settings.log, async move {
        let _alone = shared.ongoing.import().await;
        // Its memory is opened for writing, and then it takes no place from requests.
        shared.memory.run(|_| Ok::<_, MemoryError>(())).await?;
        shared.memory.run_aside(work).await
    });
    Ok((StatusCode::ACCEPTED, Json(begun)))
}

/// Writes a body to a file, and says how many bytes it has.
async fn receive(mut body: Body, mut file: File) -> Result<(File, u64), Problem> {
    let (mut piece, mut all) = (Vec::with_capacity(PIECE), 0);
    loop {
        let frame = timeout(PATIENCE, body.frame()).await;
        let frame = frame.map_err(|_| late(PATIENCE, "nothing of the body came"))?;
        let frame = frame.transpose().map_err(|_| {
            Problem::invalid("the body broke off before its end; nothing was imported")
        })?;
        let is_last = frame.is_none();
        if let Some(data) = frame.and_then(|frame| frame.into_data().ok()) {
            all += data.len();
            if all > FILE_BYTES {
                let limit = FILE_BYTES >> 20;
                return Err(Problem::too_large(format!("a file may have {limit} MiB; cut it up")));
            }
            piece.extend_from_slice(&data);
        }
        if piece.len() >= PIECE || is_last {
            let written = tokio::task::spawn_blocking(move || {
                file.write_all(&piece)?;
                piece.clear();
                if is_last {
                    file.rewind()?;
                }
                Ok::<_, io::Error>((file, piece))
            });
            let written = written.await.map_err(|error| Problem::bug(error.to_string()))?;
            (file, piece) = written.map_err(|error| unwritten(&error))?;
        }
        if is_last {
            break;
        }
    }
    if all == 0 {
        return Err(Problem::invalid("the body is empty; it should be the file"));
    }
    Ok((file, all as u64))
}

fn late(time: Duration, what: &str) -> Problem {
    let detail = format!("{what} for {} seconds", time.as_secs());
    let status = StatusCode::REQUEST_TIMEOUT;
    Problem::new(status, "request-timeout", "The request took too long", detail)
}

fn unwritten(error: &io::Error) -> Problem {
    let detail = "the file could not be kept for its import; nothing was imported";
    let status = StatusCode::INSUFFICIENT_STORAGE;
    let problem = Problem::new(status, "file-failed", "The file could not be kept", detail);
    Problem { log: Some(error.to_string()), ..problem }
}
