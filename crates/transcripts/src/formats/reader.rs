//! What every chat format provides: how it is recognised and how it is read.

use std::ops::ControlFlow;

use serde_json::Value;

use crate::json::JsonShape;
use crate::turn_output::TurnOutput;

/// A chat format: how a file of it is recognised, and how it is read, value by value.
///
/// A reader is made anew for every file. It keeps only what later values of the file need.
pub(crate) trait FormatReader {
    /// How an error tells people what a file of this format is.
    fn description() -> &'static str
    where
        Self: Sized;

    /// Whether a value from a file shows that the file is of this format. Fields that other
    /// programs write too are not enough: the first format that recognises a value reads the file.
    fn recognizes(value: &Value, shape: JsonShape) -> bool
    where
        Self: Sized;

    /// Reads the next value of the file.
    fn read_value(&mut self, value: Value, output: &mut TurnOutput<'_>) -> ControlFlow<()>;

    /// Delivers what was held back, after the last value.
    fn finish(&mut self, _output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
