//! `longmem doctor`: proves that everything works, or says what does not.

mod language_model;

use longmem::IfMissing;
use longmem_chat::calibrations;
use longmem_core::Diagnose;
use longmem_memory::{CanaryStep, Memory, StoreStats};
use longmem_wire::{Check, Checks};

use crate::arguments::DoctorArguments;
use crate::compose;
use crate::failure::{Failure, hints};
use crate::output::{Output, bytes, counted};
use crate::render;
use crate::settings::Settings;

pub(super) fn run(
    arguments: &DoctorArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let memory = compose::memory(settings, IfMissing::Create, output)?;
    let stats = memory.stats()?;
    let mut checks = vec![
        store_file(&memory, &stats)?,
        model(settings, output),
        canary(&memory),
        vectors(&stats),
        truncated(&stats),
        language_model::check(&arguments.provider, settings)?,
    ];
    checks.extend(tokens(&memory)?);
    let checks = Checks::from(checks);
    if output.json {
        output.document(&checks)?;
    } else {
        output.lines(checks.checks.iter().map(render::check))?;
    }
    let failed: Vec<&str> =
        checks.checks.iter().filter(|check| !check.ok).map(|check| check.name.as_str()).collect();
    if failed.is_empty() { Ok(()) } else { Err(Failure::Unhealthy(failed.join(", "))) }
}

fn store_file(memory: &Memory, stats: &StoreStats) -> Result<Check, Failure> {
    let mut problems = Vec::new();
    memory.check(&mut |problem| problems.push(problem))?;
    let finding = if problems.is_empty() {
        format!(
            "{} is whole: {} in {}, {}",
            memory.place(),
            counted(stats.turns, "turn"),
            counted(stats.sessions, "session"),
            bytes(stats.file_bytes)
        )
    } else {
        problems.join("; ")
    };
    Ok(Check { name: "store".to_owned(), ok: problems.is_empty(), finding })
}

fn model(settings: &Settings, output: Output) -> Check {
    let embedder = compose::embedder(settings, output);
    let (ok, finding) = match embedder.files() {
        Ok(files) => (true, format!("all-MiniLM-L6-v2 in {}", files.folder().display())),
        Err(error) => (false, with_hints(&error)),
    };
    Check { name: "model".to_owned(), ok, finding }
}

fn canary(memory: &Memory) -> Check {
    let (ok, finding) = match memory.canary() {
        Ok(worked) => judged(&worked),
        Err(error) => (false, with_hints(&error)),
    };
    Check { name: "canary".to_owned(), ok, finding }
}

fn judged(worked: &[CanaryStep]) -> (bool, String) {
    let said: Vec<String> = CanaryStep::ALL
        .iter()
        .map(|step| {
            let not = if worked.contains(step) { "" } else { "NOT " };
            format!("{not}{}", step.as_str())
        })
        .collect();
    (worked.len() == CanaryStep::ALL.len(), format!("a test turn was {}", said.join(", ")))
}

/// Turns that wait for vectors are not a failure: they are found by words.
fn vectors(stats: &StoreStats) -> Check {
    let finding = if stats.turns_without_vectors == 0 {
        "every turn is found by its meaning".to_owned()
    } else {
        format!(
            "{} found by words only until longmem index is run",
            counted(stats.turns_without_vectors, "turn")
        )
    };
    Check { name: "vectors".to_owned(), ok: stats.passages == stats.vectors, finding }
}

fn truncated(stats: &StoreStats) -> Check {
    let finding = match stats.truncated_tokens {
        0 => "no text was cut off before it was embedded".to_owned(),
        tokens => format!("{} were cut off: run longmem index --reembed", counted(tokens, "token")),
    };
    Check { name: "truncation".to_owned(), ok: stats.truncated_tokens == 0, finding }
}

/// What was learned of how language models count tokens; none before the first answer.
fn tokens(memory: &Memory) -> Result<Option<Check>, Failure> {
    let learned: Vec<String> = calibrations(memory)?
        .iter()
        .map(|learned| {
            format!(
                "{} counts {:.2} times the estimate ({})",
                learned.model,
                learned.calibration.factor(),
                counted(learned.calibration.answers().into(), "answer")
            )
        })
        .collect();
    let check = Check { name: "tokens".to_owned(), ok: true, finding: learned.join("; ") };
    Ok((!learned.is_empty()).then_some(check))
}

fn with_hints(error: &impl Diagnose) -> String {
    let hints = hints(error).join(" ");
    if hints.is_empty() { error.to_string() } else { format!("{error}. {hints}") }
}
