//! The text of a piece of HTML, as a reader sees it.

/// Elements that begin a line of their own.
const BLOCKS: [&str; 20] = [
    "p",
    "div",
    "br",
    "hr",
    "li",
    "ul",
    "ol",
    "tr",
    "table",
    "pre",
    "blockquote",
    "section",
    "article",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "dt",
];

/// Elements with an empty line around them.
const PARAGRAPHS: [&str; 13] =
    ["p", "ul", "ol", "table", "pre", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr"];

/// Elements whose content is not shown.
const HIDDEN: [&str; 4] = ["script", "style", "head", "template"];

/// The text that HTML shows: without tags, with lines where paragraphs and rows end, "- " before the
/// items of lists, and signs in place of their names (`&amp;`).
pub(crate) fn html_text(html: &str) -> String {
    let mut text = ShownText::default();
    let mut rest = html;
    // Behind the last ">" no tag ends; a search for it there would go to the end each time.
    let tags_end = html.rfind('>').unwrap_or(0);
    while let Some((before, after)) = rest.split_once('<') {
        if html.len() - after.len() > tags_end {
            break;
        }
        text.push(before);
        let Some((tag, after)) = tag_and_rest(after) else {
            // A sign that begins no tag.
            text.push("<");
            rest = after;
            continue;
        };
        rest = after;
        let name = tag.name.to_ascii_lowercase();
        if HIDDEN.contains(&name.as_str()) && !tag.is_closing {
            rest = behind_closing_tag(rest, &name);
            continue;
        }
        text.element(&name, tag.is_closing);
    }
    text.push(rest);
    text.finished()
}

struct Tag<'a> {
    name: &'a str,
    is_closing: bool,
}

/// Splits a tag, whose "<" is gone, from what follows it; `None` where no tag begins. The name of a
/// comment is "!--".
fn tag_and_rest(text: &str) -> Option<(Tag<'_>, &str)> {
    if let Some(comment) = text.strip_prefix("!--") {
        let rest = comment.split_once("-->").map_or("", |(_, rest)| rest);
        return Some((Tag { name: "!--", is_closing: false }, rest));
    }
    let (is_closing, inside) = match text.strip_prefix('/') {
        Some(inside) => (true, inside),
        None => (false, text),
    };
    if !inside.starts_with(|c: char| c.is_ascii_alphabetic() || c == '!') {
        return None;
    }
    let (inside, rest) = inside.split_once('>')?;
    let end = inside.find(|c: char| !c.is_ascii_alphanumeric() && c != '!').unwrap_or(inside.len());
    Some((Tag { name: &inside[..end], is_closing }, rest))
}

/// What stands behind the closing tag of a hidden element; nothing where it is never closed.
fn behind_closing_tag<'a>(html: &'a str, name: &str) -> &'a str {
    let is_closing =
        |after: &str| after.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name));
    html.match_indices("</")
        .map(|(start, _)| &html[start + 2..])
        .find(|after| is_closing(after))
        .and_then(|after| after.split_once('>'))
        .map_or("", |(_, rest)| rest)
}

/// Text that grows as a browser would lay it out.
#[derive(Default)]
struct ShownText {
    text: String,
    /// Line ends that come before the next words.
    line_ends: usize,
    /// Whether a space comes before the next words.
    space: bool,
    /// What comes before the next words: the sign of a list's item.
    sign: &'static str,
    /// Nesting of elements that keep their white space.
    preformatted: usize,
}

impl ShownText {
    fn element(&mut self, name: &str, is_closing: bool) {
        if name == "pre" {
            self.preformatted = if is_closing {
                self.preformatted.saturating_sub(1)
            } else {
                self.preformatted + 1
            };
        }
        if PARAGRAPHS.contains(&name) {
            self.line_ends = self.line_ends.max(2);
        } else if name == "br" {
            self.line_ends += 1;
        } else if BLOCKS.contains(&name) {
            self.line_ends = self.line_ends.max(1);
        } else if matches!(name, "td" | "th") && !is_closing && self.line_ends == 0 {
            self.space = true;
            self.sign = "| ";
        }
        if name == "li" && !is_closing {
            self.sign = "- ";
        }
    }

    fn push(&mut self, html: &str) {
        let text = without_entities(html);
        if self.preformatted > 0 {
            if !text.is_empty() {
                self.begin();
                self.text.push_str(&text);
            }
            return;
        }
        let mut words = text.split_whitespace().peekable();
        if words.peek().is_none() {
            self.space |= !text.is_empty();
            return;
        }
        self.space |= text.starts_with(char::is_whitespace);
        for word in words {
            self.begin();
            self.text.push_str(word);
            self.space = true;
        }
        self.space = text.ends_with(char::is_whitespace);
    }

    /// Writes what was to come before the next words.
    fn begin(&mut self) {
        if !self.text.is_empty() {
            if self.line_ends > 0 {
                self.text.push_str(&"\n".repeat(self.line_ends.min(2)));
            } else if self.space {
                self.text.push(' ');
            }
        }
        self.text.push_str(self.sign);
        (self.line_ends, self.space, self.sign) = (0, false, "");
    }

    fn finished(self) -> String {
        self.text.trim().to_owned()
    }
}

/// Replaces the names and numbers of signs (`&amp;`, `&#39;`, `&#x27;`) with the signs; any other
/// name stays as it is.
fn without_entities(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('&') {
        text.push_str(before);
        // No name that is known here is longer.
        let end = after.bytes().take(10).position(|byte| byte == b';');
        match end.and_then(|end| Some((sign_named(&after[..end])?, &after[end + 1..]))) {
            Some((sign, after)) => {
                text.push(sign);
                rest = after;
            }
            None => {
                text.push('&');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

fn sign_named(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "bull" => '•',
        "middot" => '·',
        "deg" => '°',
        "euro" => '€',
        "pound" => '£',
        "copy" => '©',
        "times" => '×',
        "rarr" => '→',
        "larr" => '←',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shows_what_a_browser_shows() {
        for (html, text) in [
            ("<p>It is <b>7443</b>.</p>", "It is 7443."),
            ("<p>One\n two</p><p>Three</p>", "One two\n\nThree"),
            ("one<br>two<br/>three", "one\ntwo\nthree"),
            ("<ul>\n<li>boots</li>\n<li>a <i>map</i></li></ul><p>Go</p>", "- boots\n- a map\n\nGo"),
            ("<h2>Ports</h2><div>7443</div><div>22</div>", "Ports\n\n7443\n22"),
            ("<pre><code>let a = 1;\n  b();\n</code></pre>", "let a = 1;\n  b();"),
            ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a | b\nc"),
            ("a &lt; b &amp;&amp; c &#39;d&#x27; &eacute; &", "a < b && c 'd' &eacute; &"),
            ("1 < 2 <3 and <b>more</b>", "1 < 2 <3 and more"),
            ("<style>p { color: red }</style><SCRIPT>x()</SCRIPT >Hi<!-- a > b -->!", "Hi!"),
            ("<a href=\"https://m.example\">the map</a>", "the map"),
            ("never <b", "never <b"),
            ("", ""),
        ] {
            assert_eq!(html_text(html), text, "{html}");
        }
    }

    /// With a search to the end for each sign, this would take hours.
    #[test]
    fn millions_of_signs_are_read_in_one_pass() {
        for piece in ["<a ", "< ", "<style>", "&", "<!"] {
            for end in ["", ">"] {
                let _ = html_text(&(piece.repeat(1 << 20) + end));
            }
        }
    }

    proptest! {
        #[test]
        fn words_without_tags_stay(words in prop::collection::vec("[a-zé.]{1,6}", 0..8)) {
            prop_assert_eq!(html_text(&words.join("\n ")), words.join(" "));
        }

        #[test]
        fn any_text_is_read_without_panic(html in "[<>/!a-p&;# \n\"é-]{0,40}") {
            let _ = html_text(&html);
        }
    }
}
