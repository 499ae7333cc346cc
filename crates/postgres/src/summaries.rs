//! Keeps what language models made of stretches of talk.

use futures_util::future::{try_join, try_join3};
use longmem_core::{SessionName, Summary, SummaryId, SummaryOf, Timestamp, TurnId, UserName};
use longmem_search::Epoch;
use tokio_postgres::Row;

use crate::failure::Failure;
use crate::statements::{Statements, params};
use crate::turn_rows::{session_name, timestamp};
use crate::user_number::UserNumber;
use crate::users::lock;

/// A user's summaries in order of what they sum up.
pub(crate) async fn read(
    statements: &Statements<'_>,
    user: UserNumber,
) -> Result<Vec<Summary>, Failure> {
    let rows = statements
        .rows(
            "SELECT m.id, m.kind, s.name, m.through_turn,
                    coalesce(t.time_ms,
                             (SELECT max(pt.time_ms) FROM summaries p
                              JOIN turns pt ON pt.user_id = p.user_id AND pt.id = p.through_turn
                              WHERE p.user_id = $1 AND pt.user_id = $1 AND p.folded_into = m.id),
                             m.created_ms) AS of_ms,
                    m.text, m.folded_into
             FROM summaries m
             LEFT JOIN sessions s ON s.user_id = $1 AND s.id = m.session_id
             LEFT JOIN turns t ON t.user_id = $1 AND t.id = m.through_turn
             WHERE m.user_id = $1 ORDER BY of_ms, m.id",
            params![user.0],
        )
        .await?;
    rows.iter().map(summary_from_row).collect()
}

/// The sessions that are learned from, were last spoken in before a time, and have turns that no
/// summary of the session covers; the one that ended first comes first.
pub(crate) async fn sessions(
    statements: &Statements<'_>,
    user: UserNumber,
    silent_since: Timestamp,
) -> Result<Vec<SessionName>, Failure> {
    let silent_since = silent_since.as_millisecond();
    let rows = statements
        .rows(
            "SELECT s.name FROM learned_sessions l
             JOIN sessions s ON s.user_id = l.user_id AND s.id = l.session_id
             JOIN turns t ON t.user_id = s.user_id AND t.session_id = s.id
             LEFT JOIN summaries m
                 ON m.user_id = $1 AND m.session_id = s.id AND m.kind = 'session'
             WHERE l.user_id = $1 AND s.user_id = $1 AND t.user_id = $1
             GROUP BY s.user_id, s.id
             HAVING max(t.time_ms) < $2 AND max(t.id) > coalesce(max(m.through_turn), 0)
             ORDER BY max(t.id)",
            params![user.0, silent_since],
        )
        .await?;
    rows.iter().map(|row| session_name(row, 0)).collect()
}

/// Stores a summary, made at a time and an epoch, in place of an earlier one.
pub(crate) async fn write(
    statements: &Statements<'_>,
    user: &UserName,
    of: &SummaryOf,
    text: &str,
    (now, made_at): (Timestamp, Epoch),
) -> Result<bool, Failure> {
    let (session, through) = of.stretch().expect("a summary of summaries is stored by folding");
    let (kind, session) = (of.kind(), session.as_str());
    let (number, now) = (UserNumber::of(user), now.as_millisecond());
    let (locked, there) = try_join(
        lock(statements, user),
        statements.first(
            "SELECT s.id FROM sessions s JOIN turns t ON t.user_id = s.user_id
             WHERE s.user_id = $1 AND t.user_id = $1 AND s.name = $2 AND t.id = $3",
            params![number.0, session, through.0],
        ),
    )
    .await?;
    let (Some(locked), Some(there)) = (locked, there) else { return Ok(false) };
    if locked.epoch != made_at {
        return Ok(false);
    }
    let session: i64 = there.try_get(0)?;
    // What it was folded into goes too: that tells what the older one told.
    let delete = statements.run(
        "DELETE FROM summaries d WHERE d.user_id = $1 AND EXISTS (
             SELECT 1 FROM summaries p WHERE p.user_id = $1 AND p.session_id = $2 AND p.kind = $3
             AND (p.id = d.id OR p.folded_into = d.id))",
        params![number.0, session, kind],
    );
    let insert = statements.run(
        "INSERT INTO summaries (user_id, kind, session_id, through_turn, text, created_ms)
         VALUES ($1, $2, $3, $4, $5, $6)",
        params![number.0, kind, session, through.0, text, now],
    );
    try_join3(delete, release_parts(statements, number), insert).await?;
    Ok(true)
}

/// Stores a summary of summaries, made at a time and an epoch, in place of the earlier one.
pub(crate) async fn fold(
    statements: &Statements<'_>,
    user: &UserName,
    parts: &[SummaryId],
    text: &str,
    (now, made_at): (Timestamp, Epoch),
) -> Result<bool, Failure> {
    let (number, now) = (UserNumber::of(user), now.as_millisecond());
    let numbers: Vec<i64> = parts.iter().map(|part| part.0).collect();
    let (locked, there) = try_join(
        lock(statements, user),
        statements.row(
            "SELECT count(*) FROM summaries
             WHERE user_id = $1 AND id = ANY($2) AND kind = 'session'",
            params![number.0, numbers],
        ),
    )
    .await?;
    let there: i64 = there.try_get(0)?;
    if there as usize != parts.len() || locked.is_none_or(|locked| locked.epoch != made_at) {
        return Ok(false);
    }
    let delete = statements
        .run("DELETE FROM summaries WHERE user_id = $1 AND kind = 'sessions'", params![number.0]);
    let insert = statements.run(
        "INSERT INTO summaries (user_id, kind, text, created_ms) VALUES ($1, 'sessions', $2, $3)",
        params![number.0, text, now],
    );
    // Parts of the earlier one that are none of this one stand alone.
    let join = statements.run(
        "UPDATE summaries SET folded_into = CASE WHEN id = ANY($2) THEN (
             SELECT whole.id FROM summaries whole
             WHERE whole.user_id = $1 AND whole.kind = 'sessions') END
         WHERE user_id = $1 AND (id = ANY($2) OR folded_into IS NOT NULL)",
        params![number.0, numbers],
    );
    try_join3(delete, insert, join).await?;
    Ok(true)
}

/// Lets the parts of a summary of summaries that was deleted stand alone.
pub(crate) async fn release_parts(
    statements: &Statements<'_>,
    user: UserNumber,
) -> Result<(), Failure> {
    let release = statements.run(
        "UPDATE summaries p SET folded_into = NULL
         WHERE p.user_id = $1 AND p.folded_into IS NOT NULL AND NOT EXISTS (
             SELECT 1 FROM summaries whole WHERE whole.user_id = $1 AND whole.id = p.folded_into)",
        params![user.0],
    );
    release.await.map(drop)
}

/// Reads what a summary sums up from the columns 1 to 3.
pub(crate) fn summary_of(row: &Row) -> Result<SummaryOf, Failure> {
    SummaryOf::of_kind(row.try_get(1)?, || Ok((session_name(row, 2)?, TurnId(row.try_get(3)?))))
}

fn summary_from_row(row: &Row) -> Result<Summary, Failure> {
    Ok(Summary {
        id: SummaryId(row.try_get(0)?),
        of: summary_of(row)?,
        time: timestamp(row, 4)?,
        text: row.try_get(5)?,
        folded_into: row.try_get::<_, Option<i64>>(6)?.map(SummaryId),
    })
}
