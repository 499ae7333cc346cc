//! Which turns were looked at for facts, each exactly once, also after a crash.

use std::collections::HashSet;

use futures_util::future::{try_join, try_join4};
use longmem_core::{
    FactId, SessionName, Summary, SummaryId, SummaryOf, Timestamp, TurnId, UserName,
};
use longmem_search::Epoch;
use longmem_store::{Learned, LearnedFact, Learning, Replaced, Result, StoreLock};

use crate::facts::{NewFacts, draw_numbers, lines_if, sources_among};
use crate::failure::Failure;
use crate::leases::{self, Wanted, Work};
use crate::statements::{Statements, params};
use crate::turn_rows::session_name;
use crate::user_number::UserNumber;
use crate::users::lock;
use crate::{PostgresStore, summaries};

impl Learning for PostgresStore {
    fn lock_learning(&self, user: &UserName) -> Result<Option<StoreLock>> {
        let wanted = Wanted::new(Work::Learn, self.lease);
        leases::take(&self.database, UserNumber::of(user), wanted)
    }

    fn learn_from(&self, user: &UserName, session: &SessionName) -> Result<()> {
        if self.learned_through(user, session)? != Learned::No {
            return Ok(());
        }
        let number = UserNumber::of(user);
        self.database.write(number.alone(), async |statements| {
            let noted = learn_from(statements, number, session);
            try_join(lock(statements, user), noted).await.map(drop)
        })
    }

    fn sessions_to_learn_from(&self, user: &UserName) -> Result<Vec<SessionName>> {
        let number = UserNumber::of(user);
        self.database.read(number.alone(), async |statements| {
            let rows = statements
                .rows(
                    "SELECT s.name FROM learned_sessions l
                     JOIN sessions s ON s.user_id = l.user_id AND s.id = l.session_id
                     JOIN turns t ON t.user_id = s.user_id AND t.session_id = s.id
                                     AND t.id > l.through_turn
                     WHERE l.user_id = $1 AND s.user_id = $1 AND t.user_id = $1
                     GROUP BY s.user_id, s.id ORDER BY min(t.id)",
                    params![number.0],
                )
                .await?;
            rows.iter().map(|row| session_name(row, 0)).collect()
        })
    }

    fn learned_through(&self, user: &UserName, session: &SessionName) -> Result<Learned> {
        let (number, session) = (UserNumber::of(user), session.as_str());
        self.database.read(number.alone(), async |statements| {
            let row = statements
                .first(
                    "SELECT l.through_turn FROM learned_sessions l
                     JOIN sessions s ON s.user_id = l.user_id AND s.id = l.session_id
                     WHERE l.user_id = $1 AND s.user_id = $1 AND s.name = $2",
                    params![number.0, session],
                )
                .await?;
            Ok(match row.map(|row| row.try_get(0)).transpose()? {
                None => Learned::No,
                Some(0) => Learned::Through(None),
                Some(turn) => Learned::Through(Some(TurnId(turn))),
            })
        })
    }

    fn write_learned(
        &self,
        user: &UserName,
        session: &SessionName,
        after: Option<TurnId>,
        through: TurnId,
        facts: &[LearnedFact],
    ) -> Result<bool> {
        let (number, session) = (UserNumber::of(user), session.as_str());
        let after = after.map_or(0, |turn| turn.0);
        self.database.write(number.alone(), async |statements| {
            let noted = statements.run(
                "UPDATE learned_sessions SET through_turn = $4
                 WHERE user_id = $1 AND through_turn = $3 AND session_id = (
                     SELECT id FROM sessions WHERE user_id = $1 AND name = $2)",
                params![number.0, session, after, through.0],
            );
            let replaces_known =
                facts.iter().any(|learned| matches!(learned.replaces, Some(Replaced::Known(_))));
            let (_, noted, (numbers, sources), lines) = try_join4(
                lock(statements, user),
                noted,
                try_join(
                    draw_numbers(statements, facts.len()),
                    sources_among(statements, number, facts.iter().map(|learned| &learned.fact)),
                ),
                lines_if(replaces_known, statements, number),
            )
            .await?;
            if noted == 0 {
                return Ok(false);
            }
            let known: HashSet<FactId> = lines.places().iter().map(|place| place.id).collect();
            let mut new = NewFacts::after(lines);
            let mut stored = vec![None; facts.len()];
            for (place, LearnedFact { fact, replaces }) in facts.iter().enumerate() {
                if fact.source.is_none_or(|turn| !sources.contains(&turn)) {
                    continue;
                }
                let replaces = match replaces {
                    Some(Replaced::Known(old)) => Some(*old).filter(|old| known.contains(old)),
                    Some(Replaced::Learned(earlier)) => stored.get(*earlier).copied().flatten(),
                    None => None,
                };
                new.add(numbers[place], fact, replaces);
                stored[place] = Some(numbers[place]);
            }
            new.write(statements, number).await?;
            Ok(true)
        })
    }

    fn summaries(&self, user: &UserName) -> Result<Vec<Summary>> {
        let number = UserNumber::of(user);
        self.database
            .read(number.alone(), async |statements| summaries::read(statements, number).await)
    }

    fn sessions_to_sum_up(
        &self,
        user: &UserName,
        silent_since: Timestamp,
    ) -> Result<Vec<SessionName>> {
        let number = UserNumber::of(user);
        self.database.read(number.alone(), async |statements| {
            summaries::sessions(statements, number, silent_since).await
        })
    }

    fn write_summary(
        &self,
        user: &UserName,
        of: &SummaryOf,
        text: &str,
        now: Timestamp,
        made_at: Epoch,
    ) -> Result<bool> {
        self.database.write(UserNumber::of(user).alone(), async |statements| {
            summaries::write(statements, user, of, text, (now, made_at)).await
        })
    }

    fn fold_summaries(
        &self,
        user: &UserName,
        parts: &[SummaryId],
        text: &str,
        now: Timestamp,
        made_at: Epoch,
    ) -> Result<bool> {
        self.database.write(UserNumber::of(user).alone(), async |statements| {
            summaries::fold(statements, user, parts, text, (now, made_at)).await
        })
    }
}

/// Lets an existing session be learned from.
pub(crate) async fn learn_from(
    statements: &Statements<'_>,
    user: UserNumber,
    session: &SessionName,
) -> std::result::Result<(), Failure> {
    let session = session.as_str();
    let noted = statements.run(
        "INSERT INTO learned_sessions (user_id, session_id)
         SELECT $1, id FROM sessions WHERE user_id = $1 AND name = $2
         ON CONFLICT DO NOTHING",
        params![user.0, session],
    );
    noted.await.map(drop)
}
