//! A file as it arrives: written, encrypted, to the disk.

use std::error::Error;
use std::fs::File;
use std::time::Duration;
use std::{io, iter};

use axum::body::Body;
use axum::http::StatusCode;
use http_body_util::{BodyExt as _, LengthLimitError};
use tokio::time::timeout;

use super::sealed::{FileKey, SealedWriter};
use crate::problem::Problem;

/// Bytes of a file at most.
pub(super) const FILE_BYTES: usize = 512 << 20;
/// Bytes that are written to the disk together.
const PIECE: usize = 1 << 20;
/// How long a client may send nothing.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the whole of a body may take to come.
const WHOLE_BODY: Duration = Duration::from_mins(10);

/// Writes a body to a file, and says how many bytes it has.
///
/// # Errors
/// 400 for a body that breaks off or is empty, 408 for one that comes too slowly, 413 for one that is too long, 507 if
/// the file cannot be written.
pub(super) async fn receive(body: Body, file: File, key: &FileKey) -> Result<(File, u64), Problem> {
    let writer = SealedWriter::begin(file, key).map_err(|error| unwritten(&error))?;
    let received = timeout(WHOLE_BODY, write_all(body, writer)).await;
    received.map_err(|_| late(WHOLE_BODY, "the body did not end"))?
}

async fn write_all(mut body: Body, mut writer: SealedWriter) -> Result<(File, u64), Problem> {
    let (mut piece, mut all) = (Vec::with_capacity(PIECE), 0);
    loop {
        let frame = timeout(PATIENCE, body.frame()).await;
        let frame = frame.map_err(|_| late(PATIENCE, "nothing of the body came"))?;
        let frame = frame.transpose().map_err(|error| broken(&error))?;
        let is_last = frame.is_none();
        if let Some(data) = frame.and_then(|frame| frame.into_data().ok()) {
            all += data.len();
            if all > FILE_BYTES {
                return Err(too_long());
            }
            piece.extend_from_slice(&data);
        }
        if piece.len() >= PIECE || is_last {
            (writer, piece) = written(move || {
                writer.write(&piece)?;
                piece.clear();
                Ok((writer, piece))
            })
            .await?;
        }
        if is_last {
            break;
        }
    }
    if all == 0 {
        return Err(Problem::invalid("the body is empty; it should be the file"));
    }
    Ok((written(move || writer.finish()).await?, all as u64))
}

/// Does something with the disk.
pub(super) async fn written<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Problem::bug(error.to_string()))?.map_err(|error| unwritten(&error))
}

/// The body could not be read to its end.
fn broken(error: &axum::Error) -> Problem {
    let mut causes = iter::successors(Some(error as &dyn Error), |&error| error.source());
    if causes.any(<dyn Error>::is::<LengthLimitError>) {
        return too_long();
    }
    Problem::invalid("the body broke off before its end; nothing was imported")
}

fn too_long() -> Problem {
    let limit = FILE_BYTES >> 20;
    Problem::too_large(format!("a file may have {limit} MiB; cut it up"))
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

#[cfg(test)]
mod tests {
    use http_body_util::Limited;

    use super::*;

    #[tokio::test]
    async fn a_file_that_is_longer_than_its_limit_is_too_long_and_not_broken() {
        let limited = Body::new(Limited::new(Body::from("four"), 3));
        let file = tempfile::tempfile().unwrap();
        let problem = receive(limited, file, &FileKey::random().unwrap()).await.unwrap_err();
        assert_eq!(problem.status, StatusCode::PAYLOAD_TOO_LARGE);
    }
}
