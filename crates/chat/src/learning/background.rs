//! Learning while a conversation goes on, on a thread of its own.
//!
//! Many servers answer one request at a time, so learning waits until nobody has said anything for a
//! moment, and gives way when a message comes: the request under way is dropped, and done again later.
//! Nothing is lost by that, or noted twice: what was not stored is looked at again.

use std::thread;
use std::time::Duration;

use longmem_core::SessionName;
use tokio::sync::{oneshot, watch};

use super::{Learner, LearningReport};
use crate::{Blocking, ChatError};

/// How long nobody has to say anything before learning begins.
const IDLE: Duration = Duration::from_secs(3);

/// A thread that learns from a conversation in the moments in which nobody waits for an answer.
pub(crate) struct BackgroundLearner {
    /// Tells the thread where the conversation stands; the thread takes its drop as the end.
    phase: watch::Sender<Phase>,
    outcome: oneshot::Receiver<Result<LearningReport, ChatError>>,
}

/// Where a conversation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// A message waits for its answer.
    Answering,
    /// Everything was answered.
    Quiet,
    /// It has ended.
    Ended,
}

/// What was learned from a conversation by its end.
#[derive(Debug)]
#[non_exhaustive]
pub enum LearningOutcome {
    /// Everything was looked at.
    Learned(LearningReport),
    /// Something went wrong; what is not learned is looked at the next time.
    Failed(ChatError),
    /// It was not waited for any longer; what is not learned is looked at the next time.
    Late,
}

/// The rest of the learning when a conversation has ended. Dropping it waits for nothing: what is not
/// learned is looked at the next time.
#[derive(Debug)]
pub struct LastLearning {
    outcome: oneshot::Receiver<Result<LearningReport, ChatError>>,
}

impl BackgroundLearner {
    /// Starts the thread, which begins with what earlier conversations left.
    ///
    /// # Errors
    /// [`ChatError::NoThread`].
    pub(crate) fn start(learner: Learner, session: SessionName) -> Result<Self, ChatError> {
        Self::start_after(IDLE, learner, session)
    }

    fn start_after(
        idle: Duration,
        learner: Learner,
        session: SessionName,
    ) -> Result<Self, ChatError> {
        let blocking = Blocking::new()?;
        let (phase, phases) = watch::channel(Phase::Quiet);
        let (sender, outcome) = oneshot::channel();
        let work = move || {
            let outcome = blocking.run(learn(&learner, &session, phases, idle));
            // If nobody waits any longer, nobody wants to know.
            let _ = sender.send(outcome);
        };
        let thread = thread::Builder::new().name("learning".to_owned()).spawn(work);
        thread.map_err(|source| ChatError::NoThread { source })?;
        Ok(Self { phase, outcome })
    }

    /// Lets it give way to a message that waits for its answer.
    pub(crate) fn pause(&self) {
        self.phase.send_replace(Phase::Answering);
    }

    /// Lets it look at what was said, in a moment.
    pub(crate) fn wake(&self) {
        self.phase.send_replace(Phase::Quiet);
    }

    /// Ends the conversation: lets it learn the rest now.
    pub(crate) fn finish(self) -> LastLearning {
        self.phase.send_replace(Phase::Ended);
        LastLearning { outcome: self.outcome }
    }
}

impl LastLearning {
    /// Waits until everything is learned, or the given time is over.
    pub async fn within(&mut self, patience: Duration) -> Option<LearningOutcome> {
        let outcome = tokio::time::timeout(patience, &mut self.outcome).await.ok()?;
        Some(match outcome {
            Ok(Ok(report)) => LearningOutcome::Learned(report),
            Ok(Err(error)) => LearningOutcome::Failed(error),
            // The thread is gone without a word.
            Err(_) => LearningOutcome::Late,
        })
    }
}

/// Learns in every idle moment, and a last time when the conversation has ended. A failure is not the
/// end: what it left is looked at the next time.
async fn learn(
    learner: &Learner,
    session: &SessionName,
    mut phases: watch::Receiver<Phase>,
    idle: Duration,
) -> Result<LearningReport, ChatError> {
    let mut report = LearningReport::default();
    loop {
        let phase = *phases.borrow_and_update();
        match phase {
            Phase::Ended => break,
            Phase::Answering => {}
            Phase::Quiet => {
                tokio::select! {
                    changed = phases.changed() => match changed {
                        Ok(()) => continue,
                        Err(_) => break,
                    },
                    () = tokio::time::sleep(idle) => {}
                }
                let ahead = phases.clone();
                tokio::select! {
                    // Whoever says something goes first; whoever leaves lets it finish.
                    biased;
                    () = message_comes(ahead) => {}
                    _ = learner.catch_up_into(Some(session), &mut report) => {}
                }
            }
        }
        if phases.changed().await.is_err() {
            break;
        }
    }
    learner.catch_up_into(Some(session), &mut report).await?;
    report += learner.end_session(session).await?;
    Ok(report)
}

/// Waits until a message waits for its answer.
async fn message_comes(mut phases: watch::Receiver<Phase>) {
    if phases.wait_for(|phase| *phase == Phase::Answering).await.is_err() {
        // The conversation is gone, and no message can come.
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests;
