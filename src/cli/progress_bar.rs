//! Progress bars, on a terminal only.

use std::fmt::Write;
use std::sync::LazyLock;
use std::time::Duration;

use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressState, ProgressStyle};

use crate::output::Output;

/// All bars and signs of the program, one below the other.
static ALL: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// A bar that counts things, with a message and the time left.
pub(crate) fn counting(output: Output, total: u64, noun: &str) -> ProgressBar {
    bar(output, total, &format!("{{wide_bar}} {{human_pos}}/{{human_len}} {noun}  {{msg}}{{left}}"))
}

/// A bar that counts bytes; without a total, their number so far.
pub(crate) fn bytes(output: Output, total: Option<u64>) -> ProgressBar {
    match total {
        Some(total) => bar(output, total, "{wide_bar} {bytes}/{total_bytes}  {msg}{left}"),
        None => bar(output, 0, "{spinner} {bytes} so far  {msg}"),
    }
}

/// Writes to the terminal beside the bars and signs that are shown.
pub(crate) fn aside<T>(write: impl FnOnce() -> T) -> T {
    ALL.suspend(write)
}

/// A sign that something happens, for which there is no measure; hidden where progress is.
pub(crate) fn sign(output: Output, words: &str) -> ProgressBar {
    if !output.shows_progress() {
        return ProgressBar::hidden();
    }
    let sign = ALL.add(ProgressBar::new_spinner().with_message(words.to_owned()));
    sign.enable_steady_tick(Duration::from_millis(100));
    sign
}

fn bar(output: Output, total: u64, template: &str) -> ProgressBar {
    if !output.shows_progress() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(template).expect("the templates are constants");
    let style = style.with_key("left", time_left);
    let bar = ALL.add(ProgressBar::new(total).with_style(style));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// The time left; nothing before the first step, when nothing is known of it.
fn time_left(state: &ProgressState, out: &mut dyn Write) {
    if state.pos() > 0 && !state.is_finished() {
        // A bar that cannot be written to is not shown.
        let _ = write!(out, "  {:#} left", HumanDuration(state.eta()));
    }
}
