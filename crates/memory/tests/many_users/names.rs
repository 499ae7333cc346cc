//! Names that are easily taken for one another, for paths, or for statements of a database.

use longmem_core::{SessionName, UserName};

/// Twenty users of whom no two are the same, however alike they look.
pub(crate) fn users() -> Vec<UserName> {
    let longest = "ü".repeat(128);
    let other_end = format!("{}u", "ü".repeat(127));
    let names = [
        "ana",
        "Ana",
        "ANA",
        " ana",
        "ana ",
        "Zoë",
        "Zoe\u{308}",
        "ﬁn",
        "fin",
        "../ana",
        "../../etc/passwd",
        "ana/../bo",
        "'; DROP TABLE turns; --",
        "\"quoted\"",
        "%_*?",
        "\u{202e}ana\u{202c}",
        "👩‍👩‍👧‍👦",
        "{\"user\":\"ana\"}",
        &longest,
        &other_end,
    ];
    names.iter().map(|name| UserName::new(name).unwrap()).collect()
}

/// Sessions that all users share by name.
pub(crate) fn sessions() -> Vec<SessionName> {
    let names = [
        "notes",
        "Notes",
        "café",
        "cafe\u{301}",
        "../notes",
        "session/name/notes",
        "it's 100%_\"odd\"",
        "\u{2066}rtl\u{2069} 👍🏽",
    ];
    names.iter().map(|name| SessionName::new(name).unwrap()).collect()
}
