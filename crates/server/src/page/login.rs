//! Logging in and out.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use maud::html;

use super::fields::Fields;
use super::logins::LOGIN_HOLDS;
use super::visitor::{TOKEN, Visitor, foreign_form, form};
use super::{layout, logins::Login};
use crate::Auth;
use crate::access::{self, Asked, KEY_HEADER, UsualKey};
use crate::guard::CalledAs;
use crate::peer::Connection;
use crate::problem::Problem;
use crate::shared::Shared;

/// Where one logs in.
pub(super) const PATH: &str = "/ui/login";

/// How the name of every cookie begins; the port follows, since browsers give all servers of a machine the same
/// cookies.
const COOKIE: &str = "longmem_s";

/// The name of the cookie of the server that a request called.
pub(super) fn cookie_name(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let port = host.rsplit_once(':').map_or("", |(_, port)| port);
    let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    format!("{COOKIE}{}", if is_port { port } else { "" })
}

pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    Extension(called_as): Extension<CalledAs>,
    method: Method,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    // A program that looks whether a link leads anywhere does not use it up.
    let Some(link) = fields.text("t").filter(|_| method == Method::GET) else {
        return Ok(screen(&shared, called_as, None)?.into_response());
    };
    let now = shared.memory.now();
    let Some(caller) = shared.page.logins.use_link(link, now) else {
        let used = "That link was used already, or it is older than a minute.";
        return Ok(screen(&shared, called_as, Some(used))?.into_response());
    };
    let login = shared.page.logins.begin(caller, None, now)?;
    // Whoever follows a link from another site would not send the cookie along with a mere redirection.
    let mut response = layout::going_on("/ui/").into_response();
    set_cookie(&mut response, &headers, login.cookie(), LOGIN_HOLDS.as_secs())?;
    Ok(response)
}

/// Logs in with a key, or without one whoever needs none.
pub(super) async fn log_in(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Connection>>,
    Extension(called_as): Extension<CalledAs>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let fields = form(body).await?;
    let logins = &shared.page.logins;
    if !logins.form()?.is(fields.whole(TOKEN)) {
        return Err(foreign_form());
    }
    let mut headers = parts.headers.clone();
    for name in [KEY_HEADER, header::AUTHORIZATION] {
        headers.remove(name);
    }
    let key = fields.text("key");
    match key {
        Some(key) => {
            let key = HeaderValue::from_str(key).unwrap_or(HeaderValue::from_static("?"));
            headers.insert(KEY_HEADER, key);
        }
        None if fields.text("local").is_none() => {
            let page = screen(&shared, called_as, Some("Type a key of this server."))?;
            return Ok(page.into_response());
        }
        None => {}
    }
    let usual_key = UsualKey::Own;
    let asked =
        Asked { connection: &connection, called_as, headers: &headers, named: None, usual_key };
    let (caller, key) = match access::caller(&shared, asked).await {
        Ok(known) => known,
        Err(problem) if problem.status.is_client_error() => {
            let why = match problem.retry_after {
                _ if problem.status == StatusCode::UNAUTHORIZED && key.is_some() => {
                    "That is not a key of this server, or it is not valid any more.".to_owned()
                }
                _ if problem.status == StatusCode::UNAUTHORIZED => {
                    "Without a key, the page opens only for programs of the account that runs the server."
                        .to_owned()
                }
                Some(seconds) => {
                    let seconds = layout::counted(seconds.into(), "second");
                    format!("{} Try again in {seconds}.", layout::sentence(&problem.detail))
                }
                None => layout::sentence(&problem.message()),
            };
            let mut response = screen(&shared, called_as, Some(&why))?.into_response();
            *response.status_mut() = problem.status;
            problem.add_to(&mut response);
            // The page asks for the key itself.
            response.headers_mut().remove(header::WWW_AUTHENTICATE);
            return Ok(response);
        }
        Err(problem) => return Err(problem),
    };
    let login = logins.begin(caller, key, shared.memory.now())?;
    let mut response = Redirect::to("/ui/").into_response();
    set_cookie(&mut response, &parts.headers, login.cookie(), LOGIN_HOLDS.as_secs())?;
    Ok(response)
}

pub(super) async fn log_out(visitor: Visitor, headers: HeaderMap) -> Result<Response, Problem> {
    let login: &Arc<Login> = &visitor.login;
    visitor.shared.page.logins.end(login);
    let mut response = Redirect::to(PATH).into_response();
    set_cookie(&mut response, &headers, "", 0)?;
    Ok(response)
}

fn set_cookie(
    response: &mut Response,
    headers: &HeaderMap,
    value: &str,
    seconds: i64,
) -> Result<(), Problem> {
    let name = cookie_name(headers);
    let cookie = format!("{name}={value}; HttpOnly; SameSite=Strict; Path=/ui; Max-Age={seconds}");
    let cookie = HeaderValue::from_str(&cookie);
    let cookie = cookie.map_err(|error| Problem::bug(error.to_string()))?;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(())
}

/// The screen by which one logs in, with what went wrong before.
fn screen(
    shared: &Shared,
    called_as: CalledAs,
    wrong: Option<&str>,
) -> Result<Html<String>, Problem> {
    let without_key = shared.settings.auth == Auth::Auto && called_as == CalledAs::ThisMachine;
    let token = shared.page.logins.form()?;
    let token = html! { input type="hidden" name=(TOKEN) value=(token.text()); };
    let content = html! {
        section.login {
            h1 { "Open the memory" }
            @if let Some(wrong) = wrong { p.notice.failed role="alert" { (wrong) } }
            @if without_key {
                form method="post" action=(PATH) {
                    (token)
                    input type="hidden" name="local" value="yes";
                    p { "You run this server yourself, on this machine? Then you need no key." }
                    button.primary type="submit" { "Open as " bdi { (shared.settings.user.as_str()) } }
                }
                p.or { "or" }
            }
            form method="post" action=(PATH) {
                (token)
                label for="key" { "Key" }
                input #key type="password" name="key" autocomplete="current-password" required
                    spellcheck="false" aria-describedby="key-help";
                p #key-help.hint {
                    "It begins with " code { "lm_" } ". " code { "longmem keys add NAME" } " makes one."
                }
                button type="submit" { "Open with the key" }
            }
        }
    };
    Ok(layout::plain("Log in", &content))
}
