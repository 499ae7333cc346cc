//! What the formats share: the text, the time and the tool calls of one message, and which messages
//! of a conversation with branches are shown.

pub(crate) mod branches;
pub(crate) mod commands;
pub(crate) mod content;
pub(crate) mod html;
pub(crate) mod injected;
mod own_tools;
pub(crate) mod time;
pub(crate) mod tool_calls;
