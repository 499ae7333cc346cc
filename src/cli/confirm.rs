//! Asks a person before something is deleted or changed for good.

use std::io::{BufRead, IsTerminal, stdin};

use longmem_core::ErrorCode;

use crate::failure::Failure;
use crate::output::Output;

/// Asks the person at the terminal for a yes. `nothing` says what is so without one: "nothing was
/// forgotten".
///
/// # Errors
/// [`Failure`] without a yes; without a terminal, nobody can be asked.
pub(crate) fn confirm(question: &str, nothing: &str) -> Result<(), Failure> {
    let answer = ask(&format!("{question} [y/N]"), nothing)?;
    if answer.eq_ignore_ascii_case("y") || answer.eq_ignore_ascii_case("yes") {
        Ok(())
    } else {
        Err(refused(nothing))
    }
}

/// Asks the person at the terminal for a line.
///
/// # Errors
/// [`Failure`] if there is no terminal.
pub(crate) fn ask(question: &str, nothing: &str) -> Result<String, Failure> {
    if !stdin().is_terminal() {
        return Err(refused(nothing));
    }
    // A question is for the person, not data: it goes to standard error.
    Output { json: false, quiet: false }.note(question);
    let mut answer = String::new();
    stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim().to_owned())
}

/// Why nothing was done: nobody said yes.
pub(crate) fn refused(nothing: &str) -> Failure {
    let hint = "Add --yes to do it without being asked, or --dry-run to see what it would do.";
    Failure::refused(ErrorCode::NotConfirmed, nothing, hint)
}
