//! Progress bars, on a terminal only.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::output::Output;

/// A bar that counts things, with their rate and the time left.
pub(crate) fn counting(output: Output, total: u64, noun: &str) -> ProgressBar {
    bar(
        output,
        total,
        &format!("{{wide_bar}} {{human_pos}}/{{human_len}} {noun}  {{msg}}  {{eta}} left"),
    )
}

/// A bar that counts bytes.
pub(crate) fn bytes(output: Output, total: u64) -> ProgressBar {
    bar(output, total, "{wide_bar} {bytes}/{total_bytes}  {msg}  {eta} left")
}

fn bar(output: Output, total: u64, template: &str) -> ProgressBar {
    if !output.shows_progress() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(template).expect("the templates are constants");
    let bar = ProgressBar::new(total).with_style(style);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
