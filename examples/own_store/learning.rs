//! What was learned from, and summaries.

use std::collections::BTreeSet;

use longmem_core::{
    FactId, SessionName, Summary, SummaryId, SummaryOf, Timestamp, TurnId, UserName,
};
use longmem_search::Epoch;
use longmem_store::{Learned, LearnedFact, Learning, Replaced, Result, StoreLock};

use super::MemoryStore;

impl Learning for MemoryStore {
    fn lock_learning(&self, user: &UserName) -> Result<Option<StoreLock>> {
        Ok(self.learned_from.take(user))
    }

    fn learn_from(&self, user: &UserName, session: &SessionName) -> Result<()> {
        let mut state = self.state();
        if let Some(user) = state.users.get_mut(user)
            && user.of_session(session).next().is_some()
        {
            user.learned.entry(session.clone()).or_default();
        }
        Ok(())
    }

    fn sessions_to_learn_from(&self, user: &UserName) -> Result<Vec<SessionName>> {
        let state = self.state();
        let Some(user) = state.users.get(user) else { return Ok(Vec::new()) };
        let mut waiting: Vec<(TurnId, SessionName)> = user
            .learned
            .iter()
            .filter_map(|(session, through)| {
                let first = user.of_session(session).find(|turn| Some(turn.id) > *through)?;
                Some((first.id, session.clone()))
            })
            .collect();
        waiting.sort();
        Ok(waiting.into_iter().map(|(_, session)| session).collect())
    }

    fn learned_through(&self, user: &UserName, session: &SessionName) -> Result<Learned> {
        let state = self.state();
        let through = state.users.get(user).and_then(|user| user.learned.get(session));
        Ok(through.map_or(Learned::No, |through| Learned::Through(*through)))
    }

    fn write_learned(
        &self,
        user: &UserName,
        session: &SessionName,
        after: Option<TurnId>,
        through: TurnId,
        facts: &[LearnedFact],
    ) -> Result<bool> {
        let mut state = self.state();
        match state.users.get_mut(user).and_then(|user| user.learned.get_mut(session)) {
            Some(so_far) if *so_far == after => *so_far = Some(through),
            _ => return Ok(false),
        }
        let mut stored: Vec<Option<FactId>> = Vec::new();
        for LearnedFact { fact, replaces } in facts {
            let of_user = state.user(user);
            let is_there = fact.source.is_some_and(|turn| of_user.turns.contains_key(&turn));
            let replaces = match replaces {
                Some(Replaced::Known(old)) => Some(*old).filter(|o| of_user.facts.contains_key(o)),
                Some(Replaced::Learned(place)) => stored.get(*place).copied().flatten(),
                None => None,
            };
            stored.push(is_there.then(|| state.insert_fact(user, fact, replaces)));
        }
        Ok(true)
    }

    fn summaries(&self, user: &UserName) -> Result<Vec<Summary>> {
        let state = self.state();
        let mut summaries =
            state.users.get(user).map(|user| user.summaries.clone()).unwrap_or_default();
        summaries.sort_by_key(|summary| (summary.time, summary.id.0));
        Ok(summaries)
    }

    fn sessions_to_sum_up(
        &self,
        user: &UserName,
        silent_since: Timestamp,
    ) -> Result<Vec<SessionName>> {
        let state = self.state();
        let Some(user) = state.users.get(user) else { return Ok(Vec::new()) };
        let mut waiting: Vec<(TurnId, SessionName)> = user
            .learned
            .keys()
            .filter_map(|name| {
                let last_time = user.of_session(name).map(|turn| turn.time).max()?;
                let last = user.of_session(name).next_back()?.id;
                let covered = user.summaries.iter().any(|summary| match &summary.of {
                    SummaryOf::Session { session, through } => session == name && *through >= last,
                    _ => false,
                });
                (last_time < silent_since && !covered).then(|| (last, name.clone()))
            })
            .collect();
        waiting.sort();
        Ok(waiting.into_iter().map(|(_, session)| session).collect())
    }

    fn write_summary(
        &self,
        user: &UserName,
        of: &SummaryOf,
        text: &str,
        _now: Timestamp,
        made_at: Epoch,
    ) -> Result<bool> {
        let (SummaryOf::Stretch { through, .. } | SummaryOf::Session { through, .. }) = of else {
            panic!("a summary of summaries is stored by folding");
        };
        let mut state = self.state();
        let id = SummaryId(state.number());
        let Some(user) = state.users.get_mut(user) else { return Ok(false) };
        let Some(time) = user.turns.get(through).map(|kept| kept.turn.time) else {
            return Ok(false);
        };
        if user.epoch != made_at.0 {
            return Ok(false);
        }
        let is_older = |summary: &Summary| match (&summary.of, of) {
            (SummaryOf::Stretch { session: a, .. }, SummaryOf::Stretch { session: b, .. })
            | (SummaryOf::Session { session: a, .. }, SummaryOf::Session { session: b, .. }) => {
                a == b
            }
            _ => false,
        };
        let replaced = user.summaries.iter().filter(|summary| is_older(summary));
        let gone: BTreeSet<SummaryId> = replaced
            .flat_map(|summary| [Some(summary.id), summary.folded_into])
            .flatten()
            .collect();
        user.drop_summaries(&gone);
        let (of, text) = (of.clone(), text.to_owned());
        user.summaries.push(Summary { id, of, time, text, folded_into: None });
        Ok(true)
    }

    fn fold_summaries(
        &self,
        user: &UserName,
        parts: &[SummaryId],
        text: &str,
        now: Timestamp,
        made_at: Epoch,
    ) -> Result<bool> {
        let mut state = self.state();
        let id = SummaryId(state.number());
        let Some(user) = state.users.get_mut(user) else { return Ok(false) };
        let is_part = |summary: &&Summary| {
            parts.contains(&summary.id) && matches!(summary.of, SummaryOf::Session { .. })
        };
        let times: Vec<Timestamp> =
            user.summaries.iter().filter(is_part).map(|summary| summary.time).collect();
        if times.len() != parts.len() || user.epoch != made_at.0 {
            return Ok(false);
        }
        let earlier = user.summaries.iter().find(|summary| summary.of == SummaryOf::Sessions);
        let gone = earlier.map(|summary| summary.id).into_iter().collect();
        user.drop_summaries(&gone);
        for summary in user.summaries.iter_mut().filter(|summary| parts.contains(&summary.id)) {
            summary.folded_into = Some(id);
        }
        let time = times.into_iter().max().unwrap_or(now);
        let (of, text) = (SummaryOf::Sessions, text.to_owned());
        user.summaries.push(Summary { id, of, time, text, folded_into: None });
        Ok(true)
    }
}
