//! Where turns of a session that has another name now are imported to, and whose titles stay.
//!
//! Both are small values of the user: `session/name/` and a former name hold the present name,
//! `session/title/` and a name hold that name. They go with the session that they lead to.

use std::collections::{BTreeSet, HashMap, HashSet};

use longmem_core::{SessionName, TurnId};

use crate::failure::Failure;
use crate::statements::{Statements, params};
use crate::user_number::UserNumber;

/// Begins the names of all values that this file keeps.
const PREFIX: &str = "session/";
const FORMER: &str = "session/name/";
const TITLED: &str = "session/title/";

/// Begins the names of values that mark turns whose words were replaced; the turn's number follows.
const AMENDED: &str = "amended/";

/// What imports have to know of a user's sessions.
#[derive(Default)]
pub(crate) struct SessionNames {
    present: HashMap<String, SessionName>,
    titled: HashSet<String>,
}

impl SessionNames {
    /// Reads them.
    pub(crate) async fn of(statements: &Statements<'_>, user: UserNumber) -> Result<Self, Failure> {
        let rows = statements
            .rows(
                "SELECT name, value FROM user_values
                 WHERE user_id = $1 AND starts_with(name, $2)",
                params![user.0, PREFIX],
            )
            .await?;
        let mut names = Self::default();
        for row in &rows {
            let (name, value): (&str, &[u8]) = (row.try_get(0)?, row.try_get(1)?);
            if let Some(former) = name.strip_prefix(FORMER) {
                let present = std::str::from_utf8(value).ok().and_then(|name| name.parse().ok());
                let present = present.ok_or(Failure::Unexpected("a present name is none"))?;
                names.present.insert(former.to_owned(), present);
            } else if let Some(titled) = name.strip_prefix(TITLED) {
                names.titled.insert(titled.to_owned());
            }
        }
        Ok(names)
    }

    /// The session that holds now what a source calls by this name.
    pub(crate) fn present<'a>(&'a self, session: &'a SessionName) -> &'a SessionName {
        self.present.get(session.as_str()).unwrap_or(session)
    }

    /// Whether the session's title was set by a person.
    pub(crate) fn is_titled(&self, session: &SessionName) -> bool {
        self.titled.contains(session.as_str())
    }
}

/// Those of the turns whose words were replaced.
pub(crate) async fn amended_among(
    statements: &Statements<'_>,
    user: UserNumber,
    turns: &[TurnId],
) -> Result<BTreeSet<TurnId>, Failure> {
    let names: Vec<String> = turns.iter().map(|turn| format!("{AMENDED}{turn}")).collect();
    let rows = statements
        .rows(
            "SELECT name FROM user_values WHERE user_id = $1 AND name = ANY($2)",
            params![user.0, names],
        )
        .await?;
    let marked: HashSet<&str> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    let is_marked = |turn: &&TurnId| marked.contains(format!("{AMENDED}{turn}").as_str());
    Ok(turns.iter().filter(is_marked).copied().collect())
}
