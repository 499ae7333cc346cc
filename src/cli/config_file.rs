//! The configuration file: TOML, every key optional.

use std::path::{Path, PathBuf};

use longmem::ring::ring_place;
use longmem::{Folders, StorePlace};
use longmem_core::UserName;
use longmem_server::{Auth, ProxyMode, WatchSource};
use serde::Deserialize;

use crate::arguments::{CountingKind, ListenAddress, ProviderKind, UpstreamName};
use crate::failure::Failure;
use crate::named_file;

/// What the file may say.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ConfigFile {
    pub(crate) db: Option<PathBuf>,
    pub(crate) db_password_file: Option<PathBuf>,
    pub(crate) key_file: Option<PathBuf>,
    pub(crate) user: Option<UserName>,
    pub(crate) model_dir: Option<PathBuf>,
    pub(crate) device: Option<String>,
    pub(crate) precision: Option<String>,
    pub(crate) offline: Option<bool>,
    pub(crate) threads: Option<usize>,
    pub(crate) budget: Option<usize>,
    pub(crate) llm: LlmConfig,
    pub(crate) learning: LearningConfig,
    pub(crate) redaction: RedactionConfig,
    pub(crate) moderation: ModerationConfig,
    pub(crate) server: ServerConfig,
    pub(crate) proxy: ProxyConfig,
    pub(crate) watch: WatchConfig,
}

/// In the place of a socket's file: no socket.
pub(crate) const NO_SOCKET: &str = "none";

/// Its `[server]` part: where the memory is served, and to whom.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ServerConfig {
    pub(crate) listen: Vec<ListenAddress>,
    pub(crate) unix: Option<PathBuf>,
    pub(crate) auth: Option<Auth>,
    /// Names of a server before this one, by which clients call it.
    pub(crate) names: Vec<String>,
    pub(crate) page: Option<bool>,
}

/// Its `[proxy]` part: where requests to language models are relayed, and what memory adds to them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ProxyConfig {
    pub(crate) mode: Option<ProxyMode>,
    pub(crate) recall_deadline_ms: Option<u64>,
    /// Tokens of what is put behind one question.
    pub(crate) budget: Option<usize>,
    pub(crate) capture: Option<bool>,
    pub(crate) coding_agents: Option<bool>,
    pub(crate) anthropic: UpstreamConfig,
    pub(crate) openai: UpstreamConfig,
}

/// A server to which requests are relayed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct UpstreamConfig {
    pub(crate) upstream: Option<UpstreamName>,
    /// The variable of the environment that holds the key for it; clients send their own without one.
    pub(crate) api_key_env: Option<String>,
}

/// Its `[watch]` part: whose transcripts are captured.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WatchConfig {
    /// The agents; nothing is watched if neither these nor paths are named.
    pub(crate) sources: Vec<WatchSource>,
    /// Folders and files of the user's own.
    pub(crate) paths: Vec<PathBuf>,
    /// Patterns of files that are left out.
    pub(crate) exclude: Vec<String>,
}

/// Its `[redaction]` part: which secrets are replaced before anything is stored.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RedactionConfig {
    pub(crate) enabled: bool,
    /// The kinds that are looked for; all of them if it is left out.
    pub(crate) kinds: Option<Vec<String>>,
    pub(crate) patterns: Vec<PatternConfig>,
}

/// A shape of the user's own.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PatternConfig {
    pub(crate) name: String,
    pub(crate) regex: String,
}

/// Its `[moderation]` part: which program is asked about each text.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ModerationConfig {
    /// The program and its arguments; nobody is asked if it is empty.
    pub(crate) command: Vec<String>,
    pub(crate) timeout_seconds: Option<f64>,
    pub(crate) on_failure: Option<String>,
    pub(crate) when: Option<Vec<String>>,
    /// Variables of the environment that the program gets besides the usual ones.
    pub(crate) environment: Vec<String>,
}

/// Its `[llm]` part: which language model answers.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LlmConfig {
    pub(crate) provider: Option<ProviderKind>,
    pub(crate) model: Option<String>,
    pub(crate) fallback: Vec<String>,
    pub(crate) base_url: Option<String>,
    /// Who counts the tokens of prompts.
    pub(crate) count_tokens: Option<CountingKind>,
    /// A file whose first line is the key, so that the configuration holds no secret.
    pub(crate) api_key_file: Option<PathBuf>,
    pub(crate) persona: Option<PathBuf>,
}

/// Its `[learning]` part: which language model notes facts and sums up. What is left out is as in
/// `[llm]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LearningConfig {
    /// Whether anything is learned; it is by default.
    pub(crate) enabled: Option<bool>,
    pub(crate) provider: Option<ProviderKind>,
    pub(crate) model: Option<String>,
    pub(crate) base_url: Option<String>,
    pub(crate) api_key_file: Option<PathBuf>,
    /// Tokens from which a session is summed up while it goes on.
    pub(crate) history_tokens: Option<usize>,
}

impl ConfigFile {
    /// Reads the file that was named, or the usual one if it exists; nothing is set otherwise. A path in
    /// it may begin with `~`, and is looked for from the file's folder.
    ///
    /// # Errors
    /// [`Failure::Config`] with the line and what was expected; also if a named file is not there.
    pub(crate) fn read(named: Option<&Path>, folders: &Folders) -> Result<Self, Failure> {
        let path = named.unwrap_or(&folders.config);
        let Some(text) = text_of(named, &folders.config)? else { return Ok(Self::default()) };
        let mut file = Self::parse(path, &text)?;
        let folder = std::path::absolute(path)?.parent().map(Path::to_owned).unwrap_or_default();
        for path in file.paths() {
            *path = folder.join(folders.expand(path)?);
        }
        if let Some(db) = &mut file.db
            && let StorePlace::Ring(ring) = StorePlace::from(db.as_path())
        {
            *db = ring_place(&folder.join(folders.expand(ring.file())?)).into();
        }
        Ok(file)
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// [`Failure::Config`] with the line and what was expected.
    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self, Failure> {
        toml::from_str(text).map_err(|error| refused(path, located(&error, text)))
    }

    /// What stands in the file, as it stands there; nothing if there is no file.
    ///
    /// # Errors
    /// As [`ConfigFile::read`].
    pub(crate) fn table(named: Option<&Path>, usual: &Path) -> Result<toml::Table, Failure> {
        let path = named.unwrap_or(usual);
        let text = text_of(named, usual)?.unwrap_or_default();
        toml::from_str(&text).map_err(|error| refused(path, located(&error, &text)))
    }

    /// Every path in it.
    fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let Self {
            db, db_password_file, key_file, model_dir, llm, learning, server, watch, ..
        } = self;
        let socket = server.unix.as_mut().filter(|path| path.as_path() != Path::new(NO_SOCKET));
        // An address is none.
        let db =
            db.as_mut().filter(|db| matches!(StorePlace::from(db.as_path()), StorePlace::File(_)));
        [
            db_password_file,
            key_file,
            model_dir,
            &mut llm.api_key_file,
            &mut llm.persona,
            &mut learning.api_key_file,
        ]
        .into_iter()
        .flatten()
        .chain(db)
        .chain(socket)
        .chain(&mut watch.paths)
    }
}

/// The file's text; none if there is no file and none was named.
fn text_of(named: Option<&Path>, usual: &Path) -> Result<Option<String>, Failure> {
    let path = named.unwrap_or(usual);
    if named.is_none() && !path.exists() {
        return Ok(None);
    }
    named_file::read(path).map(Some)
}

fn refused(path: &Path, reason: String) -> Failure {
    Failure::Config { path: path.to_owned(), reason }
}

/// What is wrong and in which line, without the line: somebody may have written a key into it.
fn located(error: &toml::de::Error, text: &str) -> String {
    let message = without_long_value(&error.message().trim_end().replace('\n', "; "));
    let before = error.span().and_then(|span| text.get(..span.start));
    before.map_or_else(
        || message.clone(),
        |before| format!("line {}: {message}", before.matches('\n').count() + 1),
    )
}

/// Characters of a value that an error may quote; keys are longer.
const MAX_QUOTED: usize = 16;

/// A message without the value that it quotes, if that is long: it may be a key.
fn without_long_value(message: &str) -> String {
    let endings = [("unknown variant `", '`'), ("string \"", '"')];
    let quoted = endings.into_iter().find_map(|(before, end)| {
        let start = message.find(before)? + before.len();
        Some((start, start + message[start..].rfind(&format!("{end}, expected"))?))
    });
    match quoted {
        Some((start, end)) if end - start > MAX_QUOTED => {
            format!("{}…{}", &message[..start], &message[end..])
        }
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_does_not_quote_a_key() {
        for (text, shown) in [
            (
                "[llm]\nprovider = \"sk-ant-secret-0123456789\"",
                "line 2: unknown variant `…`, expected",
            ),
            (
                "threads = \"sk-ant-`, secret\\\", -0123456789\"",
                "line 1: invalid type: string \"…\", expected",
            ),
            ("[llm]\nprovider = \"antropic\"", "line 2: unknown variant `antropic`, expected"),
            ("[llm]\nmodel = sk-ant-secret-0123456789", "line 2: string values must be quoted"),
            ("api_key = \"sk-ant-secret-0123456789\"", "line 1: unknown field `api_key`, expected"),
        ] {
            let error = toml::from_str::<ConfigFile>(text).unwrap_err();
            let said = located(&error, text);
            assert!(said.starts_with(shown) && !said.contains("secret"), "{said}");
        }
    }
}
