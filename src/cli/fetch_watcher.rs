//! Shows the download of the embedding model.

use std::sync::{Mutex, PoisonError};

use indicatif::ProgressBar;
use longmem_embed::{EmbedderError, FetchEvent, Source};

use crate::output::Output;
use crate::progress_bar;
use crate::sanitize::for_terminal;

/// Shows a download as a note and a bar.
pub(crate) struct FetchWatcher {
    output: Output,
    bar: Mutex<Option<ProgressBar>>,
}

impl FetchWatcher {
    pub(crate) fn new(output: Output) -> Self {
        Self { output, bar: Mutex::new(None) }
    }

    /// Shows one event.
    pub(crate) fn see(&self, event: &FetchEvent<'_>) {
        let mut bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            FetchEvent::Asking(source) => {
                self.output
                    .note(format!("fetching the embedding model (91 MB, once) from {source}"));
            }
            FetchEvent::Waiting => {
                self.output.note("another process is fetching the embedding model; waiting for it");
            }
            FetchEvent::Progress { file, received, total } => {
                let bar = bar.get_or_insert_with(|| progress_bar::bytes(self.output, *total));
                if let Some(total) = total {
                    bar.set_length(*total);
                }
                bar.set_position(*received);
                bar.set_message((*file).to_owned());
            }
            // Before anything else is printed: a bar that goes on would be drawn over it.
            FetchEvent::Ended(_) => {
                bar.take().inspect(ProgressBar::finish_and_clear);
            }
            FetchEvent::PassedOver { error, .. } if is_damage(error) => {
                self.output.warn(for_terminal(&error.to_string()));
            }
            FetchEvent::PassedOver { source, error } if is_download(source) => {
                self.output
                    .note(format!("{source} does not serve: {}", for_terminal(&error.to_string())));
            }
            // A place that simply has no model, or an event of a newer embedding crate.
            _ => {}
        }
    }
}

fn is_damage(error: &EmbedderError) -> bool {
    matches!(error, EmbedderError::WrongSum { .. } | EmbedderError::WrongSize { .. })
}

fn is_download(source: &Source) -> bool {
    matches!(source, Source::Hub(_) | Source::Pypi(_))
}
