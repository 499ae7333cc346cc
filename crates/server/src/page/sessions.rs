//! The list of conversations.

use axum::response::Html;
use longmem_core::{SessionName, UserName};
use longmem_memory::{Memory, MemoryError, SessionSummary};
use longmem_transcripts::Format;
use maud::{Markup, html};

use super::dates::Dates;
use super::fields::Fields;
use super::layout::{Screen, counted};
use super::quote::{session_address, session_title};
use super::visitor::Visitor;
use super::{newest, plot};
use crate::api::page::nothing_of_nobody;
use crate::problem::Problem;

/// Sessions of a page.
const SHOWN: usize = 50;

pub(super) async fn show(visitor: Visitor, fields: Fields) -> Result<Html<String>, Problem> {
    let page: usize = fields.value("page")?.unwrap_or(1).clamp(1, 1_000_000);
    let sessions = visitor.read(|memory, user| nothing_of_nobody(memory.sessions(user))).await?;
    let words = fields.text("title").unwrap_or_default().to_lowercase();
    let is_named = |session: &SessionSummary| {
        let title = session.title.as_deref().unwrap_or_default().to_lowercase();
        title.contains(&words) || session.session.as_str().to_lowercase().contains(&words)
    };
    let hidden = visitor.hidden();
    let named: Vec<&SessionSummary> = sessions
        .iter()
        .filter(|session| !hidden.session(&session.session) && is_named(session))
        .collect();
    let first = (page - 1).saturating_mul(SHOWN);
    let shown = named.iter().skip(first).take(SHOWN).map(|session| session.session.clone());
    let shown: Vec<SessionName> = shown.collect();
    let sources = visitor.read(move |memory, user| {
        shown.iter().map(|session| source(memory, user, session)).collect::<Result<Vec<_>, _>>()
    });
    let sources = sources.await?;
    let dates = Dates(&visitor.now);
    let content = html! {
        h1 { "Sessions" }
        @if sessions.is_empty() {
            (newest::nothing_yet())
        } @else {
            (plot::turns_by_month(&sessions, &dates))
            form.line role="search" method="get" action="/ui/sessions" {
                label for="title" { "Name or title" }
                input #title type="search" name="title" value=[fields.text("title")];
                button type="submit" { "Show" }
            }
            p.count role="status" { (counted(named.len() as u64, "session")) }
            ul.rows {
                @for (session, source) in named.iter().skip(first).zip(&sources) {
                    (row(session, *source, &dates))
                }
            }
            (pages(&fields, page, named.len().div_ceil(SHOWN)))
        }
    };
    Ok(visitor.page(Screen::Sessions, "Sessions", &content))
}

/// What the turns of a session were imported from; none if they were not. The keys of imported turns begin with the
/// name of the format.
pub(super) fn source(
    memory: &Memory,
    user: &UserName,
    session: &SessionName,
) -> Result<Option<Format>, MemoryError> {
    let keys = memory.outer_source_keys(user, session)?;
    Ok(keys.first().and_then(|key| key.0.split_once(':')?.0.parse().ok()))
}

fn row(session: &SessionSummary, source: Option<Format>, dates: &Dates<'_>) -> Markup {
    let name = session.session.as_str();
    html! {
        li {
            a href=(session_address(name)) { bdi { (session_title(session.title.as_deref(), name)) } }
            p.hint {
                (counted(session.turns, "turn"))
                " · " (Dates::marked(session.start, &dates.day(session.start)))
                @if dates.day(session.start) != dates.day(session.end) {
                    " to " (Dates::marked(session.end, &dates.day(session.end)))
                }
                @if let Some(source) = source { " · from " (source) }
            }
        }
    }
}

fn pages(fields: &Fields, page: usize, pages: usize) -> Markup {
    let address = |page: usize| {
        format!("/ui/sessions{}", fields.with(&[("page", &page.to_string())]).query())
    };
    html! {
        @if pages > 1 {
            nav.pages aria-label="Pages" {
                @if page > 1 { a rel="prev" href=(address(page - 1)) { "Newer" } }
                span { "Page " (page) " of " (pages) }
                @if page < pages { a rel="next" href=(address(page + 1)) { "Older" } }
            }
        }
    }
}
