//! Keys of the server, as a person reads them.

use longmem_wire::ServerKey;

use super::{day, minute};
use crate::sanitize::for_terminal;

/// A key in a line: its id, what it is for, and what it opens.
pub(crate) fn server_key(key: &ServerKey) -> String {
    let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
    let until = key.expires.map_or_else(String::new, |end| format!(" until {}", minute(end)));
    let used = key
        .last_used
        .map_or_else(|| "never used".to_owned(), |time| format!("last used {}", day(time)));
    for_terminal(&format!(
        "{} · {} · {} of {} · since {}{until} · {used}",
        key.id,
        key.name,
        scopes.join(", "),
        key.user,
        day(key.created),
    ))
}
