//! How the memory and the server are.

use axum::response::{Html, Redirect};
use longmem_core::{EmbeddingModel, Readiness};
use longmem_memory::{FactsAt, Memory, StoreStats, UserStats};
use longmem_wire::{ServerKey, WatchEvent};
use maud::{Markup, html};

use super::backup::BACKUPS;
use super::dates::Dates;
use super::fields::Fields;
use super::layout::{Screen, counted, grouped};
use super::logins::lock;
use super::visitor::Visitor;
use crate::activity::Event;
use crate::api::page::nothing_of_nobody;
use crate::keys::{self, KeysError};
use crate::problem::Problem;
use crate::{Auth, Permission, ServerSettings};

/// What is stored of the visitor, and how it can be searched.
struct Own {
    turns: u64,
    sessions: u64,
    facts: u64,
    waiting: u64,
    readiness: Readiness,
    model: Option<EmbeddingModel>,
}

/// What only who looks after the server may see.
struct Whole {
    place: String,
    stats: StoreStats,
    users: Vec<UserStats>,
    keys: Vec<ServerKey>,
}

pub(super) async fn show(visitor: Visitor) -> Result<Html<String>, Problem> {
    let own = visitor.read(|memory, user| {
        let sessions = nothing_of_nobody(memory.sessions(user))?;
        Ok(Own {
            turns: sessions.iter().map(|session| session.turns).sum(),
            sessions: sessions.len() as u64,
            facts: memory.facts(user, FactsAt::Now)?.len() as u64,
            waiting: memory.waiting(Some(user))?,
            readiness: memory.readiness(),
            model: memory.serving_model()?,
        })
    });
    let own = own.await?;
    let whole = if visitor.may(Permission::Admin) { Some(whole(&visitor).await?) } else { None };
    let dates = Dates(&visitor.now);
    let content = html! {
        h1 { "Status" }
        (memory_section(&own))
        (watch_section(&visitor, &dates))
        @if let Some(whole) = &whole {
            (store_section(&visitor, whole))
            (keys_section(&visitor, &whole.keys, &dates))
            (settings_section(&visitor.shared.settings))
        }
    };
    Ok(visitor.page(Screen::Status, "Status", &content))
}

async fn whole(visitor: &Visitor) -> Result<Whole, Problem> {
    let read = |memory: &Memory| -> Result<Whole, KeysError> {
        Ok(Whole {
            place: memory.place(),
            stats: memory.stats()?,
            users: memory.users()?,
            keys: keys::list(memory)?,
        })
    };
    let read = visitor.shared.memory.read(read).await;
    read.map_err(|error| crate::api::failure::problem_of(&error))
}

fn memory_section(own: &Own) -> Markup {
    let model = match own.readiness {
        Readiness::Ready => "ready",
        Readiness::NotLoaded | Readiness::Loading => "being loaded; until then, recall is by words",
        Readiness::Missing | Readiness::Failed => {
            "missing or unusable; recall is by words. longmem model fetch fetches it"
        }
    };
    html! {
        section aria-labelledby="memory" {
            h2 #memory { "Your memory" }
            dl {
                dt { "Turns" } dd { (grouped(own.turns)) }
                dt { "Sessions" } dd { (grouped(own.sessions)) }
                dt { "Facts that hold" } dd { (grouped(own.facts)) }
                dt { "Index" }
                dd {
                    @if own.waiting == 0 { "every turn is found by its meaning" }
                    @else { (counted(own.waiting, "turn")) " found by words only, until the server has indexed them" }
                }
                dt { "Model" }
                dd { @if let Some(model) = &own.model { (model.name) ": " } (model) }
            }
        }
    }
}

fn watch_section(visitor: &Visitor, dates: &Dates<'_>) -> Markup {
    let settings = &visitor.shared.settings;
    let entries = visitor.shared.activity.of(visitor.user());
    let last = entries.iter().find(|entry| matches!(entry.event, Event::Captured { .. }));
    let is_watched = settings.watch.as_ref().is_some_and(|watch| watch.user == *visitor.user());
    let capture = lock(&visitor.shared.page.capture).clone().filter(|_| is_watched);
    let state = match capture {
        Some(WatchEvent::Started { folders, missing, .. }) => {
            let folders = counted(folders.len() as u64, "folder");
            let missing = match missing.len() as u64 {
                0 => String::new(),
                missing => {
                    format!("; {} looked for, which does not exist yet", counted(missing, "folder"))
                }
            };
            format!("captured from {folders}{missing}")
        }
        Some(_) => "another program captures them; this server waits until that ends".to_owned(),
        None if is_watched => "the capture begins".to_owned(),
        None => "not captured by this server".to_owned(),
    };
    html! {
        section aria-labelledby="capture" {
            h2 #capture { "Capture" }
            dl {
                dt { "Transcripts of agents" }
                dd { (state) @if !is_watched { "; " code { "longmem serve --watch" } " does that" } }
                dt { "Captured last" }
                dd {
                    @match last {
                        Some(entry) => { (Dates::marked(entry.time, &dates.minute(entry.time))) " by " (entry.door) },
                        None => "nothing since the server began",
                    }
                }
            }
        }
    }
}

fn store_section(visitor: &Visitor, whole: &Whole) -> Markup {
    html! {
        section aria-labelledby="store" {
            h2 #store { "The store" }
            dl {
                dt { "File" } dd { code { (whole.place) } }
                dt { "Size" } dd { (size(whole.stats.file_bytes)) ", of which " (size(whole.stats.unused_bytes)) " hold nothing" }
                dt { "Passages with vectors" }
                dd { (grouped(whole.stats.vectors)) " of " (grouped(whole.stats.passages)) }
                dt { "Users" }
                dd {
                    ul.plain { @for user in &whole.users {
                        li { bdi { (user.user.as_str()) } ": " (counted(user.turns, "turn")) " in " (counted(user.sessions, "session")) }
                    } }
                }
            }
            @if visitor.may_write() {
                form method="post" action="/ui/backup" {
                    (visitor.token())
                    p.hint { "A copy of everybody's memory, in the folder " code { (BACKUPS) } " beside the store." }
                    button type="submit" { "Make a backup" }
                }
            }
        }
    }
}

fn keys_section(visitor: &Visitor, keys: &[ServerKey], dates: &Dates<'_>) -> Markup {
    html! {
        section aria-labelledby="keys" {
            h2 #keys { "Keys" }
            @if keys.is_empty() {
                p { "There are none. " code { "longmem keys add NAME" } " makes one for a program or machine." }
            } @else {
                div.wide tabindex="0" role="region" aria-label="Table of the keys" {
                    table {
                        thead { tr { th scope="col" { "Name" } th scope="col" { "User" } th scope="col" { "Allows" }
                            th scope="col" { "Last used" } th scope="col" { "Ends" } th scope="col" { "Revoke" } } }
                        tbody { @for key in keys { (key_row(visitor, key, dates)) } }
                    }
                }
            }
        }
    }
}

fn key_row(visitor: &Visitor, key: &ServerKey, dates: &Dates<'_>) -> Markup {
    let allowed: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
    html! {
        tr {
            td { bdi { (key.name) } }
            td { bdi { (key.user.as_str()) } }
            td { (allowed.join(", ")) }
            td { @if let Some(time) = key.last_used { (dates.minute(time)) } @else { "never" } }
            td { @if let Some(time) = key.expires { (dates.day(time)) } @else { "never" } }
            td {
                @if visitor.may_write() {
                    form method="post" action="/ui/keys/revoke" {
                        (visitor.token())
                        button.quiet.danger type="submit" name="id" value=(key.id) {
                            "Revoke" span.hidden { " the key " (key.name) }
                        }
                    }
                }
            }
        }
    }
}

/// What the server was told; of secrets only that there are some.
fn settings_section(settings: &ServerSettings) -> Markup {
    let talk = &settings.talk;
    let yes = |is: bool| if is { "yes" } else { "no" };
    let names = match settings.names.as_slice() {
        [] => "none but those of this machine".to_owned(),
        names => names.join(", "),
    };
    let without_key = match settings.auth {
        Auth::Auto => "programs of the account that runs the server need no key",
        Auth::Required => "everybody needs a key",
    };
    let rows = [
        ("Memory of a request without a key", settings.user.to_string()),
        ("Access", without_key.to_owned()),
        ("Names besides", names),
        ("Only reads", yes(settings.read_only).to_owned()),
        ("Answers clients of mem0", yes(settings.mem0).to_owned()),
        ("Tokens of a prompt", grouped(talk.conversation.budget.tokens() as u64)),
        ("Notes standing instructions", yes(talk.conversation.learns).to_owned()),
        (
            "Days begin and end in",
            settings.talk.conversation.time_zone.iana_name().unwrap_or("UTC").to_owned(),
        ),
        ("Requests at once", settings.limits.at_once.to_string()),
    ];
    html! {
        section aria-labelledby="settings" {
            h2 #settings { "Settings" }
            dl {
                @for (name, value) in rows { dt { (name) } dd { bdi { (value) } } }
                @for (name, upstream) in [("anthropic", &settings.proxy.anthropic), ("openai", &settings.proxy.openai)] {
                    dt { "Requests to /" (name) }
                    dd {
                        @match &upstream.address {
                            Some(address) => { "go to " bdi { (address) } },
                            None => "are not relayed",
                        }
                        @if upstream.api_key.is_some() { ", with a key: ••••••••" }
                    }
                }
                @if let Some(model) = &talk.model {
                    dt { "Language model" }
                    dd { (model.name) @if model.key.is_some() { ", with a key: ••••••••" } }
                }
            }
        }
    }
}

/// Refuses a key from now on.
pub(super) async fn revoke_key(visitor: Visitor, fields: Fields) -> Result<Redirect, Problem> {
    visitor.login.caller.require(Permission::Admin)?;
    let id = fields.text("id").unwrap_or_default().to_owned();
    let revoked = visitor.shared.memory.run(move |memory| keys::revoke(memory, &id)).await;
    match revoked {
        Ok(_) => visitor.login.say("The key is revoked: no request with it is served any more."),
        Err(KeysError::Unknown(_)) => visitor.login.say_failed("There is no such key any more."),
        Err(error) => return Err(crate::api::failure::problem_of(&error)),
    }
    Ok(Redirect::to("/ui/status"))
}

/// A number of bytes as a person reads it.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => counted(bytes, "byte"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}
