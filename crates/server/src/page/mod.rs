//! The page `/ui/`: what is remembered, searched, corrected and deleted in a browser.
//!
//! It is made on the server, of plain forms: each is answered with the address to go on to. A small script adds
//! to that what a form cannot, and nothing depends on it. Stored text is always text here, never markup.
//!
//! Whoever looks at it has logged in, with a cookie that opens the page alone and never the API; every form holds
//! a token of that login.

mod activity;
mod assets;
mod backup;
mod dates;
mod deleting;
mod explanation;
mod fact;
mod facts;
mod fields;
mod forget;
mod layout;
mod login;
mod logins;
mod newest;
mod plot;
mod quote;
mod scope;
mod search;
mod sent;
mod session;
mod sessions;
mod status;
mod token;
mod turn;
mod visitor;

#[cfg(all(test, unix))]
mod tests;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::from_fn_with_state;
use axum::response::{Redirect, Response};
use axum::routing::{get, post};
use longmem_wire::{Permission, WatchEvent};

use self::deleting::Deletions;
use self::logins::{Logins, lock};
use crate::api::wrong_method;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::shared::Shared;

/// What the page keeps, in memory only.
#[derive(Default)]
pub(crate) struct Page {
    logins: Logins,
    deletions: Deletions,
    /// How the capture of transcripts stands: the last event that says so.
    capture: Mutex<Option<WatchEvent>>,
}

impl Page {
    /// Keeps what an event says of how the capture of transcripts stands.
    pub(crate) fn note_capture(&self, event: &WatchEvent) {
        if matches!(event, WatchEvent::Waiting { .. } | WatchEvent::Started { .. }) {
            *lock(&self.capture) = Some(event.clone());
        }
    }

    /// Waits until everything is deleted that somebody deleted and did not take back.
    pub(crate) async fn finish_deletions(&self) {
        self.deletions.finish().await;
    }
}

/// The path by which the person who runs the server opens the page, once and within a minute.
///
/// # Errors
/// 500 if the system gives no random bytes.
pub(crate) fn login_path(shared: &Shared) -> Result<String, Problem> {
    let mut permissions = Permission::ALL.to_vec();
    permissions.retain(|permission| *permission != Permission::Write || !shared.settings.read_only);
    let caller = Caller { user: shared.settings.user.clone(), permissions };
    let link = shared.page.logins.link(caller, shared.memory.now())?;
    Ok(format!("{}?t={}", login::PATH, link.text()))
}

/// The routes of the page.
pub(crate) fn routes(shared: &Arc<Shared>) -> Router<Arc<Shared>> {
    let screens = Router::new()
        .route("/ui/", get(search::show))
        .route("/ui/sessions", get(sessions::show))
        .route("/ui/session", get(session::show).post(session::rename))
        .route("/ui/turns/{id}", get(turn::show).post(turn::amend))
        .route("/ui/facts", get(facts::show).post(facts::note))
        .route("/ui/facts/{id}", get(fact::show).post(fact::edit))
        .route("/ui/forget", get(forget::show).post(forget::forget))
        .route("/ui/activity", get(activity::show))
        .route("/ui/activity/events", get(activity::events))
        .route("/ui/activity/clear", post(activity::clear))
        .route("/ui/status", get(status::show))
        .route("/ui/backup", post(backup::back_up))
        .route("/ui/keys/revoke", post(status::revoke_key))
        .route("/ui/delete", post(deleting::delete))
        .route("/ui/undo", post(deleting::undo))
        .route("/ui/logout", post(login::log_out))
        .route_layer(from_fn_with_state(Arc::clone(shared), visitor::admit));
    Router::new()
        .route("/", get(async || Redirect::to("/ui/")))
        .route("/ui", get(async || Redirect::to("/ui/")))
        .route(login::PATH, get(login::show).post(login::log_in))
        .route("/ui/assets/{name}", get(assets::serve))
        .merge(screens)
        .method_not_allowed_fallback(async || wrong_method())
}

/// What browsers may do with the page: load what the server itself serves, and nothing else.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
     img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Gives an answer of the page the headers that all of them have, and shows a problem as a page.
pub(crate) fn dress(response: &mut Response) {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        layout::show_problem(response, None, &problem);
    }
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Without any referrer, browsers would not say either where a form comes from.
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
