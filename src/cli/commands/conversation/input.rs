//! Lines that a person types, with editing and history, or that a program pipes in.

use std::io::{BufRead, IsTerminal, StdinLock, Write, stdin};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use anstream::{AutoStream, ColorChoice};
use longmem::environment;
use reedline::{
    ColumnarMenu, DefaultPrompt, DefaultPromptSegment, EditCommand, Emacs, KeyCode, KeyModifiers,
    MenuBuilder, Reedline, ReedlineEvent, ReedlineMenu, Signal, ValidationResult, Validator,
    default_emacs_keybindings,
};
use tempfile::NamedTempFile;

use super::completer::{Completer, Known};
use crate::failure::Failure;
use crate::output::Output;
use crate::prompt_history::PromptHistory;

const MENU: &str = "completions";

/// Where the lines of a talk come from.
pub(super) enum Input {
    /// An editor on a terminal.
    Typed(Box<Typed>),
    /// A program, or a terminal that can do nothing but show lines.
    Plain { input: StdinLock<'static>, shows_prompt: bool },
}

/// The editor on a terminal.
pub(super) struct Typed {
    editor: Reedline,
    prompt: DefaultPrompt,
    history: Option<PromptHistory>,
    ends: LineEnds,
    /// The file in which the editor of the person's choice finds the message, for its owner alone.
    draft: NamedTempFile,
    /// Whether the last line was Ctrl-C.
    interrupted: bool,
}

impl Input {
    /// Opens standard input, with what Tab completes and the history of the prompt.
    ///
    /// # Errors
    /// If there is no room for the draft of a message.
    pub(super) fn open(
        known: Arc<Mutex<Known>>,
        history: Option<PromptHistory>,
        output: Output,
    ) -> Result<Self, Failure> {
        let is_terminal = stdin().is_terminal();
        let is_dumb = environment::read(environment::TERM).is_some_and(|term| term == "dumb");
        if !is_terminal || is_dumb {
            return Ok(Self::Plain { input: stdin().lock(), shows_prompt: is_terminal });
        }
        Ok(Self::Typed(Box::new(Typed::new(known, history, output)?)))
    }

    /// The file with the draft of a message, which only this program needs.
    pub(super) fn draft(&self) -> Option<&Path> {
        match self {
            Self::Typed(typed) => Some(typed.draft.path()),
            Self::Plain { .. } => None,
        }
    }

    /// Whether a person types with an editor.
    pub(super) fn is_typed(&self) -> bool {
        matches!(self, Self::Typed(_))
    }

    /// The next line or message; none at the end of input. Bytes that are no UTF-8 are replaced.
    ///
    /// # Errors
    /// If the terminal or the pipe cannot be read.
    pub(super) fn next(&mut self, output: Output) -> std::io::Result<Option<String>> {
        match self {
            Self::Typed(typed) => typed.next(output),
            Self::Plain { input, shows_prompt } => {
                if *shows_prompt {
                    let mut err = std::io::stderr().lock();
                    // Whoever closed standard error does not want to know.
                    let _ = err.write_all(b"you> ").and_then(|()| err.flush());
                }
                let mut line = Vec::new();
                let length = input.read_until(b'\n', &mut line)?;
                Ok((length > 0).then(|| String::from_utf8_lossy(&line).into_owned()))
            }
        }
    }

    /// Lets the person write the next message in an editor of their choice, beginning with a text.
    ///
    /// # Errors
    /// If the editor cannot be started, or its file not be read.
    pub(super) fn edit(&mut self, text: &str, output: Output) -> std::io::Result<()> {
        match self {
            Self::Typed(typed) => typed.edit(text, output),
            Self::Plain { .. } => {
                output.note("/edit needs a terminal.");
                Ok(())
            }
        }
    }

    /// Takes messages that were forgotten out of the history of the prompt.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn forget(&mut self, messages: &[String]) -> std::io::Result<()> {
        match self {
            Self::Typed(typed) => typed.forget(messages),
            Self::Plain { .. } => Ok(()),
        }
    }
}

impl Typed {
    fn new(
        known: Arc<Mutex<Known>>,
        history: Option<PromptHistory>,
        output: Output,
    ) -> Result<Self, Failure> {
        let prompt = DefaultPromptSegment::Basic("you".to_owned());
        let prompt = DefaultPrompt::new(prompt, DefaultPromptSegment::Empty);
        let ends = LineEnds::default();
        let draft = tempfile::Builder::new().prefix("longmem-").suffix(".md").tempfile()?;
        let mut keys = default_emacs_keybindings();
        let next = vec![ReedlineEvent::Menu(MENU.to_owned()), ReedlineEvent::MenuNext];
        keys.add_binding(KeyModifiers::NONE, KeyCode::Tab, ReedlineEvent::UntilFound(next));
        let menu = ColumnarMenu::default().with_name(MENU).with_columns(1);
        let attributes = AutoStream::choice(&std::io::stdout()) != ColorChoice::Never;
        let mut editor = Reedline::create()
            .use_bracketed_paste(true)
            .with_ansi_colors(attributes)
            .with_quick_completions(true)
            .with_history_exclusion_prefix(Some(" ".to_owned()))
            .with_validator(Box::new(ends.clone()))
            .with_completer(Box::new(Completer::new(known)))
            .with_menu(ReedlineMenu::EngineCompleter(Box::new(menu)))
            .with_edit_mode(Box::new(Emacs::new(keys)))
            .with_buffer_editor(editor_command(), draft.path().to_owned());
        if let Some(history) = &history {
            match history.open() {
                Ok(history) => editor = editor.with_history(history),
                Err(error) => output.warn(format!("the prompt has no history: {error}")),
            }
        }
        Ok(Self { editor, prompt, history, ends, draft, interrupted: false })
    }

    fn next(&mut self, output: Output) -> std::io::Result<Option<String>> {
        let signal = self.editor.read_line(&self.prompt);
        // What an editor wrote there is in the message now.
        self.draft.as_file().set_len(0)?;
        let was_interrupted = std::mem::take(&mut self.interrupted);
        match signal.map_err(std::io::Error::other)? {
            Signal::Success(line) => {
                // A line that cannot be kept is no reason to end the talk.
                let _ = self.editor.sync_history();
                Ok(Some(self.ends.joined(line)))
            }
            Signal::CtrlC => {
                if was_interrupted {
                    output.note("(Ctrl-D or /quit leaves)");
                }
                self.interrupted = true;
                Ok(Some(String::new()))
            }
            _ => Ok(None),
        }
    }

    fn edit(&mut self, text: &str, output: Output) -> std::io::Result<()> {
        fs_err::write(self.draft.path(), text)?;
        let mut editor = editor_command();
        match editor.arg(self.draft.path()).status() {
            Ok(status) if status.success() => {}
            Ok(_) => {
                output.note("(the editor failed; nothing is sent)");
                return Ok(());
            }
            Err(error) => {
                let name = editor.get_program().to_string_lossy().into_owned();
                output.note(format!("(the editor {name} cannot be started: {error}; set EDITOR)"));
                return Ok(());
            }
        }
        let written = fs_err::read_to_string(self.draft.path())?;
        let written = written.trim_end().to_owned();
        self.editor.run_edit_commands(&[EditCommand::Clear, EditCommand::InsertString(written)]);
        Ok(())
    }

    fn forget(&mut self, messages: &[String]) -> std::io::Result<()> {
        let Some(history) = &self.history else { return Ok(()) };
        self.editor.sync_history()?;
        history.forget(messages)?;
        // The editor reads the file anew, and forgets what it held.
        let editor = std::mem::replace(&mut self.editor, Reedline::create());
        self.editor = editor.with_history(history.open()?);
        Ok(())
    }
}

/// The editor of the person's choice, with its arguments.
fn editor_command() -> Command {
    let usual = if cfg!(windows) { "notepad" } else { "vi" };
    let chosen = environment::read(environment::VISUAL)
        .or_else(|| environment::read(environment::EDITOR))
        .unwrap_or_else(|| usual.to_owned());
    let mut words = chosen.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or(usual));
    command.args(words);
    command
}

/// Ends of lines that a person marked with a backslash: the message goes on behind them.
#[derive(Debug, Clone, Default)]
struct LineEnds(Arc<Mutex<Vec<String>>>);

impl LineEnds {
    /// The message without the backslashes that were typed for new lines. Others stay, as those in a
    /// command that was pasted.
    fn joined(&self, mut message: String) -> String {
        let mut marked =
            std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        marked.sort_by_key(|until| std::cmp::Reverse(until.len()));
        for until in marked {
            if message.strip_prefix(&until).is_some_and(|rest| rest.starts_with('\n')) {
                message.remove(until.len() - 1);
            }
        }
        message
    }
}

impl Validator for LineEnds {
    fn validate(&self, line: &str) -> ValidationResult {
        if line.ends_with('\\') {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
            return ValidationResult::Incomplete;
        }
        ValidationResult::Complete
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_backslash_before_enter_is_a_new_line() {
        let ends = LineEnds::default();
        assert!(matches!(ends.validate("one\\"), ValidationResult::Incomplete));
        assert!(matches!(ends.validate("one\\\ntwo\\"), ValidationResult::Incomplete));
        assert!(matches!(ends.validate("one\\\ntwo\\\nthree"), ValidationResult::Complete));
        assert_eq!(ends.joined("one\\\ntwo\\\nthree".to_owned()), "one\ntwo\nthree");
        // Pasted, and never asked about.
        let pasted = "cargo build \\\n  --release";
        assert!(matches!(ends.validate(pasted), ValidationResult::Complete));
        assert_eq!(ends.joined(pasted.to_owned()), pasted);
    }
}
