//! The search, where the page begins.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use axum::response::Html;
use longmem_core::Recalled;
use longmem_memory::{Degraded, Found, Recall, RecallRequest, RecalledFact};
use maud::{Markup, html};

use super::dates::Dates;
use super::fields::Fields;
use super::layout::{Screen, counted, sentence};
use super::scope::{FILTERS, Filter, filter_fields, is_filtered};
use super::visitor::Visitor;
use super::{explanation, newest, quote, sent};
use crate::activity::{Brought, Door, Event, Note};
use crate::api::page::nothing_of_nobody;
use crate::api::recall;
use crate::problem::Problem;

/// Results at most, and when more are asked for.
const RESULTS: (usize, usize) = (10, 50);

/// The field that asks for more results.
const MORE: &str = "more";

/// Characters of a question.
const QUESTION_CHARACTERS: usize = 2_000;

/// How long a search should take at most: a person waits for it.
const DEADLINE: Duration = Duration::from_secs(5);

/// A field that chooses what is shown, and its value for the prompt that would be sent.
const SHOW: (&str, &str) = ("show", "sent");

pub(super) async fn show(visitor: Visitor, fields: Fields) -> Result<Html<String>, Problem> {
    let question = fields.text("q").map(str::to_owned);
    let shows_sent = fields.text(SHOW.0) == Some(SHOW.1);
    let found = match &question {
        None => newest::newest(&visitor).await,
        Some(question) if question.chars().count() > QUESTION_CHARACTERS => {
            let most = format!("a question has at most {QUESTION_CHARACTERS} characters");
            Err(Problem::out_of_range(most))
        }
        Some(question) if shows_sent => sent::sent(&visitor, &fields, question).await,
        Some(question) => results(&visitor, &fields, question).await,
    };
    let shown = match found {
        Ok(shown) => shown,
        // What was typed stays where it can be corrected.
        Err(problem) if problem.status == StatusCode::NOT_FOUND => html! {
            p.notice.failed role="alert" {
                "There is no such session. Its name, its title, or the beginning of one of them is expected: "
                a href="/ui/sessions" { "all sessions" } "."
            }
        },
        Err(problem) if problem.status.is_client_error() => html! {
            p.notice.failed role="alert" {
                (sentence(&problem.detail))
                @if let Some(hint) = problem.hint.filter(|hint| !hint.contains("/v1/")) {
                    " " (sentence(&hint))
                }
            }
        },
        Err(problem) => return Err(problem),
    };
    let title = question.as_deref().unwrap_or("Search");
    let content = html! {
        h1 { "Search your memory" }
        (search_form(&fields))
        // Whoever listens to the page hears here what was found while they type.
        p #heard .hidden role="status" {}
        div #results {
            @if question.is_some() { (views(&fields, shows_sent)) }
            (shown)
        }
    };
    Ok(visitor.page(Screen::Search, title, &content))
}

fn search_form(fields: &Fields) -> Markup {
    html! {
        form #search role="search" method="get" action="/ui/" {
            div.box {
                label.hidden for="q" { "Search" }
                input #q type="search" name="q" value=[fields.text("q")] autocomplete="off"
                    placeholder="Ask as you would ask a person" maxlength=(QUESTION_CHARACTERS);
                button.primary type="submit" { "Search" }
            }
            details open[is_filtered(fields)] {
                summary { "Narrow it down" }
                (filter_fields(fields))
            }
            @if let Some(show) = fields.text(SHOW.0) { input type="hidden" name=(SHOW.0) value=(show); }
        }
    }
}

/// Leads from what is found to what would be sent, and back.
fn views(fields: &Fields, shows_sent: bool) -> Markup {
    let address = |show: &str| format!("/ui/{}", fields.with(&[(SHOW.0, show)]).query());
    let current = |is_shown: bool| is_shown.then_some("page");
    html! {
        nav.views aria-label="Views" {
            a href=(address("")) aria-current=[current(!shows_sent)] { "What is found" }
            a href=(address(SHOW.1)) aria-current=[current(shows_sent)] { "What would be sent" }
        }
    }
}

async fn results(visitor: &Visitor, fields: &Fields, question: &str) -> Result<Markup, Problem> {
    let filter = Filter::read(fields, visitor)?;
    let (asked, time_zone) = (question.to_owned(), visitor.now.time_zone().clone());
    let has_all = fields.text(MORE).is_some();
    let limit = if has_all { RESULTS.1 } else { RESULTS.0 };
    let began = Instant::now();
    let found = visitor.read(move |memory, user| {
        nothing_of_nobody((|| {
            let scope = filter.scope(memory, user)?;
            let mut request = RecallRequest::new(scope, asked);
            (request.limit, request.time_zone) = (limit, time_zone);
            (request.catch_up, request.deadline) = (true, Some(DEADLINE));
            recall::found(memory, request)
        })())
    });
    let mut found = found.await?;
    visitor.shared.metrics.recall(&found);
    if !visitor.is_script {
        let recalled = Note::new(Door::Page, Event::Recalled(Brought::by(question, &found)));
        let (activity, now) = (&visitor.shared.activity, visitor.shared.memory.now());
        activity.note(visitor.user(), now, recalled.took(began.elapsed()));
    }
    let may_be_more = !has_all && found.results.len() == limit;
    let hidden = visitor.hidden();
    found.results.retain(|found| !hidden.turn(&found.turn));
    found.facts.retain(|found| !hidden.fact(found.fact.id));
    if found.results.is_empty() && found.facts.is_empty() {
        return Ok(nothing_found(fields, &found));
    }
    let dates = Dates(&visitor.now);
    let count = (found.results.len() + found.facts.len()) as u64;
    let form = visitor.may_write().then_some("chosen");
    Ok(html! {
        p.count {
            (counted(count, "result"))
            @if found.unsure { ". Most likely none is the answer; it is the nearest there is." }
        }
        (remarks(&found))
        @if form.is_some() {
            form #chosen method="post" action="/ui/delete" { (visitor.token_and_back()) }
        }
        ol.quotes {
            @for found in found.in_order() {
                @match found {
                    Found::Turn(found) => (turn(found, question, &dates, form)),
                    Found::Fact(found) => (fact(found, question, &dates, form)),
                }
            }
        }
        @if form.is_some() && !found.results.is_empty() {
            p.chosen { button type="submit" form="chosen" { "Delete the chosen turns" } }
        }
        @if may_be_more {
            p.pages { a href={ "/ui/" (fields.with(&[(MORE, "yes")]).query()) } { "Show more" } }
        }
    })
}

fn turn(found: &Recalled, question: &str, dates: &Dates<'_>, form: Option<&str>) -> Markup {
    let turn = &found.turn;
    html! {
        li.quote id={ "t" (turn.id) } {
            div.head { (quote::attribution(turn, dates)) (explanation::strength(found.score)) }
            (quote::about(question, turn))
            @if !found.copies.is_empty() {
                p.hint { "Said " (found.copies.len() + 1) " times." }
            }
            div.actions {
                (quote::choices(turn.id, form))
                (explanation::why(found.score, &found.explanation))
            }
        }
    }
}

fn fact(found: &RecalledFact, question: &str, dates: &Dates<'_>, form: Option<&str>) -> Markup {
    let fact = &found.fact;
    html! {
        li.quote.known id={ "f" (fact.id) } {
            div.head {
                p.attribution {
                    strong.speaker { "Known" } " " span.tag { (fact.kind) }
                    " · since " (Dates::marked(fact.since, &dates.day(fact.since)))
                    @if let Some(until) = fact.until { ", until " (Dates::marked(until, &dates.day(until))) }
                }
                (explanation::strength(found.score))
            }
            blockquote dir="auto" { (quote::marked(&fact.line(), question)) }
            div.actions {
                a href={ "/ui/facts/" (fact.id) } {
                    @if form.is_some() { "Open or edit" } @else { "Open" }
                    span.hidden { " fact " (fact.id) }
                }
                @if let Some(form) = form {
                    button.quiet.danger type="submit" form=(form) name="only" value={ "fact:" (fact.id) } {
                        "Delete" span.hidden { " fact " (fact.id) }
                    }
                }
                (explanation::why(found.score, &found.explanation))
            }
        }
    }
}

fn nothing_found(fields: &Fields, found: &Recall) -> Markup {
    let everywhere = FILTERS.map(|name| (name, ""));
    html! {
        section.empty {
            p.count { "Nothing relevant was found." }
            (remarks(found))
            @if is_filtered(fields) {
                p { a href={ "/ui/" (fields.with(&everywhere).query()) } { "Search all of your memory" } }
            } @else {
                p { "Try other words, or a whole sentence: greetings and common knowledge ask memory for nothing." }
            }
        }
    }
}

/// What a person would want to know of how it was searched.
fn remarks(found: &Recall) -> Markup {
    let by_words = match found.degraded.first() {
        Some(Degraded::ModelLoading) => Some("the embedding model is still being loaded"),
        Some(Degraded::ModelMissing) => Some("the embedding model cannot be used"),
        Some(Degraded::Deadline) => Some("there was no time to search by meaning"),
        Some(_) => Some("it could not be searched by meaning"),
        None if found.other_model.is_some() => Some("the stored vectors are of another model"),
        None => None,
    };
    html! {
        @if let Some(why) = by_words { p.hint { "Everything was found by words only: " (why) "." } }
        @if found.turns_without_vectors > 0 && by_words.is_none() {
            p.hint { (counted(found.turns_without_vectors, "turn")) " found by words only, until indexed." }
        }
    }
}
