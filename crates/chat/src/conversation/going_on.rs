//! The rest of an answer that was cut off, without what was said already.
//!
//! A server that lets an answer stand last in a prompt goes on behind it. All others are asked in
//! words, and a small model then begins anew, or says the last words again: what repeats the end or
//! the beginning of what was said is taken off before anybody sees it.

use std::sync::Arc;

use async_trait::async_trait;
use longmem_core::Role;

use super::Asked;
use super::gathering::PromptInputs;
use crate::context::{joined_answer, without_mark};
use crate::{
    Completion, LanguageModel, MessageRole, OnText, Provider, ProviderError, Request, TextBlock,
};

/// Bytes at the end of what was said in which the beginning of the rest is looked for.
const END_BYTES: usize = 2_000;

/// Number of words at the beginning of what was said that show that the model began anew.
const WORDS_OF_A_NEW_BEGINNING: usize = 5;

/// Letters of a single word that is taken off; shorter ones stand twice by chance.
const LETTERS_OF_A_SINGLE_WORD: usize = 3;

/// The model that is asked: for the rest of an answer, one that repeats nothing of it.
pub(super) fn model_for(
    asked: &Asked,
    model: &LanguageModel,
    inputs: &PromptInputs,
) -> LanguageModel {
    let mut model = model.clone();
    if matches!(asked, Asked::More) {
        let answers = inputs.turns.newest_first().take_while(|(role, _)| *role == Role::Assistant);
        let said = answers.fold(String::new(), |later, (_, text)| match later.as_str() {
            "" => without_mark(text).to_owned(),
            // As turns in a row stand in a prompt.
            _ => joined_answer(text, &later),
        });
        let (provider, prefills) = (Arc::clone(&model.provider), model.prefills);
        model.provider = Arc::new(GoingOn { provider, prefills, said });
    }
    model
}

/// A provider that lets an answer go on.
struct GoingOn {
    provider: Arc<dyn Provider>,
    /// Whether an answer may stand last in a prompt.
    prefills: bool,
    /// The answer as far as it was said.
    said: String,
}

#[async_trait]
impl Provider for GoingOn {
    async fn complete(
        &self,
        request: &Request,
        on_text: OnText<'_>,
    ) -> Result<Completion, ProviderError> {
        let mut rest = Rest::new(&self.said);
        let mut on_rest = |piece: &str| {
            let new = rest.push(piece);
            if !new.is_empty() {
                on_text(new);
            }
        };
        let prefilled = match self.prefilled(request) {
            Some(prefilled) => Some(self.provider.complete(&prefilled, &mut on_rest).await),
            None => None,
        };
        let answer = match prefilled {
            Some(answer) if !refuses(&answer) => answer,
            _ => self.provider.complete(request, &mut on_rest).await,
        };
        let held = rest.finish();
        if !held.is_empty() {
            on_text(held);
        }
        match answer {
            Ok(completion) => Ok(Completion { text: rest.text, ..completion }),
            Err(ProviderError::Interrupted { endpoint, reason, .. }) => {
                Err(ProviderError::Interrupted { endpoint, partial: rest.text, reason })
            }
            Err(ProviderError::TooMuch { endpoint, what, limit, .. }) => {
                Err(ProviderError::TooMuch { endpoint, partial: rest.text, what, limit })
            }
            error => error,
        }
    }
}

impl GoingOn {
    /// The request with the answer last, instead of the words that ask for its rest; none where the
    /// server cannot go on behind it, or the prompt has no room for the answer.
    fn prefilled(&self, request: &Request) -> Option<Request> {
        let mut prefilled = request.clone();
        prefilled.messages.pop().filter(|_| self.prefills)?;
        let last = prefilled.messages.last_mut()?;
        let text =
            last.content.iter().map(|block| block.text.as_str()).collect::<Vec<_>>().join("\n\n");
        let text = without_mark(&text).to_owned();
        if last.role != MessageRole::Assistant || text.is_empty() || !self.said.ends_with(&text) {
            return None;
        }
        last.content = vec![TextBlock::new(text)];
        prefilled.continues_last = true;
        Some(prefilled)
    }
}

/// Says whether a server refuses a prompt that ends with an answer, rather than its length.
fn refuses(answer: &Result<Completion, ProviderError>) -> bool {
    match answer {
        Err(error @ ProviderError::Answered { status: 400 | 404 | 422 | 500, .. }) => {
            !error.is_too_long()
        }
        _ => false,
    }
}

/// Takes off what was said already while the rest of an answer comes.
struct Rest<'a> {
    said: &'a str,
    /// The beginning, as long as it may still turn out to repeat something.
    held: String,
    /// What goes on.
    text: String,
    has_begun: bool,
}

impl<'a> Rest<'a> {
    fn new(said: &'a str) -> Self {
        Self { said, held: String::new(), text: String::new(), has_begun: false }
    }

    /// Takes the next piece; gives the text that is new for sure.
    fn push(&mut self, piece: &str) -> &str {
        let shown = self.text.len();
        if self.has_begun {
            self.text.push_str(piece);
        } else {
            self.held.push_str(piece);
            if !may_repeat_more(self.said, self.held.trim_start()) {
                self.begin();
            }
        }
        &self.text[shown..]
    }

    /// Takes the end; gives what was held back.
    fn finish(&mut self) -> &str {
        let shown = self.text.len();
        if !self.has_begun {
            self.begin();
        }
        &self.text[shown..]
    }

    fn begin(&mut self) {
        self.has_begun = true;
        let held = std::mem::take(&mut self.held);
        let begun = held.trim_start();
        self.text = match repeated(self.said, begun) {
            0 => held,
            length => begun[length..].to_owned(),
        };
    }
}

/// Says whether a beginning may still go on to repeat what was said.
fn may_repeat_more(said: &str, begun: &str) -> bool {
    starts(said).any(|start| said[start..].starts_with(begun))
}

/// The number of bytes at the beginning of the rest that were said already: as many as repeat the end
/// of what was said, or its beginning.
fn repeated(said: &str, begun: &str) -> usize {
    let said = said.trim_end();
    let end = starts(said)
        .map(|start| &said[start..])
        .find(|end| begun.strip_prefix(*end).is_some_and(|behind| is_repetition(end, behind)));
    if let Some(end) = end {
        return end.len();
    }
    let same = said.chars().zip(begun.chars()).take_while(|(said, new)| said == new);
    let length: usize = same.map(|(said, _)| said.len_utf8()).sum();
    // A word that goes on otherwise is new.
    let behind = begun[length..].chars().next();
    let whole = if length == said.len() || behind.is_none_or(|c| !c.is_alphanumeric()) {
        length
    } else {
        begun[..length].rfind(char::is_whitespace).unwrap_or(0)
    };
    let words = begun[..whole].split_whitespace().count();
    if words >= WORDS_OF_A_NEW_BEGINNING { whole } else { 0 }
}

/// Says whether an end that stands before these words again was said twice, and not by chance.
fn is_repetition(end: &str, behind: &str) -> bool {
    let is_one_word = !end.contains(char::is_whitespace);
    let letters = end.chars().filter(|c| c.is_alphabetic()).count();
    let goes_on = behind.starts_with(char::is_alphanumeric);
    if is_one_word { letters >= LETTERS_OF_A_SINGLE_WORD && !goes_on } else { letters > 0 }
}

/// Where what comes may begin to repeat: at the beginning, and at each word near the end.
fn starts(said: &str) -> impl Iterator<Item = usize> {
    let near_end = said.len().saturating_sub(END_BYTES);
    let words = said.char_indices().zip(said.chars().skip(1)).filter_map(|((place, before), c)| {
        (before.is_whitespace() && !c.is_whitespace()).then_some(place + before.len_utf8())
    });
    std::iter::once(0).chain(words.filter(move |start| *start >= near_end))
}

#[cfg(test)]
mod tests;
