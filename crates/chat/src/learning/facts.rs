//! Looks at what a person said since the last time, and notes what is worth keeping.

use longmem_core::{Role, SessionName, Turn, TurnId};
use longmem_memory::{FactsAt, Learned};

use super::review::{Review, Reviewed};
use super::{Learner, LearningReport, extraction, review};
use crate::ChatError;

/// Tokens of the person's turns that are looked at together.
const BATCH_TOKENS: usize = 2_000;

/// Turns read at once, the assistant's included.
const BATCH_TURNS: usize = 100;

impl Learner {
    /// Looks at every turn that was not looked at yet, in all sessions that are learned from.
    pub(super) async fn learn_facts(&self, report: &mut LearningReport) -> Result<(), ChatError> {
        let user = self.user.clone();
        let sessions = self.run(move |memory| memory.sessions_to_learn_from(&user)).await?;
        for session in sessions {
            while self.learn_some(&session, report).await? {}
        }
        Ok(())
    }

    /// Looks at the next turns of a session; false if there are none.
    async fn learn_some(
        &self,
        session: &SessionName,
        report: &mut LearningReport,
    ) -> Result<bool, ChatError> {
        let (user, name) = (self.user.clone(), session.clone());
        let read = self.run(move |memory| {
            let Learned::Through(after) = memory.learned_through(&user, &name)? else {
                return Ok(None);
            };
            Ok(Some((after, memory.session_turns(&user, &name, after, Some(BATCH_TURNS))?)))
        });
        let Some((after, mut turns)) = read.await? else { return Ok(false) };
        turns.truncate(self.batch(&turns));
        let Some(through) = turns.last().map(|turn| turn.id) else { return Ok(false) };
        let said: Vec<&Turn> = turns.iter().filter(|turn| is_said(turn)).collect();
        let reviewed =
            if said.is_empty() { Reviewed::default() } else { self.examine(&said, report).await? };
        self.write(session, after, through, said.len(), reviewed, report).await?;
        Ok(true)
    }

    /// How many of the turns are looked at together: at least one.
    fn batch(&self, turns: &[Turn]) -> usize {
        let mut tokens = 0;
        let fit = turns.iter().take_while(|turn| {
            tokens += if is_said(turn) { self.counter.count(&turn.text) } else { 0 };
            tokens <= BATCH_TOKENS
        });
        fit.count().max(1)
    }

    /// Extracts statements from turns, and reviews them.
    async fn examine(
        &self,
        said: &[&Turn],
        report: &mut LearningReport,
    ) -> Result<Reviewed, ChatError> {
        let zone = &self.settings.time_zone;
        let material = extraction::material(said, zone, &*self.counter);
        let check = |answer| extraction::check(answer, said, &self.user);
        let answer = extraction::task().ask(&self.model, &material, check).await?;
        report.usage += answer.usage;
        report.malformed += answer.dropped;

        let mut candidates = answer.usable.unwrap_or_default();
        let count = candidates.len();
        candidates.retain_mut(|fact| extraction::ground(fact, said, zone));
        report.ungrounded += (count - candidates.len()) as u64;

        let user = self.user.clone();
        let known = self.run(move |memory| memory.facts(&user, FactsAt::Now)).await?;
        let (review, same) = Review::new(known, candidates);
        report.same += same;
        if review.is_empty() {
            return Ok(Reviewed::default());
        }
        let check = |answer| review.check(answer);
        let answer = review::task().ask(&self.model, &review.material(zone), check).await?;
        report.usage += answer.usage;
        report.malformed += answer.dropped;
        Ok(answer.usable.unwrap_or_default())
    }

    /// Stores what was learned; not if somebody else looked at the same turns meanwhile.
    async fn write(
        &self,
        session: &SessionName,
        after: Option<TurnId>,
        through: TurnId,
        turns: usize,
        reviewed: Reviewed,
        report: &mut LearningReport,
    ) -> Result<(), ChatError> {
        let Reviewed { learned, same, incidental } = reviewed;
        let changed = learned.iter().filter(|fact| fact.replaces.is_some()).count() as u64;
        let new = learned.len() as u64 - changed;
        let (user, session) = (self.user.clone(), session.clone());
        let first =
            self.run(move |memory| memory.write_learned(&user, &session, after, through, &learned));
        if first.await? {
            report.turns += turns as u64;
            report.new += new;
            report.changed += changed;
            report.same += same;
            report.incidental += incidental;
        }
        Ok(())
    }
}

/// Whether a turn is the person's own words.
fn is_said(turn: &Turn) -> bool {
    turn.role == Role::User && !turn.text.trim().is_empty()
}
