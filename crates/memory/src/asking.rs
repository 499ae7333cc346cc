//! Which questions a message is asked by.

use jiff::civil::Date;
use longmem_text::{Part, asks_the_other, parts};

use crate::question::Question;

/// The questions that a message is asked by: the whole, and the sentences of a longer one.
pub(crate) fn questions(
    message: &str,
    people: &[String],
    today: Date,
    most_parts: usize,
) -> Vec<Question> {
    let whole = || Question::read(beginning(message), people, today);
    let parts = parts(message);
    let is_whole = |part: &Part<'_>| part.text.len() >= message.trim().len();
    if most_parts == 0 || parts.is_empty() || (parts.len() == 1 && is_whole(&parts[0])) {
        return vec![whole()];
    }
    let last = parts.len() - 1;
    // In a long message, what is asked of somebody else is talk ("How was your weekend?").
    let is_long = parts.len() > FEW_SENTENCES;
    let asks = |part: &Part<'_>| part.asks && !(is_long && asks_the_other(part.text));
    // Where no sentence asks, what stands at an end is meant ("serial number of my work laptop").
    let none_asks = !parts.iter().any(asks);
    // Which sentences are asked if there are too many: those that ask most, the last and the first.
    let mut order: Vec<usize> = (0..parts.len()).collect();
    let weight = |place: usize| {
        let end = if place == last { 1.0 } else { 0.0 } + if place == 0 { 0.5 } else { 0.0 };
        if asks(&parts[place]) { parts[place].weight + end } else { end }
    };
    order.sort_by(|a, b| weight(*b).total_cmp(&weight(*a)).then(b.cmp(a)));
    order.truncate(most_parts);
    let asked = order.into_iter().map(|place| {
        let part = &parts[place];
        let question = Question::read(part.text, people, today);
        let in_middle = place > 0 && place < last;
        let asks = asks(part) || (none_asks && !in_middle);
        Question { in_middle, ..if asks { question } else { question.into_remark() } }
    });
    // Of a few sentences the whole says best what is meant, without the code and logs between them; a
    // long message as a whole is talk.
    let whole = if is_long || parts.len() == 1 {
        whole().into_remark()
    } else {
        let texts: Vec<&str> = parts.iter().map(|part| part.text).collect();
        Question::read(&texts.join(" "), people, today)
    };
    [whole].into_iter().chain(asked).collect()
}

/// Number of sentences up to which a message is asked as a whole too.
const FEW_SENTENCES: usize = 3;

/// The beginning of a long message, which is all that its one vector and its first words see of it.
fn beginning(message: &str) -> &str {
    &message[..message.floor_char_boundary(BEGINNING_BYTES)]
}

/// Bytes of a message that are read as one question.
const BEGINNING_BYTES: usize = 4_000;
