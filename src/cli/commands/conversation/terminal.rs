//! The chat at the terminal: reads lines, streams answers.

use std::io::{BufRead, IsTerminal, StdinLock, stdin};

use longmem_chat::{Blocking, ChatError, Context, Conversation, OnText, Reply, Talk, Usage};
use longmem_core::Scope;
use longmem_memory::{FactsAt, Memory, MemoryError, RecallRequest};
use longmem_text::asks_what_is_known;
use reedline::{DefaultPrompt, DefaultPromptSegment, Reedline, Signal};

use super::{end_line, show_end, show_piece};
use crate::arguments::RecalledDetail;
use crate::commands::{context, facts, recall};
use crate::failure::Failure;
use crate::output::Output;
use crate::render;
use crate::sanitize::for_terminal;

const HELP: &str = "Write a message and press Enter. Everything said here is remembered.
/recall QUESTION   what was said that is relevant
/memory            what is known about you
/continue          let an answer that was cut off go on
/context           what was sent for the last message, and what it cost
/usage             what this talk has cost so far, in the provider's tokens
/session           which session this is
/quit              leave (Ctrl-D does too)";

/// What a line may begin with to be a command.
const COMMANDS: [&str; 9] = [
    "/recall",
    "/memory",
    "/continue",
    "/context",
    "/usage",
    "/session",
    "/help",
    "/quit",
    "/exit",
];

/// Runs until the end of input. If an answer fails, the error is printed and the talk goes on.
///
/// # Errors
/// [`Failure::Unanswered`] if the lines came from a program, and none was answered.
pub(super) fn run(talk: &Talk, output: Output) -> Result<(), Failure> {
    let blocking = Blocking::new()?;
    let conversation = &talk.conversation;
    let mut lines = Lines::new();
    let mut last_context = None;
    let mut usage = Usage::default();
    let (mut asked, mut failed) = (0, 0);
    let who = conversation.model.as_ref().map_or("nobody (memory is quoted)", |model| &model.name);
    let session = for_terminal(&format!("\"{}\" of {}", conversation.session, conversation.user));
    output.note(format!("Session {session}; {who} answers. /help lists the commands."));
    while let Some(line) = lines.next()? {
        let line = line.trim();
        match line.split_once(' ').map_or((line, ""), |(command, rest)| (command, rest.trim())) {
            ("", _) => {}
            ("/quit" | "/exit", _) => break,
            ("/help", _) => output.note(HELP),
            ("/session", _) => output.note(&session),
            ("/context", _) => match &last_context {
                Some(sent) => context::show(sent, output)?,
                None => output.note("Nothing was sent yet."),
            },
            ("/usage", _) => output.note(render::spent(&usage)),
            ("/memory", _) => show_known(conversation, &blocking, output)?,
            _ if asks_what_is_known(line) => show_known(conversation, &blocking, output)?,
            ("/recall", "") => output.note("/recall needs a question, as: /recall the budget"),
            ("/recall", question) => show_recall(conversation, &blocking, question, output)?,
            (command, rest) if looks_like_a_command(command, rest) => {
                let command = for_terminal(command);
                output.note(format!("There is no command {command}. /help lists them."));
            }
            _ => {
                talk.pause_learner();
                let outcome = answer(conversation, &blocking, line, output)?;
                asked += 1;
                failed += u64::from(outcome.failed);
                usage += outcome.usage;
                last_context = outcome.sent.or(last_context);
                talk.wake_learner();
            }
        }
    }
    if lines.are_piped() && asked > 0 && failed == asked {
        return Err(Failure::Unanswered(failed));
    }
    Ok(())
}

/// Whether a person seems to mean a command that there is not: a message may begin with a path.
fn looks_like_a_command(first: &str, rest: &str) -> bool {
    let Some(name) = first.strip_prefix('/') else { return false };
    let is_word = name.len() > 1 && name.chars().all(|c| c.is_ascii_alphabetic());
    let is_known = COMMANDS.contains(&first);
    let is_nearly_known = COMMANDS.iter().any(|known| {
        let (long, short) =
            if known.len() > first.len() { (*known, first) } else { (first, *known) };
        short.len() > 3 && long.starts_with(short)
    });
    !is_known && is_word && (rest.is_empty() || is_nearly_known)
}

/// What came of a message.
#[derive(Default)]
struct Outcome {
    /// What the answer cost.
    usage: Usage,
    /// The prompt, if a model answered it.
    sent: Option<Context>,
    failed: bool,
}

/// Answers a message, or continues the last answer. Ctrl-C ends the answer, not the talk.
fn answer(
    conversation: &Conversation,
    blocking: &Blocking,
    line: &str,
    output: Output,
) -> Result<Outcome, Failure> {
    let mut began = false;
    let mut on_text = |piece: &str| {
        began = true;
        show_piece(piece, output);
    };
    let reply = blocking.run(async {
        tokio::select! {
            reply = asked(conversation, line, &mut on_text) => Some(reply),
            _ = tokio::signal::ctrl_c() => None,
        }
    });
    let Some(reply) = reply else {
        end_line(output);
        output.note("(interrupted; the message is stored, and the next one is asked with it)");
        return Ok(Outcome::default());
    };
    if reply.is_err() && began {
        end_line(output);
    }
    let mut outcome = Outcome { failed: reply.is_err(), ..Outcome::default() };
    match &reply {
        Ok(Reply::Answer { completion, context }) => {
            outcome.usage = completion.usage;
            outcome.sent = Some(context.clone());
        }
        Err(ChatError::NoAnswer { completion }) => outcome.usage = completion.usage,
        _ => {}
    }
    match show_end(conversation, reply, output) {
        Err(failure) if !failure.is_of_output() => {
            failure.report(output);
        }
        shown => shown?,
    }
    Ok(outcome)
}

async fn asked(
    conversation: &Conversation,
    line: &str,
    on_text: OnText<'_>,
) -> Result<Reply, ChatError> {
    if line == "/continue" {
        conversation.go_on(on_text).await
    } else {
        conversation.ask(line, on_text).await
    }
}

/// Prints what is known. If memory cannot be read, the error is printed and the talk goes on.
fn show_known(
    conversation: &Conversation,
    blocking: &Blocking,
    output: Output,
) -> Result<(), Failure> {
    let user = conversation.user.clone();
    let read = move |memory: &Memory| {
        let facts = memory.facts(&user, FactsAt::Now)?;
        Ok::<_, MemoryError>(facts)
    };
    match blocking.run(conversation.memory.run(read)) {
        Ok(known) => facts::show(&known, output),
        Err(error) => {
            Failure::from(error).report(output);
            Ok(())
        }
    }
}

fn show_recall(
    conversation: &Conversation,
    blocking: &Blocking,
    question: &str,
    output: Output,
) -> Result<(), Failure> {
    let request = RecallRequest::new(Scope::of(conversation.user.clone()), question);
    let search = move |memory: &Memory| memory.recall(&request);
    let found = blocking.run(conversation.memory.run(search))?;
    recall::show(found, question, RecalledDetail::default(), output)
}

/// Lines that a person types, with editing and history, or that a program pipes in.
enum Lines {
    Typed(Box<Reedline>, DefaultPrompt),
    Piped(StdinLock<'static>),
}

impl Lines {
    fn new() -> Self {
        if stdin().is_terminal() {
            let prompt = DefaultPromptSegment::Basic("you".to_owned());
            let prompt = DefaultPrompt::new(prompt, DefaultPromptSegment::Empty);
            Self::Typed(Box::new(Reedline::create()), prompt)
        } else {
            Self::Piped(stdin().lock())
        }
    }

    fn are_piped(&self) -> bool {
        matches!(self, Self::Piped(_))
    }

    /// The next line; none at the end of input. Bytes that are no UTF-8 are replaced.
    fn next(&mut self) -> std::io::Result<Option<String>> {
        match self {
            Self::Piped(input) => {
                let mut line = Vec::new();
                let length = input.read_until(b'\n', &mut line)?;
                Ok((length > 0).then(|| String::from_utf8_lossy(&line).into_owned()))
            }
            Self::Typed(editor, prompt) => match editor.read_line(prompt)? {
                Signal::Success(line) => Ok(Some(line)),
                Signal::CtrlC => Ok(Some(String::new())),
                _ => Ok(None),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_may_begin_with_a_path() {
        let looks = |line: &str| {
            let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
            looks_like_a_command(first, rest)
        };
        for line in ["/nonsense", "/recal the budget", "/memo", "/helpme", "/quitt now"] {
            assert!(looks(line), "{line}");
        }
        for line in [
            "/etc/hosts has two lines",
            "/etc/hosts",
            "/tmp is full",
            "/ is full",
            "/",
            "//",
            "/24 is a small net",
            "/continue",
            "/continue the story",
            "Hello /recal",
        ] {
            assert!(!looks(line), "{line}");
        }
    }
}
