//! Reads the command line; what is wrong with it is said in words, or as JSON to who asked for that.

use std::io::Write;
use std::process::ExitCode;

use clap::builder::Resettable;
use clap::{Command, CommandFactory, FromArgMatches};
use longmem_core::ErrorCode;
use longmem_wire::ErrorDocument;

use crate::arguments::Arguments;
use crate::given::Given;
use crate::output::Output;
use crate::sanitize::for_terminal_in_colour;

/// Reads the command line of this process: what is to be done, and which flags say so.
///
/// # Errors
/// The exit code, after help or an error was printed.
pub(crate) fn parse() -> Result<(Arguments, Given), ExitCode> {
    let mut command = Arguments::command();
    // With it, every subcommand knows its whole name.
    command.build();
    let command = without_empty_variables(with_plain_usage(command));
    let parsed = command
        .try_get_matches()
        .and_then(|matches| Ok((Arguments::from_arg_matches(&matches)?, Given::new(matches))));
    parsed.map_err(|error| {
        if error.use_stderr() && asks_for_json() {
            let output = Output { json: true, quiet: false };
            output.error_document(&document(&error));
        } else {
            print(&error);
        }
        ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
    })
}

/// Prints help, or what is wrong; an argument that is quoted may hold anything.
fn print(error: &clap::Error) {
    // Whoever closed the terminal does not want to know.
    let _ = if error.use_stderr() {
        let text = error.render().ansi().to_string();
        write!(anstream::stderr().lock(), "{}", for_terminal_in_colour(&text))
    } else {
        error.print()
    };
}

/// Makes a command line whose errors show the usage as the help does. clap would put those flags into it
/// that were given, and take a variable for a flag that has to be given.
fn with_plain_usage(mut command: Command) -> Command {
    let usage = command.render_usage().to_string();
    let usage = usage.strip_prefix("Usage: ").unwrap_or(&usage).to_owned();
    command.override_usage(usage).mut_subcommands(with_plain_usage)
}

/// Makes a command line whose flags pass over the variables that are set to nothing, as
/// [`longmem::environment::read`] does.
fn without_empty_variables(command: Command) -> Command {
    let command = command.mut_args(|flag| {
        let is_empty = |name| std::env::var_os(name).is_some_and(|value| value.is_empty());
        if flag.get_env().is_some_and(is_empty) { flag.env(Resettable::Reset) } else { flag }
    });
    command.mut_subcommands(without_empty_variables)
}

/// Says whether `--json` is among the flags of this process, also if its command line cannot be read.
pub(crate) fn asks_for_json() -> bool {
    is_json_asked_in(std::env::args_os())
}

fn is_json_asked_in(arguments: impl Iterator<Item = std::ffi::OsString>) -> bool {
    arguments.take_while(|argument| argument != "--").any(|argument| argument == "--json")
}

/// What clap says, a sentence a line: its first paragraph is the message, the others are hints.
fn document(error: &clap::Error) -> ErrorDocument {
    let text = error.to_string();
    let mut paragraphs = text.split("\n\n").map(on_one_line).filter(|text| !text.is_empty());
    let message = paragraphs.next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(&message);
    ErrorDocument::new(ErrorCode::WrongCommandLine, message, paragraphs.collect())
}

fn on_one_line(paragraph: &str) -> String {
    paragraph.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: &str) -> ErrorDocument {
        let error = Arguments::command().try_get_matches_from(line.split(' ')).unwrap_err();
        document(&error)
    }

    #[test]
    fn a_wrong_command_line_is_a_message_with_hints() {
        let error = refused("longmem remember --json").error;
        assert_eq!(error.code, ErrorCode::WrongCommandLine);
        assert_eq!(error.message, "the following required arguments were not provided: <TEXT>...");
        assert_eq!(error.hints[0], "Usage: longmem remember --json <TEXT>...");
        let error = refused("longmem forgte").error;
        assert_eq!(error.message, "unrecognized subcommand 'forgte'");
        assert!(error.hints[0].contains("'forget'"), "{:?}", error.hints);
    }

    #[test]
    fn json_is_asked_for_by_its_flag_and_not_by_a_text() {
        let asks = |line: &str| is_json_asked_in(line.split(' ').map(Into::into));
        assert!(asks("longmem frobnicate --json"));
        assert!(!asks("longmem remember -- --json"));
    }
}
