//! What one server takes of the chat completions API, learned from what it refuses.

/// Words of a server that does not take something.
const REFUSALS: [&str; 14] = [
    "not support",
    "n't support",
    "unsupported",
    "unrecognized",
    "unrecognised",
    "unknown",
    "unexpected",
    "not permitted",
    "not allowed",
    "not enabled",
    "not one of",
    "invalid role",
    "extra_forbidden",
    "instead",
];

/// How requests are written for one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    /// What the most tokens of an answer are called; none if the server takes neither name.
    pub(super) limit: Option<LimitName>,
    /// The name that was refused.
    refused_limit: Option<LimitName>,
    /// How the answer comes.
    pub(super) streaming: Streaming,
    /// Whether an answer may be asked to follow a schema.
    pub(super) schema: bool,
    /// Whether there is a role for instructions; else they go before the first message.
    pub(super) system_role: bool,
    /// Whether neighbours of one role must be one message.
    pub(super) alternates: bool,
}

/// How an answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Streaming {
    /// In pieces, with what it cost at the end.
    WithUsage,
    /// In pieces.
    Plain,
    /// Whole.
    Off,
}

/// What a server calls the most tokens of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LimitName {
    /// The old name, the only one that some local servers know.
    MaxTokens,
    /// The new name, the only one that OpenAI's newer models accept.
    MaxCompletionTokens,
}

impl LimitName {
    fn as_str(self) -> &'static str {
        match self {
            Self::MaxTokens => "max_tokens",
            Self::MaxCompletionTokens => "max_completion_tokens",
        }
    }

    fn other(self) -> Self {
        match self {
            Self::MaxTokens => Self::MaxCompletionTokens,
            Self::MaxCompletionTokens => Self::MaxTokens,
        }
    }
}

impl Dialect {
    /// The whole API, with this name for the limit.
    pub(super) fn with_limit(limit: LimitName) -> Self {
        Self {
            limit: Some(limit),
            refused_limit: None,
            streaming: Streaming::WithUsage,
            schema: true,
            system_role: true,
            alternates: false,
        }
    }

    /// The dialect without what a server refuses in these words; none if nothing can be left out.
    /// After six changes nothing is left to change.
    pub(super) fn without_refused(self, words: &str) -> Option<Self> {
        let words = words.to_lowercase();
        let refuses = REFUSALS.iter().any(|refusal| words.contains(refusal));
        let with_usage = self.streaming == Streaming::WithUsage;
        if refuses && with_usage && words.contains("stream_options") {
            return Some(Self { streaming: Streaming::Plain, ..self });
        }
        if let Some(limit) = self.limit.filter(|limit| refuses && words.contains(limit.as_str())) {
            let other = Some(limit.other()).filter(|other| self.refused_limit != Some(*other));
            return Some(Self { limit: other, refused_limit: Some(limit), ..self });
        }
        let about_schema = ["response_format", "json_schema", "structured output"];
        let refuses_schema = refuses || words.contains("unavailable") || words.contains("must be");
        if refuses_schema && self.schema && about_schema.iter().any(|name| words.contains(name)) {
            return Some(Self { schema: false, ..self });
        }
        if !self.alternates && is_about_order(&words) {
            return Some(Self { system_role: false, alternates: true, ..self });
        }
        let about_system = ["system", "developer instruction", "only user"];
        if refuses && self.system_role && about_system.iter().any(|name| words.contains(name)) {
            return Some(Self { system_role: false, ..self });
        }
        let about_streams = ["stream", "streaming"].iter().any(|name| {
            words.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == *name)
        });
        let refuses_streams = refuses || words.contains("must be verified");
        if refuses_streams && self.streaming != Streaming::Off && about_streams {
            return Some(Self { streaming: Streaming::Off, ..self });
        }
        None
    }
}

/// Whether a server misses the turns of user and assistant.
fn is_about_order(words: &str) -> bool {
    ["alternat", "first message must", "start with a user", "start with user", "begin with a user"]
        .iter()
        .any(|phrase| words.contains(phrase))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usual() -> Dialect {
        Dialect::with_limit(LimitName::MaxTokens)
    }

    #[test]
    fn what_is_refused_is_left_out() {
        let new_limit = Dialect {
            limit: Some(LimitName::MaxCompletionTokens),
            refused_limit: Some(LimitName::MaxTokens),
            ..usual()
        };
        let no_options = Dialect { streaming: Streaming::Plain, ..usual() };
        let no_system = Dialect { system_role: false, ..usual() };
        let alternating = Dialect { system_role: false, alternates: true, ..usual() };
        let no_schema = Dialect { schema: false, ..usual() };
        let whole = Dialect { streaming: Streaming::Off, ..usual() };
        for (words, dialect) in [
            (
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use \
                 'max_completion_tokens' instead.",
                new_limit,
            ),
            ("body.stream_options: Extra inputs are not permitted", no_options),
            ("Unrecognized request argument supplied: stream_options", no_options),
            ("System role not supported", no_system),
            ("Developer instruction is not enabled for models/gemma-3-4b-it", no_system),
            ("'messages[0].role' does not support 'system' with this model.", no_system),
            ("'system' is not one of ['user', 'assistant']", no_system),
            ("Only user and assistant roles are supported! (unsupported role)", no_system),
            ("Conversation roles must alternate user/assistant/user/assistant/...", alternating),
            ("Your organization must be verified to stream this model.", whole),
            ("Streaming is not supported", whole),
            ("This response_format type is unavailable now", no_schema),
            ("'response_format.type' must be 'text'", no_schema),
            ("model does not support structured outputs", no_schema),
        ] {
            assert_eq!(usual().without_refused(words), Some(dialect), "{words}");
            assert_ne!(dialect.without_refused(words), Some(dialect), "{words}");
        }
    }

    #[test]
    fn other_refusals_change_nothing() {
        for words in [
            "model 'x' not found",
            "max_tokens is too large: 100000",
            "Incorrect API key provided",
            "The system is overloaded",
            "input length and `max_tokens` exceed context limit",
        ] {
            assert_eq!(usual().without_refused(words), None, "{words}");
        }
    }

    #[test]
    fn a_server_that_takes_neither_limit_gets_none() {
        let refused = |dialect: Dialect, name: &str| {
            dialect.without_refused(&format!("Unknown parameter: {name}")).unwrap()
        };
        let once = refused(usual(), "max_tokens");
        assert_eq!(once.limit, Some(LimitName::MaxCompletionTokens));
        assert_eq!(refused(once, "max_completion_tokens").limit, None);
    }
}
