//! The arguments of `serve` and `keys`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand};
use longmem_server::{Auth, InvalidUpstream, Permission, UpstreamAddress};
use serde::Deserialize;

use longmem_memory::{NotATime, WrittenTime};

/// In the place of an upstream's address: nothing is relayed.
const NO_UPSTREAM: &str = "none";

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem serve                                 for programs of this account, at 127.0.0.1:7717
  longmem serve --open                          and the page in your browser
  longmem serve --unix ~/.local/run/longmem.sock
  longmem keys add laptop                       makes a key, which other machines need
  longmem serve --listen 0.0.0.0:7717 --auth required
  longmem serve --openai-upstream http://127.0.0.1:11434   before Ollama

A client of Anthropic's or OpenAI's API gets memory by its base URL: http://127.0.0.1:7717/anthropic,
or http://127.0.0.1:7717/openai/v1.

Ctrl-C stops it: nobody else is let in, and what is under way has five seconds.")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct ServeArguments {
    /// Where to listen; may be given several times [default: 127.0.0.1:7717]
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        env = crate::environment::LISTEN,
        value_delimiter = ','
    )]
    pub(crate) listen: Vec<ListenAddress>,
    /// Listen at a unix socket, too, in a folder that only you may enter; none means at none
    /// [default: server.sock beside the store]
    #[arg(long, value_name = "FILE|none", env = crate::environment::UNIX_SOCKET)]
    pub(crate) unix: Option<PathBuf>,
    /// Who needs a key: auto (not programs of your account on this machine), or required (everybody)
    /// [default: auto]
    #[arg(long, value_name = "auto|required", env = crate::environment::AUTH)]
    pub(crate) auth: Option<Auth>,
    /// Capture what is said with coding agents, too: what [watch] of the configuration file names
    #[arg(long, conflicts_with = "read_only")]
    pub(crate) watch: bool,
    /// Let nobody store, change or delete anything
    #[arg(long)]
    pub(crate) read_only: bool,
    /// Open the page in your browser, to see and change what is remembered
    #[arg(long)]
    pub(crate) open: bool,
    /// Serve no page
    #[arg(long, conflicts_with = "open")]
    pub(crate) no_page: bool,
    /// Where requests below /anthropic go, or none [default: Anthropic itself]
    #[arg(long, value_name = "URL|none")]
    pub(crate) anthropic_upstream: Option<UpstreamName>,
    /// Where requests below /openai go: any server with OpenAI's API, or none
    /// [default: OpenAI itself]
    #[arg(long, value_name = "URL|none")]
    pub(crate) openai_upstream: Option<UpstreamName>,
    /// Answer clients of mem0, too, below /mem0 at the address that is listened at
    #[arg(long)]
    pub(crate) mem0: bool,
}

/// An address with its port.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct ListenAddress(pub(crate) SocketAddr);

impl FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let by_name = text.trim().strip_prefix("localhost:");
        let text = by_name.map_or(text.to_owned(), |port| format!("127.0.0.1:{port}"));
        let expected = "an address with a port is expected, such as 127.0.0.1:7717 or [::1]:7717";
        text.trim().parse().map(Self).map_err(|_| expected.to_owned())
    }
}

impl TryFrom<String> for ListenAddress {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// The address of a server to which requests are relayed, or the word none.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct UpstreamName(pub(crate) Option<UpstreamAddress>);

impl FromStr for UpstreamName {
    type Err = InvalidUpstream;

    fn from_str(text: &str) -> Result<Self, InvalidUpstream> {
        if text.trim() == NO_UPSTREAM { Ok(Self(None)) } else { text.parse().map(Some).map(Self) }
    }
}

impl TryFrom<String> for UpstreamName {
    type Error = InvalidUpstream;

    fn try_from(text: String) -> Result<Self, InvalidUpstream> {
        text.parse()
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  longmem keys add laptop
  longmem keys add dashboard --user ana --scope read --expires 2027-03-01
  longmem keys list
  longmem keys add visitor --scope read --expires 30d
  longmem keys revoke laptop

A program sends its key as the header Authorization: Bearer KEY.")]
pub(crate) struct KeysArguments {
    #[command(subcommand)]
    pub(crate) action: KeysAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysAction {
    /// Make a key for a user's memory; it is shown this once
    Add {
        /// What it is for, such as the name of a program or machine
        name: String,
        /// What it allows: read, write, admin (any user, and the whole store), proxy
        #[arg(
            long,
            value_name = "SCOPES",
            value_delimiter = ',',
            default_values_t = [Permission::Read, Permission::Write]
        )]
        scope: Vec<Permission>,
        /// When it ends: a day (2027-03-01), a moment, or a time from now (30d, "3 months")
        /// [default: never]
        #[arg(long, value_name = "TIME")]
        expires: Option<Expiry>,
    },
    /// List all keys, without their secrets
    List,
    /// Refuse a key from now on
    Revoke {
        /// Its id, as list shows it, or its name
        #[arg(value_name = "ID|NAME")]
        key: String,
    },
}

/// When a key ends.
#[derive(Debug, Clone)]
pub(crate) struct Expiry(pub(crate) WrittenTime);

impl FromStr for Expiry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let ahead = text.trim().strip_prefix("in ").unwrap_or(text);
        ahead.parse().map(Self).map_err(|error| match error {
            NotATime::NotRead(_) => format!(
                "\"{text}\" is not a time; write a day (2027-03-01), a moment (2027-03-01T10:00:00Z), or a \
                 time from now (30d, \"3 months\")"
            ),
            error => error.to_string(),
        })
    }
}
