//! Asks a longmem server that runs for this person: its model is loaded already.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use super::log::HookLog;
use crate::server_socket;
use crate::settings::Settings;

/// How long the server may take; after that, the store is asked.
const PATIENCE: Duration = Duration::from_millis(2_500);

/// Bytes of an answer; agents take 10,000 characters.
const MOST_BYTES: u64 = 1 << 20;

/// How a server answers that serves another store in the same folder, or reads no transcripts.
const NOT_OF_THIS_SERVER: &str = "HTTP/1.1 421";

/// The server's answer to the same call; none if no server runs for this store, or if it does not answer.
pub(super) fn answer(settings: &Settings, log: &HookLog, json: &[u8]) -> Option<String> {
    let socket = server_socket::path(settings)?;
    if !socket.exists() {
        return None;
    }
    match post(&socket, settings, log, json) {
        Ok(answer) => answer,
        // A server that was killed leaves its socket.
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => None,
        Err(error) => {
            log.line(&format!("the server at {} does not answer: {error}", socket.display()));
            None
        }
    }
}

fn post(
    socket: &PathBuf,
    settings: &Settings,
    log: &HookLog,
    json: &[u8],
) -> io::Result<Option<String>> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let head = format!(
        "POST /hooks/{} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nX-Longmem-User: {}\r\nX-Longmem-Store: {:016x}\r\nConnection: close\r\n\r\n",
        log.path(),
        json.len(),
        settings.user,
        settings.options.place_number(),
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(json)?;
    let mut response = Vec::new();
    stream.take(MOST_BYTES).read_to_end(&mut response)?;
    let response = String::from_utf8(response).map_err(io::Error::other)?;
    if response.starts_with(NOT_OF_THIS_SERVER) {
        return Ok(None);
    }
    body(&response).map(|body| Some(body.to_owned())).ok_or_else(|| {
        let status = response.lines().next().unwrap_or("nothing");
        io::Error::other(format!("expected a JSON object with status 200, got {status}"))
    })
}

/// The JSON object in a response with status 200.
fn body(response: &str) -> Option<&str> {
    let (head, body) = response.split_once("\r\n\r\n")?;
    let status = head.lines().next()?;
    let is_object =
        serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(body).is_ok();
    (status.starts_with("HTTP/1.1 200") && is_object).then_some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_object_with_status_200_is_an_answer() {
        assert_eq!(body("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"), Some("{}"));
        assert_eq!(body("HTTP/1.1 401 Unauthorized\r\n\r\n{}"), None);
        assert_eq!(body("HTTP/1.1 200 OK\r\n\r\nhello"), None);
        assert_eq!(body(""), None);
    }
}
