//! Who may ask, and about whose memory.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use longmem_core::UserName;
use longmem_wire::Permission;

use crate::guard::CalledAs;
use crate::keys::{self, KeysError, Secret, ValidKey};
use crate::limits::{Failures, Rate, Rates};
use crate::peer::Connection;
use crate::problem::Problem;
use crate::proxy;
use crate::shared::Shared;
use crate::{Auth, caller::Caller};

/// Requests that a key may send.
const KEY_RATE: Rate = Rate { per_second: 50.0, burst: 100.0 };

/// Holds a key; it goes before `Authorization`, which may be meant for somebody else.
pub(crate) const KEY_HEADER: HeaderName = HeaderName::from_static("x-longmem-key");

/// Names the user whose memory is meant.
const USER_HEADER: HeaderName = HeaderName::from_static("x-longmem-user");

/// Headers that servers add to what they send on.
const SENT_ON: [&str; 6] =
    ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

/// What is counted of those who ask.
#[derive(Debug)]
pub(crate) struct Access {
    failures: Failures,
    rates: Rates<String>,
}

impl Default for Access {
    fn default() -> Self {
        Self { failures: Failures::default(), rates: Rates::new(KEY_RATE) }
    }
}

/// What a request says of who sent it.
pub(crate) struct Asked<'a> {
    pub(crate) connection: &'a Connection,
    /// The name by which the server was called.
    pub(crate) called_as: CalledAs,
    pub(crate) headers: &'a HeaderMap,
    /// The user whom the address names.
    pub(crate) named: Option<UserName>,
    /// Whose key stands in the usual headers.
    pub(crate) usual_key: UsualKey,
}

/// Whose key stands in the headers in which clients usually send one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UsualKey {
    /// longmem's.
    Own,
    /// That of another server, which the request is for, unless it looks like one of longmem's.
    OfUpstream,
}

/// The id of the key that a request came with; it is among the request's extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyInUse(String);

impl KeyInUse {
    /// Whether it still opens anything, for what goes on longer than most requests. While the store cannot be
    /// read, it does.
    pub(crate) async fn is_valid(&self, shared: &Shared) -> bool {
        let id = self.0.clone();
        let is_valid = shared.memory.run_aside(move |memory| keys::is_valid(memory, &id)).await;
        is_valid.unwrap_or(true)
    }
}

/// Says who asks, and with which key.
///
/// # Errors
/// 401 without a valid key where one is needed; 403 for another user's memory without the permission for it;
/// 429 for too many requests, or too many wrong keys; 503 if the store cannot be read.
pub(crate) async fn caller(
    shared: &Arc<Shared>,
    asked: Asked<'_>,
) -> Result<(Caller, Option<KeyInUse>), Problem> {
    let Asked { connection, headers, .. } = asked;
    let presented = match asked.usual_key {
        UsualKey::Own => presented(headers),
        UsualKey::OfUpstream => {
            own_header(headers).or_else(|| proxy::key_in_place_of_upstreams(headers))
        }
    };
    let (mut caller, key) = match presented {
        Some(presented) => {
            let (caller, key) = by_key(shared, connection, presented).await?;
            (caller, Some(key))
        }
        None => (without_key(shared, &asked).await?, None),
    };
    if caller.permissions.contains(&Permission::Admin) {
        caller.permissions.extend([Permission::Read, Permission::Write]);
    }
    let chosen = match asked.named {
        Some(user) => Some(user),
        None => user_in(headers)?,
    };
    if let Some(user) = chosen.filter(|user| *user != caller.user) {
        if !caller.permissions.contains(&Permission::Admin) {
            return Err(Problem::forbidden("this key opens the memory of another user only"));
        }
        caller.user = user;
    }
    if shared.settings.read_only {
        caller.permissions.retain(|permission| *permission != Permission::Write);
    }
    Ok((caller, key))
}

/// Who asks with a key.
async fn by_key(
    shared: &Arc<Shared>,
    connection: &Connection,
    presented: &str,
) -> Result<(Caller, KeyInUse), Problem> {
    let found = match Secret::parse(presented) {
        Some(secret) => look_up(shared, secret).await?,
        None => None,
    };
    let Some(key) = found else {
        let counted = shared.access.failures.count(connection.peer_name(), Instant::now());
        return Err(match counted {
            Ok(()) => Problem::no_key(),
            Err(wait) => too_many("too many wrong keys came from here", wait),
        });
    };
    let allowed = shared.access.rates.take(key.id.clone(), Instant::now());
    allowed.map_err(|wait| too_many("this key sends more requests than are served", wait))?;
    let (memory, id) = (shared.memory.clone(), key.id.clone());
    // Nobody waits for it, and where the store cannot be written now, the next use is noted.
    tokio::spawn(async move {
        let _ = memory.run_aside(move |memory| keys::note_use(memory, &id)).await;
    });
    Ok((Caller { user: key.user, permissions: key.scopes }, KeyInUse(key.id)))
}

async fn look_up(shared: &Shared, secret: Secret) -> Result<Option<ValidKey>, Problem> {
    let found = shared.memory.run_aside(move |memory| keys::find(memory, &secret)).await;
    found.map_err(|_: KeysError| {
        let detail = "the keys cannot be read now";
        let status = StatusCode::SERVICE_UNAVAILABLE;
        let problem = Problem::new(status, "store-busy", "The store cannot be used", detail);
        Problem { retry_after: Some(1), ..problem }
    })
}

/// Who asks without one: the person who runs the server, or nobody. What another server sends on is of
/// anybody, even where that runs under the person's account.
async fn without_key(shared: &Shared, asked: &Asked<'_>) -> Result<Caller, Problem> {
    let is_sent_on = asked.called_as == CalledAs::SetName
        || SENT_ON.iter().any(|name| asked.headers.contains_key(*name));
    if shared.settings.auth == Auth::Required
        || is_sent_on
        || !asked.connection.is_own_account().await
    {
        return Err(Problem::no_key());
    }
    Ok(Caller { user: shared.settings.user.clone(), permissions: Permission::ALL.to_vec() })
}

/// The key of a request, whatever its form; none if there is none, or an empty one, as a client sends whose
/// variable is not set.
fn presented(headers: &HeaderMap) -> Option<&str> {
    if let Some(key) = own_header(headers) {
        return Some(key);
    }
    let authorization = text(headers, &header::AUTHORIZATION)?;
    let (scheme, key) = authorization.split_once(' ').unwrap_or((authorization, ""));
    let takes_key = ["Bearer", "Token"].iter().any(|known| known.eq_ignore_ascii_case(scheme));
    let key = if takes_key { key.trim() } else { authorization };
    (!key.is_empty()).then_some(key)
}

/// The key in longmem's own header; none if it is empty.
fn own_header(headers: &HeaderMap) -> Option<&str> {
    text(headers, &KEY_HEADER).filter(|key| !key.is_empty())
}

/// A header's value. What is no text is a wrong key, and not none.
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("?").trim())
}

/// The user that a header names.
fn user_in(headers: &HeaderMap) -> Result<Option<UserName>, Problem> {
    let mut values = headers.get_all(USER_HEADER).iter();
    let Some(name) = values.next() else { return Ok(None) };
    let invalid = "the header X-Longmem-User names one user in UTF-8";
    if values.next().is_some() {
        return Err(Problem::invalid(invalid));
    }
    let name = std::str::from_utf8(name.as_bytes()).map_err(|_| Problem::invalid(invalid))?;
    let user = UserName::new(name).map_err(|error| Problem::invalid(error.to_string()))?;
    Ok(Some(user))
}

fn too_many(detail: &'static str, wait: Duration) -> Problem {
    let status = StatusCode::TOO_MANY_REQUESTS;
    let problem = Problem::new(status, "too-many-requests", "Too many requests", detail);
    Problem { retry_after: Some(wait.as_secs_f64().ceil() as u32), ..problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stands_in_one_of_two_headers_and_an_empty_one_is_none() {
        for (name, value, key) in [
            ("authorization", "Bearer lm_a", Some("lm_a")),
            ("authorization", "bearer   lm_a ", Some("lm_a")),
            ("authorization", "Token lm_a", Some("lm_a")),
            ("authorization", "Bearer", None),
            ("authorization", "Bearer ", None),
            ("authorization", "", None),
            ("authorization", "Basic dXNlcg==", Some("Basic dXNlcg==")),
            ("authorization", "lm_a", Some("lm_a")),
            ("x-longmem-key", "lm_a", Some("lm_a")),
            ("x-longmem-key", "", None),
            ("x-api-key", "lm_a", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            assert_eq!(presented(&headers), key, "{name}: {value}");
        }
        let mut headers = HeaderMap::new();
        headers.insert("authorization", "Bearer sk-of-a-model".parse().unwrap());
        headers.insert("x-longmem-key", "lm_a".parse().unwrap());
        assert_eq!(presented(&headers), Some("lm_a"));
    }
}
