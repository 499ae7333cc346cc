//! Who looks at the page: found by their cookie, before any screen is made.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Zoned;
use longmem_core::UserName;
use longmem_memory::{Memory, MemoryError};

use super::fields::Fields;
use super::logins::Login;
use super::{layout, login};
use crate::Permission;
use crate::activity::{Door, Event, Note};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::shared::Shared;

/// The field of every form that holds its token.
pub(super) const TOKEN: &str = "token";

/// Stands in requests of the page's own script, which shows a part of the answer.
const PART: HeaderName = HeaderName::from_static("x-longmem-part");

/// Forms that change nothing in memory.
const CHANGES_NO_MEMORY: [&str; 3] = ["/ui/logout", "/ui/undo", "/ui/activity/clear"];

/// Somebody who is logged in, at one request.
#[derive(Clone)]
pub(super) struct Visitor {
    pub(super) shared: Arc<Shared>,
    pub(super) login: Arc<Login>,
    /// Where they are: the path with its query.
    pub(super) here: String,
    /// Whether the page's script asks, while something is typed or happens.
    pub(super) is_script: bool,
    /// The present moment, where days begin and end as the user's do.
    pub(super) now: Zoned,
}

impl Visitor {
    /// Whose memory it is.
    pub(super) fn user(&self) -> &UserName {
        &self.login.caller.user
    }

    /// Whether they may change memory.
    pub(super) fn may_write(&self) -> bool {
        self.may(Permission::Write)
    }

    /// Whether they may do this.
    pub(super) fn may(&self, permission: Permission) -> bool {
        self.login.caller.permissions.contains(&permission)
    }

    /// Whether they are logged in still, and their key is valid: for what goes on longer than most requests.
    pub(super) async fn is_welcome(&self) -> bool {
        let logins = &self.shared.page.logins;
        logins.has(&self.login, self.shared.memory.now())
            && match self.login.key.clone() {
                Some(key) => key.is_valid(&self.shared).await,
                None => true,
            }
    }

    /// Reads the memory.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Memory, &UserName) -> Result<T, MemoryError> + Send + 'static,
    ) -> Result<T, Problem> {
        let user = self.user().clone();
        Ok(self.shared.memory.read(move |memory| work(memory, &user)).await?)
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Problem::no_key)
    }
}

/// Lets in who is logged in, and asks everybody else to log in.
pub(super) async fn admit(
    State(shared): State<Arc<Shared>>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(login) = find(&shared, request.headers()).await else {
        return Redirect::to(login::PATH).into_response();
    };
    let here = request.uri().path_and_query().map_or("/ui/", |here| here.as_str()).to_owned();
    let now = shared.memory.now().to_zoned(shared.settings.talk.conversation.time_zone.clone());
    let is_script = request.headers().contains_key(PART);
    let visitor = Visitor { shared, login, here, is_script, now };
    request.extensions_mut().insert(visitor.clone());
    let answered = answer(&visitor, request, next).await;
    let mut response = answered.unwrap_or_else(Problem::into_response);
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        if problem.status.is_server_error() {
            let failed = Note::new(Door::Page, Event::Failed { reason: problem.detail.clone() });
            let shared = &visitor.shared;
            shared.activity.note(visitor.user(), shared.memory.now(), failed);
        }
        layout::show_problem(&mut response, Some(&visitor), &problem);
    }
    response
}

async fn answer(visitor: &Visitor, request: Request, next: Next) -> Result<Response, Problem> {
    visitor.login.caller.require(Permission::Read)?;
    let request = if request.method().is_safe() {
        request
    } else {
        let (mut parts, body) = request.into_parts();
        if !CHANGES_NO_MEMORY.contains(&parts.uri.path()) {
            visitor.login.caller.require(Permission::Write)?;
        }
        let form = form(body).await?;
        if !visitor.login.form.is(form.whole(TOKEN)) {
            return Err(foreign_form());
        }
        parts.extensions.insert(form);
        Request::from_parts(parts, Body::empty())
    };
    let place = visitor.shared.queue.enter(visitor.user()).await;
    let _place = place.map_err(|_| Problem::busy("too many requests wait for the memory"))?;
    Ok(next.run(request).await)
}

/// The fields of a form.
///
/// # Errors
/// 400 for what is no form.
pub(super) async fn form(body: Body) -> Result<Fields, Problem> {
    let mut body = Request::new(body);
    // The outermost layer limits it, by its path.
    DefaultBodyLimit::disable().apply(&mut body);
    let bytes = Bytes::from_request(body, &()).await;
    Fields::of_form(bytes.map_err(|_| Problem::invalid("the form ended early"))?).await
}

/// A form that is not of this page, or of a page that is older than the login.
pub(super) fn foreign_form() -> Problem {
    Problem::forbidden(
        "the form is not one of this page, or you logged in again since it was shown",
    )
    .with_hint("Open the page again, and send the form from there. Nothing was changed.")
}

/// Who has the cookie of a request.
async fn find(shared: &Arc<Shared>, headers: &HeaderMap) -> Option<Arc<Login>> {
    let name = login::cookie_name(headers);
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|cookie| {
        let (name, value) = cookie.trim().split_once('=')?;
        Some((name, value))
    });
    let logins = &shared.page.logins;
    let now = shared.memory.now();
    // An older cookie of the same name, for another path, may stand before the one of this login.
    let mut own = pairs.filter(|(known, _)| *known == name);
    let login = own.find_map(|(_, value)| logins.find(value, now))?;
    if let Some(key) = login.key.clone()
        && !key.is_valid(shared).await
    {
        logins.end(&login);
        return None;
    }
    Some(login)
}

/// Whose memory it is, for the header of the page.
pub(super) fn may_do(caller: &Caller) -> &'static str {
    if caller.permissions.contains(&Permission::Write) { "" } else { "read only" }
}
