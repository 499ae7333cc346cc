//! `longmem ask` and `longmem chat`: answers with recalled context.

mod terminal;

use std::time::Duration;

use longmem::{IfMissing, Longmem, open_patiently};
use longmem_chat::{
    Blocking, ChatError, Conversation, LastLearning, LearningOutcome, ModelSettings, Notice,
    QuotedAnswer, Reply, Talk,
};
use longmem_core::SessionName;
use longmem_memory::FactsAt;
use longmem_text::asks_what_is_known;
use longmem_wire as wire;

use super::facts;
use crate::arguments::{AskArguments, ChatArguments};
use crate::compose;
use crate::failure::Failure;
use crate::language_model::{LlmSettings, warn_of_exposed_key};
use crate::output::Output;
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
    let mut options = compose::options(settings, IfMissing::Fail, output);
    llm.answers_in(&mut options.talk);
    warn_of_exposed_key(options.talk.model.as_ref().map(ModelSettings::server).as_ref(), output);
    options.talk.conversation.learns &= !arguments.learning.no_learning;
    let longmem = Longmem::open(options)?;
    if material.is_none() && asks_what_is_known(&question) {
        let known = longmem.memory().known_facts(&settings.user, FactsAt::Now, None)?;
        return facts::show(&known, output);
    }
    let session = arguments.session.as_ref().map(SessionName::as_str);
    let conversation = longmem.conversation(settings.user.as_str(), session)?;
    let mut began = false;
    let reply = Blocking::new()?.run(async {
        let mut on_text = |piece: &str| {
            began = true;
            show_piece(piece, output);
        };
        match (session, &material) {
            (Some(_), Some(text)) => conversation.ask_about(&question, text, &mut on_text).await,
            (Some(_), None) => conversation.ask(&question, &mut on_text).await,
            (None, Some(text)) => conversation.consult_about(&question, text, &mut on_text).await,
            (None, None) => conversation.consult(&question, &mut on_text).await,
        }
    });
    if reply.is_err() && began {
        end_line(output);
    }
    show_end(&conversation, reply, output)
}

pub(super) fn chat(
    arguments: ChatArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let environment = compose::llm_environment();
    let llm = LlmSettings::resolve(&arguments.provider, settings, &environment)?;
    let mut options = compose::options(settings, IfMissing::Create, output);
    llm.answers_in(&mut options.talk);
    warn_of_exposed_key(options.talk.model.as_ref().map(ModelSettings::server).as_ref(), output);
    options.talk.conversation.learns &= !arguments.learning.no_learning;
    if options.talk.conversation.learns {
        let llm = LlmSettings::resolve_learning(&arguments.provider, settings, &environment)?;
        options.talk.learning_model = llm;
    }
    let talk = options.talk_settings();
    let memory = open_patiently(options)?;
    let talk = Talk::begin(&talk, memory, settings.user.clone(), arguments.session)?;
    let result = terminal::run(&talk, output);
    if let Some(learning) = talk.end() {
        let outcome = Blocking::new()?.run(last_learning(learning, output));
        if let Some(learned) = render::outcome(&outcome) {
            output.note(learned);
        }
    }
    result
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

fn show_piece(piece: &str, output: Output) {
    if !output.json {
        // A closed pipe is noticed at the end of the answer, which is stored either way.
        let _ = output.piece(&for_terminal(piece));
    }
}

fn end_line(output: Output) {
    if !output.json {
        let _ = output.piece("\n");
    }
}

/// Prints what follows a streamed answer, or why there is none. As JSON, the whole answer is printed
/// here.
fn show_end(
    conversation: &Conversation,
    reply: Result<Reply, ChatError>,
    output: Output,
) -> Result<(), Failure> {
    let notices = conversation.take_notices();
    let noted = conversation.take_noted();
    if !output.json {
        for instruction in &noted {
            output.note(render::noted(instruction));
        }
    }
    let noted = noted.iter().map(|instruction| instruction.fact).collect();
    let reply = match reply {
        Ok(reply) => reply,
        Err(ChatError::AnswerNotStored { completion, source }) if output.json => {
            // The answer would be lost otherwise.
            let answer = wire::Answer::not_stored(*completion, all_in_words(&notices));
            output.document(&wire::Answer { noted, ..answer })?;
            return Err((*source).into());
        }
        Err(error) => {
            warn(&notices, output);
            return Err(error.into());
        }
    };
    if output.json {
        let answer = wire::Answer::new(reply, all_in_words(&notices));
        return Ok(output.document(&wire::Answer { noted, ..answer })?);
    }
    match &reply {
        Reply::Quotes(QuotedAnswer { text, .. }) => {
            output.line(for_terminal(text))?;
            if !output.quiet {
                output.note(render::how_to_get_answers(&compose::local_servers()?));
            }
        }
        Reply::Answer { completion, context } => {
            output.line("")?;
            if let Some(note) = render::stop_reason(&completion.stop_reason) {
                output.note(note);
            }
            output.note(render::sources(context));
        }
    }
    warn(&notices, output);
    Ok(())
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
