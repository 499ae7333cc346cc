//! What excerpts of long texts look like.

use longmem_core::EstimatedTokens;
use longmem_text::query_words;
use proptest::prelude::*;

use super::*;

fn short(text: &str, question: &str, limit: usize) -> String {
    excerpt(text, &query_words(question), limit, &EstimatedTokens).into_owned()
}

#[test]
fn keeps_the_sentence_that_answers() {
    let text = "We talked about lunch. The gateway listens on port 7443. It rained all day. \
                Nobody minded the rain at all.";
    assert_eq!(
        short(text, "Which port has the gateway?", 10),
        "[…] The gateway listens on port 7443. […]"
    );
}

#[test]
fn rare_words_beat_many_sentences_with_common_ones() {
    let filler = "What is the house of the day? The password of the day was long. ".repeat(40);
    let text = format!("{filler}The wifi password of the holiday house is marmalade-42. {filler}");
    let short = short(&text, "What is the wifi password of the holiday house?", 60);
    assert!(short.contains("marmalade-42"), "{short}");
}

#[test]
fn sentences_that_stand_apart_get_a_window_each() {
    let filler = "It rained again. ".repeat(30);
    let text = format!("{filler}I met Ana in Porto. {filler}Ana left Porto on Sunday. {filler}");
    let short = short(&text, "When was Ana in Porto?", 50);
    assert!(short.contains("I met Ana in Porto.") && short.contains("Ana left Porto"), "{short}");
    assert_eq!(short.matches(ELLIPSIS).count(), 3, "{short}");
}

#[test]
fn what_is_told_one_sentence_later_comes_along() {
    let filler = "It rained again. ".repeat(30);
    let text = format!("{filler}You asked for the gateway's port. Here it is: 7443. {filler}");
    assert!(short(&text, "Which port has the gateway?", 25).contains("7443"));
}

#[test]
fn a_text_that_fits_stays_as_it_is() {
    assert!(matches!(excerpt("Short.", &[], 2, &EstimatedTokens), Cow::Borrowed("Short.")));
}

#[test]
fn a_text_about_something_else_keeps_its_beginning_and_its_end() {
    let middle = "Nothing much. ".repeat(100);
    let text = format!("Dear Ana. {middle}Yours, Bo.");
    let short = short(&text, "Which port?", 30);
    assert!(short.starts_with("Dear Ana. Nothing") && short.ends_with("Yours, Bo."), "{short}");
    assert_eq!(short.matches(ELLIPSIS).count(), 1, "{short}");
}

#[test]
fn where_no_piece_fits_the_best_one_loses_its_end() {
    let text = format!("{}\nthe port is 7443 and so on and so forth", "東".repeat(50));
    assert_eq!(short(&text, "port?", 5), "[…] the port is 74 […]");
}

#[test]
fn a_text_of_a_megabyte_is_shortened_whatever_it_holds() {
    for unit in [" ", ".", "\n", "a", "。", ". ", "1. "] {
        let text = format!("Port 7443.{}", unit.repeat(1_000_000 / unit.len()));
        assert!(short(&text, "Which port?", 20).trim_end().len() < 1_000, "{unit:?}");
    }
}

proptest! {
    #[test]
    fn an_excerpt_stays_near_its_limit(
        text in "[a-z東。.!\n ]{0,600}",
        question in "[a-z ]{0,30}",
        limit in 0usize..90,
    ) {
        let short = short(&text, &question, limit);
        let marks = EstimatedTokens.count("[…] ") + EstimatedTokens.count(" […]");
        prop_assert!(EstimatedTokens.count(&short) <= limit + marks, "{short}");
    }

    #[test]
    fn an_excerpt_holds_only_what_stands_in_the_text_and_in_its_order(
        text in "[a-e.\n ]{0,600}",
        question in "[a-e ]{0,30}",
        limit in 1usize..90,
    ) {
        let short = short(&text, &question, limit);
        let mut rest = text.as_str();
        for part in short.split(ELLIPSIS).map(str::trim).filter(|part| !part.is_empty()) {
            let place = rest.find(part);
            prop_assert!(place.is_some(), "{part:?} of {short:?}");
            rest = &rest[place.unwrap() + part.len()..];
        }
    }
}
