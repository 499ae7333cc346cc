//! The command line: arguments → settings → work → output.

mod agent_folders;
mod arenas;
mod arguments;
mod commands;
mod compose;
mod config_file;
mod config_keys;
mod confirm;
mod copies;
mod failure;
mod fetch_watcher;
mod given;
mod interrupt;
mod language_model;
mod moderation;
mod named_file;
mod new_file;
mod output;
mod pager;
mod panics;
mod parsing;
mod progress_bar;
mod prompt_history;
mod remedy;
mod render;
mod safeguards;
mod sanitize;
mod server_socket;
mod settings;
mod standard_input;
mod stop_signals;
mod waiting;
mod watched;
mod words;
mod wrap;

use std::process::ExitCode;

use longmem::environment;

use output::Output;

fn main() -> ExitCode {
    let before_reading = Output { json: parsing::asks_for_json(), quiet: false };
    commands::hook::ends_well(|| {
        panics::run(before_reading, || {
            let (arguments, given) = match parsing::parse() {
                Ok(parsed) => parsed,
                Err(code) => return code,
            };
            let output = Output { json: arguments.global.json, quiet: arguments.global.quiet };
            match commands::run(arguments, &given, output) {
                Ok(()) => ExitCode::SUCCESS,
                Err(failure) => failure.report(output),
            }
        })
    })
}
