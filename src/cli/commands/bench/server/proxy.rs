//! What the proxies of a server add to requests to language models.

use std::fs;
use std::io;
use std::time::Duration;

use longmem_bench::Figure;
use serde_json::json;

use super::client::{Client, Place};
use super::program::Program;
use super::upstream::{LARGE, Upstream};
use super::{CALLS, Subject, WARM_UP};
use crate::commands::bench::report::{Group, Row};
use crate::commands::bench::{Bench, ROUNDS};
use crate::failure::Failure;

/// What is asked is not stored: the memory stays the one that is measured.
const CONFIGURATION: &str = "[proxy]\ncapture = false\n";

/// Below this the server relays to the stand-in.
const PREFIX: &str = "/anthropic";

/// Asks for nothing to be recalled.
const WITHOUT_RECALL: &str = "X-Longmem-Mode: off\r\n";

/// Frames of a stream.
const FRAMES: usize = 40;

/// Streams whose frames are timed.
const STREAMS: usize = 10;

/// Bytes of the instructions that go with each question.
const INSTRUCTIONS: usize = 20_000;

impl Bench<'_> {
    /// The time until an answer begins, that of a frame on its way, and the bytes a second: without a proxy and
    /// by it, in turns.
    pub(super) fn proxied(
        &self,
        subject: &Subject<'_>,
        program: &Program<'_>,
        name: &str,
    ) -> Result<Group, Failure> {
        let upstream = Upstream::start()?;
        let folder = tempfile::tempdir()?;
        let configuration = folder.path().join("config.toml");
        fs::write(&configuration, CONFIGURATION)?;
        let address = format!("http://{}", upstream.address);
        let server = program.serve_with(&["--anthropic-upstream", &address], &configuration)?;
        let mut direct = Client::connect(&Place::Tcp(upstream.address.clone()))?;
        let mut proxied = Client::connect(&Place::Tcp(server.address.clone()))?;
        let mut rows = self.first_bytes(subject, &mut direct, &mut proxied)?;
        rows.extend(self.frames(&upstream, &mut direct, &mut proxied)?);
        for (name, client, path) in [
            ("bytes that are relayed, without", &mut direct, "/v1/files"),
            ("by the proxy", &mut proxied, "/anthropic/v1/files"),
        ] {
            let mut took = Vec::with_capacity(ROUNDS);
            for _ in 0..ROUNDS {
                self.stopwatch.check()?;
                took.push(client.get(path)?);
            }
            took.sort_unstable();
            let rate = LARGE as f64 / 1e6 / took[ROUNDS / 2].as_secs_f64();
            let figure = Figure::Rate { per_second: rate, of: "MB", tokens_per_second: None };
            rows.push(Row::new(name, figure));
        }
        server.stop()?;
        Ok(Group::new(format!("{name}: the proxy, before a service that answers at once"), rows))
    }

    /// The time until the first byte of an answer.
    fn first_bytes(
        &self,
        subject: &Subject<'_>,
        direct: &mut Client,
        proxied: &mut Client,
    ) -> Result<Vec<Row>, Failure> {
        let path = Upstream::path(1);
        let below = format!("{PREFIX}{path}");
        let questions = subject.questions.iter().cycle().enumerate();
        let mut asked = questions.map(|(talk, question)| body(talk, question));
        let mut next = || asked.next().expect("there are questions");
        for _ in 0..WARM_UP {
            self.stopwatch.check()?;
            proxied.stream(&below, "", &next(), |_| ())?;
        }
        let [mut without, mut relayed, mut recalled] = [const { Vec::new() }; 3];
        for _ in 0..CALLS {
            self.stopwatch.check()?;
            let body = next();
            without.push(direct.stream(&path, "", &body, |_| ())?);
            relayed.push(proxied.stream(&below, WITHOUT_RECALL, &body, |_| ())?);
            recalled.push(proxied.stream(&below, "", &body, |_| ())?);
        }
        Ok(vec![
            Row::new("until an answer begins, without", Figure::latency(without)),
            Row::new("by the proxy, nothing recalled", Figure::latency(relayed)),
            Row::new("by the proxy, with recall", Figure::latency(recalled)),
        ])
    }

    /// How long a frame of a stream is on its way.
    fn frames(
        &self,
        upstream: &Upstream,
        direct: &mut Client,
        proxied: &mut Client,
    ) -> Result<Vec<Row>, Failure> {
        let path = Upstream::path(FRAMES);
        let below = format!("{PREFIX}{path}");
        let body = body(0, "How are you?");
        let stream = |client: &mut Client, path: &str| -> io::Result<Vec<Duration>> {
            let mut ages = Vec::with_capacity(FRAMES);
            client.stream(path, WITHOUT_RECALL, &body, |line| ages.extend(upstream.age(line)))?;
            Ok(ages)
        };
        let (mut without, mut relayed) = (Vec::new(), Vec::new());
        for _ in 0..STREAMS {
            self.stopwatch.check()?;
            without.extend(stream(direct, &path)?);
            relayed.extend(stream(proxied, &below)?);
        }
        let name = format!("a frame of a stream of {FRAMES}, without");
        Ok(vec![
            Row::new(name, Figure::latency(without)),
            Row::new("by the proxy", Figure::latency(relayed)),
        ])
    }
}

/// A question as a client of Anthropic's API asks it. Each talk begins in another way: what was recalled for the
/// same question of the same talk would be put in again without a recall.
fn body(talk: usize, question: &str) -> String {
    let asked = json!({
        "model": "stand-in", "max_tokens": 100, "stream": true,
        "system": "You help. ".repeat(INSTRUCTIONS / 10),
        "messages": [
            { "role": "user", "content": format!("This is talk {talk}.") },
            { "role": "assistant", "content": "I see." },
            { "role": "user", "content": question }
        ]
    });
    asked.to_string()
}
