//! Texts as every store takes them: without NUL, for which PostgreSQL's text has no place.

use std::borrow::Cow;

use longmem_core::{NewTurn, SourceKey};

/// A text in which a replacement character stands for each NUL.
pub(crate) fn storable_text(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Turns whose texts are storable.
pub(crate) fn storable_turns(turns: &[NewTurn]) -> Cow<'_, [NewTurn]> {
    let texts = |turn: &NewTurn| {
        let key = turn.source_key.as_ref().map(|key| &key.0);
        let beside = [turn.session_title.as_ref(), turn.speaker.as_ref(), key];
        turn.text.contains('\0') || beside.into_iter().flatten().any(|text| text.contains('\0'))
    };
    if !turns.iter().any(texts) {
        return Cow::Borrowed(turns);
    }
    let owned = |text: &String| storable_text(text).into_owned();
    let storable = turns.iter().map(|turn| NewTurn {
        session: turn.session.clone(),
        session_title: turn.session_title.as_ref().map(owned),
        role: turn.role,
        speaker: turn.speaker.as_ref().map(owned),
        text: owned(&turn.text),
        time: turn.time,
        note: turn.note,
        source_key: turn.source_key.as_ref().map(|key| SourceKey(owned(&key.0))),
    });
    Cow::Owned(storable.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_nul_becomes_a_replacement_character() {
        assert_eq!(storable_text("a\0b\0"), "a\u{fffd}b\u{fffd}");
        assert!(matches!(storable_text("Ana"), Cow::Borrowed(_)));
    }
}
