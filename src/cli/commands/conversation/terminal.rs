//! The chat at the terminal: reads messages and commands, and shows answers.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the methods are of a type with a lifetime, which a path to them would fix"
)]

use std::sync::{Arc, Mutex};

use longmem_chat::{ChatError, Context, Reply, Talk, Usage};
use longmem_core::FactId;
use longmem_memory::Memory;
use longmem_text::asks_what_is_known;

use super::answer_view::width;
use super::answering::{Answering, Ended, Question};
use super::command::{self, Command};
use super::completer::Known;
use super::in_talk::{InTalk, see_facts};
use super::input::Input;
use super::{Shown, show_end};
use crate::commands::context;
use crate::failure::Failure;
use crate::output::{Output, counted};
use crate::prompt_history::PromptHistory;
use crate::render;
use crate::sanitize::for_terminal;

/// A talk at the terminal.
pub(super) struct Terminal<'a> {
    talk: &'a Talk,
    answering: &'a Answering,
    output: Output,
    input: Input,
    /// What is known at the prompt.
    known: Arc<Mutex<Known>>,
    /// Facts that the person heard of already.
    announced: Vec<FactId>,
    /// The prompt of the last answer.
    last_context: Option<Context>,
    usage: Usage,
    asked: u64,
    failed: u64,
    knows_facts: bool,
}

impl<'a> Terminal<'a> {
    /// Opens standard input for a talk.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub(super) fn new(
        talk: &'a Talk,
        answering: &'a Answering,
        history: Option<PromptHistory>,
        output: Output,
    ) -> Result<Self, Failure> {
        let known = Arc::default();
        let input = Input::open(Arc::clone(&known), history, output)?;
        if let Some(draft) = input.draft() {
            answering.signals.delete_at_end(draft.to_owned());
        }
        Ok(Self {
            talk,
            answering,
            output,
            input,
            known,
            announced: Vec::new(),
            last_context: None,
            usage: Usage::default(),
            asked: 0,
            failed: 0,
            knows_facts: false,
        })
    }

    /// Runs until the end of input. If an answer fails, the error is printed and the talk goes on.
    ///
    /// # Errors
    /// [`Failure::Unanswered`] if the lines came from a program, and none was answered;
    /// [`Failure::Interrupted`] if the terminal was closed.
    pub(super) fn run(&mut self) -> Result<(), Failure> {
        self.greet();
        loop {
            self.see_facts();
            let Some(line) = self.input.next(self.output)? else { break };
            if matches!(Command::of(&line), Command::Quit) {
                break;
            }
            match self.obey(&line) {
                Err(failure) if !failure.is_of_output() && !failure.ends_a_talk() => {
                    failure.report(self.output);
                }
                done => done?,
            }
        }
        if !self.input.is_typed() && self.asked > 0 && self.failed == self.asked {
            return Err(Failure::Unanswered(self.failed));
        }
        Ok(())
    }

    /// Says which session this is, who answers, and where it was.
    fn greet(&self) {
        let conversation = &self.talk.conversation;
        let model = conversation.model.as_ref();
        let who = model.map_or("nobody (memory is quoted)", |model| &model.name);
        let (user, session) = (conversation.user.clone(), conversation.session.clone());
        let last =
            self.work(move |memory| Ok(memory.recent(&user, &session, render::REPLAYED_TURNS)?));
        // What cannot be read now is said when it is needed.
        let last = last.unwrap_or_default();
        if self.input.is_typed() && !self.output.quiet {
            let height = terminal_size::terminal_size().map_or(24, |(_, height)| height.0);
            for line in render::replayed(&last, width(), usize::from(height)) {
                self.output.note(line);
            }
        }
        self.output
            .note(format!("{}; {who} answers. /help lists the commands.", self.session_line()));
    }

    /// The session with its title, its size and its user.
    fn session_line(&self) -> String {
        let conversation = &self.talk.conversation;
        let (user, session) = (conversation.user.clone(), conversation.session.clone());
        let find = move |memory: &Memory| {
            let sessions = memory.sessions(&user)?;
            Ok(sessions.into_iter().find(|known| known.session == session))
        };
        let (name, user) = (&conversation.session, &conversation.user);
        // A user who is new has no sessions, and memory may be away.
        let line = match self.work(find).ok().flatten() {
            None => format!("New session \"{name}\" of {user}"),
            Some(known) => {
                let turns = counted(known.turns, "turn");
                match known.title {
                    Some(title) => format!("Session \"{title}\" ({name}) of {user}, {turns}"),
                    None => format!("Session \"{name}\" of {user}, {turns}"),
                }
            }
        };
        for_terminal(&line)
    }

    /// Reads the facts that Tab completes, and says which of them are new.
    fn see_facts(&mut self) {
        if !self.input.is_typed() {
            return;
        }
        let (conversation, known) = (self.talk.conversation.clone(), Arc::clone(&self.known));
        let announced = std::mem::take(&mut self.announced);
        let (is_first, output) = (!self.knows_facts, self.output);
        let see = move |memory: &Memory| {
            Ok(see_facts(memory, &conversation, &known, &announced, is_first, output)?)
        };
        // What cannot be read now is read at the next prompt.
        self.knows_facts |= self.work(see).is_ok();
    }

    fn obey(&mut self, line: &str) -> Result<(), Failure> {
        let output = self.output;
        match Command::of(line) {
            Command::Nothing | Command::Quit => {}
            Command::Help => output.note(command::help(width(), self.input.is_typed())),
            Command::Session => output.note(self.session_line()),
            Command::Context => match &self.last_context {
                Some(sent) => context::show(sent, output)?,
                None => output.note("Nothing was sent yet."),
            },
            Command::Usage => output.note(render::spent(&self.usage)),
            Command::Edit(text) => self.input.edit(text, output)?,
            Command::Why => {
                let sent = self.last_context.clone();
                self.in_talk(move |talk| talk.why(sent.as_ref()))?;
            }
            Command::Sessions => self.in_talk(|talk| talk.sessions())?,
            Command::Memory => self.in_talk(|talk| talk.known())?,
            Command::Recall(question) => {
                let question = question.to_owned();
                self.in_talk(move |talk| talk.recall(&question))?;
            }
            Command::Show(number) => {
                let number = number.to_owned();
                self.in_talk(move |talk| talk.show(&number))?;
            }
            Command::Remember(text) => {
                let text = text.to_owned();
                self.in_talk(move |talk| talk.remember(&text))?;
            }
            Command::Facts(arguments) => {
                let arguments = arguments.to_owned();
                self.in_talk(move |talk| talk.change_facts(&arguments))?;
                // The person knows what they changed.
                self.knows_facts = false;
            }
            Command::Forget(number) => {
                let number = number.to_owned();
                self.answering.signals.begin_question();
                let forgotten = self.in_talk(move |talk| talk.forget(&number));
                self.answering.signals.end_answer();
                let forgotten = forgotten?;
                if !forgotten.is_empty() {
                    self.last_context = None;
                    self.input.forget(&forgotten)?;
                }
            }
            Command::Unknown(command) => {
                let command = for_terminal(command);
                output.note(format!("There is no command {command}. /help lists them."));
            }
            Command::Message(message) if asks_what_is_known(message) => {
                self.in_talk(|talk| talk.known())?;
            }
            Command::Message(message) => self.answer(Question::Message(message))?,
            Command::Continue => self.answer(Question::More)?,
        }
        Ok(())
    }

    /// Answers a message, or lets the last answer go on.
    fn answer(&mut self, question: Question<'_>) -> Result<(), Failure> {
        let conversation = &self.talk.conversation;
        self.talk.pause_learner();
        let (ended, is_over) = self.answering.ask(conversation, question);
        self.asked += 1;
        let reply = match ended {
            Ended::Reply(reply) => *reply,
            Ended::Abandoned => {
                self.output.note(
                    "(interrupted; the message is stored, and the next one is asked with it)",
                );
                return Ok(());
            }
        };
        match &reply {
            Ok(Reply::Answer { completion, context }) => {
                self.usage += completion.usage;
                self.last_context = Some(context.clone());
            }
            Err(ChatError::NoAnswer { completion }) => self.usage += completion.usage,
            _ => {}
        }
        let is_failure = !matches!(&reply, Ok(_) | Err(ChatError::BrokenOff { .. }));
        self.failed += u64::from(is_failure);
        if is_over {
            return Err(Failure::Interrupted("what was said is stored".to_owned()));
        }
        let shown = if let Err(ChatError::BrokenOff { kept }) = reply {
            self.output.note(broken_off(kept));
            Ok(Vec::new())
        } else {
            show_end(conversation, reply, Shown::InTalk, self.output)
        };
        self.talk.wake_learner();
        self.announced.extend(shown?);
        Ok(())
    }

    /// Lets a command of the talk do something with the open memory.
    fn in_talk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&InTalk<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let (conversation, output) = (self.talk.conversation.clone(), self.output);
        self.work(move |memory| work(&InTalk { memory, conversation: &conversation, output }))
    }

    fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Memory) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        self.answering.blocking.run(self.talk.conversation.memory.run(work))
    }
}

/// What is said of an answer that the person broke off.
fn broken_off(kept: bool) -> &'static str {
    if kept {
        "(broken off; what came of the answer is stored, marked [broken off]; /continue goes on)"
    } else {
        "(broken off; the message is stored, and the next one is asked with it)"
    }
}
