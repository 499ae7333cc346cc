//! How often a recall brings something where it should bring nothing, and the other way round.

use std::ops::ControlFlow;
use std::sync::LazyLock;

use longmem_memory::{DEFAULT_THRESHOLD, PROMPT_THRESHOLD, RecallRequest};
use serde::Serialize;

use crate::dataset::{Conversation, Dataset, Question};
use crate::haystack::{Haystack, OpenMemory};
use crate::ranking::Query;
use crate::run::{asked_at, progress_in};
use crate::table::aligned;
use crate::{EvalError, Phase, RunProgress};

/// The category of questions that are small talk.
pub const SMALL_TALK: &str = "smalltalk";

/// Number of questions about other conversations that each conversation is asked.
const FOREIGN_QUESTIONS: usize = 14;

/// The thresholds that longmem uses: of a recall that a person asks for, and of one for a prompt.
const SHIPPED: [f32; 2] = [DEFAULT_THRESHOLD, PROMPT_THRESHOLD];

/// The thresholds that are tried besides the shipped ones, ascending.
const THRESHOLDS: [f32; 11] =
    [0.001, 0.0025, 0.005, 0.0075, 0.01, 0.0125, 0.02, 0.03, 0.05, 0.1, 0.2];

/// Requests that have nothing to do with anybody's memory.
static GENERAL_REQUESTS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    include_str!("../data/general_requests.txt").lines().filter(|line| !line.is_empty()).collect()
});

longmem_core::closed_words! {
    /// What a message has to do with what is stored.
    pub enum MessageKind: "a kind of message" {
        /// A question whose answer is stored: to bring nothing is to lose it.
        Answerable = "answerable",
        /// A plausible question whose answer was never said.
        Unanswerable = "unanswerable",
        /// A question about another conversation of the data set.
        Foreign = "foreign",
        /// Small talk: the questions of the category [`SMALL_TALK`].
        SmallTalk = "smalltalk",
        /// A request that has nothing to do with anybody's memory.
        General = "general",
    }
}

/// For how many messages of each kind a recall brings something, at several thresholds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NothingReport {
    /// The number of messages of each kind that there is.
    pub messages: Vec<KindCount>,
    /// One for each threshold, ascending.
    pub thresholds: Vec<ThresholdReport>,
}

/// A number of messages of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct KindCount {
    /// The kind.
    pub kind: MessageKind,
    /// The number.
    pub messages: usize,
}

/// What one threshold does.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ThresholdReport {
    /// The [threshold](RecallRequest::threshold).
    pub threshold: f32,
    /// Whether it is one that longmem uses: for people who ask, or for prompts.
    pub shipped: bool,
    /// For how many messages of each kind something is recalled.
    pub brought: Vec<KindCount>,
}

/// Asks every conversation its own questions, some about the others, and general requests, and finds
/// for each the thresholds at which something is recalled.
///
/// # Errors
/// Those of [`run`](fn@crate::run).
pub fn nothing(
    dataset: &Dataset,
    open: OpenMemory<'_>,
    progress: &mut dyn FnMut(&RunProgress<'_>) -> ControlFlow<()>,
) -> Result<NothingReport, EvalError> {
    let thresholds = thresholds();
    // For each message, how many of the thresholds let something through.
    let mut passed: Vec<(MessageKind, usize)> = Vec::new();
    let all: Vec<Vec<(MessageKind, Question)>> =
        (0..dataset.conversations.len()).map(|place| messages(dataset, place)).collect();
    let total = all.iter().map(Vec::len).sum();
    for (conversation, messages) in dataset.conversations.iter().zip(all) {
        let haystack = Haystack::prepare(conversation, open, &mut |indexed| {
            progress(&progress_in(conversation, indexed, passed.len(), total))
        })?;
        for (kind, question) in messages {
            let at = RunProgress {
                conversation: &conversation.id,
                phase: Phase::Asking,
                questions: passed.len(),
                total_questions: total,
            };
            if progress(&at).is_break() {
                return Err(EvalError::Stopped);
            }
            let asked_at = asked_at(&question, &haystack);
            let query = Query { text: question.sent(), asked_at };
            passed.push((kind, thresholds_passed(&haystack, query, &thresholds)?));
        }
    }

    let count = |kind: MessageKind, from: usize| KindCount {
        kind,
        messages: passed.iter().filter(|(of, passed)| *of == kind && *passed >= from).count(),
    };
    let counts = |from: usize| {
        let kinds = MessageKind::ALL.iter().filter(|kind| count(**kind, 0).messages > 0);
        kinds.map(|kind| count(*kind, from)).collect::<Vec<_>>()
    };
    let reports = thresholds.iter().enumerate().map(|(place, &threshold)| ThresholdReport {
        threshold,
        shipped: is_shipped(threshold),
        brought: counts(place + 1),
    });
    Ok(NothingReport { messages: counts(0), thresholds: reports.collect() })
}

/// The thresholds that are tried, ascending.
fn thresholds() -> Vec<f32> {
    let mut thresholds = [&THRESHOLDS[..], &SHIPPED].concat();
    thresholds.sort_by(f32::total_cmp);
    thresholds.dedup();
    thresholds
}

fn is_shipped(threshold: f32) -> bool {
    SHIPPED.iter().any(|shipped| shipped.to_bits() == threshold.to_bits())
}

/// All that a conversation is asked.
fn messages(dataset: &Dataset, place: usize) -> Vec<(MessageKind, Question)> {
    let conversation: &Conversation = &dataset.conversations[place];
    let own = conversation.questions.iter().filter_map(|question| {
        let kind = match (question.unanswerable, question.category.as_deref()) {
            (true, Some(SMALL_TALK)) => MessageKind::SmallTalk,
            (true, _) => MessageKind::Unanswerable,
            (false, _) if question.evidence.is_empty() => return None,
            (false, _) => MessageKind::Answerable,
        };
        Some((kind, question.clone()))
    });
    // As if it were asked when the conversation is.
    let time = conversation.questions.iter().find_map(|question| question.asked_at);
    let foreign = dataset.foreign_questions(place, FOREIGN_QUESTIONS).into_iter();
    let foreign = foreign.map(|question| Question { asked_at: time, ..question });
    let general = GENERAL_REQUESTS.iter().map(|request| general_request(request, time));
    own.chain(foreign.map(|question| (MessageKind::Foreign, question)))
        .chain(general.map(|question| (MessageKind::General, question)))
        .collect()
}

fn general_request(text: &str, asked_at: Option<jiff::Timestamp>) -> Question {
    Question {
        id: text.to_owned(),
        text: text.to_owned(),
        message: None,
        asked_at,
        category: None,
        answer: Vec::new(),
        evidence: Vec::new(),
        unanswerable: true,
    }
}

/// The number of thresholds, ascending, at which something is recalled. A recall that brings something
/// does so at every lower threshold too.
fn thresholds_passed(
    haystack: &Haystack<'_>,
    query: Query<'_>,
    thresholds: &[f32],
) -> Result<usize, EvalError> {
    let (mut passed, mut failed) = (0, thresholds.len());
    while passed < failed {
        let middle = usize::midpoint(passed, failed);
        let mut request = RecallRequest::new(haystack.scope.clone(), query.text);
        request.limit = 1;
        request.asked_at = Some(query.asked_at);
        request.threshold = thresholds[middle];
        if haystack.memory.recall(&request)?.results.is_empty() {
            failed = middle;
        } else {
            passed = middle + 1;
        }
    }
    Ok(passed)
}

/// Writes a report as a table: a row for each threshold, the shipped ones with a `*`; how many questions
/// lose their answer, and how many messages of the other kinds bring something.
pub fn nothing_table(name: &str, report: &NothingReport) -> String {
    let columns = report.messages.iter().map(|count| match count.kind {
        MessageKind::Answerable => "answers lost".to_owned(),
        other => format!("{other} brought"),
    });
    let header = ["threshold".to_owned()].into_iter().chain(columns);
    let rows = report.thresholds.iter().map(|row| {
        let mark = if row.shipped { " *" } else { "" };
        let cells = row.brought.iter().zip(&report.messages).map(|(brought, all)| {
            let shown = match brought.kind {
                MessageKind::Answerable => all.messages - brought.messages,
                _ => brought.messages,
            };
            format!("{shown} of {}", all.messages)
        });
        [format!("{}{mark}", row.threshold)].into_iter().chain(cells).collect()
    });
    let title = format!("{name}: when nothing is recalled (* shipped)");
    aligned(&title, header.collect(), rows)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn there_are_sixty_different_general_requests() {
        assert_eq!(GENERAL_REQUESTS.iter().collect::<HashSet<_>>().len(), 60);
    }

    #[test]
    fn the_shipped_thresholds_are_among_those_that_are_tried() {
        let thresholds = thresholds();
        assert_eq!(thresholds.iter().filter(|threshold| is_shipped(**threshold)).count(), 2);
        assert!(thresholds.is_sorted_by(|a, b| a < b));
    }
}
