//! Learning while a conversation goes on, on a thread of its own.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use longmem_core::SessionName;

use super::{Learner, LearningReport};
use crate::{Blocking, ChatError};

/// How long the end of a conversation waits for what is still to be learned from it.
const PATIENCE: Duration = Duration::from_secs(20);

/// A thread that learns from a conversation while it goes on. Nobody waits for it until the
/// conversation ends, and then not for long: what is not learned by then is learned the next time.
pub(crate) struct BackgroundLearner {
    /// Wakes the thread; the thread takes its drop as the end of the conversation.
    alarm: Sender<()>,
    outcome: Receiver<Result<LearningReport, ChatError>>,
}

/// What was learned from a conversation by its end.
#[derive(Debug)]
#[non_exhaustive]
pub enum LearningOutcome {
    /// Everything was looked at.
    Learned(LearningReport),
    /// Something went wrong; what is not learned is looked at the next time.
    Failed(ChatError),
    /// It took too long; what is not learned is looked at the next time.
    Late,
}

impl BackgroundLearner {
    /// Starts the thread, which begins with what earlier conversations left.
    ///
    /// # Errors
    /// [`ChatError::NoThread`].
    pub(crate) fn start(learner: Learner, session: SessionName) -> Result<Self, ChatError> {
        let blocking = Blocking::new()?;
        let (alarm, alarms) = channel();
        let (sender, outcome) = channel();
        let work = move || {
            let outcome = learn(&learner, &session, &alarms, &blocking);
            // If nobody waits any longer, nobody wants to know.
            let _ = sender.send(outcome);
        };
        let thread = thread::Builder::new().name("learning".to_owned()).spawn(work);
        thread.map_err(|source| ChatError::NoThread { source })?;
        Ok(Self { alarm, outcome })
    }

    /// Lets it look at what was said since the last time.
    pub(crate) fn wake(&self) {
        // If the thread has ended by a panic, there is nobody to wake.
        let _ = self.alarm.send(());
    }

    /// Ends the conversation: lets it learn the rest, and says what was learned.
    pub(crate) fn finish(self) -> LearningOutcome {
        self.finish_within(PATIENCE)
    }

    fn finish_within(self, patience: Duration) -> LearningOutcome {
        drop(self.alarm);
        match self.outcome.recv_timeout(patience) {
            Ok(Ok(report)) => LearningOutcome::Learned(report),
            Ok(Err(error)) => LearningOutcome::Failed(error),
            Err(_) => LearningOutcome::Late,
        }
    }
}

/// Learns now, at every alarm, and a last time when no alarm can come any longer.
fn learn(
    learner: &Learner,
    session: &SessionName,
    alarms: &Receiver<()>,
    blocking: &Blocking,
) -> Result<LearningReport, ChatError> {
    let catch_up = || blocking.run(learner.catch_up(Some(session)));
    let mut sum = LearningReport::default();
    let mut last = catch_up();
    while alarms.recv().is_ok() {
        // Several messages may have come meanwhile; they are looked at together.
        while alarms.try_recv().is_ok() {}
        // A failure is not the end: what it left is looked at now.
        if let Ok(report) = last {
            sum += report;
        }
        last = catch_up();
    }
    sum += last?;
    sum += blocking.run(learner.end_session(session))?;
    Ok(sum)
}
