//! Moves one file from a server to the disk.

use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use fs_err as fs;
use ureq::http::Response;
use ureq::http::header::{AUTHORIZATION, CONTENT_RANGE, LOCATION, RANGE};
use ureq::{Agent, Body};
use url::Url;

/// Number of times that a transfer which breaks off is continued.
const RETRIES: usize = 2;

/// Time before a transfer is continued.
const PAUSE: Duration = Duration::from_millis(300);

/// Number of redirects that are followed: the Hub sends its visitors on to its stores.
const MAX_REDIRECTS: usize = 10;

/// Bytes that are moved at once.
const PIECE: usize = 64 * 1024;

/// A file that is wanted.
pub(super) struct Transfer {
    pub(super) url: Url,
    /// The token that the server asks for. It goes to the address that was named, and not to where
    /// that sends its visitors on: a token is for one server.
    pub(super) token: Option<String>,
    /// Number of bytes that it must have.
    pub(super) size: u64,
}

/// Why a file did not come.
#[derive(Debug)]
pub(super) enum Broken {
    /// The server answered without it.
    Refused(String),
    /// No connection was made, or it ended too early.
    Connection(String),
    /// It could not be written.
    Disk(io::Error),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

impl Transfer {
    /// Writes the file to a path, behind the part of it that is there already.
    pub(super) fn run(&self, path: &Path, on_bytes: &dyn Fn(u64)) -> Result<(), Broken> {
        let agent: Agent = Agent::config_builder()
            .user_agent(concat!("longmem/", env!("CARGO_PKG_VERSION")))
            // Redirects are followed here, where it is known whose token it is.
            .max_redirects(0)
            .http_status_as_error(false)
            .build()
            .into();
        let mut result = self.attempt(&agent, path, on_bytes);
        for _ in 0..RETRIES {
            if !matches!(result, Err(Broken::Connection(_))) {
                break;
            }
            std::thread::sleep(PAUSE);
            result = self.attempt(&agent, path, on_bytes);
        }
        result
    }

    fn attempt(&self, agent: &Agent, path: &Path, on_bytes: &dyn Fn(u64)) -> Result<(), Broken> {
        let begun = fs::metadata(path).map_or(0, |metadata| metadata.len());
        let response = self.ask(agent, begun)?;
        let status = response.status();
        if !status.is_success() {
            return Err(Broken::Refused(format!("http status: {}", status.as_u16())));
        }
        let continues = begins_at(&response) == Some(begun);
        let mut file = fs::OpenOptions::new()
            .create(true)
            .write(true)
            .append(continues)
            .truncate(!continues)
            .open(path)?;
        let mut received = if continues { begun } else { 0 };
        on_bytes(received);
        // One byte more than expected shows that the file is wrong; what is longer is not stored.
        let mut body = response.into_body().into_reader().take(self.size + 1 - received);
        let mut piece = vec![0; PIECE];
        loop {
            let length = body.read(&mut piece).map_err(|e| Broken::Connection(e.to_string()))?;
            if length == 0 {
                break;
            }
            file.write_all(&piece[..length])?;
            received += length as u64;
            on_bytes(received);
        }
        if received < self.size {
            let size = self.size;
            return Err(Broken::Connection(format!("{received} of {size} bytes came")));
        }
        Ok(())
    }

    /// Asks for the file from a byte on, wherever the server has it.
    fn ask(&self, agent: &Agent, begun: u64) -> Result<Response<Body>, Broken> {
        let connection = |error: ureq::Error| Broken::Connection(error.to_string());
        let mut url = self.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let mut request = agent.get(url.as_str()).header(RANGE, format!("bytes={begun}-"));
            // The origin is scheme, host and port.
            if let Some(token) = self.token.as_ref().filter(|_| url.origin() == self.url.origin()) {
                request = request.header(AUTHORIZATION, format!("Bearer {token}"));
            }
            let response = request.call().map_err(connection)?;
            if !response.status().is_redirection() {
                return Ok(response);
            }
            let target = response.headers().get(LOCATION).and_then(|target| target.to_str().ok());
            let target = target.and_then(|target| url.join(target).ok());
            url = target.ok_or_else(|| {
                Broken::Refused("it sends on to an address that cannot be read".to_owned())
            })?;
        }
        Err(Broken::Refused(format!("it sends on more than {MAX_REDIRECTS} times")))
    }
}

/// The number of the first byte of a part; none if the whole file comes.
fn begins_at(response: &Response<Body>) -> Option<u64> {
    let range = response.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split_once('-')?.0.parse().ok()
}
