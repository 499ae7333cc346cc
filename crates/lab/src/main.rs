//! Experiments that develop longmem: where its ranking's numbers come from, what the prompts of a talk
//! cost, and how it compares with other programs. It is not shipped.
//!
//! Run: `cargo run --release -p longmem-lab -- --help`.

mod arguments;
mod embedding;
mod error;
mod fit;
mod model;
mod npy;
mod open;
mod replay;
mod search;
mod texts;
mod tokens;

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Experiment};
use error::LabError;

fn main() -> ExitCode {
    let done = run(Arguments::parse()).and_then(|result| {
        // What was found is data, and the only thing on standard output.
        writeln!(std::io::stdout(), "{}", result.trim_end()).map_err(LabError::from)
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // If standard error is closed, nobody wants to know.
            let _ = writeln!(std::io::stderr(), "error: {}", with_causes(&error));
            ExitCode::FAILURE
        }
    }
}

/// Runs an experiment and returns what it found, as it is to be printed.
fn run(arguments: Arguments) -> Result<String, LabError> {
    if let Some(threads) = arguments.model.threads {
        // Fails only if threads were started before, and none were.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    }
    match arguments.experiment {
        Experiment::Fit(experiment) => fit::run(&experiment, &arguments.model),
        Experiment::Replay(experiment) => replay::run(&experiment, &arguments.model),
        Experiment::Search(experiment) => search::run(&experiment),
        Experiment::Embedding(experiment) => embedding::run(&experiment, &arguments.model),
        Experiment::Tokens(experiment) => tokens::run(&experiment),
    }
}

/// An error's message, and after colons those of its causes that it does not repeat.
fn with_causes(error: &dyn Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !message.contains(&text) {
            message.push_str(": ");
            message.push_str(&text);
        }
        cause = error.source();
    }
    message
}
