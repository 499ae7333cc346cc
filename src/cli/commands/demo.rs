//! `longmem demo`: everything on a sample history, in a temporary store.

use std::path::Path;
use std::time::Instant;

use longmem::{IfMissing, Longmem, StorePlace};
use longmem_chat::Blocking;
use longmem_core::{ErrorCode, Scope, UserName};
use longmem_memory::{FactsAt, IndexOptions, RecallRequest};

use super::{import, index};
use crate::arguments::{ImportArguments, RecalledDetail};
use crate::compose;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::render;
use crate::settings::Settings;

/// A ChatGPT export, written for this project.
pub(super) const HISTORY: &[u8] = include_bytes!("../../../chats/conversations.json");

const USER: &str = "ana";

/// What the demo notes besides the history, and what becomes a fact of itself.
const NOTE: &str = "The bike is in the cellar; the code of its lock is 4711.";
const INSTRUCTION: &str = "From now on, always answer in metric units.";

/// In other words than what was said, but for the error's name.
const QUESTIONS: [&str; 3] =
    ["Where do I live now?", "How do I unlock my bicycle?", "How did we fix ERR_CONN_4711?"];

/// Number of results shown for each question.
const SHOWN: usize = 2;

/// What would be sent to a language model is shown for this message.
const MESSAGE: &str = "What food is my partner allergic to?";

/// Tokens of that prompt: the fewest that leave room for facts.
const BUDGET: usize = 1100;

/// Number of lines of it that are shown, so that it fits a screen.
const PROMPT_LINES: usize = 16;

pub(super) fn run(mut settings: Settings, output: Output) -> Result<(), Failure> {
    if output.json {
        let message = "the demo is to be read, and has no JSON";
        let hint = "Leave --json out; recall, context and all other commands have it.";
        return Err(Failure::refused(ErrorCode::Unsupported, message, hint));
    }
    let folder = tempfile::tempdir()?;
    let history = folder.path().join("conversations.json");
    fs_err::write(&history, HISTORY)?;
    settings.options.place = StorePlace::File(folder.path().join("memory.db"));
    settings.options.spool = folder.path().join("spool");
    settings.user = UserName::new(USER).expect("the constant is a valid name");
    // A sample needs no key.
    settings.key_file = None;
    let interrupt = Interrupt::listen()?;
    let mut options = compose::options(&settings, IfMissing::Create, output)?;
    options.talk.conversation.budget = longmem_chat::TokenBudget::new(BUDGET);
    options.talk.conversation.learns = true;
    let longmem = Longmem::open(options)?;
    let memory = longmem.memory();

    output.line("1. Import a chat history (chats/conversations.json)")?;
    let arguments = ImportArguments::default();
    let report = import::import(memory, &history, &arguments, &settings, output, &interrupt)?;
    output.line(render::indented(&render::imported(Path::new("conversations.json"), &report)))?;

    output.line("\n2. Remember a note, and a wish, which becomes a fact")?;
    for said in [NOTE, INSTRUCTION] {
        output.line(format!("\n> {said}"))?;
        longmem.remember(USER, said)?;
    }
    for fact in render::facts(&memory.facts(&settings.user, FactsAt::Now)?) {
        output.line(render::indented(&fact))?;
    }

    output.line("\n3. Embed every turn on this machine")?;
    let began = Instant::now();
    let report = index::index(memory, IndexOptions::default(), output, &interrupt)?;
    output.line(render::indented(&render::indexed(&report, began.elapsed())))?;

    output.line("\n4. Ask, in other words; what was said comes, most relevant first")?;
    for question in QUESTIONS {
        let mut request = RecallRequest::new(Scope::of(settings.user.clone()), question);
        request.limit = SHOWN;
        let recall = memory.recall(&request)?;
        output.line(format!("\n> {question}"))?;
        for found in render::recall(&recall, question, RecalledDetail::default()) {
            output.line(render::indented(&found))?;
        }
    }

    output.line(format!("\n5. What a language model would get, within {BUDGET} tokens"))?;
    output.line(format!("\n> {MESSAGE}"))?;
    let context = Blocking::new()?.run(longmem.prompting(USER, None)?.context_for(MESSAGE))?;
    let prompt = render::prompt(&context).join("\n");
    for line in prompt.lines().take(PROMPT_LINES) {
        output.line(render::indented(line))?;
    }
    let more = prompt.lines().count().saturating_sub(PROMPT_LINES);
    if more > 0 {
        output.line(format!("   … and {more} more lines (longmem context shows all)"))?;
    }
    output.note(
        "\nThe store of this demo is deleted. Your own: longmem import YOUR-EXPORT, longmem index, longmem ask \"…\"",
    );
    Ok(())
}
