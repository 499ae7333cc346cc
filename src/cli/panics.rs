//! A panic is a bug: it is said once, in one message that quotes nothing anybody wrote, and the command
//! ends with exit code 70.

use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use longmem_core::ErrorCode;
use longmem_wire::ErrorDocument;

use crate::output::Output;

/// The exit code of a bug.
const BUG: u8 = 70;

/// Whether some thread has panicked.
static PANICKED: AtomicBool = AtomicBool::new(false);

/// Runs the program. A panic of any of its threads is told as a bug, and its exit code is that of one.
pub(crate) fn run(output: Output, program: impl FnOnce() -> ExitCode) -> ExitCode {
    set_hook(Box::new(move |panic| {
        // One that follows from another says nothing new.
        if !PANICKED.swap(true, Ordering::SeqCst) {
            say(output, &place(panic));
        }
    }));
    match catch_unwind(AssertUnwindSafe(program)) {
        Ok(code) if !PANICKED.load(Ordering::SeqCst) => code,
        _ => BUG.into(),
    }
}

/// Where the panic happened. Its own message may quote a turn, so it is left out.
fn place(panic: &PanicHookInfo<'_>) -> String {
    panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string)
}

fn say(output: Output, place: &str) {
    let message = format!("this is a bug in longmem: it stopped at {place}");
    let hint = format!(
        "Please report it at {} with this line, the version ({} {}, {}) and the command, without \
         what you remembered or asked. What was stored before is safe.",
        concat!(env!("CARGO_PKG_REPOSITORY"), "/issues"),
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
    );
    if output.json {
        output.error_document(&ErrorDocument::new(ErrorCode::Bug, message, vec![hint]));
    } else {
        output.error(&format!("error: {message}"));
        output.error(&format!("  hint: {hint}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both in one test, since the hook and what has happened belong to the whole process.
    #[test]
    fn a_panic_of_any_thread_ends_with_the_exit_code_of_a_bug() {
        let output = Output { json: true, quiet: false };
        let plain = run(output, || ExitCode::from(3));
        assert_eq!(format!("{plain:?}"), format!("{:?}", ExitCode::from(3)));
        let in_another = run(output, || {
            let panicked = std::thread::spawn(|| panic!("a secret")).join().is_err();
            ExitCode::from(u8::from(panicked))
        });
        assert_eq!(format!("{in_another:?}"), format!("{:?}", ExitCode::from(BUG)));
        let in_this = run(output, || panic!("a secret"));
        let _ = std::panic::take_hook();
        assert_eq!(format!("{in_this:?}"), format!("{:?}", ExitCode::from(BUG)));
    }
}
