//! Learns facts from what a person said since the last time.

use longmem_core::{Role, SessionName, Turn, TurnId};
use longmem_memory::{FactsAt, Learned};

use super::review::{Review, Reviewed};
use super::{Learner, LearningReport, extraction};
use crate::ChatError;

/// Tokens of the person's turns that are looked at together.
const BATCH_TOKENS: usize = 2_000;

/// Number of turns that are read at once, the assistant's included.
const BATCH_TURNS: usize = 100;

impl Learner {
    /// Looks at every turn that was not looked at yet, in all sessions that are learned from.
    pub(super) async fn learn_facts(&self, report: &mut LearningReport) -> Result<(), ChatError> {
        let user = self.user.clone();
        let sessions = self.run(move |memory| memory.sessions_to_learn_from(&user)).await?;
        for session in sessions {
            while self.learn_from_batch(&session, report).await? {}
        }
        Ok(())
    }

    /// Looks at the next turns of a session; false if there are none.
    async fn learn_from_batch(
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
        turns.truncate(self.batch_size(&turns));
        let Some(through) = turns.last().map(|turn| turn.id) else { return Ok(false) };
        let own_words: Vec<&Turn> = turns.iter().filter(|turn| is_own_words(turn)).collect();
        let reviewed = if own_words.is_empty() {
            Reviewed::default()
        } else {
            self.examine(&own_words, report).await?
        };
        let batch = Batch { session, after, through, own_words: own_words.len() as u64 };
        self.write(batch, reviewed, report).await?;
        Ok(true)
    }

    /// How many of the turns are looked at together: at least one.
    fn batch_size(&self, turns: &[Turn]) -> usize {
        let mut tokens = 0;
        let fitting = turns.iter().take_while(|turn| {
            tokens += if is_own_words(turn) { self.counter.count(&turn.text) } else { 0 };
            tokens <= BATCH_TOKENS
        });
        fitting.count().max(1)
    }

    /// Extracts statements from turns, and reviews them.
    async fn examine(
        &self,
        turns: &[&Turn],
        report: &mut LearningReport,
    ) -> Result<Reviewed, ChatError> {
        let zone = &self.settings.time_zone;
        let material = extraction::material(turns, zone, &*self.counter);
        let check = |answer| extraction::check(answer, turns, &self.user);
        let answer =
            extraction::task(turns, &*self.counter).ask(&self.model, &material, check).await?;
        report.usage += answer.usage;
        report.malformed += answer.dropped;

        let mut candidates = answer.usable.unwrap_or_default();
        let extracted = candidates.len();
        candidates.retain_mut(|fact| extraction::ground(fact, turns, zone));
        report.ungrounded += (extracted - candidates.len()) as u64;

        let user = self.user.clone();
        let known = self.run(move |memory| memory.facts(&user, FactsAt::Now)).await?;
        let (review, same) = Review::new(known, candidates);
        report.same += same;
        let Some(task) = review.task() else { return Ok(review.all_new()) };
        let check = |answer| review.check(answer);
        let answer = task.ask(&self.model, &review.material(zone), check).await?;
        report.usage += answer.usage;
        report.malformed += answer.dropped;
        Ok(answer.usable.unwrap_or_default())
    }

    /// Stores what was learned from a batch, unless somebody else looked at the same turns
    /// meanwhile.
    async fn write(
        &self,
        batch: Batch<'_>,
        reviewed: Reviewed,
        report: &mut LearningReport,
    ) -> Result<(), ChatError> {
        let Batch { session, after, through, own_words } = batch;
        let Reviewed { learned, same, incidental } = reviewed;
        let changed = learned.iter().filter(|fact| fact.replaces.is_some()).count() as u64;
        let new = learned.len() as u64 - changed;
        let (user, session) = (self.user.clone(), session.clone());
        let is_first =
            self.run(move |memory| memory.write_learned(&user, &session, after, through, &learned));
        if is_first.await? {
            report.turns += own_words;
            report.new += new;
            report.changed += changed;
            report.same += same;
            report.incidental += incidental;
        }
        Ok(())
    }
}

/// Turns of a session that are looked at together: those after one, up to another.
struct Batch<'a> {
    session: &'a SessionName,
    after: Option<TurnId>,
    through: TurnId,
    /// Number of the person's own turns among them.
    own_words: u64,
}

/// Whether a turn is the person's own words.
fn is_own_words(turn: &Turn) -> bool {
    turn.role == Role::User && !turn.text.trim().is_empty()
}
