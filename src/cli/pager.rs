//! Shows what is longer than the screen in the person's pager.

use std::io::{self, ErrorKind, Write};
use std::process::{Child, Command, Stdio};

use longmem::environment::{self, LONGMEM_PAGER, PAGER};

/// The pager if none is named.
const USUAL_PAGER: &str = "less";

/// What `less` is told where the person says nothing else: leave short texts on the screen (F, X), and
/// show colours (R).
const LESS: (&str, &str) = ("LESS", "FRX");

/// Shows a text in the pager. Says whether it was shown: there may be no pager.
///
/// # Errors
/// When a pager that was started cannot be written to, but for one that was left early.
pub(crate) fn show(text: &str) -> io::Result<bool> {
    let words = words();
    let Some((program, arguments)) = words.split_first() else { return Ok(false) };
    let mut pager = Command::new(program);
    // Nobody may run commands, or write files, from a text that others wrote.
    pager.args(arguments).stdin(Stdio::piped()).env("LESSSECURE", "1");
    for (name, value) in [LESS, ("LESSCHARSET", "utf-8")] {
        if std::env::var_os(name).is_none() {
            pager.env(name, value);
        }
    }
    let Ok(pager) = pager.spawn() else { return Ok(false) };
    let text = text.to_owned();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut shown = tokio::task::spawn_blocking(move || write_and_wait(pager, &text));
        loop {
            tokio::select! {
                shown = &mut shown => return shown.map_err(io::Error::from)?,
                // While it is open, Ctrl-C is the pager's.
                _ = tokio::signal::ctrl_c() => {}
            }
        }
    })?;
    Ok(true)
}

/// The words of the pager that is named, or else of the usual one; none if it is named as nothing.
fn words() -> Vec<String> {
    // Unlike elsewhere, a variable that is set to nothing says something: no pager.
    let is_set = |name: &&str| std::env::var_os(name).is_some();
    let named = [LONGMEM_PAGER, PAGER].into_iter().find(is_set).map(environment::read);
    let line = named.map_or_else(|| USUAL_PAGER.to_owned(), Option::unwrap_or_default);
    line.split_whitespace().map(str::to_owned).collect()
}

fn write_and_wait(mut pager: Child, text: &str) -> io::Result<()> {
    let written = pager.stdin.take().map_or(Ok(()), |mut input| input.write_all(text.as_bytes()));
    pager.wait()?;
    written.or_else(|error| if error.kind() == ErrorKind::BrokenPipe { Ok(()) } else { Err(error) })
}
