//! Recall over an imported history: chats of another program, searched by meaning and by words.
//!
//! ```sh
//! cargo run --example recall
//! cargo run --example recall -- ~/Downloads/chatgpt-export.zip "what did we decide about the kitchen?"
//! ```

#![expect(clippy::print_stdout, reason = "it prints what it found")]

use std::error::Error;
use std::ops::ControlFlow;

use longmem::memory::{IndexEvent, IndexOptions};
use longmem::{Longmem, Options, RecallRequest, Role, Scope, UserName};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let history = arguments.next().unwrap_or_else(|| "chats/conversations.json".to_owned());
    let question = arguments.next().unwrap_or_else(|| "Where do I live now?".to_owned());

    // The usual places of the model, but a memory of its own that is gone afterwards.
    let folder = tempfile::tempdir()?;
    let mut options = Options::from_environment()?;
    options.place = folder.path().join("memory.db").into();
    let longmem = Longmem::open(options)?;

    // Each file is read in its own format, which is told by what it contains.
    let report = longmem.import("ana", &history)?;
    println!(
        "{}: {} turns in {} sessions",
        report.read.format_names(),
        report.new_turns,
        report.read.sessions
    );

    // Vectors for every turn; `Break` would stop, and the next run would go on from there.
    longmem.memory().index(IndexOptions::default(), &mut |event| {
        if let IndexEvent::Progress(progress) = event {
            println!("embedded {} of {} turns", progress.turns, progress.total_turns);
        }
        ControlFlow::Continue(())
    })?;

    // The short way would be `longmem.recall("ana", &question)`; a request says more.
    let mut scope = Scope::of(UserName::new("ana")?);
    scope.roles = vec![Role::User];
    let mut request = RecallRequest::new(scope, question);
    request.limit = 3;
    let recall = longmem.memory().recall(&request)?;

    println!("\n{}", request.query);
    for found in &recall.results {
        let day = found.turn.time.strftime("%Y-%m-%d");
        println!("- {day}, {:.2}: {}", found.score, found.turn.text);
        for reason in &found.explanation.adjustments {
            println!("    {} {:+.2}", reason.reason, reason.amount);
        }
    }
    Ok(())
}
