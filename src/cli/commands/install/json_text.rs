//! JSON as the text of a file, in which single entries change and every other byte stays: comments, the
//! form of numbers, line endings, a byte order mark.
//!
//! Comments and commas behind the last entry are blanked in a copy of the same length. `serde_json` reads
//! that copy, and where its values stand there is where they stand in the text.

use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::ser::PrettyFormatter;
use serde_json::value::RawValue;
use serde_json::{Serializer, Value};

/// Spaces of a level in a file that shows none.
const INDENT: &str = "  ";

/// The mark that some editors put before a text in UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The bytes of a value.
pub(super) type Span = Range<usize>;

/// A JSON document with its comments.
pub(super) struct JsonText {
    text: String,
    /// The same without comments.
    uncommented: String,
    /// The same without commas that no entry follows, too: JSON as the standard has it.
    strict: String,
    comments: Vec<Span>,
}

/// A name and its value in an object.
pub(super) struct Member {
    pub(super) name: String,
    /// Where the name begins, with its quotation mark.
    start: usize,
    pub(super) value: Span,
}

impl Member {
    /// The name with the value.
    pub(super) fn span(&self) -> Span {
        self.start..self.value.end
    }
}

impl JsonText {
    /// Reads a text.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn read(text: String) -> Result<Self, String> {
        let (uncommented, comments) = without_comments(&text)?;
        let strict = without_last_commas(&uncommented);
        serde_json::from_str::<&RawValue>(&strict)
            .map_err(|error| format!("expected JSON: {error}"))?;
        Ok(Self { text, uncommented, strict, comments })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The whole value.
    pub(super) fn root(&self) -> Span {
        let blank = |text: &str| text.len() - text.trim_start().len();
        blank(&self.strict)..self.strict.trim_end().len()
    }

    /// Whether comments stand in a value.
    pub(super) fn has_comments(&self, span: &Span) -> bool {
        self.comments.iter().any(|comment| span.contains(&comment.start))
    }

    /// The value as JSON without comments; none if it holds a number that no computer number is.
    pub(super) fn value(&self, span: &Span) -> Option<Value> {
        serde_json::from_str(&self.strict[span.clone()]).ok()
    }

    /// The members of an object; none if the value is no object.
    pub(super) fn members(&self, object: &Span) -> Option<Vec<Member>> {
        let Members(members) = serde_json::from_str(&self.strict[object.clone()]).ok()?;
        let mut behind = object.start + 1;
        let members = members.into_iter().map(|(name, value)| {
            let value = self.span_of(value);
            let start = behind + self.strict[behind..].find('"').unwrap_or_default();
            behind = value.end;
            Member { name, start, value }
        });
        Some(members.collect())
    }

    /// A member's value; of several with the name, the last one counts.
    pub(super) fn member(&self, object: &Span, name: &str) -> Option<Span> {
        let members = self.members(object)?;
        members.into_iter().rfind(|member| member.name == name).map(|member| member.value)
    }

    /// The elements of an array; none if the value is no array.
    pub(super) fn elements(&self, array: &Span) -> Option<Vec<Span>> {
        let elements: Vec<&RawValue> = serde_json::from_str(&self.strict[array.clone()]).ok()?;
        Some(elements.into_iter().map(|value| self.span_of(value)).collect())
    }

    /// Puts another value into the place of one.
    ///
    /// # Errors
    /// Like those of all changes: if the result is no JSON, which would be a bug.
    pub(super) fn replace(&mut self, old: &Span, value: &Value) -> Result<(), String> {
        let written = self.written(value, self.indent_at(old.start));
        self.splice(&mut [(old.clone(), written)])
    }

    /// Puts a member behind the others.
    ///
    /// # Errors
    /// See [`JsonText::replace`].
    pub(super) fn append_member(
        &mut self,
        object: &Span,
        name: &str,
        value: &Value,
    ) -> Result<(), String> {
        let members = self.members(object).unwrap_or_default();
        let last = members.last().map(Member::span);
        self.append(object, last, Some(name), value)
    }

    /// Puts an element behind the others.
    ///
    /// # Errors
    /// See [`JsonText::replace`].
    pub(super) fn append_element(&mut self, array: &Span, value: &Value) -> Result<(), String> {
        let last = self.elements(array).unwrap_or_default().pop();
        self.append(array, last, None, value)
    }

    /// Takes a member out.
    ///
    /// # Errors
    /// See [`JsonText::replace`].
    pub(super) fn take_out_member(&mut self, object: &Span, name: &str) -> Result<(), String> {
        let members = self.members(object).unwrap_or_default();
        match members.into_iter().rfind(|member| member.name == name) {
            Some(member) => self.take_out(object, &member.span()),
            None => Ok(()),
        }
    }

    /// Takes out what stands in an object or an array, with its comma and the blanks before it: the
    /// opposite of putting it there.
    ///
    /// # Errors
    /// See [`JsonText::replace`].
    pub(super) fn take_out(&mut self, container: &Span, entry: &Span) -> Result<(), String> {
        let comma_behind = self.comma_behind(entry.end);
        // Blanks at the end of a comment are part of it.
        let last_comment = self.comments.iter().rfind(|comment| comment.end <= entry.start);
        let end_of_comment = last_comment.map_or(0, |comment| comment.end);
        let mut start = self.text[..entry.start].trim_end().len().max(end_of_comment);
        let before = self.uncommented[..entry.start].trim_end();
        let comma_before = before.ends_with(',').then(|| before.len() - 1);
        let behind = comma_behind.map_or(entry.end, |comma| comma + 1);
        let is_alone = comma_before.is_none() && self.next(behind) == container.end - 1;
        if is_alone && !self.has_comments(container) {
            return self.splice(&mut [(container.start + 1..container.end - 1, String::new())]);
        }
        // What follows must not become a part of a comment that the line before ends with.
        let ends_line = |comment: &Span| self.text[comment.clone()].starts_with("//");
        let is_behind_comment =
            last_comment.is_some_and(|comment| comment.end == start && ends_line(comment));
        let rest = self.rest_of_line(entry.end).trim_start();
        if is_behind_comment && !rest.strip_prefix(',').unwrap_or(rest).trim().is_empty() {
            start = entry.start;
        }
        let mut cuts = vec![(start..entry.end, String::new())];
        cuts.extend(comma_behind.or(comma_before).map(|comma| (comma..comma + 1, String::new())));
        self.splice(&mut cuts)
    }

    fn append(
        &mut self,
        container: &Span,
        last: Option<Span>,
        name: Option<&str>,
        value: &Value,
    ) -> Result<(), String> {
        let outer = self.indent_at(container.start).to_owned();
        let own_line = last.as_ref().filter(|last| self.begins_line(last.start));
        let indent = match own_line {
            Some(last) => self.indent_at(last.start).to_owned(),
            None => format!("{outer}{}", self.indent()),
        };
        let name = name.map(|name| format!("{}: ", Value::from(name))).unwrap_or_default();
        let line_end = self.line_end();
        let entry = format!("{line_end}{indent}{name}{}", self.written(value, &indent));
        let inside = container.start + 1..container.end - 1;
        let Some(last) = last else {
            let comment = self.comments.iter().rfind(|comment| inside.contains(&comment.start));
            return match comment {
                Some(comment) => {
                    let behind = comment.end;
                    self.splice(&mut [(behind..behind, entry)])
                }
                None => self.splice(&mut [(inside, format!("{entry}{line_end}{outer}"))]),
            };
        };
        let comma = self.comma_behind(last.end);
        let behind = self.behind_comment(comma.map_or(last.end, |comma| comma + 1));
        match comma {
            Some(_) => self.splice(&mut [(behind..behind, format!("{entry},"))]),
            None => {
                self.splice(&mut [(last.end..last.end, ",".to_owned()), (behind..behind, entry)])
            }
        }
    }

    /// Puts texts into the place of others.
    fn splice(&mut self, cuts: &mut [(Span, String)]) -> Result<(), String> {
        // From the end, so that places before stay what they are; of two at one place, the first one
        // given comes first.
        cuts.reverse();
        cuts.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
        let mut text = self.text.clone();
        for (span, replacement) in cuts {
            text.replace_range(span.clone(), replacement);
        }
        *self = Self::read(text)?;
        Ok(())
    }

    fn span_of(&self, value: &RawValue) -> Span {
        let start = value.get().as_ptr().addr() - self.strict.as_ptr().addr();
        start..start + value.get().len()
    }

    /// The place of the next character that is neither blank nor of a comment.
    fn next(&self, from: usize) -> usize {
        let rest = &self.uncommented[from..];
        from + rest.len() - rest.trim_start().len()
    }

    /// The place of the comma that follows a value, whatever stands between.
    fn comma_behind(&self, end: usize) -> Option<usize> {
        let next = self.next(end);
        self.uncommented[next..].starts_with(',').then_some(next)
    }

    /// The place behind a comment that ends the line; else the place itself.
    fn behind_comment(&self, from: usize) -> usize {
        let is_commented = self.next(from) > from + self.rest_of_line(from).len();
        let ends = self.comments.iter().filter(|comment| comment.start >= from).map(|it| it.end);
        let on_line = |end: &usize| *end <= from + self.rest_of_line(from).len();
        if is_commented { ends.take_while(on_line).last().unwrap_or(from) } else { from }
    }

    fn rest_of_line(&self, from: usize) -> &str {
        self.text[from..].lines().next().unwrap_or_default()
    }

    /// Whether nothing but blanks stands before a place on its line.
    fn begins_line(&self, at: usize) -> bool {
        self.line_before(at).trim_start().is_empty() && self.text[..at].contains('\n')
    }

    /// The blanks at the beginning of the line of a place.
    fn indent_at(&self, at: usize) -> &str {
        let line = self.line_before(at);
        let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        &line[..line.len() - line.trim_start().len()]
    }

    fn line_before(&self, at: usize) -> &str {
        let begin = self.text[..at].rfind('\n').map_or(0, |end| end + 1);
        &self.text[begin..at]
    }

    /// The blanks of one level: those before the first name on a line of its own.
    fn indent(&self) -> &str {
        let lines = self.uncommented.lines().skip(1);
        let mut indents = lines
            .filter(|line| line.trim_start().starts_with('"'))
            .map(|line| &line[..line.len() - line.trim_start().len()]);
        indents.next().filter(|indent| !indent.is_empty()).unwrap_or(INDENT)
    }

    fn line_end(&self) -> &'static str {
        if self.text.contains("\r\n") { "\r\n" } else { "\n" }
    }

    /// A value as lines, of which all but the first begin with this indent.
    fn written(&self, value: &Value, indent: &str) -> String {
        let mut bytes = Vec::new();
        let formatter = PrettyFormatter::with_indent(self.indent().as_bytes());
        let mut serializer = Serializer::with_formatter(&mut bytes, formatter);
        serde::Serialize::serialize(value, &mut serializer).expect("JSON can be written as JSON");
        let written = String::from_utf8(bytes).expect("JSON is UTF-8");
        written.replace('\n', &format!("{}{indent}", self.line_end()))
    }
}

/// The members of an object in their order, each with its text.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Members<'de>;

            fn expecting(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                to.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

/// The text with blanks in the place of comments and of a byte order mark, and where comments stood.
fn without_comments(text: &str) -> Result<(String, Vec<Span>), String> {
    let mut left = text.as_bytes().to_vec();
    let mut comments = Vec::new();
    let mut at = 0;
    if text.starts_with(BYTE_ORDER_MARK) {
        at = BYTE_ORDER_MARK.len();
        left[..at].fill(b' ');
    }
    while at < left.len() {
        let rest = &text.as_bytes()[at..];
        if rest[0] == b'"' {
            at += string_length(rest);
        } else if rest.starts_with(b"//") {
            let length = rest.iter().position(|byte| b"\r\n".contains(byte));
            comments.push(at..at + length.unwrap_or(rest.len()));
            at += length.unwrap_or(rest.len());
        } else if rest.starts_with(b"/*") {
            let length = rest[2..].windows(2).position(|end| end == b"*/");
            let length = length.ok_or("a comment that begins with /* does not end with */")? + 4;
            comments.push(at..at + length);
            at += length;
        } else {
            at += 1;
        }
    }
    for byte in comments.iter().cloned().flatten() {
        if !b"\r\n".contains(&left[byte]) {
            left[byte] = b' ';
        }
    }
    Ok((String::from_utf8(left).expect("only whole characters were blanked"), comments))
}

/// The bytes of the string that a text begins with, with both quotation marks.
fn string_length(text: &[u8]) -> usize {
    let mut at = 1;
    while at < text.len() && text[at] != b'"' {
        at += if text[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(text.len())
}

/// The text with blanks in the place of commas that no entry follows.
fn without_last_commas(text: &str) -> String {
    let mut left = text.as_bytes().to_vec();
    let mut at = 0;
    while at < left.len() {
        if left[at] == b'"' {
            at += string_length(&left[at..]);
            continue;
        }
        let is_last = || text[at + 1..].trim_start().starts_with(['}', ']']);
        let has_entry = || !text[..at].trim_end().ends_with(['{', '[', ',', ':']);
        if left[at] == b',' && has_entry() && is_last() {
            left[at] = b' ';
        }
        at += 1;
    }
    String::from_utf8(left).expect("a comma is a character")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// Objects in which something else stands, as people and programs write them.
    const OBJECTS: [&str; 15] = [
        "{}",
        "{\n}\n",
        "{ // nothing yet\n}",
        "{\"size\": 1.50, \"id\": 123456789012345678901234567890, \"far\": 1e999}",
        "\u{feff}{\r\n\t\"theme\": \"dark\"\r\n}\r\n",
        "{\n  \"a\": 1, // one, and no \"b\": {\n}\n",
        "{\n  \"a\": 1 // one\n  // two\n}\n",
        "{\n  \"a\": 1 /* one\n  and more */\n}\n",
        "{\n  \"a\": [1, 2,],\n}\n",
        "// before\n{\"a\": \"/* no comment */ // none\"} // behind",
        "{\"a\": {\"b\": {}}, \"a\": 2}",
        "{\"ü\": \"\\\"\\\\\", /* ü */ \"z\": null /* ä */ , }",
        "{\n    \"a\": 1\n    , \"b\": 2\n    , \"c\": 3\n}",
        "{ /* all */ }",
        "{\"a\": 1 // note  \n}",
    ];

    fn read(text: &str) -> JsonText {
        JsonText::read(text.to_owned()).unwrap()
    }

    fn with_member(text: &str, name: &str, value: &Value) -> JsonText {
        let mut json = read(text);
        json.append_member(&json.root(), name, value).unwrap();
        json
    }

    #[test]
    fn what_is_put_in_and_taken_out_again_leaves_every_byte() {
        let value = json!({"list": [1, {"deep": "x"}], "empty": {}});
        for text in OBJECTS {
            let mut json = with_member(text, "new", &value);
            let new = json.member(&json.root(), "new").unwrap();
            assert_eq!(json.value(&new).as_ref(), Some(&value), "{}", json.text());
            json.take_out_member(&json.root(), "new").unwrap();
            let left = if text == "{\n}\n" { "{}\n" } else { text };
            assert_eq!(json.text(), left);
        }
    }

    #[test]
    fn entries_are_written_as_the_others_are() {
        let with = |text: &str| with_member(text, "b", &json!({"c": [1]})).text().to_owned();
        assert_eq!(
            with("{\n\t\"a\": 1 // one\n}\n"),
            "{\n\t\"a\": 1, // one\n\t\"b\": {\n\t\t\"c\": [\n\t\t\t1\n\t\t]\n\t}\n}\n"
        );
        assert_eq!(
            with("{\r\n  \"a\": 1,\r\n}"),
            "{\r\n  \"a\": 1,\r\n  \"b\": {\r\n    \"c\": [\r\n      1\r\n    ]\r\n  },\r\n}"
        );
        assert_eq!(
            with("{\"a\": 1}"),
            "{\"a\": 1,\n  \"b\": {\n    \"c\": [\n      1\n    ]\n  }}"
        );
    }

    #[test]
    fn what_stands_around_an_entry_stays_when_it_goes() {
        for (text, left) in [
            (r#"{"x": 1, "b": 2}"#, r#"{ "b": 2}"#),
            (r#"{"a": 1, "x": 1}"#, r#"{"a": 1}"#),
            ("{// c\n\"x\": 1 }", "{// c\n }"),
            (
                "{\n  // about x\n  \"x\": 1, // and this\n  \"b\": 2\n}",
                "{\n  // about x\n   // and this\n  \"b\": 2\n}",
            ),
            ("{\"a\": 1 /* , */, \"x\": 2 /* , */}", "{\"a\": 1 /* , */ /* , */}"),
            ("{ \"x\": 1, }", "{}"),
            ("{ // mine \n \"x\": 1, \"b\": 2,\n}", "{ // mine \n  \"b\": 2,\n}"),
            ("{ // c\n \"x\": 1 /* k\n */\n, \"b\": 2}", "{ // c\n  /* k\n */\n \"b\": 2}"),
            ("{ // c \n \"x\": 1\n, \"b\": 2}", "{ // c \n \"b\": 2}"),
        ] {
            let mut json = read(text);
            json.take_out_member(&json.root(), "x").unwrap();
            assert_eq!(json.text(), left);
        }
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_place() {
        for text in
            ["", "{", "{} {}", "{,}", "[1,,]", "{\"a\" 1}", "{} /* open", "{\"a", "{'a': 1}"]
        {
            assert!(JsonText::read(text.to_owned()).is_err(), "{text}");
        }
        let error = JsonText::read("{\n// c\n  x}".to_owned()).err().unwrap();
        assert_eq!(error, "expected JSON: key must be a string at line 3 column 3");
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_gets_its_entry_back_and_forth(
            text in r#"\{?([ \n]|"[a-c]": ?([0-9.]{1,3}|\[1, ?\]|"//"|\{\})|,|//x ?\r?\n|/\*,\n? ?\*/){0,8}\}?"#
        ) {
            let Ok(mut json) = JsonText::read(text.clone()) else { return Ok(()) };
            if json.members(&json.root()).is_none() { return Ok(()) }
            json.append_member(&json.root(), "new", &json!([])).unwrap();
            json.take_out_member(&json.root(), "new").unwrap();
            let is_blank = |text: &str| read(text).members(&read(text).root()).unwrap().is_empty();
            prop_assert!(json.text() == text || is_blank(&text), "{:?} became {:?}", text, json.text());
        }

        #[test]
        fn what_stands_around_an_entry_stays_whatever_it_is(
            before in r#"("a": 1,)?( |\n|//x ?\n|/\*y\n? ?\*/){0,4}"#,
            between in r"( |\n|//z ?\n|/\*,\n? ?\*/){0,3}",
            behind in r#"( |\n|//z ?\n|/\*,\n? ?\*/){0,3}("b": 2)?( |\n|//z ?\n){0,2}"#,
        ) {
            let text = format!("{{{before}\"new\": []{between},{behind}}}");
            let mut json = read(&text);
            let left = |json: &JsonText| {
                let members = json.members(&json.root()).unwrap().into_iter();
                members.map(|it| it.name).filter(|name| name != "new").collect::<Vec<_>>()
            };
            let comments = |json: &JsonText| {
                json.comments.iter().map(|it| json.text[it.clone()].trim_end().to_owned()).collect::<Vec<_>>()
            };
            let expected = (left(&json), comments(&json));
            json.take_out_member(&json.root(), "new").unwrap();
            prop_assert_eq!((left(&json), comments(&json)), expected, "{:?}", text);
        }
    }
}
