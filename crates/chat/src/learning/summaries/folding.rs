//! Folds the summaries of sessions that are long ago into one.

use longmem_core::{Summary, SummaryId, SummaryOf};

use crate::ChatError;
use crate::context::{day, quoted};
use crate::learning::grounding::Sources;
use crate::learning::json::block;
use crate::learning::knowledge::LAST_SESSIONS;
use crate::learning::summing_up::{Length, SummaryTask};
use crate::learning::{Learner, LearningReport};

const INSTRUCTIONS: &str = "Join summaries of conversations into one of at most 120 words. What is \
newer goes before what is older where there is no room for both.";

impl Learner {
    /// Folds the summaries of the sessions that are no longer among the last into one.
    pub(super) async fn fold_summaries(
        &self,
        report: &mut LearningReport,
    ) -> Result<(), ChatError> {
        let user = self.user.clone();
        let (epoch, summaries) =
            self.run(move |memory| Ok((memory.epoch(&user)?, memory.summaries(&user)?))).await?;
        let earlier = summaries.iter().find(|summary| summary.of == SummaryOf::Sessions);
        let of_sessions: Vec<&Summary> = summaries
            .iter()
            .filter(|summary| matches!(summary.of, SummaryOf::Session { .. }))
            .collect();
        let parts = &of_sessions[..of_sessions.len().saturating_sub(LAST_SESSIONS)];
        let new: Vec<&Summary> =
            parts.iter().copied().filter(|part| part.folded_into.is_none()).collect();
        if new.is_empty() {
            return Ok(());
        }

        // The model joins the earlier summary with the new parts; what it names may come from any
        // part, also from those that the earlier summary was made of.
        let lines: Vec<String> = earlier
            .into_iter()
            .chain(new)
            .filter(|summary| !summary.text.is_empty())
            .map(|summary| self.summary_line(summary))
            .collect();
        let sources = parts.iter().map(|part| &part.text).chain(&lines).map(String::as_str);
        let task = SummaryTask {
            instructions: INSTRUCTIONS,
            length: Length::Tokens,
            sources: Sources::new(sources),
            material: block("summaries", lines.iter().cloned()),
        };
        let ids: Vec<SummaryId> = parts.iter().map(|part| part.id).collect();
        // If none can be made, the earlier one stays.
        let earlier = earlier.map(|summary| summary.text.clone());
        let text = self.sum_up(task, report).await?.or(earlier).unwrap_or_default();
        let user = self.user.clone();
        let stored = self.run(move |memory| memory.fold_summaries(&user, &ids, &text, epoch));
        report.summaries += u64::from(stored.await?);
        Ok(())
    }

    fn summary_line(&self, summary: &Summary) -> String {
        let day = day(summary.time, &self.settings.time_zone);
        format!("[{day}] {}\n", quoted(&summary.text))
    }
}
