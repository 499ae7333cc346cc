//! Whether a server says that a prompt is too long, and how long it may be, from its words.
//!
//! The wordings are those of the services and servers that many people use: Anthropic, OpenAI, Gemini,
//! Mistral, Bedrock, Groq, vLLM, TGI, llama.cpp and others.

/// Words that speak of nothing else.
const PHRASES: [&str; 37] = [
    "context_length_exceeded",
    "exceed_context_size",
    "context length",
    "context limit",
    "context size",
    "context window",
    "context-window",
    "model_max_prompt_tokens_exceeded",
    "max_model_len",
    "maximum number of input tokens",
    "maximum number of tokens",
    "maximum input length",
    "maximum prompt length",
    "maximum sequence length",
    "maximum token",
    "max input tokens",
    "max_input_tokens",
    "input length",
    "input token",
    "prompt length",
    "prompt token count",
    "reduce the length",
    "reduce your prompt",
    "reduce the number of messages",
    "shorten your prompt",
    "token limit",
    "`inputs` tokens",
    "string too long",
    "message length",
    "request length",
    "token count",
    "expected maxlength",
    "n_keep:",
    // vLLM, where the prompt leaves no room for an answer.
    "max_tokens must be at least 1, got -",
    "超长",
    "输入长度",
    "上下文长度",
];

/// What a message says is too much, when one of [`TOO_MUCH`] stands behind it.
const SUBJECTS: [&str; 7] =
    ["prompt", "input", "inputs", "context", "tokens", "messages", "conversation"];

/// How it says so.
const TOO_MUCH: [&str; 10] = [
    "too long",
    "too large",
    "too many tokens",
    "exceed",
    "must have less than",
    "longer than",
    "larger than the",
    "greater than the",
    "not fit in",
    "cannot fit",
];

/// Words about time: how often one may ask, how much in a time, or that it ran out. The same prompt may
/// be sent later.
const TIME_LIMITS: [&str; 23] = [
    "rate limit",
    "rate_limit",
    "ratelimit",
    "per minute",
    "per second",
    "per hour",
    "per day",
    "/min",
    "(tpm)",
    "(rpm)",
    "(tpd)",
    "quota",
    "please wait",
    "try again in",
    "try again after",
    "try again later",
    "too many requests",
    "throttl",
    "slow down",
    "retry after",
    "deadline",
    "timed out",
    "timeout",
];

/// Names of the limit on the answer's length.
const ANSWER_LIMITS: [&str; 5] =
    ["max_tokens", "max_completion_tokens", "max_new_tokens", "output tokens", "completion tokens"];

/// Words of which one stands in a message that is about the prompt too.
const PROMPT_WORDS: [&str; 5] = ["context", "prompt", "input", "messages", "sequence"];

/// What stands right before the window's size.
const BEFORE_WINDOW: [&str; 27] = [
    "context length is",
    "context length of",
    "context length:",
    "context window is",
    "context window of",
    "context window",
    "context size",
    "context size is",
    "context size of",
    "context length",
    "context limit of",
    "context limit",
    "maximum of",
    "maximum is",
    "tokens allowed",
    "limit is",
    "limit of",
    "limit:",
    "must be <",
    "less than",
    "n_ctx",
    "cannot exceed",
    "max input tokens:",
    "maximum prompt length is",
    "max_seq_len",
    "only supports up to",
    ">",
];

/// What stands right behind it.
const BEHIND_WINDOW: [&str; 7] = [
    "maximum",
    "token limit",
    "tokens maximum",
    "token maximum",
    "tokens limit",
    "token context",
    "tokens context",
];

/// Numbers below this are no windows.
const SMALLEST_WINDOW: usize = 64;

/// Says whether a message is about how often one may ask, or about time otherwise.
pub(super) fn is_about_time(message: &str) -> bool {
    contains_any(&message.to_lowercase(), &TIME_LIMITS)
}

/// Says whether a single request is larger than what may be sent in a time, so that waiting is of no
/// use.
pub(super) fn is_one_request(message: &str) -> bool {
    is_about_time(message) && message.to_lowercase().contains("request too large")
}

/// Says whether a message means that the prompt is too long.
pub(super) fn is_said(message: &str) -> bool {
    let message = message.to_lowercase();
    if contains_any(&message, &TIME_LIMITS) {
        return false;
    }
    // What is wrong with the answer's length is that the prompt leaves none.
    let leaves_none = message.contains("must be at least 1, got -");
    let of_answer_only = !leaves_none
        && contains_any(&message, &ANSWER_LIMITS)
        && !contains_any(&message, &PROMPT_WORDS);
    if of_answer_only {
        return false;
    }
    contains_any(&message, &PHRASES) || is_too_much(&message)
}

/// Finds the tokens of the model's window in a message about a prompt that was too long.
pub(super) fn window(message: &str) -> Option<usize> {
    let message = message.to_lowercase();
    numbers(&message)
        // In "199000 + 4096 > 200000", only the last is a window.
        .filter(|number| number.value >= SMALLEST_WINDOW && !number.behind.starts_with(" +"))
        .find(|number| {
            let before = number.before.trim_end_matches([' ', '(', '=', '\'', '"', '`']);
            let before = before.trim_end_matches(':').trim_end();
            let behind = number.behind.trim_start_matches([' ', ')', '-']);
            BEFORE_WINDOW.iter().any(|words| before.ends_with(words.trim_end_matches(':')))
                || BEHIND_WINDOW.iter().any(|words| behind.starts_with(words))
        })
        .map(|number| number.value)
}

fn contains_any(message: &str, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| message.contains(phrase))
}

/// Whether a subject stands in the message and, behind it, that there is too much of it.
fn is_too_much(message: &str) -> bool {
    SUBJECTS.iter().any(|subject| {
        let behind = message.split_once(subject).map(|(_, behind)| behind);
        behind.is_some_and(|behind| contains_any(behind, &TOO_MUCH))
    }) || message.contains("too many tokens")
        || message.contains("too many input")
}

/// A number in a text.
struct Number<'a> {
    value: usize,
    before: &'a str,
    behind: &'a str,
}

/// The numbers in a text; `8,192` and `8192` are one number each.
fn numbers(text: &str) -> impl Iterator<Item = Number<'_>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + text[from..].find(|c: char| c.is_ascii_digit())?;
        let is_part = |c: char| c.is_ascii_digit() || c == ',' || c == '_';
        let length = text[start..].find(|c| !is_part(c)).unwrap_or(text.len() - start);
        let digits = text[start..start + length].trim_end_matches([',', '_']);
        from = start + length;
        let value = digits.replace([',', '_'], "").parse().unwrap_or(0);
        let (before, behind) = (&text[..start], &text[start + digits.len()..]);
        Some(Number { value, before, behind })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wording_is_known_with_the_window_that_it_names() {
        for (message, expected) in [
            ("prompt is too long: 210000 tokens > 200000 maximum", Some(200_000)),
            (
                "input length and `max_tokens` exceed context limit: 199000 + 4096 > 200000, \
                 decrease input length or `max_tokens` and try again",
                Some(200_000),
            ),
            (
                "This model's maximum context length is 8192 tokens. However, you requested 9000 \
                 tokens (8000 in the messages, 1000 in the completion). Please reduce the length \
                 of the messages or completion.",
                Some(8_192),
            ),
            (
                "The input token count (9000) exceeds the maximum number of tokens allowed (2048).",
                Some(2_048),
            ),
            ("Please reduce the length of the messages or completion.", None),
            (
                "Prompt contains 9000 tokens and 0 draft tokens, too large for model with 2048 \
                 maximum context length",
                Some(2_048),
            ),
            (
                "the request exceeds the available context size, try increasing it (n_ctx 1024)",
                Some(1_024),
            ),
            ("request (1761 tokens) exceeds the available context size (1024 tokens)", Some(1_024)),
            ("Requested tokens (5000) exceed context window of 2048", Some(2_048)),
            (
                "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. \
                 Given: 5000 `inputs` tokens and 1024 `max_new_tokens`",
                Some(4_096),
            ),
            (
                "Input validation error: `inputs` must have less than 1,024 tokens. Given: 2000",
                Some(1_024),
            ),
            ("Input is too long for requested model.", None),
            ("prompt token count of 70000 exceeds the limit of 64000", Some(64_000)),
            ("The prompt exceeds the 32768 token limit", Some(32_768)),
            ("Your input exceeds the context window of this model.", None),
            ("Token limit exceeded: the limit is 16000", Some(16_000)),
            ("The conversation is too long", None),
            ("max_tokens must be at least 1, got -5000.", None),
            ("n_keep: 9000 >= n_ctx: 2048", Some(2_048)),
            ("Malformed input request: expected maxLength: 8000, actual: 60000", None),
            (
                "Requested token count (9000) exceeds the maximum allowed for this model (2048)",
                None,
            ),
            ("Message length exceeds the maximum of 2048 tokens", Some(2_048)),
            ("prompt (9000 tokens) does not fit in the context (2048 tokens)", None),
            ("Prompt 超长", None),
            ("输入长度超过模型最大长度限制", None),
            (
                "Too many input tokens. Max input tokens: 2048, request input token count: 9000",
                Some(2_048),
            ),
            (
                "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received \
                 5000. Try using a shorter prompt, or enabling prompt truncating.",
                Some(4_081),
            ),
            (
                "This model's maximum prompt length is 131072 but the request contains 140000 tokens.",
                Some(131_072),
            ),
            ("Prompt length 9000 is greater than max_seq_len 2048", Some(2_048)),
            ("the input token count is 40000 but model only supports up to 32768.", Some(32_768)),
            ("error code context_length_exceeded", None),
        ] {
            assert!(is_said(message), "{message}");
            assert_eq!(window(message), expected, "{message}");
        }
    }

    #[test]
    fn a_request_larger_than_the_limit_of_a_minute_is_told_from_too_many() {
        assert!(is_one_request(
            "Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 41000."
        ));
        assert!(!is_one_request("Rate limit reached on tokens per min (TPM): Limit 30000, Used 9"));
        assert!(!is_one_request("Request too large"));
    }

    #[test]
    fn limits_of_another_kind_are_told_apart() {
        for message in [
            "too many tokens, please wait",
            "Rate limit reached for tokens per minute (TPM): Limit 6000, Requested 9000",
            "Request too large for model on tokens per minute (TPM): Limit 6000, Requested 9000",
            "You exceeded your current quota, please check your plan and billing details.",
            "Too many tokens per day, please try again later",
            "context deadline exceeded",
            "the prompt exceeded the request timeout",
            "max_tokens is too large: 100000. This model supports at most 16384 completion tokens",
            "messages: roles must alternate",
            "model 'x' not found",
            "Unsupported parameter: 'max_tokens' is not supported with this model.",
            "",
        ] {
            assert!(!is_said(message), "{message}");
        }
    }
}
