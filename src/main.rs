//! The command line: arguments → settings → work → output.

mod arguments;
mod commands;
mod compose;
mod config_file;
mod environment;
mod failure;
mod interrupt;
mod output;
mod progress_bar;
mod remedy;
mod render;
mod sanitize;
mod settings;
mod time_argument;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use arguments::Arguments;
use output::Output;

fn main() -> ExitCode {
    let matches = environment::without_empty(Arguments::command()).get_matches();
    let arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let output = Output { json: arguments.global.json, quiet: arguments.global.quiet };
    match commands::run(arguments, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(|line| output.error(line)),
    }
}
