//! `POST /v1/memory/import`: takes in a chat file, as a job.

mod kept;
mod receive;
mod sealed;

use std::fs::File;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::{Method, StatusCode};
use longmem_chat::ChatError;
use longmem_core::schemars::{self, JsonSchema};
use longmem_memory::{Format, ImportRequest, MemoryError, TranscriptSource};
use longmem_wire as wire;
use serde::Deserialize;

use self::kept::Upload;
use self::receive::{FILE_BYTES, receive, written};
use self::sealed::{FileKey, SealedReader};
use super::jobs::{Begun, JobInHand, random_name};
use super::operation::Operation;
use super::query::Query;
use super::registry::Registry;
use super::waiting;
use crate::Permission;
use crate::access::KeyInUse;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::shared::Shared;

/// What a file is called that has no name.
const UNNAMED: &str = "import";

/// How often an import is begun that a server did not live to end; one that was told to stop does not count.
const ATTEMPTS: u32 = 3;

pub(super) fn add(registry: &mut Registry) {
    let operation = Operation::new(
        Method::POST,
        "/v1/memory/import",
        "import",
        "Takes in a chat file: an export or transcript of another program, a zip of them, or JSON \
         Lines. Importing again adds only what is new. The file is kept, encrypted, until that is done: a \
         server that ends before goes on with it when it starts again.",
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
    let file_key = FileKey::random();
    let file_key = file_key.ok_or_else(|| Problem::bug("the system gives no random numbers"))?;
    let uploaded = Uploaded::new(&shared)?;
    let (folder, id) = (shared.settings.uploads.clone(), uploaded.job.clone());
    let file = written(move || kept::new_file(folder.as_deref(), &id)).await?;
    let (file, bytes) = receive(body, file, &file_key).await?;
    drop(arriving);
    if let Some(Extension(key)) = key
        && !key.is_valid(&shared).await
    {
        // It was revoked while the file came.
        return Err(Problem::no_key());
    }
    let upload = Upload {
        user: caller.user,
        name: asked.name,
        format: asked.format,
        again: asked.again,
        arrived: shared.memory.now(),
        bytes,
        key: file_key,
        begun: 0,
    };
    // A task of its own: what is begun does not stay undone because its client leaves.
    let taken = tokio::spawn(take_in(shared, uploaded, upload, file)).await;
    let begun = taken.map_err(|panic| Problem::bug(panic.to_string()))??;
    Ok((StatusCode::ACCEPTED, Json(begun)))
}

/// Begins the job of a file that has arrived, once it is noted for a server after this one.
async fn take_in(
    shared: Arc<Shared>,
    mut uploaded: Uploaded,
    upload: Upload,
    file: File,
) -> Result<Begun, Problem> {
    let id = uploaded.job.clone();
    let job = shared.ongoing.jobs.begin_as(id.clone(), &upload.user)?;
    // A panic there must not leave a job behind that nobody does.
    let kept = tokio::spawn(note(Arc::clone(&shared), upload.clone(), id)).await;
    let kept = kept.map_err(|panic| Problem::bug(panic.to_string()));
    if let Err(problem) = kept.and_then(|kept| kept.map_err(Problem::from)) {
        job.fail(problem.clone());
        return Err(problem);
    }
    uploaded.is_kept = true;
    let begun = job.begun();
    run(shared, job, upload, file);
    Ok(begun)
}

/// Notes a file in the store, if it is to outlive the server.
async fn note(shared: Arc<Shared>, upload: Upload, job: String) -> Result<(), MemoryError> {
    if shared.settings.uploads.is_none() {
        return Ok(());
    }
    shared.memory.run(move |memory| upload.keep(memory, &job)).await
}

/// The file of a request that is not answered yet: if it is not taken, it goes.
struct Uploaded {
    shared: Arc<Shared>,
    /// The id of the job that its import is to be.
    job: String,
    is_kept: bool,
}

impl Uploaded {
    fn new(shared: &Arc<Shared>) -> Result<Self, Problem> {
        Ok(Self { shared: Arc::clone(shared), job: random_name()?, is_kept: false })
    }
}

impl Drop for Uploaded {
    fn drop(&mut self) {
        if !self.is_kept {
            kept::delete_file(self.shared.settings.uploads.as_deref(), &self.job);
        }
    }
}

/// Does the import of a file, beside the request that brought it.
fn run(shared: Arc<Shared>, job: JobInHand, upload: Upload, file: File) {
    let (in_hand, stopping, id) = (job.clone(), shared.stopping.clone(), job.begun().job);
    let Upload { user, name, format, again, arrived, bytes, key, begun } = upload.clone();
    let work = waiting::stored_first(&shared, &user.clone(), move |memory, _| {
        let name = name.as_deref().unwrap_or(UNNAMED);
        let mut request = ImportRequest::new(Path::new(name), &user);
        (request.format, request.again) = (format, again);
        in_hand.is_at(0, Some(bytes));
        let reader = SealedReader::begin(file, &key, bytes).map_err(MemoryError::Output)?;
        let source = TranscriptSource::Bytes { name, bytes: Box::new(reader), arrived };
        let report = memory.import_from(source, request, &mut |progress| {
            // A zip holds more than its bytes.
            in_hand.is_at(progress.bytes_read, Some(bytes.max(progress.bytes_read)));
            if stopping.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok::<_, ChatError>(wire::Import::new(Path::new(name), report))
    });
    job.run(shared.settings.log, async move {
        let imported = async {
            let _alone = shared.ongoing.import().await;
            // Its memory is opened for writing, and then it takes no place from requests.
            shared.memory.run(|_| Ok::<_, MemoryError>(())).await?;
            let is_begun = Upload { begun: begun + 1, ..upload.clone() };
            note(Arc::clone(&shared), is_begun, id.clone()).await?;
            shared.memory.run_aside(work).await
        };
        let imported = tokio::select! {
            imported = imported => imported.map_err(Problem::from),
            () = shared.stopping.cancelled() => Err(broken_off(&shared)),
        };
        if shared.stopping.is_cancelled() {
            // The file is not why it ended.
            if let Err(error) = note(Arc::clone(&shared), upload, id).await {
                let reason = wire::full_message(&error);
                (shared.settings.log)(&format!("a broken off import counts as begun: {reason}"));
            }
            return Err(broken_off(&shared));
        }
        done(&shared, id).await;
        imported
    });
}

/// The server stops before an import is done.
fn broken_off(shared: &Shared) -> Problem {
    Problem::busy(match shared.settings.uploads {
        Some(_) => "the server stops; it goes on with the import when it starts again",
        None => "the server stopped before the import was done; send the file again",
    })
}

/// Goes on with the imports that a server before this one did not live to end.
pub(crate) async fn take_up_imports(shared: Arc<Shared>) {
    let Some(folder) = shared.settings.uploads.clone().filter(|_| !shared.settings.read_only)
    else {
        return;
    };
    let left = shared.memory.run_aside(move |memory| kept::left_behind(memory, &folder));
    match left.await {
        Err(error) => {
            let reason = wire::full_message(&error);
            (shared.settings.log)(&format!("imports that wait cannot be taken up: {reason}"));
        }
        Ok(left) => {
            for (id, upload, file) in left {
                let job = shared.ongoing.jobs.take_up(id.clone(), &upload.user);
                if upload.begun >= ATTEMPTS {
                    let detail = "the server ended each time while it did this import";
                    job.fail(Problem::bug(format!("job {id}: {detail}")));
                    (shared.settings.log)(&format!("the import {id} is given up: {detail}"));
                    done(&shared, id).await;
                } else {
                    run(Arc::clone(&shared), job, upload, file);
                }
            }
        }
    }
}

/// Deletes what was kept for an import.
async fn done(shared: &Shared, job: String) {
    let Some(folder) = shared.settings.uploads.clone() else { return };
    kept::delete_file(Some(&folder), &job);
    // A note without its file is deleted when a server starts.
    let _ = shared.memory.run_aside(move |memory| kept::forget(memory, &job)).await;
}
