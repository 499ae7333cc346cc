//! Sums up sessions that have ended.

use jiff::{SignedDuration, Timestamp};
use longmem_core::{Role, SessionName, SummaryOf};

use super::OpenSession;
use crate::ChatError;
use crate::learning::summing_up::{Length, SummaryTask};
use crate::learning::{Learner, LearningReport};

/// How long nobody speaks in a session before it counts as ended, unless it is the current one.
const SILENCE: SignedDuration = SignedDuration::from_mins(30);

const INSTRUCTIONS: &str = "Sum up a conversation in two or three sentences for a later one: what it \
was about, what was decided, what is open.";

impl Learner {
    /// Sums up the sessions that ended since the last time, and folds the summaries of older ones.
    pub(in crate::learning) async fn sum_up_ended(
        &self,
        current: Option<&SessionName>,
        report: &mut LearningReport,
    ) -> Result<(), ChatError> {
        let user = self.user.clone();
        let ended = self.run(move |memory| {
            let silent_since = memory.now().checked_sub(SILENCE).unwrap_or(Timestamp::MIN);
            memory.sessions_to_sum_up(&user, silent_since)
        });
        for session in ended.await?.iter().filter(|session| Some(*session) != current) {
            self.sum_up_session(session, report).await?;
        }
        self.fold_summaries(report).await
    }

    /// Sums up a session that has ended, unless somebody else is learning from the same user.
    ///
    /// # Errors
    /// [`ChatError`]; then it has the summary that it had.
    pub async fn end_session(&self, session: &SessionName) -> Result<LearningReport, ChatError> {
        let mut report = LearningReport::default();
        let Some(_right) = self.right(&mut report).await? else { return Ok(report) };
        self.sum_up_session(session, &mut report).await?;
        self.fold_summaries(&mut report).await?;
        Ok(report)
    }

    async fn sum_up_session(
        &self,
        name: &SessionName,
        report: &mut LearningReport,
    ) -> Result<(), ChatError> {
        self.sum_up_history(name, report).await?;
        let OpenSession { epoch, beginning, summed_up_through, open } =
            self.open_session(name).await?;
        // A session with turns always has open ones: its summed-up beginning ends before a question.
        let last = open.last().map(|turn| turn.id);
        let Some(last) = last.filter(|last| Some(*last) > summed_up_through) else {
            return Ok(());
        };
        let turns = self.turns(name).await?;
        if !turns.iter().any(|turn| turn.role == Role::User && !turn.text.trim().is_empty()) {
            return Ok(());
        }
        let task = SummaryTask {
            instructions: INSTRUCTIONS,
            length: Length::Sentences,
            material: self.quoted_conversation(&beginning, &open),
            sources: self.sources_of(&turns),
        };
        let text = self.sum_up(task, report).await?;
        let of = SummaryOf::Session { session: name.clone(), through: last };
        self.write_summary(of, text, epoch, report).await?;
        Ok(())
    }
}
