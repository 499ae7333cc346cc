//! Which bodies a path takes, which of them are read before they are handed on, and who may ask.

const MEBIBYTE: u64 = 1 << 20;

/// What holds for the requests to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PathRules {
    /// Bytes of a body at most.
    pub(crate) max_body: u64,
    /// Whether the body may be of any kind but those of forms, instead of JSON.
    pub(crate) any_kind: bool,
    /// Whether the handler reads the body itself, piece by piece, and may take its time.
    pub(crate) streamed: bool,
    /// Whether anybody may ask, since the answer holds nothing of any user.
    pub(crate) open: bool,
    /// Whether the answer needs no place in the queue.
    pub(crate) aside: bool,
}

impl PathRules {
    const USUAL: Self =
        Self { max_body: MEBIBYTE, any_kind: false, streamed: false, open: false, aside: false };
}

/// The rules of a path, which begins behind `/u/{user}`.
pub(crate) fn rules_of(path: &str) -> PathRules {
    let usual = PathRules::USUAL;
    match path {
        "/healthz" | "/readyz" | "/openapi.json" => PathRules { open: true, aside: true, ..usual },
        "/metrics" | "/v1/memory/events" => PathRules { aside: true, ..usual },
        "/v1/memory/turns" => PathRules { max_body: 8 * MEBIBYTE, ..usual },
        "/v1/memory/import" => PathRules {
            max_body: 512 * MEBIBYTE,
            any_kind: true,
            streamed: true,
            aside: true,
            ..usual
        },
        _ => usual,
    }
}
