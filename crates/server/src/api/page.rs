//! Lists that come in pages.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use longmem_core::Scope;
use longmem_core::schemars::{self, JsonSchema};
use longmem_memory::{MemoryError, StoreError};
use longmem_wire as wire;
use serde::Serialize;

use crate::problem::Problem;

/// Entries of a page, unless a request says otherwise.
const USUAL_LIMIT: usize = 50;

/// A part of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PageOf{T}")]
pub(super) struct Page<T> {
    /// The entries.
    pub(super) items: Vec<T>,
    /// The `cursor` of the next page; none if this is the last.
    pub(super) next: Option<String>,
}

impl<T> Page<T> {
    /// A page of the first `limit` of these; it is the last if there are no more. The position of the
    /// last entry is where the next page goes on.
    pub(super) fn of(mut items: Vec<T>, limit: usize, position: impl Fn(&T) -> String) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|last| cursor(&position(last)));
        Self { items, next }
    }
}

/// What a client gets for a position, and sends back.
fn cursor(position: &str) -> String {
    URL_SAFE_NO_PAD.encode(position)
}

/// Which page of a list, in a query.
#[derive(Debug, serde::Deserialize, JsonSchema)]
pub(super) struct PageQuery {
    /// Entries of a page.
    #[serde(default)]
    #[schemars(range(min = 1, max = 500))]
    limit: Option<usize>,
    /// Where the page begins: `next` of the page before.
    #[serde(default)]
    #[schemars(length(min = 1))]
    cursor: Option<String>,
}

impl PageQuery {
    /// Entries of the page.
    pub(super) fn limit(&self) -> usize {
        self.limit.unwrap_or(USUAL_LIMIT)
    }

    /// The position after which the page begins; none for the first.
    ///
    /// # Errors
    /// 404 for a cursor that is not one of this list.
    pub(super) fn position<P>(
        &self,
        read: impl Fn(&str) -> Option<P>,
    ) -> Result<Option<P>, Problem> {
        position(self.cursor.as_deref(), read)
    }
}

/// The position that a cursor stands for.
///
/// # Errors
/// 404 for what is not a cursor of this list.
fn position<P>(
    cursor: Option<&str>,
    read: impl Fn(&str) -> Option<P>,
) -> Result<Option<P>, Problem> {
    let Some(cursor) = cursor else { return Ok(None) };
    let text = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let position = text.and_then(|text| read(&text));
    let invalid = || {
        Problem::not_found("there is no page with this cursor")
            .with_hint("Leave cursor out to begin with the first page.")
    };
    position.map(Some).ok_or_else(invalid)
}

/// What is read of a user who has nothing stored yet: nothing.
pub(crate) fn nothing_of_nobody<T: Default>(
    read: Result<T, MemoryError>,
) -> Result<T, MemoryError> {
    match read {
        Err(MemoryError::Store(StoreError::UnknownUser(_))) => Ok(T::default()),
        read => read,
    }
}

/// Which turns are meant, in a query.
#[derive(Debug, serde::Deserialize, JsonSchema)]
pub(super) struct ScopeQuery {
    /// Only these sessions; all if there is none.
    #[serde(default)]
    session: Vec<longmem_core::SessionName>,
    /// Only these roles; all if there is none.
    #[serde(default)]
    role: Vec<longmem_core::Role>,
    /// Only turns at or after this time.
    #[serde(default)]
    since: Option<longmem_core::Timestamp>,
    /// Only turns before this time.
    #[serde(default)]
    until: Option<longmem_core::Timestamp>,
}

impl ScopeQuery {
    /// The part of a user's memory that is meant.
    pub(super) fn of(self, user: longmem_core::UserName) -> Scope {
        let mut scope = wire::Scope::of(user);
        (scope.sessions, scope.roles) = (self.session, self.role);
        (scope.since, scope.until) = (self.since, self.until);
        scope.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_and_nothing_else_is() {
        let page = Page::of(vec![1, 2, 3], 2, ToString::to_string);
        assert_eq!(page.items, [1, 2]);
        let read = |cursor: &str| position(Some(cursor), |text| text.parse::<i32>().ok());
        assert_eq!(read(&page.next.unwrap()).unwrap(), Some(2));
        assert_eq!(Page::of(vec![1, 2], 2, ToString::to_string).next, None);
        for wrong in ["", "x", "!", "AAAA", "Mg=="] {
            assert_eq!(read(wrong).unwrap_err().status, 404, "{wrong}");
        }
    }
}
