//! The marks inside ChatGPT's answers: footnotes, links, names of places and the like.
//!
//! A mark begins with U+E200 and ends with U+E201. It holds the name of its kind and arguments, with
//! U+E202 before each: `E200 entity E202 ["place","Ribeira Square"] E201`. U+E203 to U+E206 frame the
//! words that a footnote is about. The person saw the name or label of some kinds as words of the
//! sentence, and nothing but a sign or a card of the others.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;

use crate::json::parse_cut;

const BEGIN: char = '\u{e200}';
const END: char = '\u{e201}';
const SEPARATOR: char = '\u{e202}';

/// The first byte of every sign from U+E200 to U+E206.
const FIRST_BYTE: u8 = 0xEE;

/// Kinds that show no words of the answer: footnotes, pictures, cards.
const WORDLESS: [&str; 19] = [
    "cite",
    "filecite",
    "memcite",
    "navlist",
    "image_group",
    "image",
    "i",
    "video",
    "videos",
    "finance",
    "forecast",
    "weather",
    "sports",
    "schedule",
    "standing",
    "map",
    "calculator",
    "hidden",
    "sources",
];

/// Marks within marks that are read; what is deeper is left out. Each level is one more pass over the
/// text in it.
const MAX_DEPTH: usize = 8;

/// The text as the person saw it, without marks.
///
/// `references` is the message's list of what its marks stand for, `metadata.content_references`.
/// It is asked for kinds that are not known here.
pub(in crate::formats) fn without_marks<'a>(text: &'a str, references: &Value) -> Cow<'a, str> {
    let is_sign = |character| matches!(character, BEGIN..='\u{e206}');
    // Nearly all texts are without the byte that all signs begin with.
    if memchr::memchr(FIRST_BYTE, text.as_bytes()).is_none_or(|at| !text[at..].contains(is_sign)) {
        return Cow::Borrowed(text);
    }
    let mut marks = Marks { seen: shown_for(references), ..Marks::default() };
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let at = text.len() - rest.len();
        rest = &rest[character.len_utf8()..];
        match character {
            BEGIN => marks.begin(at),
            END => marks.end(&text[..at + END.len_utf8()]),
            SEPARATOR if marks.is_open() => marks.separate(),
            // A footnote without a frame.
            SEPARATOR => rest = &rest[reference_length(rest)..],
            '\u{e203}'..='\u{e206}' => {}
            '\n' => marks.end_line(),
            _ => marks.push(character),
        }
    }
    marks.abandon();
    Cow::Owned(marks.out)
}

/// What is shown in the place of a mark, by the mark, where the message says so and it is no link.
fn shown_for(references: &Value) -> HashMap<&str, &str> {
    let references = references.as_array().into_iter().flatten();
    references
        .filter_map(|reference| {
            let shows_words = |text: &&str| !text.trim().is_empty() && !text.contains("](");
            let shown = ["alt", "name"].iter().filter_map(|key| reference[*key].as_str());
            Some((reference["matched_text"].as_str()?, shown.into_iter().find(shows_words)?))
        })
        .collect()
}

/// Bytes of JSON in a mark that is read although it is damaged.
const MAX_CUT_JSON: usize = 4096;

/// What was read so far of a text with marks.
#[derive(Default)]
struct Marks<'a> {
    /// The text without marks, and at its end the content of the marks that are open.
    out: String,
    open: Vec<OpenMark>,
    /// Where in `out` the arguments of the open marks begin.
    arguments: Vec<usize>,
    /// Open marks that are nested too deep.
    too_deep: usize,
    seen: HashMap<&'a str, &'a str>,
}

struct OpenMark {
    /// Where the mark begins in the text that is read.
    source: usize,
    /// Where its content begins in `out`.
    start: usize,
    /// Where its arguments begin in `arguments`.
    arguments: usize,
}

impl Marks<'_> {
    fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    fn push(&mut self, character: char) {
        // Only a damaged text has marks so deep, and their kinds are no words.
        if self.too_deep == 0 {
            self.out.push(character);
        }
    }

    fn begin(&mut self, source: usize) {
        if self.open.len() == MAX_DEPTH {
            self.too_deep += 1;
        } else {
            let (start, arguments) = (self.out.len(), self.arguments.len());
            self.open.push(OpenMark { source, start, arguments });
        }
    }

    fn separate(&mut self) {
        if self.too_deep == 0 {
            self.arguments.push(self.out.len());
        }
    }

    /// Ends the innermost mark; `read` is what was read of the text, its end included.
    fn end(&mut self, read: &str) {
        if self.too_deep > 0 {
            self.too_deep -= 1;
        } else if let Some(mark) = self.open.pop() {
            let shown = self.seen.get(&read[mark.source..]).copied().map(str::to_owned);
            let (kind, arguments) = self.take(&mark);
            if !WORDLESS.contains(&kind.trim()) {
                self.out.push_str(&shown.unwrap_or_else(|| words_of(kind.trim(), &arguments)));
            }
        }
    }

    /// A mark stands on one line, unless JSON in it is spread over several.
    fn end_line(&mut self) {
        let argument = self.arguments.last().map_or("", |&start| &self.out[start..]);
        if self.is_open() && !argument.trim_start().starts_with(['[', '{']) {
            self.abandon();
        }
        self.out.push('\n');
    }

    /// Ends all marks that were never closed: what is no part of a mark stays.
    fn abandon(&mut self) {
        self.too_deep = 0;
        while let Some(mark) = self.open.pop() {
            let (kind, arguments) = self.take(&mark);
            if arguments.is_empty() {
                self.out.push_str(without_kind(&kind));
            }
            for argument in &arguments {
                self.out.push_str(&words_behind(&kind, argument));
            }
        }
    }

    /// Takes the kind and the arguments of a mark off the text.
    fn take(&mut self, mark: &OpenMark) -> (String, Vec<String>) {
        let starts = self.arguments.split_off(mark.arguments);
        let mut arguments: Vec<String> =
            starts.iter().rev().map(|&start| self.out.split_off(start)).collect();
        arguments.reverse();
        (self.out.split_off(mark.start), arguments)
    }
}

/// The words that a closed mark shows.
fn words_of(kind: &str, arguments: &[String]) -> String {
    let arguments: Vec<&str> = arguments.iter().map(|argument| argument.trim()).collect();
    let Some(first) = arguments.first() else {
        return String::new();
    };
    if first.starts_with(['[', '{', '"']) {
        let whole = serde_json::from_str::<Value>(first).ok();
        let cut =
            || (first.len() <= MAX_CUT_JSON).then(|| parse_cut(first, MAX_CUT_JSON)).flatten();
        return whole.or_else(cut).map_or_else(String::new, |value| name_in(&value));
    }
    let is_words = |argument: &&str| !is_reference(argument) && !argument.contains("://");
    let words = match kind {
        // A link's label comes first, and may be all there is.
        "url" | "link" | "link_title" => arguments.iter().find(|argument| !is_reference(argument)),
        // What a thing is called comes after what it is.
        "entity" | "product" | "product_entity" => arguments
            .get(1)
            .filter(|second| is_words(second))
            .or(Some(first))
            .filter(|a| is_words(a)),
        _ => arguments.iter().find(|argument| is_prose(argument)),
    };
    words.map_or_else(String::new, |words| (*words).to_owned())
}

/// The name in the JSON of a mark: `["place", "Ribeira Square", …]`, `["turn0product1", "Kettle"]`,
/// `{"name": "Kettle"}`; of several things, as `[["turn0product1", "Kettle"], …]` or
/// `{"selections": […]}`, all names.
fn name_in(value: &Value) -> String {
    let name = match value {
        Value::Array(items) if items.first().is_some_and(|item| !item.is_string()) => {
            let names: Vec<String> =
                items.iter().map(name_in).filter(|name| !name.is_empty()).collect();
            return names.join(", ");
        }
        Value::Array(items) => items.get(1).or(items.first()).and_then(Value::as_str),
        Value::Object(fields) => {
            if let Some(selections) = fields.get("selections") {
                return name_in(selections);
            }
            // A widget that draws a formula holds it as its content.
            let content = || fields.values().find_map(|widget| widget["content"].as_str());
            let names = ["name", "title", "label", "text"];
            names.iter().find_map(|key| fields.get(*key)?.as_str()).or_else(content)
        }
        Value::String(name) => Some(name.as_str()),
        _ => None,
    };
    name.filter(|name| !is_reference(name)).unwrap_or_default().to_owned()
}

/// Words for people rather than an id, an address or the name of a setting.
fn is_prose(argument: &str) -> bool {
    !argument.contains("://")
        && !is_reference(argument)
        && !argument.starts_with(['[', '{'])
        && argument.contains(|character: char| {
            character.is_whitespace() || character.is_uppercase() || !character.is_ascii()
        })
}

/// What stands behind the kind's name in a mark without arguments that was never closed.
fn without_kind(content: &str) -> &str {
    let name_end = content
        .find(|character: char| !character.is_ascii_lowercase() && character != '_')
        .unwrap_or(content.len());
    let (name, rest) = content.split_at(name_end);
    // "citeturn0search1": the separators are gone.
    let kind = name.strip_suffix("turn").unwrap_or(name);
    let rest_of_kind = &content[kind.len()..];
    if WORDLESS.contains(&kind) || matches!(kind, "entity" | "url" | "link_title" | "product") {
        &rest_of_kind[references_length(rest_of_kind)..]
    } else if rest.is_empty() {
        // The text is cut off within the name.
        ""
    } else {
        content
    }
}

/// What an argument of a mark that was never closed holds besides the argument: the text behind it,
/// and the words that the mark shows.
fn words_behind(kind: &str, argument: &str) -> String {
    if argument.trim_start().starts_with(['[', '{']) {
        let mut values = serde_json::Deserializer::from_str(argument).into_iter::<Value>();
        return match values.next() {
            Some(Ok(value)) => {
                let name = if WORDLESS.contains(&kind) { String::new() } else { name_in(&value) };
                name + &argument[values.byte_offset()..]
            }
            // The JSON is cut off; it ends with its line at the latest.
            _ => argument.find('\n').map_or("", |end| &argument[end..]).to_owned(),
        };
    }
    let references = references_length(argument);
    let rest = &argument[references..];
    if rest.starts_with("http://") || rest.starts_with("https://") {
        return rest.find(char::is_whitespace).map_or("", |end| &rest[end..]).to_owned();
    }
    rest.to_owned()
}

fn is_reference(text: &str) -> bool {
    !text.is_empty() && references_length(text) == text.len()
}

/// Bytes of the references that a text begins with, and of the commas between them.
fn references_length(text: &str) -> usize {
    let mut length = 0;
    loop {
        let rest = text[length..].trim_start_matches(',');
        let reference = reference_length(rest);
        if reference == 0 {
            return length;
        }
        length = text.len() - rest.len() + reference;
    }
}

/// Bytes of the reference that a text begins with: `turn0search3`, `turn12file4`.
fn reference_length(text: &str) -> usize {
    let skip = |text: &str, is_part: fn(char) -> bool| -> Option<usize> {
        let length = text.find(|character| !is_part(character)).unwrap_or(text.len());
        (length > 0).then_some(length)
    };
    let is_digit = |character: char| character.is_ascii_digit();
    let parts = || {
        let turn = text.strip_prefix("turn")?;
        let number = skip(turn, is_digit)?;
        let source =
            skip(&turn[number..], |character| character.is_ascii_lowercase() || character == '_')?;
        let place = skip(&turn[number + source..], is_digit)?;
        Some("turn".len() + number + source + place)
    };
    parts().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// Reads a text in which `{`, `}` and `|` stand for the beginning, the end and a separator, and
    /// `«`, `»` for braces.
    fn read(text: &str) -> String {
        let text = text.replace('{', "\u{e200}").replace('}', "\u{e201}").replace('|', "\u{e202}");
        without_marks(&text.replace('«', "{").replace('»', "}"), &Value::Null).into_owned()
    }

    #[test]
    fn a_mark_leaves_the_words_that_it_shows() {
        for (text, seen) in [
            ("Go to {entity|[\"restaurant\",\"Cantina Azul\",\"Porto\"]}.", "Go to Cantina Azul."),
            (
                "{entity|[\"people\", \"Nathaniel L. Erb-Satullo\", 0]} notes",
                "Nathaniel L. Erb-Satullo notes",
            ),
            ("{entity|[\"Porto\"]} and {entity|plain label}", "Porto and plain label"),
            ("See {url|the menu page|https://a.example/menu}.", "See the menu page."),
            ("See {link_title|Open Site|turn0search1}.", "See Open Site."),
            ("See {url|menu|turn0search1}.", "See menu."),
            ("Buy {product|[\"turn0product1\",\"Blue Kettle\"]}.", "Buy Blue Kettle."),
            ("Buy {product_entity|[\"turn0product1\",\"Blue Kettle\"]}.", "Buy Blue Kettle."),
            (
                "{products|«\"selections\":[[\"turn0product1\",\"Kettle\"],[\"turn0product2\",\"Pot\"]]»}",
                "Kettle, Pot",
            ),
            ("{entity|[[\"place\",\"Porto\"],[\"place\",\"Gaia\"]]}", "Porto, Gaia"),
            ("Buy {product|turn0product1|Blue Kettle}.", "Buy Blue Kettle."),
            ("At {entity|place|Ribeira}.", "At Ribeira."),
            ("At {entity|Ribeira|turn0entity1}.", "At Ribeira."),
            ("At {entity|[\"place\",\"Ribeira\",}.", "At Ribeira."),
            ("{new_kind|«\"name\":\"Kettle\"»}", "Kettle"),
            ("{new_kind|Two words|turn0new1}", "Two words"),
            ("{genui|«\"math_block_widget\":«\"content\":\"E=mc^2\"»»}", "E=mc^2"),
        ] {
            assert_eq!(read(text), seen, "{text}");
        }
    }

    #[test]
    fn a_footnote_or_card_leaves_nothing() {
        for (text, seen) in [
            ("Cold.{cite|turn0search3|turn0search8} Very.", "Cold. Very."),
            ("{filecite|turn0file1|L10-L20}a", "a"),
            ("{navlist|News of the day|turn0news1,turn0news2}a", "a"),
            ("{image_group|«\"query\":[\"Porto at night\"]»}a", "a"),
            ("{genui|«\"chart_widget\":«\"series\":[1,2]»»}{genui|7}a", "a"),
            ("{i|turn0image1}{forecast|turn0forecast0}{new_kind|turn0new1}a", "a"),
            ("{entity|[[[}{entity|«}{entity|turn0entity1}{product|«\"name\":7»}a", "a"),
            ("{new_kind|city}{new_kind|https://a.example/Page}{new_kind}{}a", "a"),
            ("Cold.|turn0search1 Very.}", "Cold. Very."),
            ("\u{e203}Cold\u{e204}|turn0search1\u{e205}\u{e206}", "Cold"),
        ] {
            assert_eq!(read(text), seen, "{text}");
        }
    }

    #[test]
    fn marks_can_stand_in_marks() {
        for (text, seen) in [
            ("{url|at {entity|[\"place\",\"Ribeira\"]}|https://a.example} now", "at Ribeira now"),
            ("{cite|{cite|turn0search1}} b", " b"),
            ("{{{{{{{{{{{{a}}}}}}}}}}}} b", " b"),
        ] {
            assert_eq!(read(text), seen, "{text}");
        }
    }

    #[test]
    fn a_mark_that_is_never_closed_leaves_no_rubbish_and_takes_no_words() {
        for (text, seen) in [
            ("It leaves at ten.{cite|turn0search1", "It leaves at ten."),
            ("It leaves{cite|turn0search1|turn0search2 at ten.", "It leaves at ten."),
            ("It leaves{cite|turn0search1\nat {entity|[\"t\",\"ten\"]}.", "It leaves\nat ten."),
            ("Go to {entity|[\"place\",\"Ribeira\"] now", "Go to Ribeira now"),
            ("Go to {entity|[\"place\",\"Rib", "Go to "),
            ("Go to {entity|[\"place\",\"Rib\nnow", "Go to \nnow"),
            ("See {url|the menu|https://a.example/menu now", "See the menu now"),
            ("Cold{citeturn0search1 Very.", "Cold Very."),
            ("Cold{ent", "Cold"),
            ("Cold{", "Cold"),
            ("Oslo{cite|turn0search1} is{ cold{.", "Oslo is cold."),
        ] {
            assert_eq!(read(text), seen, "{text}");
        }
    }

    #[test]
    fn the_message_says_what_an_unknown_mark_shows() {
        let mark = "\u{e200}new_kind\u{e202}x1\u{e201}";
        let references = json!([
            {"matched_text": mark, "type": "alt_text", "alt": "Ribeira Square"},
            {"matched_text": "\u{e200}cite\u{e202}turn0search1\u{e201}", "alt": "([site](https://a.example))"}
        ]);
        let text = format!("{mark} is old\u{e200}cite\u{e202}turn0search1\u{e201}.");
        assert_eq!(without_marks(&text, &references), "Ribeira Square is old.");
        assert_eq!(without_marks("as it is", &references), "as it is");
    }

    /// With a search to the end of the text for each mark, this would take hours.
    #[test]
    fn millions_of_marks_are_read_in_one_pass() {
        for text in ["{", "{url|", "{url|{cite|", "{entity|[\""] {
            assert!(read(&text.repeat(1 << 18)).len() < 100, "{text}");
        }
        assert_eq!(read(&("{a".repeat(1 << 18) + &"}".repeat(1 << 18))), "");
        assert_eq!(read(&"{url|Ab|}".repeat(1 << 18)).len(), 2 << 18);
        assert_eq!(
            read(&("{url|A b".repeat(4) + &"\u{e200}|".repeat(1 << 18) + "\nend")),
            "A b".repeat(4) + "\nend"
        );
    }

    proptest! {
        #[test]
        fn no_sign_of_a_mark_stays_whatever_the_text(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "{", "}", "|", "\u{e203}", "\u{e206}", "cite", "entity", "[\"a\",\"B c\"]", "[\"a",
                    "turn0search1", "\n", " ", "words", "é", "https://a.example",
                ]),
                0..16,
            ),
        ) {
            let seen = read(&parts.concat());
            let signs = BEGIN..='\u{e206}';
            prop_assert!(!seen.contains(|character| signs.contains(&character)));
        }

        #[test]
        fn the_words_around_marks_stay(words in "[a-zA-Z .]{0,20}", more in "[a-zA-Z .]{0,20}") {
            let text = format!("{words}{{cite|turn0search1}}{more}");
            prop_assert_eq!(read(&text), words + &more);
        }
    }
}
