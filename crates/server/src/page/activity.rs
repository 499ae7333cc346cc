//! What memory did lately.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse, Redirect, Response};
use longmem_core::{Fact, FactId, Turn, TurnId};
use longmem_memory::FactsAt;
use maud::{Markup, html};
use tokio::sync::mpsc::Sender;

use super::dates::Dates;
use super::layout::{Screen, counted, grouped};
use super::plot::{Bar, bars};
use super::quote;
use super::visitor::Visitor;
use crate::activity::{Brought, Entry, Event};
use crate::api::stream_body::stream_body;
use crate::problem::Problem;
use crate::shared::Shared;

/// Turns and facts that are shown of what was brought.
const SHOWN: usize = 5;

/// Characters of each.
const CHARACTERS: usize = 200;

/// Recalls in the plot.
const PLOTTED: usize = 60;

/// How often something is sent, so that nobody between takes the connection for dead.
const PING: Duration = Duration::from_secs(15);

/// The turns and facts that entries speak of, as far as they are still there.
struct Texts {
    turns: HashMap<TurnId, Turn>,
    facts: HashMap<FactId, Fact>,
}

pub(super) async fn show(visitor: Visitor) -> Result<Html<String>, Problem> {
    let entries = visitor.shared.activity.of(visitor.user());
    let texts = texts(&visitor, &entries).await?;
    let dates = Dates(&visitor.now);
    let content = html! {
        h1 { "Activity" }
        p.hint { "What was recalled, put into prompts and captured since the server began: the last 200, kept in memory only." }
        div #activity data-events="/ui/activity/events" {
            @if entries.is_empty() {
                section.empty {
                    h2 { "Nothing has happened yet" }
                    p { "Ask something " a href="/ui/" { "here" } " or with a connected program, and it is listed." }
                }
            } @else {
                (plot(&entries, &dates))
                p.count role="status" { (counted(entries.len() as u64, "entry")) }
                ol.rows.activity {
                    @for entry in &entries { li { (row(entry, &texts, &dates)) } }
                }
                form method="post" action="/ui/activity/clear" {
                    (visitor.token())
                    button type="submit" { "Clear the list" }
                }
            }
        }
    };
    Ok(visitor.page(Screen::Activity, "Activity", &content))
}

pub(super) async fn clear(visitor: Visitor) -> Redirect {
    visitor.shared.activity.clear(visitor.user());
    visitor.login.say("The list is cleared.");
    Redirect::to("/ui/activity")
}

/// Tells the page's script whenever something is noted for its user.
pub(super) async fn events(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let place = shared.ongoing.stream(visitor.user())?;
    let (sender, body) = stream_body();
    tokio::spawn(async move {
        let _place = place;
        tokio::select! {
            () = shared.stopping.cancelled() => {}
            () = sender.closed() => {}
            () = tell(&visitor, &sender) => {}
        }
    });
    Ok(([(header::CONTENT_TYPE, "text/event-stream")], body).into_response())
}

async fn tell(visitor: &Visitor, sender: &Sender<io::Result<Bytes>>) {
    let activity = &visitor.shared.activity;
    let mut changes = activity.changes();
    let mut told = activity.newest_of(visitor.user());
    let mut pings = tokio::time::interval(PING);
    loop {
        let piece = tokio::select! {
            Ok(()) = changes.changed() => {
                let newest = activity.newest_of(visitor.user());
                if newest == told {
                    continue;
                }
                told = newest;
                format!("event: changed\ndata: {newest}\n\n")
            }
            _ = pings.tick() => ": ping\n\n".to_owned(),
        };
        if !visitor.is_welcome().await || sender.send(Ok(piece.into())).await.is_err() {
            return;
        }
    }
}

fn brought(entry: &Entry) -> Option<&Brought> {
    match &entry.event {
        Event::Recalled(brought) | Event::Injected { brought, .. } => Some(brought),
        Event::Captured { .. } | Event::Failed { .. } => None,
    }
}

async fn texts(visitor: &Visitor, entries: &[Arc<Entry>]) -> Result<Texts, Problem> {
    let brought = || entries.iter().filter_map(|entry| brought(entry));
    let mut turns: Vec<TurnId> =
        brought().flat_map(|brought| brought.turns.iter().take(SHOWN).copied()).collect();
    turns.sort_unstable();
    turns.dedup();
    let has_facts = brought().any(|brought| !brought.facts.is_empty());
    let read = visitor.read(move |memory, user| {
        let turns = memory.turns(user, &turns)?;
        let facts = if has_facts { memory.facts(user, FactsAt::Ever)? } else { Vec::new() };
        Ok((turns, facts))
    });
    let (turns, facts) = read.await?;
    let hidden = visitor.hidden();
    let turns = turns.into_iter().filter(|turn| !hidden.turn(turn));
    let facts = facts.into_iter().filter(|fact| !hidden.fact(fact.id));
    Ok(Texts {
        turns: turns.map(|turn| (turn.id, turn)).collect(),
        facts: facts.map(|fact| (fact.id, fact)).collect(),
    })
}

fn row(entry: &Entry, texts: &Texts, dates: &Dates<'_>) -> Markup {
    let what = match &entry.event {
        Event::Recalled(_) => "Recalled",
        Event::Injected { .. } => "Put into a prompt",
        Event::Captured { .. } => "Captured",
        Event::Failed { .. } => "Failed",
    };
    html! {
        p.attribution {
            strong.speaker { (what) } " "
            span.tag { (entry.door) @if let Some(client) = &entry.client { " · " (client) } }
            " · " (Dates::marked(entry.time, &dates.minute(entry.time)))
            @if let Some(took) = entry.took { " · " (grouped(took.as_millis() as u64)) " ms" }
            @if let Event::Injected { tokens, .. } = &entry.event { " · " (grouped(*tokens as u64)) " tokens" }
        }
        @match &entry.event {
            Event::Recalled(brought) | Event::Injected { brought, .. } => (returned(brought, texts)),
            Event::Captured { turns, session } => p {
                (counted(*turns, "turn"))
                @if let Some(session) = session {
                    " in " a href=(quote::session_address(session.as_str())) { bdi { (session) } }
                }
            },
            Event::Failed { reason } => p.failed { (super::layout::sentence(reason)) },
        }
    }
}

fn returned(brought: &Brought, texts: &Texts) -> Markup {
    let count = (brought.turns.len() + brought.facts.len()) as u64;
    let more =
        brought.turns.len().saturating_sub(SHOWN) + brought.facts.len().saturating_sub(SHOWN);
    html! {
        @if brought.question.is_empty() {
            p.question { "At the beginning of a session" }
        } @else {
            p.question dir="auto" { (brought.question) }
        }
        @if count == 0 {
            p.hint { "Nothing relevant was found." }
        } @else {
            details {
                summary { (counted(count, "result")) }
                ul.brought {
                    @for id in brought.facts.iter().take(SHOWN) {
                        li { @match texts.facts.get(id) {
                            Some(fact) => { a href={ "/ui/facts/" (id) } { "fact " (id) } " "
                                span dir="auto" { (short(&fact.line())) } },
                            None => span.hint { "a fact that is gone" },
                        } }
                    }
                    @for id in brought.turns.iter().take(SHOWN) {
                        li { @match texts.turns.get(id) {
                            Some(turn) => { a href={ "/ui/turns/" (id) } { "turn " (id) } " "
                                span dir="auto" { (short(&turn.text)) } },
                            None => span.hint { "a turn that is gone" },
                        } }
                    }
                    @if more > 0 { li.hint { "and " (more) " more" } }
                }
            }
        }
    }
}

/// The beginning of a text.
fn short(text: &str) -> String {
    match text.char_indices().nth(CHARACTERS) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// How long the last recalls took.
fn plot(entries: &[Arc<Entry>], dates: &Dates<'_>) -> Markup {
    let timed = entries.iter().filter(|entry| brought(entry).is_some());
    let timed = timed.filter_map(|entry| Some((entry, entry.took?))).take(PLOTTED);
    let mut shown: Vec<Bar> = timed
        .map(|(entry, took)| Bar {
            label: format!("{} ({})", dates.clock(entry.time), entry.door),
            value: took.as_millis() as u64,
        })
        .collect();
    shown.reverse();
    html! { @if shown.len() > 1 { (bars("How long the last recalls took", "ms", &shown)) } }
}
