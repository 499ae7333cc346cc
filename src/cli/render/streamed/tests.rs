use proptest::prelude::*;

use super::*;

/// The answer in pieces of so many characters, as it would be written.
fn rendered(text: &str, width: usize, size: usize) -> String {
    let mut markdown = Markdown::new(width);
    let characters: Vec<char> = text.chars().collect();
    let mut out = String::new();
    for piece in characters.chunks(size) {
        out += &markdown.push(&piece.iter().collect::<String>());
    }
    out + &markdown.finish()
}

/// The same without attributes.
fn shown(text: &str, width: usize) -> String {
    anstream::adapter::strip_str(&rendered(text, width, 3)).to_string()
}

#[test]
fn paragraphs_are_wrapped_at_the_ends_of_words() {
    assert_eq!(
        shown("The tiles come from Aveiro on Tuesday.", 20),
        "The tiles come from\nAveiro on Tuesday."
    );
    assert_eq!(shown("one\ntwo\n\nthree\n", 20), "one\ntwo\n\nthree");
    let address = "https://example.org/a/very/long/path";
    assert_eq!(shown(&format!("See {address} there"), 20), format!("See\n{address}\nthere"));
}

#[test]
fn lists_and_quotations_hang() {
    assert_eq!(
        shown("- one two three\n  - four five\n", 10),
        "• one two\n  three\n  • four\n    five"
    );
    assert_eq!(shown("10. one two three\n", 12), "10. one two\n    three");
    assert_eq!(shown("> one two three\n", 9), "│ one two\n│ three");
}

#[test]
fn markup_becomes_attributes() {
    let bold = |text: &str| format!("\u{1b}[1m{text}\u{1b}[0m");
    assert_eq!(rendered("a **b** c", 80, 1), format!("a {} c", bold("b")));
    assert_eq!(rendered("**a b**", 80, 1), format!("{} {}", bold("a"), bold("b")));
    assert!(rendered("## Head\n", 80, 2).starts_with("\u{1b}[1m\u{1b}[36mHead"));
    assert_eq!(shown("_a_ __b__ ***c*** `d e` **a *b***", 80), "a b c d e a b");
    assert_eq!(shown("[the docs](https://x.org/a)!", 80), "the docs (https://x.org/a)!");
    assert_eq!(shown("[https://x.org](https://x.org)", 80), "https://x.org");
}

#[test]
fn what_is_no_markup_stays() {
    for text in [
        "2 * 3 * 4 = 24",
        "snake_case_name and __init__x",
        "*nix and 5 hotels",
        "a ** b",
        "an [index] and (a call)",
        "#hashtag",
        "-5 degrees",
        "1.5 metres",
        "`open",
        "[open](never",
        "~/.config",
        "a | b",
    ] {
        assert_eq!(shown(text, 80), text);
    }
    assert_eq!(shown("\\*not italic\\*", 80), "*not italic*");
}

#[test]
fn code_keeps_its_lines() {
    let code = "```rust\nfn main() { let a_long_line = \"of **code**\"; }\n\n    indented\n```";
    assert_eq!(shown(code, 20), code);
    assert_eq!(shown("```\n# no heading", 20), "```\n# no heading");
}

#[test]
fn a_table_is_laid_out_in_the_width() {
    let table = "| Item | Cost |\n|---|---|\n| **Pipes** | 1,450 € |\n| New tiles for the bathroom | 900 € |\n\nDone.";
    insta::assert_snapshot!(shown(table, 30));
}

#[test]
fn wide_letters_are_wrapped_where_they_end() {
    assert_eq!(shown("世界你好，再见世界", 8), "世界你\n好，再见\n世界");
    // A family is one emoji of two columns.
    assert_eq!(shown("👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧", 8), "👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧\n👩‍👩‍👧");
}

#[test]
fn words_are_written_as_they_come() {
    let mut markdown = Markdown::new(80);
    assert_eq!(markdown.push("The ti"), "The");
    assert_eq!(markdown.push("les come **soon"), " tiles come");
    assert_eq!(markdown.push("** or"), " \u{1b}[1msoon\u{1b}[0m");
    assert_eq!(markdown.finish(), " or");
}

proptest! {
    /// However an answer comes, the same is written.
    #[test]
    fn pieces_make_no_difference(
        text in r"([a-z世*_`#>|\[\]()\\ \n~0-9.-]|\*\*|```){0,60}", size in 1..9_usize, width in 8..40_usize,
    ) {
        prop_assert_eq!(rendered(&text, width, size), rendered(&text, width, 1_000));
    }

    /// Letters and digits are never lost.
    #[test]
    fn no_word_is_lost(text in r"([a-z世*_`>\[\] \n~-]|\*\*){0,60}") {
        let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).collect::<String>();
        prop_assert_eq!(letters(&shown(&text, 20)), letters(&text));
    }
}
