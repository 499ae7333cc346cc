//! `longmem demo`: import, index and recall on a sample history, in a temporary store.

use std::path::Path;
use std::time::Instant;

use longmem::IfMissing;
use longmem_core::{Scope, UserName};
use longmem_memory::{IndexOptions, RecallRequest};

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

const QUESTIONS: [&str; 3] = [
    "Where do I live now?",
    "What food is my partner allergic to?",
    "How did we fix ERR_CONN_4711?",
];

/// Number of results shown for each question.
const SHOWN: usize = 3;

pub(super) fn run(mut settings: Settings, output: Output) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let history = folder.path().join("conversations.json");
    fs_err::write(&history, HISTORY)?;
    settings.options.file = folder.path().join("memory.db");
    settings.user = UserName::new("ana").expect("the constant is a valid name");
    let interrupt = Interrupt::listen()?;
    let memory = compose::memory(&settings, IfMissing::Create, output)?;

    output.line("1. Import a chat history (chats/conversations.json)")?;
    let arguments = ImportArguments::default();
    let report = import::import(&memory, &history, &arguments, &settings, output, &interrupt)?;
    output.line(render::indented(&render::imported(Path::new("conversations.json"), &report)))?;

    output.line("\n2. Embed every turn on this machine")?;
    let began = Instant::now();
    let report = index::index(&memory, IndexOptions::default(), output, &interrupt)?;
    output.line(render::indented(&render::indexed(&report, began.elapsed())))?;

    output.line(
        "\n3. Ask (without a language model, an answer is what was said, most relevant first)",
    )?;
    for question in QUESTIONS {
        let mut request = RecallRequest::new(Scope::of(settings.user.clone()), question);
        request.limit = SHOWN;
        let recall = memory.recall(&request)?;
        output.line(format!("\n> {question}"))?;
        for found in render::recall(&recall, question, RecalledDetail::default()) {
            output.line(render::indented(&found))?;
        }
    }
    output.note(
        "\nThe store of this demo is deleted. Your own: longmem import YOUR-EXPORT, longmem index, longmem ask \"…\"",
    );
    Ok(())
}
