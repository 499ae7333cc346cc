//! Sums up what grew long, what ended, and what is long ago.

use longmem_core::{Role, SessionName, Summary, SummaryId, SummaryOf, Turn, TurnId};
use longmem_memory::{Epoch, Memory};

use super::extraction::block;
use super::grounding::Sources;
use super::knowledge::LAST_SESSIONS;
use super::summing_up::{Length, Matter};
use super::{Learner, LearningReport};
use crate::context::{day, quoted};
use crate::{ChatError, MESSAGE_TOKENS};

/// A session in which nobody spoke for so long has ended, unless it is the one that goes on.
const SILENCE: jiff::SignedDuration = jiff::SignedDuration::from_mins(30);

const STRETCH: &str = "Sum up the beginning of a conversation in at most 120 words, so that it can \
go on without it: what the user wants, what was found out and decided, what is open.";
const SESSION: &str = "Sum up a conversation in two or three sentences for a later one: what it was \
about, what was decided, what is open.";
const SESSIONS: &str = "Join summaries of conversations into one of at most 120 words. What is \
newer goes before what is older where there is no room for both.";

/// What is known of a session before it is summed up.
struct Session {
    made_at: Epoch,
    /// The summary of its beginning; empty if there is none.
    beginning: String,
    /// The last turn of the summary of the whole session, if there is one.
    summed_up_through: Option<TurnId>,
    /// The turns that the summary of its beginning does not stand in for.
    open: Vec<Turn>,
}

impl Learner {
    /// Sums up the beginning of a session as long as too much of it has no summary.
    pub(super) async fn sum_up_history(
        &self,
        name: &SessionName,
        report: &mut LearningReport,
    ) -> Result<(), ChatError> {
        loop {
            let Session { made_at, beginning, open, .. } = self.session(name).await?;
            let count = self.stretch_of(&open);
            let Some(last) = count.checked_sub(1).map(|last| open[last].id) else { return Ok(()) };
            let all = self.turns(name).await?;
            let matter = Matter {
                instructions: STRETCH,
                length: Length::Tokens,
                material: self.material(&beginning, &open[..count]),
                sources: self.sources(all.iter().filter(|turn| turn.id <= last)),
            };
            // What there was still tells of the beginning, if nothing better can be made.
            let before = Some(beginning).filter(|text| !text.is_empty());
            let text = self.sum_up(matter, report).await?.or(before);
            let of = SummaryOf::Stretch { session: name.clone(), through: last };
            if !self.write_summary(of, text, made_at, report).await? {
                return Ok(());
            }
        }
    }

    /// Sums up the sessions that ended since the last time, and folds those together that are long
    /// ago.
    pub(super) async fn sum_up_ended(
        &self,
        current: Option<&SessionName>,
        report: &mut LearningReport,
    ) -> Result<(), ChatError> {
        let user = self.user.clone();
        let ended = self.run(move |memory| {
            let silent_since = memory.now().checked_sub(SILENCE).unwrap_or(jiff::Timestamp::MIN);
            memory.sessions_to_sum_up(&user, silent_since)
        });
        for session in ended.await?.iter().filter(|session| Some(*session) != current) {
            self.sum_up_session(session, report).await?;
        }
        self.fold(report).await
    }

    /// Sums up a session that has ended.
    ///
    /// # Errors
    /// [`ChatError`]; then it has the summary that it had.
    pub async fn end_session(&self, session: &SessionName) -> Result<LearningReport, ChatError> {
        let mut report = LearningReport::default();
        self.sum_up_session(session, &mut report).await?;
        self.fold(&mut report).await?;
        Ok(report)
    }

    async fn sum_up_session(
        &self,
        name: &SessionName,
        report: &mut LearningReport,
    ) -> Result<(), ChatError> {
        self.sum_up_history(name, report).await?;
        let Session { made_at, beginning, summed_up_through, open } = self.session(name).await?;
        // Something is always open: a stretch ends before a question.
        let Some(last) =
            open.last().map(|turn| turn.id).filter(|last| Some(*last) > summed_up_through)
        else {
            return Ok(());
        };
        let turns = self.turns(name).await?;
        if !turns.iter().any(|turn| turn.role == Role::User && !turn.text.trim().is_empty()) {
            return Ok(());
        }
        let matter = Matter {
            instructions: SESSION,
            length: Length::Sentences,
            material: self.material(&beginning, &open),
            sources: self.sources(&turns),
        };
        let text = self.sum_up(matter, report).await?;
        let of = SummaryOf::Session { session: name.clone(), through: last };
        self.write_summary(of, text, made_at, report).await?;
        Ok(())
    }

    /// Folds the summaries of sessions that are no longer among the last into one.
    async fn fold(&self, report: &mut LearningReport) -> Result<(), ChatError> {
        let user = self.user.clone();
        let (made_at, summaries) =
            self.run(move |memory| Ok((memory.epoch(&user)?, memory.summaries(&user)?))).await?;
        let earlier = summaries.iter().find(|summary| summary.of == SummaryOf::Sessions);
        let ended: Vec<&Summary> = summaries
            .iter()
            .filter(|summary| matches!(summary.of, SummaryOf::Session { .. }))
            .collect();
        let parts = &ended[..ended.len().saturating_sub(LAST_SESSIONS)];
        let new: Vec<&Summary> =
            parts.iter().copied().filter(|part| part.folded_into.is_none()).collect();
        if new.is_empty() {
            return Ok(());
        }
        let quote = |summary: &Summary| {
            let day = day(summary.time, &self.settings.time_zone);
            format!("[{day}] {}\n", quoted(&summary.text))
        };
        let told = earlier.into_iter().chain(new).filter(|summary| !summary.text.is_empty());
        let lines: Vec<String> = told.map(quote).collect();
        let matter = Matter {
            instructions: SESSIONS,
            length: Length::Tokens,
            sources: Sources::new(
                parts.iter().map(|part| &part.text).chain(&lines).map(String::as_str),
            ),
            material: block("summaries", lines.into_iter()),
        };
        let ids: Vec<SummaryId> = parts.iter().map(|part| part.id).collect();
        let before = earlier.map(|summary| summary.text.clone());
        let text = self.sum_up(matter, report).await?.or(before).unwrap_or_default();
        let user = self.user.clone();
        let stored = self.run(move |memory| memory.fold_summaries(&user, &ids, &text, made_at));
        report.summaries += u64::from(stored.await?);
        Ok(())
    }

    /// How many of the turns without a summary are to get one: none while they are not too long,
    /// then all but the newest half; so many at once as are too long, at most.
    fn stretch_of(&self, open: &[Turn]) -> usize {
        let limit = self.settings.history_tokens;
        let cost = |turn: &Turn| MESSAGE_TOKENS + self.counter.count(&turn.text);
        let all: usize = open.iter().map(cost).sum();
        if all <= limit {
            return 0;
        }
        let (mut sum, mut end) = (0, 0);
        for (place, turn) in open.iter().enumerate() {
            sum += cost(turn);
            // What stays has to begin with a question, not with an answer.
            let may_end = open.get(place + 1).is_some_and(|next| next.role == Role::User);
            if may_end && (end == 0 || (sum <= limit && all - sum >= limit / 2)) {
                end = place + 1;
            }
        }
        end
    }

    async fn session(&self, name: &SessionName) -> Result<Session, ChatError> {
        let (user, name) = (self.user.clone(), name.clone());
        self.run(move |memory| {
            let made_at = memory.epoch(&user)?;
            let (mut beginning, mut through) = (String::new(), None);
            let mut summed_up_through = None;
            for Summary { of, text, .. } in memory.summaries(&user)? {
                match of {
                    SummaryOf::Stretch { session, through: last } if session == name => {
                        (beginning, through) = (text, Some(last));
                    }
                    SummaryOf::Session { session, through: last } if session == name => {
                        summed_up_through = Some(last);
                    }
                    _ => {}
                }
            }
            let open = memory.session_turns(&user, &name, through, None)?;
            Ok(Session { made_at, beginning, summed_up_through, open })
        })
        .await
    }

    /// Everything that was said in a session.
    async fn turns(&self, name: &SessionName) -> Result<Vec<Turn>, ChatError> {
        let (user, name) = (self.user.clone(), name.clone());
        let read = move |memory: &Memory| memory.session_turns(&user, &name, None, None);
        self.run(read).await
    }

    /// Stores a summary, or that none could be made, so that it is not tried again and again; false
    /// if something was forgotten meanwhile.
    async fn write_summary(
        &self,
        of: SummaryOf,
        text: Option<String>,
        made_at: Epoch,
        report: &mut LearningReport,
    ) -> Result<bool, ChatError> {
        let user = self.user.clone();
        let made = text.is_some();
        let text = text.unwrap_or_default();
        let stored =
            self.run(move |memory| memory.write_summary(&user, &of, &text, made_at)).await?;
        report.summaries += u64::from(stored && made);
        Ok(stored)
    }
}
