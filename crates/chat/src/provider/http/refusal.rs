//! What a server says when it does not answer.

use std::time::Duration;

use jiff::fmt::rfc2822;
use reqwest::header::HeaderMap;

use crate::RetryAdvice;
use crate::provider::lenient::words;

/// Characters shown of an error's body that is not JSON, and of an address that a server names.
pub(super) const MAX_SHOWN_CHARACTERS: usize = 200;

/// The text of a header, if it has one.
pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Reads what the server says about asking again: milliseconds before seconds, and a date as
/// measured from the server's own clock.
pub(super) fn retry_advice(headers: &HeaderMap) -> RetryAdvice {
    let seconds = |name: &str, unit: f64| {
        let number: f64 = header(headers, name)?.trim().parse().ok()?;
        Duration::try_from_secs_f64(number * unit).ok()
    };
    let date = |name: &str| rfc2822::parse(header(headers, name)?).ok();
    let until_date = || {
        let wait = date("retry-after")?.duration_since(&date("date")?);
        Duration::try_from(wait).ok()
    };
    let after =
        seconds("retry-after-ms", 1e-3).or_else(|| seconds("retry-after", 1.0)).or_else(until_date);
    let should_retry = header(headers, "x-should-retry").and_then(|value| value.parse().ok());
    RetryAdvice { after, should_retry }
}

/// Finds what an error's body says, in the shapes of many servers; of a web page its title, of other
/// text the beginning.
pub(super) fn error_message(body: &str) -> Option<String> {
    if let Some(message) = serde_json::from_str(body).ok().as_ref().and_then(words) {
        return Some(message);
    }
    let title = body.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
    let text = title.map_or(body, |(title, _)| title);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown: String = words.chars().take(MAX_SHOWN_CHARACTERS).collect();
    (!shown.is_empty()).then_some(shown)
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (n.parse().unwrap(), HeaderValue::from_static(v))).collect()
    }

    #[test]
    fn advice_is_read_in_every_form() {
        let after = |pairs: &[_]| retry_advice(&headers(pairs)).after;
        assert_eq!(after(&[("retry-after", "2")]), Some(Duration::from_secs(2)));
        assert_eq!(
            after(&[("retry-after", "2"), ("retry-after-ms", "1500")]),
            Some(Duration::from_millis(1_500))
        );
        assert_eq!(
            after(&[
                ("date", "Wed, 21 Oct 2026 07:28:00 GMT"),
                ("retry-after", "Wed, 21 Oct 2026 07:28:30 GMT")
            ]),
            Some(Duration::from_secs(30))
        );
        for nonsense in ["-1", "soon", "NaN", "1e300"] {
            assert_eq!(after(&[("retry-after", nonsense)]), None);
        }
        assert_eq!(
            retry_advice(&headers(&[("x-should-retry", "false")])).should_retry,
            Some(false)
        );
    }

    #[test]
    fn the_message_is_found_in_every_shape() {
        let cases = [
            (r#"{"type":"error","error":{"type":"x","message":"no"}}"#, Some("no")),
            (r#"{"error":"no model"}"#, Some("no model")),
            (r#"{"detail":"bad"}"#, Some("bad")),
            ("<html>\n<title>502 Bad\nGateway</title><body>…", Some("502 Bad Gateway")),
            ("plain\n text", Some("plain text")),
            ("", None),
            (" \n", None),
        ];
        for (body, message) in cases {
            assert_eq!(error_message(body).as_deref(), message, "{body}");
        }
        assert_eq!(error_message(&"x".repeat(999)).unwrap().len(), MAX_SHOWN_CHARACTERS);
    }
}
