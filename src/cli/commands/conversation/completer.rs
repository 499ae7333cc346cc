//! What Tab completes: commands, and the numbers of facts behind them.

use std::sync::{Arc, Mutex, PoisonError};

use longmem_core::Fact;
use reedline::{CompletionResult, Span, Suggestion};

use super::command::COMMANDS;
use crate::sanitize::for_terminal;

/// What is known at the prompt.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The facts that hold.
    pub(super) facts: Vec<Fact>,
}

/// Completes the line at the prompt.
pub(super) struct Completer(Arc<Mutex<Known>>);

impl Completer {
    pub(super) fn new(known: Arc<Mutex<Known>>) -> Self {
        Self(known)
    }

    /// What may stand where the last word of a line stands, each with what it is.
    fn choices(&self, line: &str) -> Vec<(String, Option<String>)> {
        let mut words: Vec<&str> = line.split(' ').collect();
        words.pop();
        match words[..] {
            [] => COMMANDS.iter().map(|known| (known.name.to_owned(), None)).collect(),
            ["/facts"] => ["add", "edit", "delete"].map(|verb| (verb.to_owned(), None)).into(),
            ["/facts", "edit" | "delete"] => {
                let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                let number = |fact: &Fact| (fact.id.to_string(), Some(for_terminal(&fact.line())));
                known.facts.iter().map(number).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl reedline::Completer for Completer {
    fn complete(&mut self, line: &str, pos: usize) -> CompletionResult {
        let line = &line[..pos];
        if !line.starts_with('/') {
            return CompletionResult::fresh(Vec::new());
        }
        let begun = line.rsplit(' ').next().unwrap_or_default();
        let span = Span::new(pos - begun.len(), pos);
        let choices = self.choices(line).into_iter().filter(|(value, _)| value.starts_with(begun));
        let suggestions = choices.map(|(value, description)| Suggestion {
            value,
            description,
            span,
            append_whitespace: true,
            ..Suggestion::default()
        });
        CompletionResult::fresh(suggestions.collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use reedline::Completer as _;

    use super::*;

    fn completed(line: &str) -> Vec<String> {
        let mut completer = Completer::new(Arc::default());
        let result = completer.complete(line, line.len());
        result.suggestions().iter().map(|suggestion| suggestion.value.clone()).collect()
    }

    #[test]
    fn commands_and_their_verbs_are_completed() {
        assert_eq!(completed("/me"), ["/memory"]);
        assert_eq!(completed("/facts d"), ["delete"]);
        assert_eq!(completed("/facts "), ["add", "edit", "delete"]);
        assert_eq!(completed("what /me"), Vec::<String>::new());
        assert_eq!(completed("/show 1"), Vec::<String>::new());
    }
}
