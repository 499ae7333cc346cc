//! Takes a user's records in. Numbers are kept, since each user has numbers of their own here.

use std::borrow::Cow;

use futures_util::future::{try_join, try_join3};
use longmem_core::{Entity, Role, TurnId, UserName};
use longmem_search::{Epoch, NewLists, PassageId, SessionNumber, TurnEntry, vector_bytes};
use longmem_store::{
    MovedFact, MovedPassages, MovedSession, MovedSummary, MovedTurn, MovedUser, NUMBERS_IN_CHUNK,
    TakenIn, UserRecords,
};
use longmem_text::{IndexedWords, indexed_words};
use rayon::prelude::*;

use crate::embedding_models::{Identity, lock_newest};
use crate::failure::Failure;
use crate::statements::{Statements, params};
use crate::turn_rows::role_number;
use crate::user_number::UserNumber;
use crate::users::{LockedUser, begin_epoch, lock_any};
use crate::{entities, lists, numbers, presence, session_names};

use super::attempts::Records;

/// Turns whose lists are written at once: a block of words.
const TURNS_AT_ONCE: usize = NUMBERS_IN_CHUNK as usize;

/// From where a user arrives who is not here before the move is done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival<'a> {
    /// The name of the server.
    pub(super) from: &'a str,
    /// The number of the move.
    pub(super) number: i64,
    /// The user's epoch there.
    pub(super) epoch: Epoch,
}

/// A user who is being taken in.
pub(super) struct Taking<'a> {
    statements: &'a Statements<'a>,
    user: LockedUser,
    head: MovedUser,
    /// The models of the head that this store has.
    model_ids: Vec<Option<i64>>,
    newest_model: Option<i64>,
    /// Whether turns wait for vectors as they did in the source.
    waits_as_there: bool,
    /// The latest turns, which are in no list yet.
    unlisted: Vec<(TurnEntry, IndexedWords)>,
    entities: Vec<i64>,
    learned: (Vec<i64>, Vec<i64>),
    passages_left_out: u64,
}

impl<'a> Taking<'a> {
    /// Makes the user, who must not be there; none if the user is.
    pub(super) async fn begin(
        statements: &'a Statements<'a>,
        user: &UserName,
        arrival: Option<Arrival<'_>>,
    ) -> Result<Option<Self>, Failure> {
        // The order of locks is that of everybody who writes vectors.
        let newest_model = lock_newest(statements).await?;
        let (number, name) = (UserNumber::of(user), user.as_str());
        let epoch = arrival.map_or_else(|| fastrand::i64(..), |arrival| arrival.epoch.0);
        let (from, moves) = arrival.map(|arrival| (arrival.from, arrival.number)).unzip();
        let moves = moves.unwrap_or(0);
        let made = statements.run(
            "INSERT INTO users (user_id, name, epoch, arriving_from, moves)
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            params![number.0, name, epoch, from, moves],
        );
        let may = async {
            match arrival {
                Some(_) => Ok(()),
                None => presence::check_making(statements).await,
            }
        };
        let ((), made, locked) = try_join3(may, made, lock_any(statements, user)).await?;
        let Some((locked, _)) = locked.filter(|_| made > 0) else { return Ok(None) };
        Ok(Some(Self {
            statements,
            user: locked,
            head: MovedUser::default(),
            model_ids: Vec::new(),
            newest_model,
            waits_as_there: true,
            unlisted: Vec::new(),
            entities: Vec::new(),
            learned: Default::default(),
            passages_left_out: 0,
        }))
    }

    /// Takes in everything that a source sends.
    pub(super) async fn take_all(mut self, mut records: Records) -> Result<TakenIn, Failure> {
        while let Some(batch) = records.next()? {
            self.take(batch).await?;
        }
        self.finish().await
    }

    async fn take(&mut self, records: UserRecords) -> Result<(), Failure> {
        match records {
            UserRecords::Head(head) => self.head(head).await,
            UserRecords::Sessions(sessions) => self.sessions(&sessions).await,
            UserRecords::FormerNames(names) => {
                let pairs = names.iter().map(|(former, present)| (former, present));
                session_names::keep_former(self.statements, self.user.number, pairs).await
            }
            UserRecords::Turns(turns) => self.turns(&turns).await,
            UserRecords::Passages(passages) => self.passages(&passages).await,
            UserRecords::Entities(entities) => self.entities(&entities).await,
            UserRecords::Facts(facts) => self.facts(&facts).await,
            UserRecords::Summaries(summaries) => self.summaries(&summaries).await,
            UserRecords::Values(values) => {
                let names: Vec<&str> = values.iter().map(|(name, _)| name.as_str()).collect();
                let values: Vec<&[u8]> = values.iter().map(|(_, value)| &value[..]).collect();
                self.values(names, values).await
            }
        }
    }

    /// Finds out which models are here, and has later numbers be greater than those that come.
    async fn head(&mut self, head: MovedUser) -> Result<(), Failure> {
        for model in &head.models {
            self.model_ids.push(Identity::of(model).id(self.statements).await?);
        }
        self.waits_as_there = match self.model_ids.last() {
            Some(newest) => newest.is_some() && *newest == self.newest_model,
            None => self.newest_model.is_none(),
        };
        let last = |numbers: &[i64]| numbers.last().copied().unwrap_or(0);
        for (sequence, number) in [
            ("turn_chunks", head.last_turn / NUMBERS_IN_CHUNK),
            ("passage_chunks", head.last_passage / NUMBERS_IN_CHUNK),
            ("session_numbers", last(&head.sessions)),
            ("fact_numbers", last(&head.facts)),
            ("summary_numbers", last(&head.summaries)),
        ] {
            numbers::pass(self.statements, sequence, number).await?;
        }
        self.head = head;
        Ok(())
    }

    async fn sessions(&mut self, sessions: &[MovedSession]) -> Result<(), Failure> {
        let user = self.user.number;
        let ids: Vec<i64> = sessions.iter().map(|session| session.number).collect();
        let names: Vec<&str> = sessions.iter().map(|session| session.name.as_str()).collect();
        let titles: Vec<Option<Cow<'_, str>>> =
            sessions.iter().map(|session| session.title.as_deref().map(storable)).collect();
        let titles: Vec<Option<&str>> = titles.iter().map(Option::as_deref).collect();
        let made = self.statements.run(
            "INSERT INTO sessions (user_id, id, name, title) SELECT $1, * FROM unnest($2, $3, $4)",
            params![user.0, ids, names, titles],
        );
        let set_by_hand = sessions.iter().filter(|session| session.titled);
        let set_by_hand = set_by_hand.map(|session| &session.name);
        try_join(made, session_names::keep_titled(self.statements, user, set_by_hand)).await?;
        for session in sessions {
            if let Some(through) = session.learned_through {
                self.learned.0.push(session.number);
                self.learned.1.push(through);
            }
        }
        Ok(())
    }

    async fn turns(&mut self, turns: &[MovedTurn]) -> Result<(), Failure> {
        let user = self.user.number;
        let texts: Vec<Cow<'_, str>> = turns.iter().map(|turn| storable(&turn.text)).collect();
        let speakers: Vec<Option<Cow<'_, str>>> =
            turns.iter().map(|turn| turn.speaker.as_deref().map(storable)).collect();
        let words: Vec<IndexedWords> = (turns, &texts, &speakers)
            .into_par_iter()
            .map(|(turn, text, speaker)| indexed_words(turn.time, speaker.as_deref(), text))
            .collect();
        let ids: Vec<i64> = turns.iter().map(|turn| turn.id.0).collect();
        let sessions: Vec<i64> = turns.iter().map(|turn| turn.session).collect();
        let positions: Vec<i64> = turns.iter().map(|turn| turn.position).collect();
        let roles: Vec<i16> = turns.iter().map(|turn| role_number(turn.role)).collect();
        let notes: Vec<bool> = turns.iter().map(|turn| turn.note).collect();
        let times: Vec<i64> = turns.iter().map(|turn| turn.time.as_millisecond()).collect();
        let keys: Vec<Cow<'_, str>> =
            turns.iter().map(|turn| storable(&turn.source_key.0)).collect();
        let keys: Vec<&str> = keys.iter().map(AsRef::as_ref).collect();
        let speakers: Vec<Option<&str>> = speakers.iter().map(Option::as_deref).collect();
        let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
        let counts: Vec<i64> = words.iter().map(|words| i64::from(words.all)).collect();
        let written = self.statements.run(
            "INSERT INTO turns (user_id, id, session_id, position, role, note, time_ms, source_key,
                                speaker, text, words)
             SELECT $1, * FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            params![
                user.0, ids, sessions, positions, roles, notes, times, keys, speakers, texts,
                counts
            ],
        );
        let waiting = turns.iter().filter(|turn| turn.waits && self.waits_as_there);
        let waiting: Vec<i64> = waiting.map(|turn| turn.id.0).collect();
        let queued = self.statements.run(
            "INSERT INTO index_queue (user_id, turn_id) SELECT $1, * FROM unnest($2)",
            params![user.0, waiting],
        );
        let amended = turns.iter().filter(|turn| turn.amended).map(|turn| turn.id);
        let marked = session_names::keep_amended(self.statements, user, amended);
        try_join3(written, queued, marked).await?;
        for (turn, words) in turns.iter().zip(words) {
            let entry = TurnEntry {
                turn: turn.id,
                session: SessionNumber(turn.session),
                role: turn.role,
                note: turn.note,
                time_ms: turn.time.as_millisecond(),
                words: words.all,
            };
            self.unlisted.push((entry, words));
        }
        if self.unlisted.len() >= TURNS_AT_ONCE { self.write_lists().await } else { Ok(()) }
    }

    async fn write_lists(&mut self) -> Result<(), Failure> {
        let unlisted = std::mem::take(&mut self.unlisted);
        let Some((newest, _)) = unlisted.last() else { return Ok(()) };
        let place = lists::place(&mut self.user, unlisted.len(), newest.turn.0);
        let new: Vec<(TurnEntry, &IndexedWords)> =
            unlisted.iter().map(|(entry, words)| (*entry, words)).collect();
        lists::add_turns(self.statements, self.user.number, place, &new).await
    }

    async fn passages(&mut self, passages: &[MovedPassages]) -> Result<(), Failure> {
        for of_model in passages.chunk_by(|one, next| one.model == next.model) {
            let place = of_model[0].model;
            let model = self.head.models.get(place).map_or(0, |model| model.dimensions);
            let Some(model_id) = self.model_ids.get(place).copied().flatten() else {
                let left_out = of_model.iter().map(|turn| turn.passages.len() as u64);
                self.passages_left_out += left_out.sum::<u64>();
                continue;
            };
            self.passages_of_model(model_id, model, of_model).await?;
        }
        Ok(())
    }

    async fn passages_of_model(
        &self,
        model_id: i64,
        width: usize,
        of_model: &[MovedPassages],
    ) -> Result<(), Failure> {
        let user = self.user.number;
        let mut ids: (Vec<i64>, Vec<i64>) = Default::default();
        let mut spans: (Vec<i64>, Vec<i64>, Vec<i64>) = Default::default();
        let mut vectors: Vec<Vec<u8>> = Vec::new();
        let mut codes = NewLists::default();
        for of_turn in of_model {
            for ((span, vector), passage) in of_turn.passages.iter().zip(of_turn.first..) {
                ids.0.push(passage);
                ids.1.push(of_turn.turn.0);
                spans.0.push(span.start as i64);
                spans.1.push(span.end as i64);
                spans.2.push(span.tokens as i64);
                vectors.push(vector_bytes(vector));
            }
            let vectors = of_turn.passages.iter().map(|(_, vector)| vector);
            codes.add_codes(of_turn.turn, PassageId(of_turn.first), vectors);
        }
        let written = self.statements.run(
            "INSERT INTO vectors
                 (user_id, model_id, id, turn_id, start_byte, end_byte, tokens, vector)
             SELECT $1, $2, * FROM unnest($3, $4, $5, $6, $7, $8)",
            params![user.0, model_id, ids.0, ids.1, spans.0, spans.1, spans.2, vectors],
        );
        let listed = lists::add_codes(self.statements, (user, model_id), width, &codes);
        try_join(written, listed).await?;
        Ok(())
    }

    async fn entities(&mut self, entities: &[Entity]) -> Result<(), Failure> {
        let ids = entities::insert_all(self.statements, self.user.number, entities).await?;
        self.entities.extend(ids);
        Ok(())
    }

    async fn facts(&mut self, facts: &[MovedFact]) -> Result<(), Failure> {
        let user = self.user.number;
        let ids: Vec<i64> = facts.iter().map(|fact| fact.id.0).collect();
        let subjects: Vec<Cow<'_, str>> =
            facts.iter().map(|fact| storable(&fact.subject)).collect();
        let subjects: Vec<&str> = subjects.iter().map(AsRef::as_ref).collect();
        let texts: Vec<Cow<'_, str>> = facts.iter().map(|fact| storable(&fact.statement)).collect();
        let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
        let kinds: Vec<&str> = facts.iter().map(|fact| fact.kind.as_str()).collect();
        let number = |turn: TurnId| turn.0;
        let sources: Vec<Option<i64>> = facts.iter().map(|fact| fact.source.map(number)).collect();
        let times: Vec<i64> = facts.iter().map(|fact| fact.since.as_millisecond()).collect();
        let next: Vec<Option<i64>> =
            facts.iter().map(|fact| fact.superseded_by.map(|next| next.0)).collect();
        let mut mentions: (Vec<i64>, Vec<i64>) = Default::default();
        let mut vectors: (Vec<i64>, Vec<i64>, Vec<Vec<u8>>) = Default::default();
        for fact in facts {
            for entity in fact.entities.iter().filter_map(|place| self.entities.get(*place)) {
                mentions.0.push(fact.id.0);
                mentions.1.push(*entity);
            }
            for (model, vector) in &fact.vectors {
                if let Some(model_id) = self.model_ids.get(*model).copied().flatten() {
                    vectors.0.push(fact.id.0);
                    vectors.1.push(model_id);
                    vectors.2.push(vector_bytes(vector));
                }
            }
        }
        let written = self.statements.run(
            "INSERT INTO facts (user_id, id, subject, statement, kind, source_turn_id,
                                valid_from_ms, superseded_by)
             SELECT $1, * FROM unnest($2, $3, $4, $5, $6, $7, $8)",
            params![user.0, ids, subjects, texts, kinds, sources, times, next],
        );
        let mentioned = self.statements.run(
            "INSERT INTO entity_mentions (user_id, fact_id, entity_id)
             SELECT $1, * FROM unnest($2, $3) ON CONFLICT DO NOTHING",
            params![user.0, mentions.0, mentions.1],
        );
        let embedded = self.statements.run(
            "INSERT INTO fact_vectors (user_id, fact_id, model_id, vector)
             SELECT $1, * FROM unnest($2, $3, $4)",
            params![user.0, vectors.0, vectors.1, vectors.2],
        );
        try_join3(written, mentioned, embedded).await?;
        Ok(())
    }

    async fn summaries(&mut self, summaries: &[MovedSummary]) -> Result<(), Failure> {
        let user = self.user.number;
        let mut kinds = Vec::new();
        let mut sessions: Vec<Option<&str>> = Vec::new();
        let mut through: Vec<Option<i64>> = Vec::new();
        for summary in summaries {
            let (session, turn) = summary.of.stretch().unzip();
            kinds.push(summary.of.kind());
            sessions.push(session.map(longmem_core::SessionName::as_str));
            through.push(turn.map(|turn| turn.0));
        }
        let ids: Vec<i64> = summaries.iter().map(|summary| summary.id.0).collect();
        let texts: Vec<Cow<'_, str>> =
            summaries.iter().map(|summary| storable(&summary.text)).collect();
        let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
        let times: Vec<i64> =
            summaries.iter().map(|summary| summary.created.as_millisecond()).collect();
        let wholes: Vec<Option<i64>> =
            summaries.iter().map(|summary| summary.folded_into.map(|whole| whole.0)).collect();
        self.statements
            .run(
                "INSERT INTO summaries (user_id, id, kind, session_id, through_turn, text,
                                        created_ms, folded_into)
                 SELECT $1, new.id, new.kind, s.id, new.through, new.text, new.created, new.whole
                 FROM unnest($2, $3, $4, $5, $6, $7, $8)
                     AS new (id, kind, session, through, text, created, whole)
                 LEFT JOIN sessions s ON s.user_id = $1 AND s.name = new.session",
                params![user.0, ids, kinds, sessions, through, texts, times, wholes],
            )
            .await?;
        Ok(())
    }

    async fn values(&self, names: Vec<&str>, values: Vec<&[u8]>) -> Result<(), Failure> {
        self.statements
            .run(
                "INSERT INTO user_values (user_id, name, value) SELECT $1, * FROM unnest($2, $3)",
                params![self.user.number.0, names, values],
            )
            .await?;
        Ok(())
    }

    /// Writes what could not be before all records were there.
    async fn finish(mut self) -> Result<TakenIn, Failure> {
        self.write_lists().await?;
        let user = self.user.number;
        let after = |last: i64| if last > 0 { last + 1 } else { 0 };
        let (last_turn, next_turn) = (self.head.last_turn, after(self.head.last_turn));
        let next_passage = after(self.head.last_passage);
        let noted = self.statements.run(
            "UPDATE users SET last_turn = $2, next_turn = $3, next_passage = $4, folded_turn = $5,
                              tail_turns = $6
             WHERE user_id = $1",
            params![
                user.0,
                last_turn,
                next_turn,
                next_passage,
                self.user.folded_turn,
                self.user.tail_turns
            ],
        );
        let learned = self.statements.run(
            "INSERT INTO learned_sessions (user_id, session_id, through_turn)
             SELECT $1, * FROM unnest($2, $3)",
            params![user.0, self.learned.0, self.learned.1],
        );
        try_join3(noted, learned, self.queue_turns_without_vectors()).await?;
        if !self.waits_as_there || self.passages_left_out > 0 {
            begin_epoch(self.statements, user).await?;
        }
        Ok(TakenIn { passages_left_out: self.passages_left_out, ..TakenIn::default() })
    }

    /// Queues the turns that have no vector of this store's newest model, if that is another one than the
    /// source's.
    async fn queue_turns_without_vectors(&self) -> Result<(), Failure> {
        if self.waits_as_there {
            return Ok(());
        }
        let (user, tool) = (self.user.number, role_number(Role::Tool));
        let newest = self.newest_model.unwrap_or(0);
        self.statements
            .run(
                "INSERT INTO index_queue (user_id, turn_id)
                 SELECT $1, t.id FROM turns t WHERE t.user_id = $1 AND t.role <> $2
                 AND NOT EXISTS (SELECT 1 FROM vectors v
                     WHERE v.user_id = $1 AND v.model_id = $3 AND v.turn_id = t.id)",
                params![user.0, tool, newest],
            )
            .await?;
        Ok(())
    }
}

/// A text as PostgreSQL takes it: a replacement character stands for each NUL, which only a store of an
/// early version can hold.
fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}
