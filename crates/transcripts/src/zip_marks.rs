//! Marks of zips: one that did not change is passed over with all its files.

use crate::files::{Marked, TranscriptFiles};
use crate::mark::{Mark, SinceMark, since_mark};
use crate::turn_output::TurnOutput;

/// The marks of the zips among the files.
#[derive(Default)]
pub(crate) struct ZipMarks {
    /// The zip whose files are read now, and whether it did not change.
    current: Option<(Marked, bool)>,
    /// Whether something of it was not read.
    incomplete: bool,
}

impl ZipMarks {
    /// Whether a file is in a zip that did not change since it was read before.
    pub(crate) fn is_unchanged(
        &mut self,
        files: &TranscriptFiles,
        index: usize,
        output: &mut TurnOutput<'_>,
    ) -> bool {
        let keeps_marks = output.receiver().keeps_marks();
        let zip = files.marked(index).filter(|marked| keeps_marks && marked.is_zip);
        if self.current.as_ref().map(|(current, _)| current) != zip.as_ref() {
            self.finish(output);
            self.current = zip.map(|mut zip| {
                let since = since_mark(files, Some(&mut zip), output);
                (zip, matches!(since, SinceMark::Unchanged))
            });
        }
        self.current.as_ref().is_some_and(|(_, unchanged)| *unchanged)
    }

    /// Notes that something of the zip was not read.
    pub(crate) fn stop(&mut self) {
        self.incomplete = true;
    }

    /// Marks the zip whose files were read.
    pub(crate) fn finish(&mut self, output: &mut TurnOutput<'_>) {
        let incomplete = std::mem::take(&mut self.incomplete);
        if let Some((zip, false)) = self.current.take()
            && !incomplete
            && let Ok((mark, _)) = Mark::new(&zip.facts(), None, true, None)
        {
            output.receiver().set_mark(&zip.path, mark);
        }
    }
}
