use proptest::prelude::*;

use super::*;

/// The whole text, cut after every character.
fn in_characters(text: &str) -> String {
    let mut filter = ThinkingFilter::default();
    let mut visible = String::new();
    let mut bytes = [0; 4];
    for character in text.chars() {
        visible.push_str(&filter.push(character.encode_utf8(&mut bytes)));
    }
    visible + &filter.finish()
}

#[test]
fn thinking_at_the_beginning_is_left_out() {
    for (text, visible) in [
        ("<think>a</think>b", "b"),
        ("\n <THINK>\na\n</Think>\n\nb\n", "b\n"),
        ("<thinking>a < b</thinking> b", "b"),
        ("<think>a</think><think></think>b</think>", "b</think>"),
        ("<reasoning>a</reasoning>\n<thought>c</thought>b", "b"),
        ("◁think▷a◁/think▷b", "b"),
        ("[THINK]a[/THINK]b", "b"),
        ("<seed:think>a</seed:think>b", "b"),
        ("<|begin_of_thought|>a<|end_of_thought|>b", "b"),
        ("<|START_THINKING|>a<|END_THINKING|>b", "b"),
        ("<|channel>thought\na<channel|>b", "b"),
        ("<think>never closed", ""),
        ("<think>closed by another</thinking> tag", ""),
        ("<think></think>", ""),
    ] {
        assert_eq!(without_thinking(text), visible, "{text}");
        assert_eq!(in_characters(text), visible, "{text}");
    }
}

#[test]
fn an_answer_without_thinking_stays_to_the_letter() {
    for text in [
        "",
        " ",
        "  indented\n",
        "<",
        "<thi",
        "\n<thinker> is no tag",
        "`<think>` begins thinking, `</think>` ends it",
        "Write:\n<think>\n…\n</think>\nThen answer.",
        "The end tag is </think>",
        "[thinks] aloud",
        "<|other|>",
        "◁",
    ] {
        assert_eq!(without_thinking(text), text);
        assert_eq!(in_characters(text), text);
    }
}

#[test]
fn thinking_that_was_never_opened_ends_where_that_is_plain() {
    assert_eq!(without_thinking("They ask for the port.\n</think>\n\nIt is 7443."), "It is 7443.");
    assert_eq!(without_thinking("</think>\nIt is 7443."), "It is 7443.");
    assert_eq!(without_thinking("analysisThey ask.assistantfinalIt is 7443."), "It is 7443.");
    assert_eq!(without_thinking("analysis of the port"), "analysis of the port");
}

#[test]
fn only_the_channels_for_the_person_are_shown() {
    for (text, visible) in [
        (
            "<|channel|>analysis<|message|>Ports.<|end|><|start|>assistant<|channel|>final\
             <|message|>It is 7443.<|return|>",
            "It is 7443.",
        ),
        (
            "<|start|>assistant<|channel|>commentary<|message|>I look.<|end|><|start|>assistant\
             <|channel|>commentary to=functions.look <|constrain|>json<|message|>{}<|call|>\
             <|start|>assistant<|channel|>final<|message|>It is a<|b.",
            "I look.\n\nIt is a<|b.",
        ),
        ("<|channel|>analysis<|message|>Ports.<|end|>It is 7443.", "It is 7443."),
        ("<|channel|>analysis<|message|>never closed", ""),
        ("<|channel|>final<|message|>7 <", "7 <"),
    ] {
        assert_eq!(without_thinking(text), visible, "{text}");
        assert_eq!(in_characters(text), visible, "{text}");
    }
}

#[test]
fn an_empty_answer_can_be_explained() {
    let mut filter = ThinkingFilter::default();
    filter.push("  <thin");
    assert!(!filter.found_thinking());
    filter.push("king>hm");
    assert!(filter.found_thinking());
    assert_eq!(filter.finish(), "");
}

/// If what is held back were searched from its beginning for each piece, this would take hours.
#[test]
fn millions_of_pieces_are_read_in_one_pass() {
    let mut filter = ThinkingFilter::default();
    for _ in 0..1_000_000 {
        assert_eq!(filter.push(" "), "");
    }
    for piece in ["<think>"].into_iter().cycle().take(1_000_000) {
        assert_eq!(filter.push(piece), "");
    }
    assert_eq!(filter.push("</think>b"), "b");
}

#[test]
fn millions_of_tags_are_read_in_one_pass() {
    assert_eq!(without_thinking(&("<think></think>".repeat(1_000_000) + "b")), "b");
    assert_eq!(without_thinking(&"<think>".repeat(1_000_000)), "");
    let marks = "<|channel|>final<|message|>".repeat(300_000);
    assert_eq!(without_thinking(&(marks + "b")), "b");
}

proptest! {
    #[test]
    fn the_pieces_give_what_the_whole_gives(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "<think>", "</think>", "<thinking>", "</thinking>", "<thi", "a", " ", "\n", "◁think▷",
                "◁/think▷", "<|channel|>", "final", "analysis", "<|message|>", "<|end|>", "<|", "é",
            ]),
            0..12,
        ),
        cut in 0usize..60,
    ) {
        let text = parts.concat();
        let mut filter = ThinkingFilter::default();
        let at = text.floor_char_boundary(cut.min(text.len()));
        let pieces = filter.push(&text[..at]) + &filter.push(&text[at..]) + &filter.finish();
        prop_assert_eq!(&in_characters(&text), &pieces);
        if closed_only(&text).is_none() {
            prop_assert_eq!(pieces, without_thinking(&text));
        }
    }
}
