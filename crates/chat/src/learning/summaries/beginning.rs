//! Sums up the beginning of a session that grew long.

use longmem_core::{Role, SessionName, SummaryOf, Turn};

use super::OpenSession;
use crate::learning::summing_up::{Length, SummaryTask};
use crate::learning::{Learner, LearningReport};
use crate::{ChatError, MESSAGE_TOKENS};

const INSTRUCTIONS: &str = "Sum up the beginning of a conversation in at most 120 words, so that it \
can go on without it: what the user wants, what was found out and decided, what is open.";

impl Learner {
    /// Sums up the beginning of a session until the turns without a summary are short enough.
    pub(in crate::learning) async fn sum_up_history(
        &self,
        name: &SessionName,
        report: &mut LearningReport,
    ) -> Result<(), ChatError> {
        loop {
            let OpenSession { epoch, beginning, open, .. } = self.open_session(name).await?;
            let count = self.turns_to_sum_up(&open);
            let Some(last) = count.checked_sub(1).map(|last| open[last].id) else { return Ok(()) };
            let all = self.turns(name).await?;
            let task = SummaryTask {
                instructions: INSTRUCTIONS,
                length: Length::Tokens,
                material: self.quoted_conversation(&beginning, &open[..count]),
                sources: self.sources_of(all.iter().filter(|turn| turn.id <= last)),
            };
            // If no summary can be made, the earlier one still says what the first turns were about.
            let earlier = Some(beginning).filter(|text| !text.is_empty());
            let text = self.sum_up(task, report).await?.or(earlier);
            let of = SummaryOf::Stretch { session: name.clone(), through: last };
            if !self.write_summary(of, text, epoch, report).await? {
                return Ok(());
            }
        }
    }

    /// Number of the first open turns to sum up now; 0 while all open turns together are within the
    /// limit. The stretch is at most as long as the limit, and leaves turns of at least half the
    /// limit open, unless a single exchange is longer than that.
    fn turns_to_sum_up(&self, open: &[Turn]) -> usize {
        let limit = self.settings.history_tokens;
        let cost = |turn: &Turn| MESSAGE_TOKENS + self.counter.count(&turn.text);
        let total: usize = open.iter().map(cost).sum();
        if total <= limit {
            return 0;
        }
        let (mut sum, mut end) = (0, 0);
        for (place, turn) in open.iter().enumerate() {
            sum += cost(turn);
            // The turns that stay have to begin with a question, not with an answer.
            let may_end = open.get(place + 1).is_some_and(|next| next.role == Role::User);
            let is_first = end == 0;
            let leaves_half = sum <= limit && total - sum >= limit / 2;
            if may_end && (is_first || leaves_half) {
                end = place + 1;
            }
        }
        end
    }
}
