//! `longmem ask` and `longmem chat`: answers with recalled context.

mod terminal;

use longmem::{IfMissing, Longmem, open_patiently};
use longmem_chat::{Blocking, ChatError, Conversation, Notice, QuotedAnswer, Reply, Talk};
use longmem_core::SessionName;
use longmem_memory::FactsAt;
use longmem_text::asks_what_is_known;
use longmem_wire as wire;

use super::facts;
use crate::arguments::{AskArguments, ChatArguments};
use crate::compose;
use crate::failure::Failure;
use crate::language_model::LlmSettings;
use crate::output::Output;
use crate::render;
use crate::sanitize::for_terminal;
use crate::settings::Settings;

pub(super) fn ask(
    arguments: &AskArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let llm = LlmSettings::resolve(&arguments.provider, settings, &compose::llm_environment())?;
    let mut options = compose::options(settings, IfMissing::Fail, output);
    llm.answers_in(&mut options.talk);
    options.talk.conversation.learns &= !arguments.learning.no_learning;
    let longmem = Longmem::open(options)?;
    if asks_what_is_known(&arguments.question) {
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
        if session.is_some() {
            conversation.ask(&arguments.question, &mut on_text).await
        } else {
            conversation.consult(&arguments.question, &mut on_text).await
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
    options.talk.conversation.learns &= !arguments.learning.no_learning;
    if options.talk.conversation.learns {
        let llm = LlmSettings::resolve_learning(&arguments.provider, settings, &environment)?;
        options.talk.learning_model = llm;
    }
    let talk = options.talk_settings();
    let memory = open_patiently(options)?;
    let talk = Talk::begin(&talk, memory, settings.user.clone(), arguments.session)?;
    let result = terminal::run(&talk, output);
    if let Some(learned) = talk.end().as_ref().and_then(render::outcome) {
        output.note(learned);
    }
    result
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
            output.note(NO_MODEL);
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

/// How to get an answer instead of quotes.
const NO_MODEL: &str = "(with ANTHROPIC_API_KEY set, or --base-url and --llm of a model server, a \
                        language model answers)";

fn all_in_words(notices: &[Notice]) -> Vec<String> {
    notices.iter().map(render::notice).collect()
}
