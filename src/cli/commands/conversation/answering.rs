//! One message and its answer, which a signal may break off.

use std::pin::pin;
use std::sync::Arc;

use longmem_chat::{Blocking, ChatError, Conversation, OnText, Reply};

use super::answer_view::AnswerView;
use super::signals::Signals;
use super::waiting::{QUICK, WaitingSign};
use crate::output::Output;

/// What answers are asked with.
pub(super) struct Answering {
    pub(super) blocking: Blocking,
    pub(super) signals: Signals,
    sign: Arc<WaitingSign>,
    output: Output,
}

/// What a conversation is asked.
#[derive(Debug, Clone, Copy)]
pub(super) enum Question<'a> {
    /// A message in the session.
    Message(&'a str),
    /// A message in the session about a text.
    MessageAbout(&'a str, &'a str),
    /// A question outside any session about a text.
    OutsideAbout(&'a str, &'a str),
    /// A question outside any session.
    Outside(&'a str),
    /// The rest of the last answer.
    More,
}

/// How an answer ended.
pub(super) enum Ended {
    /// With a reply, or with an error that says why there is none.
    Reply(Box<Result<Reply, ChatError>>),
    /// Nobody wanted to wait for it, not even for its part to be stored.
    Abandoned,
}

impl Answering {
    /// Prepares a conversation for answers.
    ///
    /// # Errors
    /// If no thread can be started.
    pub(super) fn new(conversation: &mut Conversation, output: Output) -> Result<Self, ChatError> {
        let no_thread = |source| ChatError::NoThread { source };
        let sign = WaitingSign::of(conversation, output);
        let signals = Signals::watch(conversation).map_err(no_thread)?;
        Ok(Self { blocking: Blocking::new()?, signals, sign, output })
    }

    /// Asks, and shows the answer while it comes; says as well whether the program is to end.
    pub(super) fn ask(&self, conversation: &Conversation, question: Question<'_>) -> (Ended, bool) {
        let mut view = AnswerView::new(self.output);
        let mut on_text = |piece: &str| {
            if !view.began {
                self.sign.end();
            }
            view.push(piece);
        };
        self.signals.begin_answer();
        self.sign.begin();
        let ended = self.blocking.run(self.answered(conversation, question, &mut on_text));
        self.sign.end();
        let is_over = self.signals.end_answer();
        view.finish();
        if view.began
            && !matches!(&ended, Ended::Reply(reply) if reply.is_ok())
            && !self.output.json
        {
            let _ = self.output.piece("\n");
        }
        (ended, is_over)
    }

    async fn answered(
        &self,
        conversation: &Conversation,
        question: Question<'_>,
        on_text: OnText<'_>,
    ) -> Ended {
        let mut asked = pin!(async {
            match question {
                Question::Message(message) => conversation.ask(message, on_text).await,
                Question::Outside(question) => conversation.consult(question, on_text).await,
                Question::MessageAbout(message, text) => {
                    conversation.ask_about(message, text, on_text).await
                }
                Question::OutsideAbout(question, text) => {
                    conversation.consult_about(question, text, on_text).await
                }
                Question::More => conversation.go_on(on_text).await,
            }
        });
        let mut sign = pin!(async {
            tokio::time::sleep(QUICK).await;
            self.sign.show();
            std::future::pending::<()>().await;
        });
        tokio::select! {
            biased;
            reply = &mut asked => Ended::Reply(Box::new(reply)),
            () = self.signals.abandoned() => Ended::Abandoned,
            () = &mut sign => Ended::Abandoned,
        }
    }
}
