//! The command line: arguments → settings → work → output.

mod arguments;
mod commands;
mod compose;
mod config_file;
mod environment;
mod failure;
mod interrupt;
mod output;
mod parsing;
mod progress_bar;
mod remedy;
mod render;
mod sanitize;
mod settings;
mod time_argument;

use std::process::ExitCode;

use output::Output;

fn main() -> ExitCode {
    let arguments = match parsing::parse() {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    let output = Output { json: arguments.global.json, quiet: arguments.global.quiet };
    match commands::run(arguments, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(output),
    }
}
