//! Passages as the real tokenizer sees them: nothing lost, each fits the window, long texts too.

mod real_model;

use longmem_core::{PassageSpan, TextEmbedder};
use proptest::collection::vec;
use proptest::prelude::*;
use real_model::MODEL;

const WINDOW: usize = 256;

/// Checks what every list of passages promises.
fn check(text: &str, spans: &[PassageSpan]) {
    assert!(!spans.is_empty());
    let mut covered = 0;
    for span in spans {
        assert!(span.tokens <= WINDOW, "{} tokens", span.tokens);
        // Slicing panics off a character boundary.
        assert!(text[span.start..span.end].trim() == &text[span.start..span.end]);
        let gap = text.get(covered..span.start).unwrap_or_default();
        assert!(gap.trim().is_empty(), "{gap:?} is in no passage");
        assert!(span.end > covered || text.trim().is_empty());
        covered = span.end;
    }
    assert!(text[covered..].trim().is_empty());
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[A-Za-z]{1,12}[ ,.!?\\n]{1,3}",
        1 => "[a-zA-Z0-9+/]{90,200} ?",
        1 => "[明日京都東。、]{1,60}",
        1 => "[ぁ-ん가-힣]{1,120}",
        1 => "[äöüßé🎉👩‍👧😭]{1,20} ",
        1 => "(\\PC|\u{301}|\u{b}|\u{85}|\u{200b}){1,8}",
        1 => "(\\[SEP\\]|\\[MASK\\]|[\\[\\]=]){1,40}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn passages_cover_any_text_and_each_has_alone_the_tokens_that_it_says(
        pieces in vec(piece(), 0..150)
    ) {
        let text = pieces.concat();
        let spans = MODEL.passages(&text).unwrap();
        check(&text, &spans);
        for span in spans {
            let alone = MODEL.passages(&text[span.start..span.end]).unwrap();
            prop_assert_eq!(alone.len(), 1);
            prop_assert_eq!(alone[0].tokens, span.tokens);
        }
    }
}

/// A cutter whose time grows with the square of the length would not come to an end here.
#[test]
fn texts_of_two_megabytes_are_cut() {
    let kinds = [
        "We met in London. She said that her brother, who works for a bank, writes music! ",
        "我们明天下午三点在东京见面，你记得带上护照吗？",
        "1.2.3.4, a.b.c; ...!?",
        "aGVsbG8gd29ybGQ+/",
        "abcdefghij",
        "=",
        " \n",
        "\u{200b}",
        "word\n",
    ];
    for kind in kinds {
        let text = kind.repeat(2_000_000 / kind.len());
        check(&text, &MODEL.passages(&text).unwrap());
    }
}
