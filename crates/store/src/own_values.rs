//! The values of a user by which a store notes what a person changed in sessions and turns: their names,
//! for stores that keep them among the [values of a user](crate::KeptValues).
//!
//! `session/name/` and a former name of a session hold the present name, `session/title/` and the name
//! of a session whose title a person set hold that name, and `amended/` and a turn's number say that its
//! words were replaced. They go with the session and the turn that they lead to, and are handed to another
//! store as a part of these, not as values.

use std::collections::{HashMap, HashSet};

use longmem_core::{SessionName, TurnId};

/// Begins the names of the values that lead to sessions; each holds a session's name.
pub const SESSIONS: &str = "session/";

/// Begins the names of the values that lead from a session's former name to its present one.
pub const FORMER_NAMES: &str = "session/name/";

/// Begins the names of the values that mark turns whose words were replaced; the turn's number follows.
pub const AMENDED: &str = "amended/";

const TITLED: &str = "session/title/";

/// The name of the value that holds the present name of a session that was called so.
pub fn former_name(former: &SessionName) -> String {
    format!("{FORMER_NAMES}{former}")
}

/// The name of the value that says that a person set the session's title.
pub fn titled(session: &SessionName) -> String {
    format!("{TITLED}{session}")
}

/// The name of the value that says that the turn's words were replaced.
pub fn amended(turn: TurnId) -> String {
    format!("{AMENDED}{turn}")
}

/// The turn that a value of this name marks as amended.
pub fn amended_turn(name: &str) -> Option<TurnId> {
    name.strip_prefix(AMENDED)?.parse().ok().map(TurnId)
}

/// Whether a value of this name is one that a store keeps for itself.
pub fn is_own(name: &str) -> bool {
    name.starts_with(SESSIONS) || name.starts_with(AMENDED)
}

/// What imports have to know of a user's sessions: where turns of a session that has another name now go,
/// and whose titles stay.
///
/// # Examples
/// ```
/// use longmem_core::SessionName;
/// use longmem_store::own_values::{self, SessionNames};
///
/// let [trip, lisbon] = ["trip", "lisbon"].map(|name| SessionName::new(name).unwrap());
/// let mut names = SessionNames::default();
/// names.note(&own_values::former_name(&trip), lisbon.clone());
/// assert_eq!(names.present(&trip), &lisbon);
/// ```
#[derive(Debug, Clone, Default)]
pub struct SessionNames {
    present: HashMap<String, SessionName>,
    titled: HashSet<String>,
}

impl SessionNames {
    /// Notes a value whose name begins with [`SESSIONS`], with the session's name that it holds.
    pub fn note(&mut self, name: &str, held: SessionName) {
        if let Some(former) = name.strip_prefix(FORMER_NAMES) {
            self.present.insert(former.to_owned(), held);
        } else if let Some(titled) = name.strip_prefix(TITLED) {
            self.titled.insert(titled.to_owned());
        }
    }

    /// The session that holds now what a source calls by this name.
    pub fn present<'a>(&'a self, session: &'a SessionName) -> &'a SessionName {
        self.present.get(session.as_str()).unwrap_or(session)
    }

    /// Names that sessions had once, each with the present one, in their order.
    pub fn former(&self) -> Vec<(SessionName, SessionName)> {
        let named = self.present.iter().filter_map(|(former, present)| {
            Some((former.parse::<SessionName>().ok()?, present.clone()))
        });
        let mut former: Vec<_> = named.collect();
        former.sort();
        former
    }

    /// Whether the session's title was set by a person.
    pub fn is_titled(&self, session: &SessionName) -> bool {
        self.titled.contains(session.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_say_what_a_person_changed() {
        let [old, older, new] = ["old", "older", "new"].map(|name| SessionName::new(name).unwrap());
        let mut names = SessionNames::default();
        names.note(&former_name(&older), new.clone());
        names.note(&former_name(&old), new.clone());
        names.note(&titled(&new), new.clone());
        names.note("session/colour/new", new.clone());
        assert_eq!((names.present(&old), names.present(&new)), (&new, &new));
        assert_eq!(names.former(), [(old.clone(), new.clone()), (older, new.clone())]);
        assert_eq!((names.is_titled(&new), names.is_titled(&old)), (true, false));
    }

    #[test]
    fn own_values_are_told_from_others() {
        let session = SessionName::new("s").unwrap();
        for name in [former_name(&session), titled(&session), amended(TurnId(7))] {
            assert!(is_own(&name), "{name}");
        }
        assert!(!is_own("import/session/name/s"));
        assert_eq!(amended_turn(&amended(TurnId(7))), Some(TurnId(7)));
        assert_eq!(amended_turn("amended/seven"), None);
    }
}
