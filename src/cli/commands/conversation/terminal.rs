//! The chat at the terminal: reads lines, streams answers.

use std::io::{BufRead, IsTerminal, stdin};

use longmem_chat::{
    Blocking, ChatError, Completion, Context, Conversation, OnText, Reply, Talk, Usage,
};
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

/// Runs until the end of input. If an answer fails, the error is printed and the talk goes on.
pub(super) fn run(talk: &Talk, output: Output) -> Result<(), Failure> {
    let blocking = Blocking::new()?;
    let conversation = &talk.conversation;
    let mut lines = Lines::new();
    let mut last_context = None;
    let mut usage = Usage::default();
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
            (command, _) if command.starts_with('/') && command != "/continue" => {
                let command = for_terminal(command);
                output.note(format!("There is no command {command}. /help lists them."));
            }
            _ => {
                if let Some((completion, sent)) = answer(conversation, &blocking, line, output)? {
                    usage += completion.usage;
                    last_context = Some(sent);
                }
                talk.wake_learner();
            }
        }
    }
    Ok(())
}

/// Answers a message, or continues the last answer. Returns the answer and its prompt if a model was
/// asked. Ctrl-C ends the answer, not the talk.
fn answer(
    conversation: &Conversation,
    blocking: &Blocking,
    line: &str,
    output: Output,
) -> Result<Option<(Completion, Context)>, Failure> {
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
        return Ok(None);
    };
    if reply.is_err() && began {
        end_line(output);
    }
    let answered = match &reply {
        Ok(Reply::Answer { completion, context }) => Some((completion.clone(), context.clone())),
        _ => None,
    };
    match show_end(conversation, reply, output) {
        Err(failure) if !failure.is_of_output() => {
            failure.report(output);
        }
        shown => shown?,
    }
    Ok(answered)
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
    Piped(std::io::Lines<std::io::StdinLock<'static>>),
}

impl Lines {
    fn new() -> Self {
        if stdin().is_terminal() {
            let prompt = DefaultPromptSegment::Basic("you".to_owned());
            let prompt = DefaultPrompt::new(prompt, DefaultPromptSegment::Empty);
            Self::Typed(Box::new(Reedline::create()), prompt)
        } else {
            Self::Piped(stdin().lock().lines())
        }
    }

    /// The next line; none at the end of input.
    fn next(&mut self) -> std::io::Result<Option<String>> {
        match self {
            Self::Piped(lines) => lines.next().transpose(),
            Self::Typed(editor, prompt) => match editor.read_line(prompt)? {
                Signal::Success(line) => Ok(Some(line)),
                Signal::CtrlC => Ok(Some(String::new())),
                _ => Ok(None),
            },
        }
    }
}
