//! This program, started again as a server, for MCP and as a hook.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use longmem_bench::user;
use longmem_wire::Serving;
use serde_json::json;

use super::client::{Client, Place};
use super::patiently;
use crate::commands::bench::machine::resident_bytes;
use crate::failure::Failure;
use crate::settings::Settings;

/// How long a server may take to be ready.
const READY: Duration = Duration::from_mins(1);

/// Arguments of a server at a port that is free.
const SERVE: [&str; 4] = ["serve", "--listen", "127.0.0.1:0", "--json"];

/// This program over a store that is measured.
pub(super) struct Program<'a> {
    pub(super) file: &'a Path,
    pub(super) settings: &'a Settings,
}

/// A server that runs.
pub(super) struct Server {
    child: Child,
    /// Its address with the port.
    pub(super) address: String,
    socket: Option<PathBuf>,
}

impl Program<'_> {
    fn command(&self, arguments: &[&str]) -> Result<Command, Failure> {
        self.command_with(self.settings.options.model.explicit.as_deref(), arguments)
    }

    /// A command with the model of a folder.
    fn command_with(&self, model: Option<&Path>, arguments: &[&str]) -> Result<Command, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--db").arg(self.file).arg("--user").arg(user(0).as_str()).args(arguments);
        if let Some(folder) = model {
            command.arg("--model-dir").arg(folder);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        Ok(command)
    }

    /// Starts a server, and waits until it is ready.
    pub(super) fn serve(&self) -> Result<Server, Failure> {
        Self::ready(&mut self.command(&SERVE)?)
    }

    /// Starts a server with more arguments and a configuration file of its own, and waits until it is ready.
    pub(super) fn serve_with(
        &self,
        arguments: &[&str],
        configuration: &Path,
    ) -> Result<Server, Failure> {
        let mut command = self.command(&SERVE)?;
        Self::ready(command.args(arguments).env(longmem::environment::CONFIG, configuration))
    }

    fn ready(command: &mut Command) -> Result<Server, Failure> {
        let server = Self::start(command)?;
        let place = Place::Tcp(server.address.clone());
        let ready = patiently(READY, || Client::connect(&place).ok()?.get("/readyz").ok());
        ready.map(|_| server).ok_or_else(|| no_answer("the server is not ready"))
    }

    fn start(command: &mut Command) -> Result<Server, Failure> {
        let mut child = command.spawn()?;
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut document = String::new();
        // The document may stand on several lines.
        while serde_json::from_str::<Serving>(&document).is_err() {
            if lines.read_line(&mut document)? == 0 {
                return Err(no_answer("the server did not start"));
            }
        }
        let serving: Serving = serde_json::from_str(&document).expect("it was read just now");
        let address = serving.addresses.first().and_then(|address| address.strip_prefix("http://"));
        let address = address.ok_or_else(|| no_answer("the server names no address"))?.to_owned();
        Ok(Server { child, address, socket: serving.socket.map(PathBuf::from) })
    }

    /// The memory of a server that finds no model, and of which nothing was asked.
    pub(super) fn without_model(&self) -> Result<Option<u64>, Failure> {
        let nowhere = tempfile::tempdir()?;
        let mut command = self.command_with(Some(nowhere.path()), &SERVE)?;
        let server = Self::start(command.arg("--offline"))?;
        std::thread::sleep(Duration::from_secs(1));
        let bytes = server.resident_bytes();
        server.stop()?;
        Ok(bytes)
    }

    /// How long `longmem mcp` takes from its start until it has answered `initialize`; and what it occupies
    /// then.
    pub(super) fn initialize_times(
        &self,
        starts: usize,
    ) -> Result<(Vec<Duration>, Option<u64>), Failure> {
        let hello = json!({
            "jsonrpc": "2.0", "id": 1, "method": "initialize",
            "params": {
                "protocolVersion": "2025-11-25", "capabilities": {},
                "clientInfo": { "name": "bench", "version": "1" }
            }
        });
        let (mut times, mut idle) = (Vec::new(), None);
        for _ in 0..starts {
            let mut command = self.command(&["mcp"])?;
            let began = Instant::now();
            let mut child = command.spawn()?;
            let mut input = child.stdin.take().expect("it is piped");
            writeln!(input, "{hello}")?;
            let mut answer = String::new();
            BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut answer)?;
            times.push(began.elapsed());
            if !answer.contains("longmem") {
                return Err(no_answer("longmem mcp did not answer"));
            }
            idle = resident_bytes(child.id());
            drop(input);
            child.wait()?;
        }
        Ok((times, idle))
    }

    /// How long a hook takes that recalls something, from its start to its end.
    pub(super) fn hook_times(
        &self,
        questions: &[String],
        runs: usize,
    ) -> Result<Vec<Duration>, Failure> {
        let mut times = Vec::new();
        for question in questions.iter().cycle().take(runs) {
            let event = json!({
                "session_id": "bench", "hook_event_name": "UserPromptSubmit", "cwd": "/",
                "transcript_path": "/nowhere/bench.jsonl", "prompt": question
            });
            let mut command = self.command(&["hook", "claude-code", "UserPromptSubmit"])?;
            let began = Instant::now();
            let mut child = command.spawn()?;
            let mut input = child.stdin.take().expect("it is piped");
            write!(input, "{event}")?;
            drop(input);
            child.wait_with_output()?;
            times.push(began.elapsed());
        }
        Ok(times)
    }
}

impl Server {
    /// Where it listens, each with a name.
    pub(super) fn places(&self) -> Vec<(&'static str, Place)> {
        let tcp = ("TCP", Place::Tcp(self.address.clone()));
        let unix = self.socket.clone().map(|socket| ("a unix socket", Place::Unix(socket)));
        std::iter::once(tcp).chain(unix).collect()
    }

    /// Bytes of memory that it occupies, if the system tells it.
    pub(super) fn resident_bytes(&self) -> Option<u64> {
        resident_bytes(self.child.id())
    }

    /// Ends it as a person would.
    pub(super) fn stop(mut self) -> Result<(), Failure> {
        #[cfg(unix)]
        if let Some(process) = rustix::process::Pid::from_raw(self.child.id() as i32) {
            // It may have ended by itself.
            let _ = rustix::process::kill_process(process, rustix::process::Signal::TERM);
        }
        #[cfg(not(unix))]
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nobody leaves a server behind; one that was stopped is gone.
        let _ = self.child.kill();
    }
}

fn no_answer(what: &str) -> Failure {
    std::io::Error::other(what.to_owned()).into()
}
