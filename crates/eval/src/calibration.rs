//! What a printed score is worth.

use serde::Serialize;

use crate::{Outcome, Strategy};

/// The score that is shown for longmem's first result, against how often that is evidence: over the
/// questions whose evidence names turns and for which something was found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Calibration {
    /// Number of questions.
    pub questions: usize,
    /// The mean score, 0 to 1.
    pub mean_said: f64,
    /// The share of the first results that are evidence, 0 to 1.
    pub share_true: f64,
}

impl Calibration {
    /// Sums up what the default strategy said; none if it found nothing, or was not asked.
    pub(crate) fn of(outcomes: &[Outcome]) -> Option<Self> {
        let mut questions = 0;
        let (mut said, mut held) = (0.0, 0.0);
        for outcome in outcomes {
            let Some(found) = outcome.by(Strategy::Default) else { continue };
            let (Some(score), Some(scores)) = (found.first_score, &found.turn) else { continue };
            questions += 1;
            said += f64::from(score);
            held += scores.recall.first().map_or(0.0, |cut| cut.any);
        }
        let mean = |sum: f64| (sum / questions as f64 * 1e6).round() / 1e6;
        (questions > 0).then(|| Self { questions, mean_said: mean(said), share_true: mean(held) })
    }
}
