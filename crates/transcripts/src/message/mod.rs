//! What the formats share: the text, the time and the tool calls of one message.

pub(crate) mod content;
pub(crate) mod html;
pub(crate) mod injected;
mod own_tools;
pub(crate) mod time;
pub(crate) mod tool_calls;
