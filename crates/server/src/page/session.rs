//! One conversation from its beginning to its end.

use axum::response::{Html, Redirect};
use longmem_core::{Scope, SessionName, Turn, TurnId, UserName};
use longmem_memory::{Memory, MemoryError, SessionSummary, StoreError};
use longmem_transcripts::Format;
use maud::{Markup, html};

use super::dates::Dates;
use super::deleting::Hidden;
use super::fields::Fields;
use super::layout::{Screen, counted};
use super::quote::{self, session_address, session_title};
use super::sessions::source;
use super::visitor::Visitor;
use crate::api::waiting::stored_first;
use crate::problem::Problem;

/// Turns of a page.
const SHOWN: usize = 50;

/// A session at a glance, with its summary and a page of its turns.
struct Shown {
    session: SessionSummary,
    summary: Option<String>,
    /// What its turns were imported from.
    source: Option<Format>,
    turns: Vec<Turn>,
    has_more: bool,
}

pub(super) async fn show(visitor: Visitor, fields: Fields) -> Result<Html<String>, Problem> {
    let name = name(&fields)?;
    let after = fields.value::<i64>("after")?.map(TurnId);
    let shown = visitor.read(move |memory, user| read(memory, user, &name, after)).await?;
    let name = shown.session.session.as_str();
    let title = session_title(shown.session.title.as_deref(), name);
    let dates = Dates(&visitor.now);
    let hidden = visitor.hidden();
    let address = session_address(name);
    let content = html! {
        h1 { bdi { (title) } }
        p.hint {
            (counted(shown.session.turns, "turn")) ", "
            (Dates::marked(shown.session.start, &dates.minute(shown.session.start))) " to "
            (Dates::marked(shown.session.end, &dates.minute(shown.session.end)))
            " · named " code { bdi { (name) } }
            @if let Some(source) = &shown.source { " · imported from " (source) }
        }
        @if let Some(summary) = &shown.summary {
            section.summary aria-label="Summary" { h2 { "Summary" } blockquote dir="auto" { (summary) } }
        }
        @if visitor.may_write() { (session_forms(&visitor, &shown.session)) }
        @if after.is_some() {
            p.pages { a href=(address) { "From the beginning" } }
        }
        (timeline(&visitor, &shown.turns, &hidden, &dates))
        @if let Some(last) = shown.turns.last().filter(|_| shown.has_more) {
            p.pages { a rel="next" href={ (address) "&after=" (last.id) } { "Read on" } }
        }
    };
    Ok(visitor.page(Screen::Sessions, &title, &content))
}

/// Gives a session another title.
pub(super) async fn rename(visitor: Visitor, fields: Fields) -> Result<Redirect, Problem> {
    let name = name(&fields)?;
    let (user, renamed, title) =
        (visitor.user().clone(), name.clone(), fields.whole("title").to_owned());
    let work = stored_first(&visitor.shared, visitor.user(), move |memory, _| {
        Ok(memory.set_session_title(&user, &renamed, &title)?)
    });
    visitor.shared.memory.run(work).await?;
    visitor.login.say("The session has a new title.");
    Ok(Redirect::to(&session_address(name.as_str())))
}

fn name(fields: &Fields) -> Result<SessionName, Problem> {
    let name = fields.text("name").unwrap_or_default();
    SessionName::new(name).map_err(|_| Problem::not_found("there is no such session"))
}

fn read(
    memory: &Memory,
    user: &UserName,
    name: &SessionName,
    after: Option<TurnId>,
) -> Result<Shown, MemoryError> {
    let mut scope = Scope::of(user.clone());
    scope.sessions.push(name.clone());
    memory.check_names(&scope)?;
    let session = memory.sessions(user)?.into_iter().find(|session| session.session == *name);
    let unknown = || StoreError::UnknownSession { user: user.clone(), session: name.clone() };
    let session = session.ok_or_else(unknown)?;
    let mut turns = memory.session_turns(user, name, after, Some(SHOWN + 1))?;
    let has_more = turns.len() > SHOWN;
    turns.truncate(SHOWN);
    let summaries = memory.session_summaries(user)?;
    let summary = summaries.get(name).cloned();
    let source = source(memory, user, name)?;
    Ok(Shown { session, summary, source, turns, has_more })
}

fn session_forms(visitor: &Visitor, session: &SessionSummary) -> Markup {
    let name = session.session.as_str();
    html! {
        details.forms {
            summary { "Change this session" }
            form.line method="post" action="/ui/session" {
                (visitor.token())
                input type="hidden" name="name" value=(name);
                label for="title" { "Title" }
                input #title type="text" name="title" maxlength="300" required value=[session.title.as_deref()];
                button type="submit" { "Save the title" }
            }
            form method="post" action="/ui/delete" {
                (visitor.token())
                input type="hidden" name="back" value="/ui/sessions";
                p.hint { "What was made of its turns goes with them: facts, summaries, vectors." }
                button.danger type="submit" name="only" value={ "session:" (name) } {
                    "Delete the session"
                }
            }
        }
    }
}

/// Turns under their days.
fn timeline(visitor: &Visitor, turns: &[Turn], hidden: &Hidden, dates: &Dates<'_>) -> Markup {
    let shown: Vec<&Turn> = turns.iter().filter(|turn| !hidden.turn(turn)).collect();
    let day_of = |place: usize| dates.long_day(shown[place].time);
    let form = visitor.may_write().then_some("chosen");
    html! {
        @if form.is_some() {
            form #chosen method="post" action="/ui/delete" { (visitor.token_and_back()) }
        }
        ol.timeline {
            @for (place, turn) in shown.iter().enumerate() {
                @if place == 0 || day_of(place) != day_of(place - 1) {
                    li.day { h2 { (day_of(place)) } }
                }
                li.turn.own[turn.role == longmem_core::Role::User] id={ "t" (turn.id) } {
                    p.attribution {
                        strong.speaker { bdi { (quote::speaker(turn)) } } " "
                        (Dates::marked(turn.time, &dates.clock(turn.time)))
                    }
                    (quote::beginning(turn))
                    div.actions {
                        (quote::choices(turn.id, form))
                    }
                }
            }
        }
        @if form.is_some() && !shown.is_empty() {
            p.chosen { button type="submit" form="chosen" { "Delete the chosen turns" } }
        }
        @if shown.is_empty() { p.empty { "There is nothing more in this session." } }
    }
}
