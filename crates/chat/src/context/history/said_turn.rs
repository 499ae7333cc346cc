//! A turn of the session, stored or not.

use std::borrow::Cow;

use longmem_core::{NewTurn, Role, TokenCounter, Turn};

use crate::context::quoting::quoted_block;
use crate::context::{TraceEntry, TraceKind, tool_output};

/// A turn that was said in the session.
pub(super) enum SaidTurn<'a> {
    /// It is in memory.
    Stored(&'a Turn),
    /// It waits to be stored.
    Waiting(&'a NewTurn),
}

impl<'a> SaidTurn<'a> {
    pub(super) fn stored(turn: &'a Turn) -> Self {
        Self::Stored(turn)
    }

    pub(super) fn waiting(turn: &'a NewTurn) -> Self {
        Self::Waiting(turn)
    }

    pub(super) fn role(&self) -> Role {
        match self {
            Self::Stored(turn) => turn.role,
            Self::Waiting(turn) => turn.role,
        }
    }

    pub(super) fn text(&self) -> &'a str {
        match self {
            Self::Stored(turn) => &turn.text,
            Self::Waiting(turn) => &turn.text,
        }
    }

    /// A number that the turn keeps from prompt to prompt: its own if it is stored, else the
    /// microsecond in which it was said.
    pub(super) fn number(&self) -> u64 {
        match self {
            Self::Stored(turn) => turn.id.0 as u64,
            Self::Waiting(turn) => turn.time.as_microsecond() as u64,
        }
    }

    /// Its text as it stands in a prompt: what a tool printed is quoted and shortened.
    pub(super) fn text_in_prompt(&self) -> Cow<'a, str> {
        match self.role() {
            Role::Tool => {
                let printed = quoted_block(&tool_output::shortened(self.text()));
                Cow::Owned(format!("<tool_result>\n{printed}\n</tool_result>"))
            }
            Role::User | Role::Assistant | Role::System => Cow::Borrowed(self.text()),
        }
    }

    /// What became of it.
    pub(super) fn trace_entry(
        &self,
        included: bool,
        reason: &str,
        counter: &dyn TokenCounter,
    ) -> TraceEntry {
        let tokens = counter.count(&self.text_in_prompt());
        let shortened = self.role() == Role::Tool
            && matches!(tool_output::shortened(self.text()), Cow::Owned(_));
        let entry =
            TraceEntry::new(TraceKind::Recent, tokens, included, reason).shortened(shortened);
        match self {
            Self::Stored(turn) => entry.about(turn),
            Self::Waiting(turn) => {
                let session = Some(turn.session.clone());
                TraceEntry { session, time: Some(turn.time), ..entry }
            }
        }
    }
}
