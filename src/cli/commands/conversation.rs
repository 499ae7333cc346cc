//! `longmem ask` and `longmem chat`: answers with recalled context.

mod answer_view;
mod answering;
mod choosing;
mod command;
mod completer;
mod in_talk;
mod input;
mod signals;
mod terminal;
mod waiting;

use std::time::Duration;

use longmem::{IfMissing, Longmem, open_patiently};
use longmem_chat::{
    Blocking, ChatError, Conversation, LastLearning, LearningOutcome, ModelSettings, Notice,
    QuotedAnswer, Reply, Talk, TalkSettings,
};
use longmem_core::{FactId, SessionName};
use longmem_memory::FactsAt;
use longmem_text::asks_what_is_known;
use longmem_wire as wire;

use self::answering::{Answering, Ended, Question};
use self::choosing::Choosing;
use self::terminal::Terminal;
use super::facts;
use crate::arguments::{AskArguments, ChatArguments};
use crate::compose;
use crate::failure::Failure;
use crate::language_model::{LlmSettings, warn_of_exposed_key};
use crate::output::Output;
use crate::prompt_history::PromptHistory;
use crate::render;
use crate::sanitize::for_terminal;
use crate::settings::Settings;
use crate::words;

/// How long the end of a talk may take without a word.
const MOMENT: Duration = Duration::from_millis(300);

/// How long the end of a talk waits for what is still to be learned.
const PATIENCE: Duration = Duration::from_secs(20);

const STILL_LEARNING: &str =
    "(learning from this talk; Ctrl-C leaves at once, and the rest is learned the next time)";

pub(super) fn ask(
    arguments: &AskArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let question = words::text(&arguments.question)?;
    let material = words::material()?;
    let llm = LlmSettings::resolve(&arguments.provider, settings, &compose::llm_environment())?;
    let mut options = compose::options(settings, IfMissing::Fail, output)?;
    llm.answers_in(&mut options.talk);
    warn_of_exposed_key(options.talk.model.as_ref().map(ModelSettings::server).as_ref(), output);
    options.talk.conversation.learns &= !arguments.learning.no_learning;
    let longmem = Longmem::open(options)?;
    if material.is_none() && asks_what_is_known(&question) {
        let known = longmem.memory().known_facts(&settings.user, FactsAt::Now, None)?;
        return facts::show(&known, output);
    }
    let memory = longmem.async_memory();
    let blocking = Blocking::new()?;
    let choosing = Choosing { memory: &memory, user: &settings.user, blocking: &blocking };
    let session = choosing.named(&arguments.session)?;
    let session = session.as_ref().map(SessionName::as_str);
    let mut conversation = longmem.conversation(settings.user.as_str(), session)?;
    let answering = Answering::new(&mut conversation, output)?;
    let question = match (session, &material) {
        (Some(_), Some(text)) => Question::MessageAbout(&question, text),
        (Some(_), None) => Question::Message(&question),
        (None, Some(text)) => Question::OutsideAbout(&question, text),
        (None, None) => Question::Outside(&question),
    };
    let (ended, _) = answering.ask(&conversation, question);
    answering.signals.end();
    match ended {
        Ended::Abandoned => Err(Failure::Interrupted("the answer was not waited for".to_owned())),
        Ended::Reply(reply) => match *reply {
            Err(error @ ChatError::BrokenOff { .. }) => {
                Err(Failure::Interrupted(error.to_string()))
            }
            reply => show_end(&conversation, reply, Shown::Alone, output).map(drop),
        },
    }
}

pub(super) fn chat(
    arguments: &ChatArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let environment = compose::llm_environment();
    let llm = LlmSettings::resolve(&arguments.provider, settings, &environment)?;
    let mut options = compose::options(settings, IfMissing::Create, output)?;
    llm.answers_in(&mut options.talk);
    warn_of_exposed_key(options.talk.model.as_ref().map(ModelSettings::server).as_ref(), output);
    options.talk.conversation.learns &= !arguments.learning.no_learning;
    if options.talk.conversation.learns {
        let llm = LlmSettings::resolve_learning(&arguments.provider, settings, &environment)?;
        options.talk.learning_model = llm;
    }
    let talk = options.talk_settings();
    let memory = open_patiently(options)?;
    let blocking = Blocking::new()?;
    let choosing = Choosing { memory: &memory, user: &settings.user, blocking: &blocking };
    if arguments.goes_on || arguments.resume {
        choosing.store_waiting(settings, output)?;
    }
    let session = if arguments.goes_on {
        Some(choosing.last()?)
    } else if arguments.resume {
        Some(choosing.picked()?)
    } else {
        choosing.named(&arguments.session)?
    };
    let history = prompt_history(&talk, settings);
    let mut talk = Talk::begin(&talk, memory, settings.user.clone(), session)?;
    let answering = Answering::new(&mut talk.conversation, output)?;
    let result =
        Terminal::new(&talk, &answering, history, output).and_then(|mut terminal| terminal.run());
    answering.signals.end();
    if matches!(&result, Err(failure) if failure.ends_a_talk()) {
        // Nobody is there to wait; what is not learned is learned the next time.
        return result;
    }
    if let Some(learning) = talk.end() {
        let outcome = Blocking::new()?.run(last_learning(learning, output));
        if let Some(learned) = render::outcome(&outcome) {
            output.note(learned);
        }
    }
    result
}

/// Where what is typed is kept. With moderation it is kept nowhere: it stands there before it is judged.
fn prompt_history(talk: &TalkSettings, settings: &Settings) -> Option<PromptHistory> {
    let safeguards = &settings.options.safeguards;
    if safeguards.moderation.is_some() {
        return None;
    }
    let mut history = PromptHistory::of(talk, &settings.user)?;
    history.redactor.clone_from(&safeguards.redactor);
    Some(history)
}

/// Waits for what is still to be learned from a talk, and says so where that takes more than a moment.
/// Ctrl-C ends the wait.
async fn last_learning(mut learning: LastLearning, output: Output) -> LearningOutcome {
    let finished = async {
        match learning.within(MOMENT).await {
            Some(outcome) => Some(outcome),
            None => {
                output.note(STILL_LEARNING);
                learning.within(PATIENCE).await
            }
        }
    };
    tokio::select! {
        outcome = finished => outcome.unwrap_or(LearningOutcome::Late),
        _ = tokio::signal::ctrl_c() => LearningOutcome::Late,
    }
}

/// Where an answer is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// By itself.
    Alone,
    /// In a talk, whose /why shows what was recalled.
    InTalk,
}

/// Prints what follows a streamed answer, or why there is none. As JSON, the whole answer is printed
/// here. Returns the facts that were noted of the message.
fn show_end(
    conversation: &Conversation,
    reply: Result<Reply, ChatError>,
    shown: Shown,
    output: Output,
) -> Result<Vec<FactId>, Failure> {
    let notices = conversation.take_notices();
    let noted = conversation.take_noted();
    let in_words: Vec<String> = noted.iter().map(render::noted).collect();
    let noted: Vec<FactId> = noted.iter().map(|instruction| instruction.fact).collect();
    let say_noted = || {
        for note in &in_words {
            output.note(note);
        }
    };
    let reply = match reply {
        Ok(reply) => reply,
        Err(ChatError::AnswerNotStored { completion, source }) if output.json => {
            // The answer would be lost otherwise.
            let answer = wire::Answer::not_stored(*completion, all_in_words(&notices));
            output.document(&wire::Answer { noted, ..answer })?;
            return Err((*source).into());
        }
        Err(error) => {
            if !output.json {
                say_noted();
            }
            warn(&notices, output);
            return Err(error.into());
        }
    };
    if output.json {
        let answer = wire::Answer::new(reply, all_in_words(&notices));
        let noted = noted.clone();
        output.document(&wire::Answer { noted, ..answer })?;
        return Ok(Vec::new());
    }
    match &reply {
        Reply::Quotes(QuotedAnswer { text, .. }) => {
            output.line(for_terminal(text))?;
            if !output.quiet {
                output.note(render::how_to_get_answers(&compose::local_servers()?));
            }
        }
        Reply::Answer { completion, context } => {
            // An answer comes in pieces, without the end of its last line.
            output.line("")?;
            if let Some(note) = render::stop_reason(&completion.stop_reason) {
                output.note(note);
            }
            if shown == Shown::Alone {
                output.note(render::sources(context));
            }
        }
    }
    say_noted();
    warn(&notices, output);
    Ok(noted)
}

/// Prints what is not as it should be.
pub(super) fn warn(notices: &[Notice], output: Output) {
    for notice in notices {
        output.warn(for_terminal(&render::notice(notice)));
    }
}

fn all_in_words(notices: &[Notice]) -> Vec<String> {
    notices.iter().map(render::notice).collect()
}
