//! Where turns of a session that has another name now are imported to, and whose titles stay.
//! See [`own_values`].

use std::collections::{BTreeSet, HashSet};

use futures_util::future::{try_join, try_join3};
use longmem_core::{SessionName, TurnId};
use longmem_store::own_values::{self, AMENDED, FORMER_NAMES, SESSIONS, SessionNames};

use crate::failure::Failure;
use crate::kept;
use crate::statements::{Statements, params};
use crate::user_number::UserNumber;

/// What imports have to know of a user's sessions.
pub(crate) async fn names_of(
    statements: &Statements<'_>,
    user: UserNumber,
) -> Result<SessionNames, Failure> {
    let rows = statements
        .rows(
            "SELECT name, value FROM user_values
             WHERE user_id = $1 AND starts_with(name, $2)",
            params![user.0, SESSIONS],
        )
        .await?;
    let mut names = SessionNames::default();
    for row in &rows {
        let held = std::str::from_utf8(row.try_get(1)?).ok();
        let session = held.and_then(|name| SessionName::new(name).ok());
        names.note(row.try_get(0)?, session.ok_or(Failure::Unexpected("a present name is none"))?);
    }
    Ok(names)
}

/// Notes that the title of a session was set by a person.
pub(crate) async fn note_titled(
    statements: &Statements<'_>,
    user: UserNumber,
    session: &SessionName,
) -> Result<(), Failure> {
    kept::keep_all(statements, user, &[(own_values::titled(session), leads_to(session))]).await
}

/// Notes that sessions have another name now, or that all their turns are in another one.
pub(crate) async fn note_present_name(
    statements: &Statements<'_>,
    user: UserNumber,
    former: &[&SessionName],
    present: &SessionName,
) -> Result<(), Failure> {
    let led_to: Vec<&[u8]> = former.iter().map(|name| name.as_str().as_bytes()).collect();
    let present_name = leads_to(present);
    let lead_on = statements.run(
        "UPDATE user_values SET value = $4
         WHERE user_id = $1 AND starts_with(name, $2) AND value = ANY($3)",
        params![user.0, FORMER_NAMES, led_to, present_name],
    );
    let values: Vec<(String, Vec<u8>)> =
        former.iter().map(|name| (own_values::former_name(name), leads_to(present))).collect();
    // The present name leads to itself.
    let to_itself = own_values::former_name(present);
    let free_present = statements.run(
        "DELETE FROM user_values WHERE user_id = $1 AND name = $2",
        params![user.0, to_itself],
    );
    try_join3(lead_on, kept::keep_all(statements, user, &values), free_present).await?;
    Ok(())
}

/// Gives the mark of a title that a person set to a session's new name.
pub(crate) async fn rename_titled(
    statements: &Statements<'_>,
    user: UserNumber,
    former: &SessionName,
    present: &SessionName,
) -> Result<(), Failure> {
    let (former, name) = (own_values::titled(former), own_values::titled(present));
    let value = leads_to(present);
    statements
        .run(
            "WITH titled AS (
                 DELETE FROM user_values WHERE user_id = $1 AND name = $2 RETURNING name)
             INSERT INTO user_values (user_id, name, value) SELECT $1, $3, $4 FROM titled
             ON CONFLICT (user_id, name) DO UPDATE SET value = excluded.value",
            params![user.0, former, name, value],
        )
        .await?;
    Ok(())
}

/// Notes that the words of a turn were replaced.
pub(crate) async fn note_amended(
    statements: &Statements<'_>,
    user: UserNumber,
    turn: TurnId,
) -> Result<(), Failure> {
    kept::keep_all(statements, user, &[(own_values::amended(turn), Vec::new())]).await
}

/// Deletes what leads to sessions and turns that are no more.
pub(crate) async fn delete_of_gone(
    statements: &Statements<'_>,
    user: UserNumber,
) -> Result<(), Failure> {
    let of_sessions = statements.run(
        "DELETE FROM user_values v
         WHERE v.user_id = $1 AND starts_with(v.name, $2) AND NOT EXISTS (
             SELECT 1 FROM sessions s
             WHERE s.user_id = $1 AND convert_to(s.name, 'UTF8') = v.value)",
        params![user.0, SESSIONS],
    );
    // Somebody else's value may begin like ours.
    let of_turns = statements.run(
        "DELETE FROM user_values v
         WHERE v.user_id = $1 AND starts_with(v.name, $2) AND NOT EXISTS (
             SELECT 1 FROM turns t WHERE t.user_id = $1 AND t.id =
                 CASE WHEN substr(v.name, length($2) + 1) ~ '^[0-9]{1,18}$'
                      THEN substr(v.name, length($2) + 1)::bigint END)",
        params![user.0, AMENDED],
    );
    try_join(of_sessions, of_turns).await?;
    Ok(())
}

/// The bytes of a value that leads to a session.
fn leads_to(session: &SessionName) -> Vec<u8> {
    session.as_str().as_bytes().to_vec()
}

/// Those of the turns whose words were replaced.
pub(crate) async fn amended_among(
    statements: &Statements<'_>,
    user: UserNumber,
    turns: &[TurnId],
) -> Result<BTreeSet<TurnId>, Failure> {
    let names: Vec<String> = turns.iter().map(|turn| own_values::amended(*turn)).collect();
    let rows = statements
        .rows(
            "SELECT name FROM user_values WHERE user_id = $1 AND name = ANY($2)",
            params![user.0, names],
        )
        .await?;
    let marked: HashSet<&str> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    let is_marked = |turn: &&TurnId| marked.contains(own_values::amended(**turn).as_str());
    Ok(turns.iter().filter(is_marked).copied().collect())
}

/// The turns of a user whose words were replaced.
pub(crate) async fn amended_of(
    statements: &Statements<'_>,
    user: UserNumber,
) -> Result<BTreeSet<TurnId>, Failure> {
    let sql = "SELECT name FROM user_values WHERE user_id = $1 AND starts_with(name, $2)";
    let rows = statements.rows(sql, params![user.0, AMENDED]).await?;
    let mut amended = BTreeSet::new();
    for row in &rows {
        amended.extend(own_values::amended_turn(row.try_get(0)?));
    }
    Ok(amended)
}

/// Keeps names that sessions had once, as another store knows them, each with the present one.
pub(crate) async fn keep_former(
    statements: &Statements<'_>,
    user: UserNumber,
    names: impl Iterator<Item = (&SessionName, &SessionName)>,
) -> Result<(), Failure> {
    let kept = names.map(|(former, present)| (own_values::former_name(former), present.as_str()));
    keep_taken(statements, user, kept).await
}

/// Keeps which titles were set by a person, as another store knows it.
pub(crate) async fn keep_titled(
    statements: &Statements<'_>,
    user: UserNumber,
    titled: impl Iterator<Item = &SessionName>,
) -> Result<(), Failure> {
    let kept = titled.map(|session| (own_values::titled(session), session.as_str()));
    keep_taken(statements, user, kept).await
}

/// Keeps which turns' words were replaced, as another store knows it.
pub(crate) async fn keep_amended(
    statements: &Statements<'_>,
    user: UserNumber,
    turns: impl Iterator<Item = TurnId>,
) -> Result<(), Failure> {
    keep_taken(statements, user, turns.map(|turn| (own_values::amended(turn), ""))).await
}

/// Keeps values of a user who is taken in.
async fn keep_taken<'a>(
    statements: &Statements<'_>,
    user: UserNumber,
    values: impl Iterator<Item = (String, &'a str)>,
) -> Result<(), Failure> {
    let (names, values): (Vec<String>, Vec<&[u8]>) =
        values.map(|(name, value)| (name, value.as_bytes())).unzip();
    if names.is_empty() {
        return Ok(());
    }
    statements
        .run(
            "INSERT INTO user_values (user_id, name, value) SELECT $1, * FROM unnest($2, $3)",
            params![user.0, names, values],
        )
        .await?;
    Ok(())
}
