//! What stands where a secret would: examples, blanks, references to one.

/// Words that are no secret, whatever they are assigned to.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "any", "array", "blank", "bool", "boolean", "bytes", "char", "confirm", "contraseña", "custom",
    "default", "disabled", "dummy", "else", "email", "empty", "enabled", "enter", "false", "field",
    "file", "final", "forgot", "hash", "hashed", "here", "hidden", "incorrect", "input", "integer", "invalid",
    "kennwort", "label", "missing", "mandatory", "needed", "never", "nil", "none", "null", "number",
    "object", "optional", "parol", "pass", "passphrase", "passwd", "passwort", "private", "public",
    "redacted", "removed", "required", "reset", "return", "secret", "self", "senha", "some", "str",
    "string", "strong", "text", "that", "this", "todo", "token", "true", "type", "undefined", "unknown", "unset",
    "user", "username", "uuid", "valid", "value", "varchar", "void", "wachtwoord", "weak", "what",
    "wrong", "xyz", "yes",
];

/// Parts that show that a value is an example, or says where the real one comes from.
#[rustfmt::skip]
const PARTS: &[&str] = &[
    "change_me", "change-me", "changeme", "env(", "env.", "env[", "environ", "example", "getenv", "getpass",
    "insert", "os.", "placeholder", "process.", "redacted", "replace", "secrets.", "vault:",
    "xxxx", "your_", "your-", "your ", "yourp", "yours", "yourt", "youra", "<your", "****", "....", "…", "•••", "___",
    "{{", "}}", "${", "$(", "#{", "%(",
];

/// Fewest different characters that a real key has behind its beginning.
const DISTINCT_CHARACTERS: usize = 6;

/// Whether a token that has the shape of a secret is an example: "AKIA…EXAMPLE", "sk-xxxx…".
pub(super) fn is_dummy(token: &str) -> bool {
    let lower = token.to_ascii_lowercase();
    if [
        "example",
        "xxxxx",
        "your_",
        "your-",
        "yourtoken",
        "yourkey",
        "00000000",
        "placeholder",
        "redacted",
        "${",
        "{{",
        "****",
    ]
    .iter()
    .any(|part| lower.contains(part))
    {
        return true;
    }
    if matches!(lower.as_str(), "pass" | "password" | "pwd" | "passwd" | "secret") {
        return true;
    }
    let is_reference = token.starts_with(['$', '<', '{', '%', '[', '*']);
    let tail = &token[token.floor_char_boundary(token.len().saturating_sub(16))..];
    is_reference || (token.len() >= 20 && distinct(tail) < DISTINCT_CHARACTERS)
}

/// Whether what a name like "password" is given is no secret.
pub(super) fn is_placeholder(value: &str) -> bool {
    let lower = value.to_lowercase();
    let bare = lower.trim_matches(|c: char| !c.is_alphanumeric());
    bare.is_empty()
        || WORDS.contains(&bare)
        || PARTS.iter().any(|part| lower.contains(part))
        || ["password", "passwd", "passwort", "kennwort"].iter().any(|name| lower.contains(name))
        || lower.starts_with(['$', '<', '%', '[', '{', '&', '|', '\\'])
        || lower.starts_with("=>")
        || distinct(&lower) < 2
}

/// The number of different characters.
pub(super) fn distinct(text: &str) -> usize {
    let mut characters: Vec<char> = text.chars().collect();
    characters.sort_unstable();
    characters.dedup();
    characters.len()
}
