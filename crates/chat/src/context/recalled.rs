//! Recalled turns as one block of quotes: chosen by relevance, printed in order of time.

mod copies;
mod quotes;

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use longmem_core::{Recalled, SessionName, TokenCounter};
use longmem_text::query_words;

pub(super) use self::copies::Present;
use self::quotes::{Quote, Quoting};
use super::fitting::longest_fitting_prefix;
use super::input::PromptShape;
use super::quoting::{day, recalled_memory_end, recalled_memory_opening};
use super::{AssembleInput, TraceEntry, TraceKind, block_cost};

/// What the first quote that does not fit is shortened to, as parts of its limit: one in so many.
const SHORTER_PARTS: [usize; 2] = [2, 4];

/// Tokens that have to be left for a quote to be made longer: a sentence.
const LEAST_LENGTHENING: usize = 16;

/// Number of lengths that are tried for a quote that is made longer.
const LENGTHENINGS: usize = 3;

/// Writes the block of recalled turns for one prompt.
pub(super) struct Recollection<'a> {
    quoting: Quoting<'a>,
    now: Timestamp,
    time_zone: &'a TimeZone,
    counter: &'a dyn TokenCounter,
}

impl<'a> Recollection<'a> {
    /// A block for the newest message, which decides what a long turn is shortened to.
    pub(super) fn new(
        input: &AssembleInput<'a>,
        shape: &PromptShape,
        counter: &'a dyn TokenCounter,
    ) -> Self {
        let AssembleInput { message, now, time_zone, .. } = *input;
        let message_words = query_words(message);
        let turn_tokens = shape.recalled_turn_tokens;
        let quoting = Quoting { message_words, turn_tokens, counter };
        Self { quoting, now, time_zone, counter }
    }

    /// Writes the block with as many of the best turns as fit into `room`, leaving out those that
    /// are `present` in the prompt already, by number or by what they say. What is left of the room goes into more of the long
    /// turns, the best first.
    ///
    /// The order in which turns may go in depends neither on the room nor on what is present, and
    /// what is present only makes room for others: so more budget never recalls less.
    pub(super) fn fill(
        &self,
        recalled: &[Recalled],
        present: &Present<'_>,
        room: usize,
        trace: &mut Vec<TraceEntry>,
    ) -> Option<String> {
        let (already_there, mut quotes): (Vec<_>, Vec<_>) = self
            .quoting
            .quotes(recalled)
            .into_iter()
            .partition(|quote| present.holds(quote.turn, quote.reason.copies(recalled)));

        // The first turn of a session brings the session's date line along.
        let mut dated_sessions = HashSet::new();
        let date_line = self.counter.count(&self.date_line(self.now, Timestamp::MAX));
        let costs = quotes.iter().map(|quote| {
            let is_first = dated_sessions.insert(&quote.turn.session);
            quote.tokens + if is_first { date_line } else { 0 }
        });
        let frame = block_cost(&recalled_memory_opening(self.now, self.time_zone), self.counter)
            + self.counter.count(&recalled_memory_end());
        let exact = |count| self.cost(&quotes[..count]);
        let mut kept = longest_fitting_prefix(frame, costs, room, exact);
        kept += usize::from(self.shorten_to_fit(&mut quotes, kept, room));
        self.lengthen(&mut quotes[..kept], room);

        for (place, quote) in quotes.iter().enumerate() {
            let included = place < kept;
            let reason = if included {
                quote.reason_text()
            } else {
                format!("{}; no room left in the share of {room} tokens", quote.reason_text())
            };
            let entry = TraceEntry::new(TraceKind::Recalled, quote.tokens, included, reason);
            trace.push(entry.about(quote.turn).shortened(quote.shortened));
        }
        for quote in already_there {
            let reason = format!("{}; already there among the messages", quote.reason_text());
            let entry = TraceEntry::new(TraceKind::Recalled, quote.tokens, false, reason);
            trace.push(entry.about(quote.turn));
        }
        (kept > 0).then(|| self.block(&quotes[..kept]))
    }

    /// Shortens the quote at `place`, the first that does not fit, until it does. Says whether it
    /// does then.
    ///
    /// The limits that are tried do not depend on the room: a quote that fits into one room fits
    /// into every larger one.
    fn shorten_to_fit(&self, quotes: &mut [Quote<'_>], place: usize, room: usize) -> bool {
        let Some(quote) = quotes.get(place) else { return false };
        let (turn, reason, limit) = (quote.turn, quote.reason, quote.limit);
        for part in SHORTER_PARTS {
            let shorter = self.quoting.quote(turn, reason, limit / part);
            let usual = std::mem::replace(&mut quotes[place], shorter);
            if self.cost(&quotes[..=place]) <= room {
                return true;
            }
            quotes[place] = usual;
        }
        false
    }

    /// Gives what is left of the room to the shortened hits, the best first, up to their whole turns.
    fn lengthen(&self, quotes: &mut [Quote<'_>], room: usize) {
        let mut cost = self.cost(quotes);
        for place in 0..quotes.len() {
            let Quote { turn, limit, reason, .. } = quotes[place];
            let mut more = room.saturating_sub(cost);
            for _ in 0..LENGTHENINGS {
                if !quotes[place].is_shortened_hit() || more < LEAST_LENGTHENING {
                    break;
                }
                let longer = self.quoting.quote(turn, reason, limit + more);
                let before = std::mem::replace(&mut quotes[place], longer);
                let longer_cost = self.cost(quotes);
                if longer_cost <= room {
                    cost = longer_cost;
                    break;
                }
                // A text costs more in its block than by itself, so it may take less than is left.
                quotes[place] = before;
                more = more.saturating_sub(longer_cost - room + LEAST_LENGTHENING / 2);
            }
        }
    }

    /// Tokens of the block of these quotes.
    fn cost(&self, quotes: &[Quote<'_>]) -> usize {
        block_cost(&self.block(quotes), self.counter)
    }

    /// Writes the quotes session by session, each session and the turns within it by time.
    fn block(&self, quotes: &[Quote<'_>]) -> String {
        let mut by_session: HashMap<&SessionName, Vec<&Quote<'_>>> = HashMap::new();
        for quote in quotes {
            by_session.entry(&quote.turn.session).or_default().push(quote);
        }
        let mut sessions: Vec<_> = by_session.into_values().collect();
        for session in &mut sessions {
            session.sort_by_key(|quote| (quote.turn.time, quote.turn.id));
        }
        sessions.sort_by_key(|session| (session[0].turn.time, session[0].turn.id));

        let mut block = recalled_memory_opening(self.now, self.time_zone);
        for session in sessions {
            let last = session[session.len() - 1];
            block.push_str(&self.date_line(session[0].turn.time, last.turn.time));
            block.extend(session.iter().map(|quote| quote.text.as_str()));
        }
        block.push_str(&recalled_memory_end());
        block
    }

    fn date_line(&self, first: Timestamp, last: Timestamp) -> String {
        let [first, last] = [first, last].map(|time| day(time, self.time_zone));
        if first == last { format!("[{first}]\n") } else { format!("[{first} to {last}]\n") }
    }
}
