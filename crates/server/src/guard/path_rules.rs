//! Which bodies a path takes, and to whom it answers.

use crate::proxy::ProxyApi;

const MEBIBYTE: u64 = 1 << 20;

/// What holds for the requests to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PathRules {
    /// The body that it takes.
    pub(crate) body: BodyRule,
    /// To whom it answers.
    pub(crate) served_to: ServedTo,
}

/// The body that a path takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyRule {
    /// None: what comes is not read.
    Nothing,
    /// JSON, which is read to its end before the handler is called.
    Json {
        /// Bytes at most.
        most: u64,
    },
    /// The fields of a form, which are read to their end before the handler is called.
    Form {
        /// Bytes at most.
        most: u64,
    },
    /// A file of any kind but those of forms, which the handler reads piece by piece in its own time.
    File {
        /// Bytes at most.
        most: u64,
    },
    /// Anything of any length, which is handed on to another server.
    Relayed,
}

impl BodyRule {
    /// Bytes of a body at most.
    pub(crate) fn most(self) -> u64 {
        match self {
            Self::Nothing => 0,
            Self::Json { most } | Self::Form { most } | Self::File { most } => most,
            Self::Relayed => u64::MAX,
        }
    }
}

/// To whom a path answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServedTo {
    /// Anybody, at once: the answer holds nothing of any user.
    Anybody,
    /// Who is logged in at the page, which looks after that itself.
    Visitors,
    /// Who has the right to, at once: the answer takes no time of the engine, or none that is waited for.
    CallersAtOnce,
    /// Who has the right to, when it is their turn.
    CallersInTurn,
}

/// The rules of a path, which begins behind `/u/{user}`.
pub(crate) fn rules_of(path: &str) -> PathRules {
    let json = |mebibytes| BodyRule::Json { most: mebibytes * MEBIBYTE };
    let file = |mebibytes| BodyRule::File { most: mebibytes * MEBIBYTE };
    let form = |mebibytes| BodyRule::Form { most: mebibytes * MEBIBYTE };
    let (body, served_to) = match path {
        _ if ProxyApi::of_path(path).is_some() => (BodyRule::Relayed, ServedTo::CallersAtOnce),
        "/" | "/ui" => (form(1), ServedTo::Visitors),
        // The text of a turn, of which a form may write each byte as three.
        _ if path.starts_with("/ui/turns/") => (form(24), ServedTo::Visitors),
        _ if path.starts_with("/ui/") => (form(1), ServedTo::Visitors),
        "/healthz" | "/readyz" | "/openapi.json" => (BodyRule::Nothing, ServedTo::Anybody),
        "/metrics" | "/v1/memory/events" => (BodyRule::Nothing, ServedTo::CallersAtOnce),
        "/v1/memory/turns" => (json(8), ServedTo::CallersInTurn),
        "/v1/memory/import" => (file(512), ServedTo::CallersAtOnce),
        _ => (json(1), ServedTo::CallersInTurn),
    };
    PathRules { body, served_to }
}
