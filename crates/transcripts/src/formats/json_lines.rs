//! JSON Lines: one message a line, which is also what longmem exports.

use std::ops::ControlFlow;

use serde_json::Value;

use super::messages::{Messages, is_message};
use super::reader::FormatReader;
use crate::json::JsonShape;
use crate::skip_reason::SkipReason;
use crate::turn_output::TurnOutput;

/// Reads one message a line, by the rules for [`Messages`], and what else an export of longmem holds.
#[derive(Default)]
pub(super) struct JsonLines {
    messages: Messages,
    /// Whether the file began as our exports do. Facts in other files are nobody's word.
    is_export: bool,
}

impl FormatReader for JsonLines {
    fn description() -> &'static str {
        "JSON Lines with one message a line"
    }

    fn recognizes(value: &Value, shape: JsonShape) -> bool {
        shape != JsonShape::Array && (is_message(value) || is_export_header(value))
    }

    fn read_value(&mut self, value: Value, output: &mut TurnOutput<'_>) -> ControlFlow<()> {
        if is_export_header(&value) {
            self.is_export = true;
            output.deliver_record(None);
            return ControlFlow::Continue(());
        }
        if self.is_export && value["role"].is_null() {
            match serde_json::from_value(value) {
                Ok(record) => output.deliver_record(Some(record)),
                Err(_) => output.skip(SkipReason::Malformed),
            }
            return ControlFlow::Continue(());
        }
        self.messages.read_value(value, output)
    }

    fn holds_nothing_back(&self) -> bool {
        true
    }

    fn state(&self) -> Option<Value> {
        self.messages.state()
    }

    fn restore(&mut self, state: Value) {
        self.messages.restore(state);
    }
}

/// Whether a line is the first one of an export.
fn is_export_header(value: &Value) -> bool {
    value["longmem_export"].is_u64()
}
