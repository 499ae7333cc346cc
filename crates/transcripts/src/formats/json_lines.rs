//! JSON Lines: one message a line, which is also what longmem exports.

use std::ops::ControlFlow;

use serde_json::Value;

use super::messages::{Messages, is_message};
use super::reader::FormatReader;
use crate::json::JsonShape;
use crate::turn_output::TurnOutput;

/// Reads one message a line, by the rules for [`Messages`].
#[derive(Default)]
pub(super) struct JsonLines(Messages);

impl FormatReader for JsonLines {
    fn description() -> &'static str {
        "JSON Lines with one message a line"
    }

    fn recognizes(value: &Value, shape: JsonShape) -> bool {
        shape != JsonShape::Array && is_message(value)
    }

    fn read_value(&mut self, value: Value, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        self.0.read_value(value, output)
    }

    fn holds_nothing_back(&self) -> bool {
        true
    }

    fn state(&self) -> Option<Value> {
        self.0.state()
    }

    fn restore(&mut self, state: Value) {
        self.0.restore(state);
    }
}
