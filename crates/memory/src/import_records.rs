//! Takes the facts and summaries of an export into the store.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use longmem_core::{
    Fact, FactId, FactKind, NewFact, SessionName, SourceKey, SummaryId, SummaryOf, TurnId, UserName,
};
use longmem_store::{FactsAt, ImportedFact, Replaced};
use longmem_transcripts::{ExportedFact, ExportedRecord, ExportedSummary, SummarizedPart};

use crate::{MAX_STATEMENT_CHARACTERS, Memory, MemoryError, short_line};

/// What was stored of an export's facts and summaries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct StoredRecords {
    pub(crate) facts: u64,
    pub(crate) summaries: u64,
}

/// By what a fact of an export is known again in a store.
type Likeness = (String, String, FactKind, i64);

impl Memory {
    /// Stores the facts and summaries of one user that the store does not have. A fact whose turn is not
    /// here, because it was forgotten, is left out.
    pub(crate) fn import_records(
        &self,
        user: &UserName,
        records: Vec<ExportedRecord>,
    ) -> Result<StoredRecords, MemoryError> {
        let (mut facts, mut summaries) = (Vec::new(), Vec::new());
        for record in records {
            match record {
                ExportedRecord::Fact(fact) => facts.push(fact),
                ExportedRecord::Summary(summary) => summaries.push(summary),
            }
        }
        let of_facts = facts.iter().filter_map(|fact| fact.source.as_ref());
        let of_summaries = summaries.iter().filter_map(|summary| summary.through.as_ref());
        let keys: BTreeSet<&SourceKey> = of_facts.chain(of_summaries).collect();
        let keys: Vec<SourceKey> = keys.into_iter().cloned().collect();
        let stored: Vec<SourceKey> = keys.iter().map(|key| self.safeguards.key(key)).collect();
        let turns = self.store.turns_with_keys(user, &stored)?;
        let turns: HashMap<SourceKey, TurnId> =
            keys.into_iter().zip(turns).filter_map(|(key, turn)| Some((key, turn?))).collect();
        Ok(StoredRecords {
            facts: self.import_facts(user, facts, &turns)?,
            summaries: self.import_summaries(user, summaries, &turns)?,
        })
    }

    fn import_facts(
        &self,
        user: &UserName,
        exported: Vec<ExportedFact>,
        turns: &HashMap<SourceKey, TurnId>,
    ) -> Result<u64, MemoryError> {
        let known = self.store.facts(user, FactsAt::Ever)?;
        let likeness_of = |fact: &Fact| {
            let since = fact.since.as_millisecond();
            (fact.subject.clone(), fact.statement.clone(), fact.kind, since)
        };
        let known: BTreeMap<Likeness, Fact> =
            known.into_iter().map(|fact| (likeness_of(&fact), fact)).collect();
        // Where each number of the export is in the store, or will be.
        let mut places: HashMap<u64, (i64, Replaced)> = HashMap::new();
        let mut new: Vec<ImportedFact> = Vec::new();
        let mut pointers: Vec<(u64, u64)> = Vec::new();
        for fact in exported {
            let source = match &fact.source {
                Some(key) => match turns.get(key) {
                    Some(turn) => Some(*turn),
                    None => continue,
                },
                None => None,
            };
            let line = |what, text| short_line(what, text, MAX_STATEMENT_CHARACTERS);
            let (Ok(subject), Ok(statement)) =
                (line("subject", &fact.subject), line("statement", &fact.statement))
            else {
                continue;
            };
            let checked = self
                .safeguards
                .fact_subject(user, &subject)
                .and_then(|subject| Ok((subject, self.safeguards.fact_line(user, &statement)?)));
            let (subject, statement) = match checked {
                Ok(checked) => checked,
                Err(MemoryError::Refused { .. } | MemoryError::Line(_)) => continue,
                Err(error) => return Err(error),
            };
            let since_ms = fact.since.as_millisecond();
            let likeness = (subject.clone(), statement.clone(), fact.kind, since_ms);
            let place = match known.get(&likeness) {
                Some(known) => Replaced::Known(known.id),
                None => {
                    let since = fact.since;
                    let (kind, mut entities) = (fact.kind, fact.entities);
                    entities.retain(|entity| {
                        short_line("name", &entity.name, MAX_STATEMENT_CHARACTERS).is_ok()
                    });
                    self.safeguards.keep_entities(&subject, &statement, &mut entities);
                    let fact = NewFact { subject, statement, kind, source, since, entities };
                    new.push(ImportedFact { fact, superseded_by: None });
                    Replaced::Learned(new.len() - 1)
                }
            };
            places.insert(fact.fact, (since_ms, place));
            pointers.extend(fact.superseded_by.map(|next| (fact.fact, next)));
        }
        let holding: BTreeSet<FactId> = known
            .values()
            .filter(|fact| fact.superseded_by.is_none())
            .map(|fact| fact.id)
            .collect();
        let mut superseded = Vec::new();
        for (number, next) in pointers {
            let (Some((since, old)), Some((next_since, next))) =
                (places.get(&number), places.get(&next))
            else {
                continue;
            };
            match (*old, *next) {
                (Replaced::Learned(old), next)
                    if is_later((*since, Replaced::Learned(old)), (*next_since, next)) =>
                {
                    new[old].superseded_by = Some(next);
                }
                (Replaced::Known(old), Replaced::Learned(next))
                    if since <= next_since && holding.contains(&old) =>
                {
                    superseded.push((old, next));
                }
                _ => {}
            }
        }
        let stored = self.store.import_facts(user, &new, &superseded)?;
        Ok(stored.iter().flatten().count() as u64)
    }

    fn import_summaries(
        &self,
        user: &UserName,
        exported: Vec<ExportedSummary>,
        turns: &HashMap<SourceKey, TurnId>,
    ) -> Result<u64, MemoryError> {
        if exported.is_empty() {
            return Ok(0);
        }
        let known = self.store.summaries(user)?;
        let is_known = |of: &SummaryOf| {
            known.iter().any(|summary| match (&summary.of, of) {
                (SummaryOf::Stretch { session: a, .. }, SummaryOf::Stretch { session: b, .. })
                | (SummaryOf::Session { session: a, .. }, SummaryOf::Session { session: b, .. }) => {
                    a == b
                }
                (a, b) => a == b,
            })
        };
        let (mut count, mut folded, mut whole) = (0, BTreeSet::new(), None);
        for summary in exported {
            let through = summary.through.and_then(|key| turns.get(&key).copied());
            let session = summary.session.map(|session| self.safeguards.session(&session));
            let of = match (summary.summary, session, through) {
                (SummarizedPart::Stretch, Some(session), Some(through)) => {
                    SummaryOf::Stretch { session, through }
                }
                (SummarizedPart::Session, Some(session), Some(through)) => {
                    SummaryOf::Session { session, through }
                }
                (SummarizedPart::Sessions, ..) => {
                    whole = Some(summary.text);
                    continue;
                }
                _ => continue,
            };
            if is_known(&of) {
                continue;
            }
            let made_at = self.store.epoch(user)?;
            if self.write_summary(user, &of, &summary.text, made_at)? {
                count += 1;
                if let SummaryOf::Session { session, .. } = of
                    && summary.folded
                {
                    folded.insert(session);
                }
            }
        }
        if let Some(text) = whole.filter(|_| !folded.is_empty() && !is_known(&SummaryOf::Sessions))
        {
            let parts = self.summaries_of_sessions(user, &folded)?;
            let made_at = self.store.epoch(user)?;
            let stored = self.fold_summaries(user, &parts, &text, made_at)?;
            count += u64::from(stored);
        }
        Ok(count)
    }

    fn summaries_of_sessions(
        &self,
        user: &UserName,
        sessions: &BTreeSet<SessionName>,
    ) -> Result<Vec<SummaryId>, MemoryError> {
        let summaries = self.store.summaries(user)?.into_iter();
        let parts = summaries.filter_map(|summary| match &summary.of {
            SummaryOf::Session { session, .. } if sessions.contains(session) => Some(summary.id),
            _ => None,
        });
        Ok(parts.collect())
    }
}

/// Whether a fact may be replaced by another: what was said earlier, or at the same time before it. So
/// no fact replaces itself, whatever the file says.
fn is_later((since, old): (i64, Replaced), (next_since, next): (i64, Replaced)) -> bool {
    let comes_after = match (old, next) {
        (Replaced::Learned(old), Replaced::Learned(next)) => old < next,
        (Replaced::Learned(_), Replaced::Known(_)) => false,
        (Replaced::Known(_), _) => true,
    };
    since < next_since || (since == next_since && comes_after)
}
