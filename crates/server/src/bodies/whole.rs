//! A body that is read to its end before its handler is called.

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use http_body_util::BodyExt as _;
use tokio::time::{Instant, timeout_at};

use super::room::Room;
use crate::problem::Problem;

/// Reads a body of `most` bytes at most to its end; it has come by `deadline`, and takes its room.
///
/// # Errors
/// 400 for a body that ends early, 408 for one that comes too slowly, 413 for one that is too long, 503 if there
/// was no room for it in time.
pub(crate) async fn whole(
    mut body: Body,
    most: u64,
    room: &mut Room,
    deadline: Instant,
) -> Result<Bytes, Problem> {
    let mut bytes = Vec::new();
    loop {
        let frame = timeout_at(deadline, body.frame()).await.map_err(|_| late())?;
        let Some(frame) = frame else { return Ok(bytes.into()) };
        let frame = frame.map_err(|_| Problem::invalid("the body ended early"))?;
        let Ok(data) = frame.into_data() else { continue };
        if (bytes.len() + data.len()) as u64 > most {
            return Err(too_long(most));
        }
        let grown = timeout_at(deadline, room.grow(data.len())).await;
        grown.map_err(|_| {
            let detail = "the bodies of other requests take all the room that there is for them";
            Problem { retry_after: Some(1), ..Problem::busy(detail) }
        })?;
        bytes.extend_from_slice(&data);
    }
}

/// A body has more bytes than are taken.
pub(crate) fn too_long(most: u64) -> Problem {
    Problem::too_large(match most {
        0 => "no body is taken here".to_owned(),
        most => format!("a body has {most} bytes at most here"),
    })
}

fn late() -> Problem {
    let title = "The request took too long";
    let detail = "the body did not arrive in time";
    Problem::new(StatusCode::REQUEST_TIMEOUT, "request-timeout", title, detail)
}
