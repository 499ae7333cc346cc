//! `/u/{user}/…`: another user's memory, for clients that can be given an address but no headers.

use axum::http::Uri;
use axum::http::uri::PathAndQuery;
use longmem_core::UserName;

use crate::problem::Problem;

/// Takes the user out of an address that begins with `/u/{user}/`.
///
/// # Errors
/// 400 if what stands there is no name of a user.
pub(crate) fn take_user(uri: &mut Uri) -> Result<Option<UserName>, Problem> {
    let Some(rest) = uri.path().strip_prefix("/u/") else { return Ok(None) };
    let (name, path) = rest.split_once('/').unwrap_or((rest, ""));
    let name =
        percent_decoded(name).ok_or_else(|| Problem::invalid("the user's name is no text"))?;
    let user = UserName::new(name).map_err(|error| Problem::invalid(error.to_string()))?;
    let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
    let invalid = |_| Problem::invalid("the address cannot be read");
    let shorter: PathAndQuery = format!("/{path}{query}").parse().map_err(invalid)?;
    let mut parts = std::mem::take(uri).into_parts();
    parts.path_and_query = Some(shorter);
    *uri = Uri::from_parts(parts).map_err(|_| Problem::invalid("the address cannot be read"))?;
    Ok(Some(user))
}

/// A text with its `%41`s decoded; none if that makes no text.
fn percent_decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_is_taken_out_of_the_address() {
        for (address, user, rest) in [
            ("/u/ana/v1/memory/recall?a=%2F", Some("ana"), "/v1/memory/recall?a=%2F"),
            ("/u/ana%20b%C3%A9/mcp", Some("ana bé"), "/mcp"),
            ("/u/ana", Some("ana"), "/"),
            ("/u/ana/u/bo/mcp", Some("ana"), "/u/bo/mcp"),
            ("http://localhost:7717/u/ana/mcp", Some("ana"), "http://localhost:7717/mcp"),
            ("/v1/u/ana", None, "/v1/u/ana"),
        ] {
            let mut uri: Uri = address.parse().unwrap();
            let found = take_user(&mut uri).unwrap();
            assert_eq!(found.as_ref().map(UserName::as_str), user, "{address}");
            assert_eq!(uri.to_string(), rest, "{address}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for address in ["/u/", "/u//mcp", "/u/%00/mcp", "/u/%f/mcp", "/u/%ff/mcp", "/u/%+1/mcp"] {
            let mut uri: Uri = address.parse().unwrap();
            assert_eq!(take_user(&mut uri).unwrap_err().status.as_u16(), 400, "{address}");
        }
    }
}
