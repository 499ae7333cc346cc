//! Leaves out what a language model thinks before it answers.
//!
//! Some models write their thinking into the answer itself, between tags such as `<think>` and
//! `</think>`, or in a channel of its own (gpt-oss). It is no part of what was said. Only thinking at
//! the beginning of an answer is left out: an answer may speak of such tags further on. What people
//! write is never thinking, so only texts of assistants belong here.

mod channels;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use channels::Channels;

/// The tags that begin and end thinking, of the models and servers that write them. Case does not
/// matter. None of the opening tags begins another one.
const TAGS: [(&str, &str); 12] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<thoughts>", "</thoughts>"),
    ("<reason>", "</reason>"),
    ("<reasoning>", "</reasoning>"),
    ("<seed:think>", "</seed:think>"),
    ("◁think▷", "◁/think▷"),
    ("[think]", "[/think]"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|start_thinking|>", "<|end_thinking|>"),
    ("<|channel>thought", "<channel|>"),
];

/// The text of an assistant without the thinking at its beginning.
///
/// Thinking that is never closed reaches to the end, so nothing is left. Without thinking, the text
/// stays as it is to the letter; behind thinking, the answer begins without white space. A `</think>`
/// that stands alone on its line, with no `<think>` before it, closes thinking too: some servers
/// send the opening tag with the prompt. So does "assistantfinal" in a text that begins with
/// "analysis", which is what some servers leave of channels.
///
/// # Examples
/// ```
/// use longmem_text::without_thinking;
///
/// assert_eq!(without_thinking("<think>Ports, ports.</think>\n\nIt is 7443."), "It is 7443.");
/// assert_eq!(without_thinking("The tag <think> begins it."), "The tag <think> begins it.");
/// assert_eq!(without_thinking("<think>I never"), "");
/// ```
pub fn without_thinking(text: &str) -> Cow<'_, str> {
    let mut filter = ThinkingFilter::default();
    let mut visible = filter.push(text);
    let found = filter.found_thinking();
    visible.push_str(&filter.finish());
    if found {
        return visible.into();
    }
    match closed_only(text) {
        Some(answer) => answer.into(),
        None => text.into(),
    }
}

/// What follows thinking whose beginning is not marked: a line that is nothing but `</think>`, where
/// no `<think>` comes before it, or the names of channels without their marks.
fn closed_only(text: &str) -> Option<&str> {
    if let Some(analysis) = text.strip_prefix("analysis")
        && let Some((_, answer)) = analysis.split_once("assistantfinal")
    {
        return Some(answer.trim_start());
    }
    let (open, close) = TAGS[0];
    let at = find_ignoring_case(text, close)?;
    let (before, after) = (&text[..at], &text[at + close.len()..]);
    let begins_line = before.trim_end_matches([' ', '\t']).ends_with('\n') || before.is_empty();
    let ends_line = after.trim_start_matches([' ', '\t', '\r']).starts_with('\n');
    (begins_line && ends_line && find_ignoring_case(before, open).is_none())
        .then(|| after.trim_start())
}

/// Leaves out the thinking at the beginning of an answer that comes in pieces.
///
/// The pieces together give what [`without_thinking`] gives for the whole, wherever they are cut,
/// but for thinking that was never opened: it has been shown by then. Whoever keeps the whole answer
/// passes it through [`without_thinking`].
///
/// # Examples
/// ```
/// let mut filter = longmem_text::ThinkingFilter::default();
/// assert_eq!(filter.push("<thi"), "");
/// assert_eq!(filter.push("nk>Ports.</think> It is"), "It is");
/// assert_eq!(filter.push(" 7443."), " 7443.");
/// assert!(filter.found_thinking());
/// assert_eq!(filter.finish(), "");
/// ```
#[derive(Debug, Clone, Default)]
pub struct ThinkingFilter {
    state: State,
    found_thinking: bool,
}

#[derive(Debug, Clone)]
enum State {
    /// Nothing but white space came, and perhaps the first part of an opening tag.
    Beginning { white: String, tag: String },
    /// Between two tags. `tail` is the end of what came, in which the closing tag may have begun.
    Thinking { close: &'static str, tail: String },
    /// In an answer that consists of channels.
    Channels(Channels),
    /// Everything is shown.
    Answering,
}

impl Default for State {
    fn default() -> Self {
        Self::Beginning { white: String::new(), tag: String::new() }
    }
}

impl ThinkingFilter {
    /// Takes the next piece; returns what can be shown of it and of what was held back.
    pub fn push(&mut self, piece: &str) -> String {
        let mut visible = String::new();
        let mut rest = piece;
        while !rest.is_empty() {
            rest = self.step(rest, &mut visible);
        }
        visible
    }

    /// Ends the answer; returns what was held back, since it could have become a tag.
    pub fn finish(self) -> String {
        match self.state {
            State::Beginning { white, tag } => white + &tag,
            State::Channels(channels) => channels.finish(),
            State::Thinking { .. } | State::Answering => String::new(),
        }
    }

    /// Whether thinking has begun, so that an empty answer can be explained.
    pub fn found_thinking(&self) -> bool {
        self.found_thinking
    }

    /// Reads a piece up to the next change of state; returns what follows that change.
    fn step<'a>(&mut self, piece: &'a str, visible: &mut String) -> &'a str {
        match &mut self.state {
            State::Beginning { white, tag } => {
                let mut characters = piece.chars();
                while let Some(character) = characters.next() {
                    if tag.is_empty() && character.is_whitespace() {
                        // Behind thinking, the answer begins without white space.
                        if !self.found_thinking {
                            white.push(character);
                        }
                        continue;
                    }
                    tag.push(character);
                    match opening(tag) {
                        Opening::Undecided => continue,
                        Opening::Tag { close } => {
                            self.found_thinking = true;
                            self.state = State::Thinking { close, tail: String::new() };
                        }
                        Opening::Channel => {
                            self.found_thinking = true;
                            let mut channels = Channels::default();
                            channels.push(tag, visible);
                            self.state = State::Channels(channels);
                        }
                        Opening::Answer => {
                            visible.push_str(white);
                            visible.push_str(tag);
                            self.state = State::Answering;
                        }
                    }
                    return characters.as_str();
                }
                ""
            }
            State::Thinking { close, tail } => {
                // The closing tag can begin in what came before.
                let before = tail.len();
                tail.push_str(&piece[..piece.floor_char_boundary(close.len())]);
                let end = find_ignoring_case(tail, close)
                    .map(|at| at + close.len() - before)
                    .or_else(|| Some(find_ignoring_case(piece, close)? + close.len()));
                if let Some(end) = end {
                    self.state = State::default();
                    return &piece[end..];
                }
                let longest = close.len() - 1;
                if piece.len() > longest {
                    piece[piece.ceil_char_boundary(piece.len() - longest)..].clone_into(tail);
                } else {
                    tail.drain(..tail.ceil_char_boundary(tail.len().saturating_sub(longest)));
                }
                ""
            }
            State::Channels(channels) => {
                channels.push(piece, visible);
                ""
            }
            State::Answering => {
                visible.push_str(piece);
                ""
            }
        }
    }
}

/// What the first characters of an answer are.
enum Opening {
    /// An opening tag, whole.
    Tag { close: &'static str },
    /// The mark of a channel.
    Channel,
    /// Too few characters to say.
    Undecided,
    /// No tag: the answer itself.
    Answer,
}

fn opening(text: &str) -> Opening {
    let begins = |tag: &str| {
        let length = tag.len().min(text.len());
        text.as_bytes()[..length].eq_ignore_ascii_case(&tag.as_bytes()[..length])
    };
    let mut undecided = false;
    for (open, close) in TAGS {
        if begins(open) {
            if text.len() >= open.len() {
                return Opening::Tag { close };
            }
            undecided = true;
        }
    }
    for mark in channels::FIRST_MARKS {
        if begins(mark) {
            if text.len() >= mark.len() {
                return Opening::Channel;
            }
            undecided = true;
        }
    }
    if undecided { Opening::Undecided } else { Opening::Answer }
}

/// Where a tag first stands in a text, whatever the case of its ASCII letters, in bytes.
fn find_ignoring_case(text: &str, tag: &str) -> Option<usize> {
    let mut starts = text.match_indices(tag.chars().next()?).map(|(at, _)| at);
    starts.find(|&at| {
        let here = text.as_bytes()[at..].get(..tag.len());
        here.is_some_and(|here| here.eq_ignore_ascii_case(tag.as_bytes()))
    })
}
