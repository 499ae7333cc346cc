//! What is forgotten, shown before and then deleted, under the store's one lock.

use std::collections::BTreeSet;

use longmem_core::{FactId, SessionName, SummaryId, Turn, TurnId};
use longmem_search::Epoch;
use longmem_store::{
    Derived, Erasure, ForgetFingerprint, ForgetTarget, Forgotten, ForgottenKey, IMPORT_MARKS,
    WouldForget,
};

use super::{SALT, State, User};

impl State {
    pub(super) fn preview_forget(&self, target: &ForgetTarget, shown: usize) -> WouldForget {
        let user = &self.users[target.user()];
        let (doomed, all) = (user.doomed(target), target.is_whole_user());
        let mut first: Vec<Turn> = doomed.iter().map(|id| user.read(&user.turns[id])).collect();
        first.sort_by_key(|turn| (turn.time, turn.id));
        let newest = first.last().map(|turn| turn.time);
        first.truncate(shown);
        let sessions = |is_in: &dyn Fn(&TurnId) -> bool| -> BTreeSet<SessionName> {
            let turns = user.turns.values().map(|kept| &kept.turn);
            turns.filter(|turn| is_in(&turn.id)).map(|turn| turn.session.clone()).collect()
        };
        let kept = sessions(&|id| !doomed.contains(id));
        let emptied = sessions(&|id| doomed.contains(id));
        let facts: Vec<FactId> = user.doomed_facts(&doomed, all).into_iter().collect();
        let summaries: Vec<SummaryId> = user.doomed_summaries(&doomed, all).into_iter().collect();
        let ids: Vec<TurnId> = doomed.iter().copied().collect();
        let epoch = Epoch(user.epoch);
        let fingerprint = ForgetFingerprint::new(target, epoch, &ids, &facts, &summaries);
        WouldForget {
            turns: doomed.len() as u64,
            first,
            newest,
            sessions: emptied.difference(&kept).cloned().collect(),
            facts,
            summaries,
            fingerprint,
        }
    }

    pub(super) fn forget(&mut self, target: &ForgetTarget) -> Forgotten {
        let epoch = self.number();
        let user = self.user(target.user());
        let (doomed, all) = (user.doomed(target), target.is_whole_user());
        let (facts, summaries) =
            (user.doomed_facts(&doomed, all), user.doomed_summaries(&doomed, all));
        user.drop_facts(&facts);
        user.drop_summaries(&summaries);
        let sessions = |user: &User| {
            let named = user.turns.values().map(|kept| kept.turn.session.clone());
            named.collect::<BTreeSet<_>>().len() as u64
        };
        let before = sessions(user);
        let hash = |id| ForgottenKey::new(SALT, target.user(), &user.turns[id].key);
        let hashes: Vec<ForgottenKey> = doomed.iter().map(hash).collect();
        user.turns.retain(|id, _| !doomed.contains(id));
        user.values.retain(|name, _| !name.starts_with(IMPORT_MARKS));
        user.queue.retain(|id| !doomed.contains(id));
        user.epoch = epoch;
        user.drop_names_of_gone();
        let gone_sessions = before - sessions(user);
        let is_gone = user.turns.is_empty() && user.facts.is_empty();
        self.forgotten.extend(hashes);
        if is_gone {
            self.users.remove(target.user());
        }
        Forgotten {
            turns: doomed.len() as u64,
            sessions: gone_sessions,
            derived: Derived { facts: facts.len() as u64, summaries: summaries.len() as u64 },
            user: is_gone,
            erasure: Erasure::Done,
        }
    }
}
