//! The file that says which servers a ring has.

use std::collections::BTreeSet;
use std::path::Path;

use longmem_postgres::{PostgresOptions, is_address, place};
use longmem_store::{Result, StoreError};
use serde::Deserialize;

/// What stands before the path of the file where a store is named.
const SCHEME: &str = "postgres-ring:";

/// Most characters of a server's name.
const NAME_LENGTH: usize = 64;

/// The servers of a ring, as its file lists them. The order plays no part.
///
/// # Examples
/// ```
/// use longmem_ring::RingFile;
///
/// let file = RingFile::parse(
///     r#"
///     generation = 2
///
///     [[servers]]
///     name = "east"
///     address = "postgres://longmem@db-east/memory"
///
///     [[servers]]
///     name = "west"
///     address = "postgres://longmem@db-west/memory"
///     leaving = true
///     "#,
/// )?;
/// assert_eq!(file.servers[1].name, "west");
/// assert!(RingFile::parse("generation = 1").is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RingFile {
    /// Number of the list, from 1: greater with each change of it, so that no process works by an older one.
    pub generation: i64,
    /// The servers, at least one of which stays.
    #[serde(default)]
    pub servers: Vec<ListedServer>,
}

/// A server of a ring, as the file lists it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedServer {
    /// Its name, 1 to 64 letters, digits, `-` and `_`. It decides which users belong there, so it never
    /// changes; the address may.
    pub name: String,
    /// Its address, as that of a single server: `postgres://user@host/database`.
    pub address: String,
    /// Whether its users belong elsewhere, so that it can be taken out of the ring once they have moved.
    #[serde(default)]
    pub leaving: bool,
}

impl std::fmt::Debug for ListedServer {
    /// Shows no account and no password.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ListedServer")
            .field("name", &self.name)
            .field("address", &place(&self.address, &PostgresOptions::default()))
            .field("leaving", &self.leaving)
            .finish()
    }
}

impl RingFile {
    /// Reads a file.
    ///
    /// # Errors
    /// [`StoreError::InvalidRing`] if it cannot be read, or is not as it should be.
    pub fn read(file: &Path) -> Result<Self> {
        let invalid = |reason| StoreError::InvalidRing { place: ring_place(file), reason };
        let text = fs_err::read_to_string(file)
            .map_err(|error| invalid(format!("its file cannot be read: {error}")))?;
        Self::parse(&text).map_err(invalid)
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// What was expected and what came, in words that hold no password.
    pub fn parse(text: &str) -> std::result::Result<Self, String> {
        let file: Self = toml::from_str(text).map_err(|error| located(&error, text))?;
        file.check()?;
        Ok(file)
    }

    fn check(&self) -> std::result::Result<(), String> {
        if self.generation < 1 {
            return Err(format!("generation is a number from 1, not {}", self.generation));
        }
        if self.servers.is_empty() {
            return Err("it lists no server; each one stands below a line [[servers]]".to_owned());
        }
        if self.servers.iter().all(|server| server.leaving) {
            return Err("all of its servers are leaving, so no user belongs to any".to_owned());
        }
        let (mut names, mut places) = (BTreeSet::new(), BTreeSet::new());
        for ListedServer { name, address, .. } in &self.servers {
            if !is_name(name) {
                return Err(format!(
                    "a name of a server is 1 to {NAME_LENGTH} letters, digits, - and _, not {name:?}"
                ));
            }
            if !is_address(address) {
                return Err(format!(
                    "the address of server \"{name}\" does not begin with postgres://"
                ));
            }
            if !names.insert(name) {
                return Err(format!("two of its servers are called \"{name}\""));
            }
            // So that whoever writes an address in two ways does not have one server twice.
            let place = place(address, &PostgresOptions::default());
            if !places.insert(place.clone()) {
                return Err(format!("two of its servers have the address {place}"));
            }
        }
        Ok(())
    }
}

/// The path in the name of a store that is a ring: what follows `postgres-ring:`.
///
/// # Examples
/// ```
/// assert_eq!(longmem_ring::file_named("postgres-ring:/etc/longmem/ring.toml"), Some("/etc/longmem/ring.toml"));
/// assert_eq!(longmem_ring::file_named("postgres://db/memory"), None);
/// ```
pub fn file_named(store: &str) -> Option<&str> {
    let (scheme, file) = store.split_at_checked(SCHEME.len())?;
    scheme.eq_ignore_ascii_case(SCHEME).then_some(file)
}

/// The name of the store whose servers a file lists: what [`place`](longmem_store::Upkeep::place) of the
/// store says.
pub fn ring_place(file: &Path) -> String {
    format!("{SCHEME}{}", file.display())
}

fn is_name(name: &str) -> bool {
    (1..=NAME_LENGTH).contains(&name.len())
        && name.chars().all(|character| {
            character.is_ascii_alphanumeric() || character == '-' || character == '_'
        })
}

/// What is wrong and in which line, without the line: it may hold a password.
fn located(error: &toml::de::Error, text: &str) -> String {
    let message = error.message().trim_end().replace('\n', "; ");
    let before = error.span().and_then(|span| text.get(..span.start));
    match before {
        Some(before) => format!("line {}: {message}", before.matches('\n').count() + 1),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        RingFile::parse(text).unwrap_err()
    }

    fn server(name: &str, address: &str, more: &str) -> String {
        format!("[[servers]]\nname = \"{name}\"\naddress = \"{address}\"\n{more}\n")
    }

    #[test]
    fn what_is_wrong_is_said() {
        let one = server("a", "postgres://db/a", "");
        for (text, expected) in [
            (format!("generation = 0\n{one}"), "generation is a number from 1, not 0"),
            (one.clone(), "line 1: missing field `generation`"),
            ("generation = 1".to_owned(), "it lists no server"),
            (format!("generation = 1\n{one}{one}"), "two of its servers are called \"a\""),
            (
                format!("generation = 1\n{one}{}", server("b", "postgresql://u:p@db:5432/a", "")),
                "two of its servers have the address postgres://db",
            ),
            (
                format!("generation = 1\n{}", server("a", "postgres://db/a", "leaving = true")),
                "all of its servers are leaving",
            ),
            (format!("generation = 1\n{}", server("a b", "postgres://db/a", "")), "not \"a b\""),
            (format!("generation = 1\n{}", server("a", "memory.db", "")), "postgres://"),
            (
                format!("generation = 1\n{}", server("a", "postgres://db/a", "left = true")),
                "line 5: unknown field `left`",
            ),
            (format!("generations = 1\n{one}"), "unknown field `generations`"),
        ] {
            let said = refused(&text);
            assert!(said.contains(expected), "{said}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let address = "postgres://ana:secret@db/x?password=secret";
        let twice = [server("a", address, ""), server("b", address, "")].concat();
        let said = refused(&format!("generation = 1\n{twice}"));
        let cut = refused("generation = 1\n[[servers]]\naddress = \"postgres://a:secret@db");
        let file =
            RingFile::parse(&format!("generation = 1\n{}", server("a", address, ""))).unwrap();
        for shown in [said, cut, format!("{file:?}")] {
            assert!(!shown.contains("secret"), "{shown}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = RingFile::read(Path::new("/nowhere/ring.toml")).unwrap_err().to_string();
        assert!(error.contains("postgres-ring:/nowhere/ring.toml"), "{error}");
    }
}
