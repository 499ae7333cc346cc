//! What every request must pass before anything else looks at it.

mod host;
mod path_rules;
mod user_prefix;

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};

pub(crate) use host::{CalledAs, Names};
pub(crate) use path_rules::{BodyRule, ServedTo, rules_of};
pub(crate) use user_prefix::take_user;

use crate::peer::Peer;
use crate::problem::Problem;

/// Fails for a request that a page of another site may have sent; returns by which of its names the server
/// was called.
///
/// # Errors
/// 403 for a `Host` or an `Origin` that is not ours; 415 for a body that a form could have sent, unless the path
/// relays it.
pub(crate) fn check(parts: &Parts, names: &Names, peer: Peer) -> Result<CalledAs, Problem> {
    let called_as = host::check(names, peer, &parts.uri, &parts.headers, follows_link(parts)).map_err(|reason| {
        Problem::forbidden(reason).with_hint(
            "Call the server by the address that it listens at; the setting server.names allows others.",
        )
    })?;
    check_content_type(parts)?;
    Ok(called_as)
}

/// Whether a person follows a link to the server's own page, which may stand on any site: only they see the answer,
/// and their cookie does not come along.
fn follows_link(parts: &Parts) -> bool {
    let says = |name: &str, value: &[u8]| {
        parts.headers.get(name).is_some_and(|known| known.as_bytes() == value)
    };
    parts.method == Method::GET
        && rules_of(parts.uri.path()).served_to == ServedTo::Visitors
        && says("sec-fetch-mode", b"navigate")
        && says("sec-fetch-dest", b"document")
}

/// Fails for a body of a kind that a page can send to another site without asking: that asks for a kind
/// which is none of the three of forms. The forms of the server's own page hold a token instead, which no other
/// site knows.
fn check_content_type(parts: &Parts) -> Result<(), Problem> {
    let needs_one = match parts.method {
        // No page can send the last one.
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE => false,
        // A page cannot send this to another site without asking.
        Method::DELETE => has_body(&parts.headers),
        _ => true,
    };
    if !needs_one {
        return Ok(());
    }
    let rule = rules_of(parts.uri.path()).body;
    if rule == BodyRule::Relayed {
        // Files are sent to other servers as forms. What a page of another site sends says where it is from.
        return Ok(());
    }
    let kind = media_type(&parts.headers);
    let kind = kind.as_deref().unwrap_or_default();
    let (is_allowed, expected) = match rule {
        BodyRule::File { .. } => (
            !kind.is_empty() && !FORM_KINDS.contains(&kind),
            "a content-type is expected that is none of a form, such as application/octet-stream",
        ),
        BodyRule::Form { .. } => (
            kind == FORM_KINDS[0],
            "the content-type application/x-www-form-urlencoded is expected",
        ),
        _ => (kind == "application/json", "the content-type application/json is expected"),
    };
    if is_allowed {
        return Ok(());
    }
    let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    Err(Problem::new(status, "unsupported-media-type", "The body is of another kind", expected))
}

/// The kinds of bodies that a form of any site can send here.
const FORM_KINDS: [&str; 3] =
    ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"];

fn has_body(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH).map(HeaderValue::as_bytes);
    headers.contains_key(header::TRANSFER_ENCODING) || length.is_some_and(|length| length != b"0")
}

/// The kind of a body in lower case, without its parameters; none if it is not said exactly once.
fn media_type(headers: &HeaderMap) -> Option<String> {
    let mut kinds = headers.get_all(header::CONTENT_TYPE).iter();
    let kind = kinds.next()?.to_str().ok()?;
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    (kinds.next().is_none() && kind.contains('/')).then_some(kind)
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn status(method: &str, path: &str, headers: &[(&str, &str)]) -> Option<u16> {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        check_content_type(&parts).err().map(|problem| problem.status.as_u16())
    }

    #[test]
    fn what_a_form_can_send_is_refused() {
        let path = "/v1/memory/recall";
        for method in ["POST", "PUT", "PATCH"] {
            assert_eq!(status(method, path, &[("content-type", "application/json")]), None);
            let with_charset = [("content-type", "Application/JSON; charset=utf-8")];
            assert_eq!(status(method, path, &with_charset), None);
            assert_eq!(status(method, path, &[]), Some(415));
            for kind in FORM_KINDS {
                assert_eq!(status(method, path, &[("content-type", kind)]), Some(415), "{kind}");
            }
            let twice = [("content-type", "text/plain"), ("content-type", "application/json")];
            assert_eq!(status(method, path, &twice), Some(415));
            let disguised = [("content-type", "text/plain; application/json")];
            assert_eq!(status(method, path, &disguised), Some(415));
        }
        assert_eq!(status("GET", path, &[]), None);
        assert_eq!(status("DELETE", path, &[]), None);
        assert_eq!(status("DELETE", path, &[("content-length", "0")]), None);
        assert_eq!(status("DELETE", path, &[("content-length", "2")]), Some(415));
        assert_eq!(status("DELETE", path, &[("transfer-encoding", "chunked")]), Some(415));
    }

    #[test]
    fn a_file_may_be_of_any_kind_but_a_forms() {
        let path = "/v1/memory/import";
        for kind in ["application/json", "application/zip", "application/octet-stream"] {
            assert_eq!(status("POST", path, &[("content-type", kind)]), None, "{kind}");
        }
        for kind in FORM_KINDS {
            assert_eq!(status("POST", path, &[("content-type", kind)]), Some(415), "{kind}");
        }
        assert_eq!(status("POST", path, &[]), Some(415));
    }
}
