//! Questions about a text that is handed in with them.

use std::borrow::Cow;

use longmem_text::query_words;

use super::{Asked, Conversation, Reply};
use crate::{ChatError, Notice, OnText, TokenBudget, excerpt};

/// Part of the room beside the question that the text gets, as numerator and denominator; the rest is
/// for what is recalled.
const ROOM: (usize, usize) = (3, 4);

impl Conversation {
    /// Answers a question about a text from it and from memory, outside any session, and stores
    /// nothing. Memory is searched for the question alone. A text that is longer than three quarters
    /// of the budget is cut to the parts nearest to the question: see
    /// [`take_notices`](Self::take_notices).
    ///
    /// # Errors
    /// Those of [`consult`](Self::consult).
    pub async fn consult_about(
        &self,
        question: &str,
        text: &str,
        on_text: OnText<'_>,
    ) -> Result<Reply, ChatError> {
        let message = self.with_text(question, text).await?.into();
        self.reply(&Asked::Outside { question: question.into(), message }, on_text).await
    }

    /// Answers a question about a text in the session, as [`ask`](Self::ask) answers a message: the
    /// question with the text, cut as by [`consult_about`](Self::consult_about), is the message that is
    /// remembered.
    ///
    /// # Errors
    /// Those of [`ask`](Self::ask).
    pub async fn ask_about(
        &self,
        question: &str,
        text: &str,
        on_text: OnText<'_>,
    ) -> Result<Reply, ChatError> {
        let message = self.with_text(question, text).await?;
        self.reply(&Asked::Message(message.into()), on_text).await
    }

    /// A question with the text that it is about, as far as there is room for it.
    async fn with_text(&self, question: &str, text: &str) -> Result<String, ChatError> {
        if self.model.is_none() {
            self.live.push_notice(Notice::TextUnread);
            return Ok(question.to_owned());
        }
        self.read_calibration().await;
        self.fit_window().await;
        let joined = |text: &str| {
            format!("{question}\n\nThe text that the question is about:\n<text>\n{text}\n</text>")
        };
        let costs = self.required_costs(&joined(""), TokenBudget::new(usize::MAX))?;
        let room = self.budget().tokens().saturating_sub(costs.total());
        let room = room / ROOM.1 * ROOM.0;
        let shown = excerpt(text, &query_words(question), room, &*self.counter);
        if let Cow::Owned(shown) = &shown {
            let (sent, all) = (self.counter.count(shown), self.counter.count(text));
            self.live.push_notice(Notice::TextShortened { sent, all });
        }
        Ok(joined(&shown))
    }
}
