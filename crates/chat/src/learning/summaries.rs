//! Reads what a summary is made of, and stores it.

mod beginning;
mod ended;
mod folding;

use longmem_core::{SessionName, Summary, SummaryOf, Turn, TurnId};
use longmem_memory::{Epoch, Memory};

use super::{Learner, LearningReport};
use crate::ChatError;

/// A session before it is summed up.
struct OpenSession {
    /// The user's epoch when it was read, which changes when something is deleted.
    epoch: Epoch,
    /// The summary of its beginning; empty if there is none.
    beginning: String,
    /// The last turn of the summary of the whole session, if there is one.
    summed_up_through: Option<TurnId>,
    /// The turns behind its summed-up beginning.
    open: Vec<Turn>,
}

impl Learner {
    async fn open_session(&self, name: &SessionName) -> Result<OpenSession, ChatError> {
        let (user, name) = (self.user.clone(), name.clone());
        self.run(move |memory| {
            let epoch = memory.epoch(&user)?;
            let (mut beginning, mut beginning_ends) = (String::new(), None);
            let mut summed_up_through = None;
            for Summary { of, text, .. } in memory.summaries(&user)? {
                match of {
                    SummaryOf::Stretch { session, through } if session == name => {
                        (beginning, beginning_ends) = (text, Some(through));
                    }
                    SummaryOf::Session { session, through } if session == name => {
                        summed_up_through = Some(through);
                    }
                    _ => {}
                }
            }
            let open = memory.session_turns(&user, &name, beginning_ends, None)?;
            Ok(OpenSession { epoch, beginning, summed_up_through, open })
        })
        .await
    }

    /// Every turn of a session.
    async fn turns(&self, name: &SessionName) -> Result<Vec<Turn>, ChatError> {
        let (user, name) = (self.user.clone(), name.clone());
        let read = move |memory: &Memory| memory.session_turns(&user, &name, None, None);
        self.run(read).await
    }

    /// Stores a summary, or an empty one if none could be made, so that it is not tried again and
    /// again. False if something was forgotten meanwhile.
    async fn write_summary(
        &self,
        of: SummaryOf,
        text: Option<String>,
        epoch: Epoch,
        report: &mut LearningReport,
    ) -> Result<bool, ChatError> {
        let user = self.user.clone();
        let made = text.is_some();
        let text = text.unwrap_or_default();
        let stored = self.run(move |memory| memory.write_summary(&user, &of, &text, epoch)).await?;
        report.summaries += u64::from(stored && made);
        Ok(stored)
    }
}
