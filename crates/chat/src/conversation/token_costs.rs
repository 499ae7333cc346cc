//! What a conversation learns of how its model counts tokens.

use std::time::Duration;

use super::Conversation;
use crate::{ChatError, Completion, Context};

/// The smallest change of a factor of tokens that is worth a write.
const LEAST_CHANGE: f32 = 0.005;

/// How long a message or an answer waits for what was learned to be read or kept.
const PATIENCE: Duration = Duration::from_secs(1);

impl Conversation {
    /// Reads what was learned before, also by other processes. Where memory cannot be read, which it
    /// says when it is recalled from, the estimate is what this process knows.
    pub(super) async fn read_calibration(&self) {
        let Some(calibrated) = self.calibrated.clone() else { return };
        let reading =
            self.memory.run(move |memory| calibrated.read(memory).map_err(ChatError::from));
        let _ = tokio::time::timeout(PATIENCE, reading).await;
    }

    /// Learns from what a prompt cost how tokens are counted.
    pub(super) async fn learn_tokens(&self, context: &Context, completion: &Completion) {
        let Some(calibrated) = self.calibrated.clone() else { return };
        let before = calibrated.calibration();
        if !calibrated.learn(context, completion)
            || before.answers() > 0
                && (calibrated.calibration().factor() - before.factor()).abs() < LEAST_CHANGE
        {
            return;
        }
        // Memory that cannot be written says so when the answer is stored; this can be learned again.
        let keeping =
            self.memory.run(move |memory| calibrated.keep(memory).map_err(ChatError::from));
        let _ = tokio::time::timeout(PATIENCE, keeping).await;
    }
}
