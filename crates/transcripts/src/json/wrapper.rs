//! Objects around conversations, as `{"conversations": [{…}, {…}]}` or `{"data": {"results": [{…}]}}`.

use std::fmt;
use std::ops::ControlFlow;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::values::{JsonShape, Limits, OnValue, parse_raw};
use crate::metered_reader::Meter;

/// The names under which programs and scripts keep an array of conversations or memories.
/// Telegram has two of its own: `{"chats": {"list": [{…}]}, "left_chats": {"list": [{…}]}}`.
const NAMES: [&str; 13] = [
    "conversations",
    "chats",
    "left_chats",
    "list",
    "data",
    "results",
    "items",
    "memories",
    "history",
    "export",
    "result",
    "response",
    "payload",
];

/// The fields of a message, of which a conversation has none. An array of messages is no wrapper: it
/// is one conversation.
const MESSAGE_FIELDS: [&str; 5] = ["role", "from", "value", "sender", "content"];

fn is_wrapped(element: &Value) -> bool {
    element.is_object() && MESSAGE_FIELDS.iter().all(|field| element.get(field).is_none())
}

/// The conversations that a whole value is wrapped around; the value itself where it is no wrapper.
pub(crate) fn unwrapped(mut value: Value) -> Result<Vec<Value>, Value> {
    // Programs give the records of their logs a type.
    if value.get("type").is_some() {
        return Err(value);
    }
    let mut elements = Vec::new();
    take_wrapped(&mut value, &mut elements);
    if elements.is_empty() { Err(value) } else { Ok(elements) }
}

fn take_wrapped(value: &mut Value, elements: &mut Vec<Value>) {
    let fields = value.as_object_mut().into_iter().flatten();
    for (_, value) in fields.filter(|(name, _)| NAMES.contains(&name.as_str())) {
        match value {
            Value::Array(wrapped) if wrapped.first().is_some_and(is_wrapped) => {
                elements.append(wrapped);
            }
            other => take_wrapped(other, elements),
        }
    }
}

/// Whether the beginning of a JSON text is that of a wrapper.
pub(super) fn begins_wrapper(json: &[u8]) -> bool {
    let mut rest = json.trim_ascii_start();
    let mut skip = |sign: &[u8]| {
        let after = rest.strip_prefix(sign).map(<[u8]>::trim_ascii_start);
        rest = after.unwrap_or(rest);
        after.is_some()
    };
    skip(b"{")
        && NAMES.iter().any(|name| skip(format!("\"{name}\"").as_bytes()))
        && skip(b":")
        && (skip(b"[") || skip(b"{"))
}

/// Reads one value of a file that spans lines. The conversations of a wrapper are handed over one at
/// a time, so that the wrapper may be as large as it likes; any other value is kept as text.
pub(super) struct WrapperReader<'a, 'b> {
    pub(super) limits: Limits,
    pub(super) meter: &'a Meter,
    pub(super) on_value: &'a mut OnValue<'b>,
    /// What was read and not handed over, as JSON.
    pub(super) kept: String,
    /// Whether conversations were handed over.
    pub(super) is_wrapper: bool,
    pub(super) stopped: bool,
}

impl WrapperReader<'_, '_> {
    fn keep(&mut self, json: &str) {
        self.kept.push_str(json);
    }

    /// Sets the separator before a member or an element, unless it is the first one.
    fn separate(&mut self) {
        if !self.kept.ends_with(['{', '[', ':']) && !self.kept.is_empty() {
            self.kept.push(',');
        }
    }

    fn hand_over(&mut self, raw: &RawValue) {
        self.is_wrapper = true;
        let flow = (self.on_value)(JsonShape::Array, parse_raw(raw, self.limits));
        self.stopped = flow == ControlFlow::Break(());
    }
}

impl<'de> DeserializeSeed<'de> for &mut WrapperReader<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut WrapperReader<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        self.keep("{");
        while let Some(name) = members.next_key::<String>()? {
            self.separate();
            self.keep(&Value::from(name.as_str()).to_string());
            self.keep(":");
            if NAMES.contains(&name.as_str()) {
                members.next_value_seed(&mut *self)?;
                if self.stopped {
                    // The rest of the object is not read, which ends its reading with an error.
                    return Err(A::Error::custom("stopped"));
                }
            } else {
                self.keep(members.next_value::<Box<RawValue>>()?.get());
            }
        }
        self.keep("}");
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        self.keep("[");
        let mut wraps = None;
        while let Some(raw) = elements.next_element::<Box<RawValue>>()? {
            // The first element says what all of them are.
            let wraps = *wraps.get_or_insert_with(|| {
                self.kept.starts_with('{')
                    && parse_raw(&raw, self.limits).is_ok_and(|element| is_wrapped(&element))
            });
            if wraps {
                self.hand_over(&raw);
                if self.stopped {
                    return Err(A::Error::custom("stopped"));
                }
                self.meter.allow(self.limits.value_bytes);
            } else {
                self.separate();
                self.keep(raw.get());
            }
        }
        self.keep("]");
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.keep(if value { "true" } else { "false" });
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.keep(&Value::from(value).to_string());
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.keep(&Value::from(value).to_string());
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.keep(&Value::from(value).to_string());
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.keep(&Value::from(value).to_string());
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.keep("null");
        Ok(())
    }
}
