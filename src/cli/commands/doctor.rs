//! `longmem doctor`: proves that everything works, or says what does not.

mod file;
mod language_model;
mod ring;
mod salvage;
mod server;
mod waiting;

use longmem::{IfMissing, Readable, StorePlace, readable_turns};
use longmem_chat::calibrations;
use longmem_core::{Diagnose, EmbeddingModel, ErrorCode, Remedy};
use longmem_memory::{CanaryStep, Memory, StoreStats};
use longmem_wire::{Check, Checks};

use crate::arguments::DoctorArguments;
use crate::compose;
use crate::failure::{Failure, hints};
use crate::output::{Output, bytes, counted, grouped};
use crate::remedy::hint;
use crate::render;
use crate::settings::Settings;

/// Number of problems of the store that are named; of further ones it is said how many there are.
const SHOWN_PROBLEMS: usize = 20;

pub(super) fn run(
    arguments: &DoctorArguments,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    if let Some(to) = &arguments.salvage {
        return salvage::run(to, settings, output);
    }
    let mut checks = match compose::memory(settings, IfMissing::Create, output) {
        Ok(memory) => of_memory(&memory, settings, output),
        Err(failure) => vec![unopened_store(&failure, settings), model(settings, output)],
    };
    let language_model = language_model::check(&arguments.provider, settings);
    let position = checks.iter().position(|check| check.name == "tokens").unwrap_or(checks.len());
    checks.insert(
        position,
        language_model.unwrap_or_else(|failure| failed("language_model", &failure)),
    );
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

/// Everything that can be looked at in a store that opens. What fails in one check does not end the
/// others.
fn of_memory(memory: &Memory, settings: &Settings, output: Output) -> Vec<Check> {
    let stats = memory.stats().map_err(Failure::from);
    let counted = |name: &str, check: fn(&StoreStats) -> Check| match &stats {
        Ok(stats) => check(stats),
        Err(failure) => failed(name, failure),
    };
    let mut checks = vec![store_content(memory, stats.as_ref().ok(), settings)];
    checks.push(match &settings.options.place {
        StorePlace::File(file) => file::check(file, stats.as_ref().ok()),
        StorePlace::Server(server) => server::check(server),
        StorePlace::Ring(ring) => ring::check(ring),
    });
    checks.extend(waiting::check(memory, settings));
    checks.push(model(settings, output));
    checks.push(canary(memory));
    checks.push(match (&stats, memory.serving_model()) {
        (Ok(stats), Ok(serving)) => vectors(stats, serving.as_ref(), memory.embedder().model()),
        (Err(failure), _) => failed("vectors", failure),
        (_, Err(error)) => failed("vectors", &error.into()),
    });
    checks.push(counted("truncation", truncated));
    checks.extend(tokens(memory).unwrap_or_else(|failure| Some(failed("tokens", &failure))));
    checks
}

/// A check that could not be made.
fn failed(name: &str, failure: &Failure) -> Check {
    Check { name: name.to_owned(), ok: false, finding: failure.finding() }
}

/// The check of a store that cannot be opened, with what can be saved of it.
fn unopened_store(failure: &Failure, settings: &Settings) -> Check {
    let mut check = failed("store", failure);
    if failure.is_damage() {
        check.finding += &can_be_saved(settings);
    }
    check
}

fn store_content(memory: &Memory, stats: Option<&StoreStats>, settings: &Settings) -> Check {
    let (mut problems, mut more) = (Vec::new(), 0u64);
    let checked = memory.check(&mut |problem| {
        if problems.len() < SHOWN_PROBLEMS {
            problems.push(problem);
        } else {
            more += 1;
        }
    });
    if let Err(error) = checked {
        problems.push(Failure::from(error).finding());
    }
    if more > 0 {
        problems.push(format!("and {more} more"));
    }
    let whole = || match stats {
        Some(stats) => format!(
            "{} is whole: {} in {}, {}{}",
            memory.place(),
            counted(stats.turns, "turn"),
            counted(stats.sessions, "session"),
            bytes(stats.file_bytes),
            // A store that opened with a key is encrypted.
            if settings.key_file.is_some() { ", encrypted" } else { "" }
        ),
        None => format!("{} is whole", memory.place()),
    };
    let ok = problems.is_empty();
    let finding = if ok { whole() } else { problems.join("; ") + &can_be_saved(settings) };
    Check { name: "store".to_owned(), ok, finding }
}

/// How much of a damaged store can be read, and how it is saved.
fn can_be_saved(settings: &Settings) -> String {
    let readable = settings.options.place.file().and_then(|file| readable_turns(file).ok());
    let Some(Readable { turns, known_turns }) = readable else {
        return String::new();
    };
    format!(
        ". {} of {} can be read: longmem doctor --salvage NEW.db saves them",
        grouped(turns),
        counted(known_turns, "known turn")
    )
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
        Err(error) if error.code() == ErrorCode::ModelMissing => {
            (false, "it cannot be tried without the model".to_owned())
        }
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

/// Turns that wait for vectors are not a failure: they are found by words. Vectors of another model
/// are one: nothing is found by its meaning then.
fn vectors(stats: &StoreStats, serving: Option<&EmbeddingModel>, in_use: &EmbeddingModel) -> Check {
    let is_other = serving.filter(|serving| *serving != in_use);
    let finding = match (is_other, stats.turns_without_vectors) {
        (Some(other), _) => format!(
            "nothing is found by its meaning: the vectors were made by {}@{}, not by {}@{}. {}",
            other.name,
            other.revision,
            in_use.name,
            in_use.revision,
            hint(&Remedy::ReplaceModel)
        ),
        (None, 0) => "every turn is found by its meaning".to_owned(),
        (None, waiting) => {
            format!("{} found by words only until longmem index is run", counted(waiting, "turn"))
        }
    };
    let ok = is_other.is_none() && stats.passages == stats.vectors;
    Check { name: "vectors".to_owned(), ok, finding }
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
    let mut lines = vec![error.to_string()];
    lines.extend(hints(error).iter().map(|hint| format!("  hint: {hint}")));
    lines.join("\n")
}
