//! What takes the turns that are read, and remembers how far each file was read.

use std::ops::ControlFlow;
use std::path::Path;

use crate::exported_record::ExportedRecord;
use crate::imported_turn::ImportedTurn;
use crate::mark::Mark;
use crate::progress::Progress;

/// Takes the turns that are read. One that keeps marks has a file that did not change passed over,
/// and a transcript that has grown read on from where it ended.
pub trait TurnReceiver {
    /// Takes a turn; `Break` stops the reading.
    fn receive(&mut self, turn: ImportedTurn, progress: &Progress) -> ControlFlow<()>;

    /// Takes what an export of longmem holds besides turns; passed over by default. The turns that it
    /// refers to come before it in the same file.
    fn receive_record(&mut self, _record: ExportedRecord) {}

    /// Whether it keeps marks; if not, none is made.
    fn keeps_marks(&self) -> bool {
        false
    }

    /// Whether a file that did not change is read all the same.
    fn reads_unchanged(&self) -> bool {
        false
    }

    /// The mark that was set for a file when it was read before, by its absolute path.
    fn mark(&mut self, _file: &Path) -> Option<Mark> {
        None
    }

    /// Keeps a mark for a file in place of the one before. Every turn up to it has been received; it
    /// may be kept only once these are stored.
    fn set_mark(&mut self, _file: &Path, _mark: Mark) {}
}

/// Takes turns by a function, without marks.
pub(crate) struct ReceivingFunction<'a>(
    pub(crate) &'a mut dyn FnMut(ImportedTurn, &Progress) -> ControlFlow<()>,
);

impl TurnReceiver for ReceivingFunction<'_> {
    fn receive(&mut self, turn: ImportedTurn, progress: &Progress) -> ControlFlow<()> {
        (self.0)(turn, progress)
    }
}
