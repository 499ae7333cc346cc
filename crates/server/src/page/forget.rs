//! Deleting much at once: shown first, and done when its number is typed.

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use longmem_core::Scope;
use longmem_memory::{
    Erasure, ForgetPreview, ForgetTarget, Forgotten, Memory, MemoryError, forget_target,
};
use maud::{Markup, html};

use super::dates::Dates;
use super::facts::row;
use super::fields::Fields;
use super::layout::{Screen, counted, grouped, sentence};
use super::quote::{self, session_address};
use super::scope::{FILTERS, Filter, filter_fields, is_filtered};
use super::visitor::Visitor;
use crate::api::waiting::stored_first;
use crate::problem::Problem;

/// Turns that a preview shows.
const SHOWN: usize = 100;

/// The field that asks for everything of a user.
const EVERYTHING: &str = "everything";

/// The field that holds the engine's token of what was shown.
const SHOWN_TOKEN: &str = "shown";

pub(super) async fn show(visitor: Visitor, fields: Fields) -> Result<Html<String>, Problem> {
    if !visitor.may_write() {
        let content =
            html! { h1 { "Forget" } p { "This memory may be read here, and not changed." } };
        return Ok(visitor.page(Screen::Forget, "Forget", &content));
    }
    let previewed = match fields.text("preview") {
        Some(_) => preview(&visitor, &fields, None).await,
        None => Ok(html! {}),
    };
    let shown = match previewed {
        Ok(shown) => shown,
        Err(problem) if problem.status.is_client_error() => {
            html! { p.notice.failed role="alert" { (sentence(&problem.detail)) } }
        }
        Err(problem) => return Err(problem),
    };
    Ok(visitor.page(Screen::Forget, "Forget", &screen(&fields, &shown)))
}

/// Deletes what was shown, if its number is the one that was typed.
pub(super) async fn forget(visitor: Visitor, fields: Fields) -> Result<Response, Problem> {
    let target = target(&visitor, &fields)?;
    let token = fields.text(SHOWN_TOKEN).unwrap_or_default().to_owned();
    let typed = fields.text("number").map(|number| number.replace([',', ' '], ""));
    let typed: Option<u64> = typed.and_then(|number| number.parse().ok());
    let all = fields.text(EVERYTHING).is_some();
    let user = visitor.user().clone();
    let work = stored_first(&visitor.shared, visitor.user(), move |memory, waiting| {
        let target = target(memory)?;
        let present = memory.preview_forget(&target, 0)?;
        if typed != Some(present.turns) {
            return Ok(Outcome::WrongNumber(present.turns));
        }
        let forgotten = memory.forget_previewed(&target, &token)?;
        if matches!(target, ForgetTarget::User(_)) {
            waiting.delete_unreadable()?;
        }
        Ok(Outcome::Forgotten(forgotten))
    });
    let wrong = match visitor.shared.memory.run(work).await.map_err(Problem::from) {
        Ok(Outcome::Forgotten(forgotten)) => {
            if all {
                visitor.shared.activity.clear(&user);
            }
            visitor.login.say(done(&forgotten));
            return Ok(Redirect::to("/ui/forget").into_response());
        }
        Ok(Outcome::WrongNumber(number)) => {
            format!("Nothing was deleted: the number to type is {}.", grouped(number))
        }
        Err(problem) if problem.status == StatusCode::CONFLICT => {
            "Nothing was deleted: memory changed since this was shown. This is what would go now."
                .to_owned()
        }
        Err(problem) => return Err(problem),
    };
    let shown = preview(&visitor, &fields, Some(&wrong)).await?;
    let page = visitor.page(Screen::Forget, "Forget", &screen(&fields, &shown));
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

enum Outcome {
    Forgotten(Forgotten),
    WrongNumber(u64),
}

/// What a form names, once the memory can be read.
fn target(
    visitor: &Visitor,
    fields: &Fields,
) -> Result<impl FnOnce(&Memory) -> Result<ForgetTarget, MemoryError> + Send + use<>, Problem> {
    let everything = fields.text(EVERYTHING).is_some();
    if everything && is_filtered(fields) {
        let detail = "everything and a part of it were asked for; choose one of the two";
        return Err(Problem::out_of_range(detail));
    }
    let (filter, user) = (Filter::read(fields, visitor)?, visitor.user().clone());
    Ok(move |memory: &Memory| {
        let scope: Scope = filter.scope(memory, &user)?;
        Ok(forget_target(scope, Vec::new(), everything))
    })
}

/// What would go, and the form that deletes it.
async fn preview(
    visitor: &Visitor,
    fields: &Fields,
    wrong: Option<&str>,
) -> Result<Markup, Problem> {
    if !is_filtered(fields) && fields.text(EVERYTHING).is_none() {
        return Err(Problem::out_of_range("say what to forget: a session, who said it, or days"));
    }
    let target = target(visitor, fields)?;
    let previewed = visitor.read(move |memory, _| {
        let target = target(memory)?;
        memory.preview_forget(&target, SHOWN)
    });
    let preview = previewed.await?;
    if preview.is_empty() {
        return Ok(html! { p.empty role="status" { "There is nothing of that to forget." } });
    }
    let dates = Dates(&visitor.now);
    Ok(html! {
        section #preview aria-label="What would be forgotten" {
            @if let Some(wrong) = wrong { p.notice.failed role="alert" { (wrong) } }
            h2 { "This would be forgotten for good" }
            (confirmation(visitor, fields, &preview))
            (derived(&preview, &dates))
            @if !preview.first.is_empty() {
                h3 {
                    @if preview.first.len() as u64 == preview.turns { "The turns" }
                    @else { "The first " (preview.first.len()) " turns" }
                }
                ol.quotes {
                    @for turn in &preview.first {
                        li.quote { (quote::attribution(turn, &dates)) (quote::beginning(turn)) }
                    }
                }
            }
        }
    })
}

fn confirmation(visitor: &Visitor, fields: &Fields, preview: &ForgetPreview) -> Markup {
    let number = grouped(preview.turns);
    html! {
        p {
            strong { (counted(preview.turns, "turn")) }
            @if !preview.facts.is_empty() {
                ", with " (counted(preview.facts.len() as u64, "fact")) " learned from them"
            }
            @if !preview.summaries.is_empty() {
                ", and " (counted(preview.summaries.len() as u64, "summary"))
            }
        }
        form.confirm method="post" action="/ui/forget" {
            (visitor.token())
            @for (name, text) in fields.iter().filter(|(name, _)| FILTERS.contains(name) || *name == EVERYTHING) {
                input type="hidden" name=(name) value=(text);
            }
            input type="hidden" name=(SHOWN_TOKEN) value=(preview.token);
            label for="number" { "Type " strong { (number) } " to forget " (counted(preview.turns, "turn")) " for good" }
            input #number type="text" name="number" inputmode="numeric" autocomplete="off" required;
            button.danger type="submit" { "Forget for good" }
            p.hint { "There is no way back. What is shown here holds for five minutes." }
        }
    }
}

/// What was made of the turns, and what holds again without it.
fn derived(preview: &ForgetPreview, dates: &Dates<'_>) -> Markup {
    html! {
        @if !preview.sessions.is_empty() {
            details {
                summary { (counted(preview.sessions.len() as u64, "session")) " would be gone altogether" }
                ul {
                    @for session in preview.sessions.iter().take(SHOWN) {
                        li { a href=(session_address(session.as_str())) { bdi { (session) } } }
                    }
                }
            }
        }
        @if !preview.facts.is_empty() {
            details { summary { "Facts that were learned from them" }
                ul.rows.facts { @for fact in &preview.facts { li { (row(fact, dates)) } } } }
        }
        @if !preview.hold_again.is_empty() {
            details open { summary { "Facts that would hold again" }
                ul.rows.facts { @for fact in &preview.hold_again { li { (row(fact, dates)) } } } }
        }
    }
}

fn screen(fields: &Fields, preview: &Markup) -> Markup {
    html! {
        h1 { "Forget" }
        p.hint { "Deletes a part of your memory for good. It is shown first, and you confirm it by its number. "
            "Copies that you made keep it." }
        form #what method="get" action="/ui/forget" {
            (filter_fields(fields))
            label.check {
                input type="checkbox" name=(EVERYTHING) value="yes" checked[fields.text(EVERYTHING).is_some()];
                " Everything that is remembered of me"
            }
            button.primary type="submit" name="preview" value="yes" { "Show what would go" }
        }
        (preview)
    }
}

/// What was deleted, in a sentence.
fn done(forgotten: &Forgotten) -> String {
    let mut gone = vec![counted(forgotten.turns, "turn")];
    for (number, noun) in [
        (forgotten.sessions, "whole session"),
        (forgotten.derived.facts, "fact"),
        (forgotten.derived.summaries, "summary"),
    ] {
        if number > 0 {
            gone.push(counted(number, noun));
        }
    }
    format!("Forgotten for good: {}.{}", gone.join(", "), later(forgotten.erasure))
}

/// When deleted bytes leave the disk, as a sentence that follows another; empty if they are gone.
pub(super) fn later(erasure: Erasure) -> &'static str {
    match erasure {
        Erasure::Done => "",
        Erasure::WhenReadersFinish => {
            " Their bytes leave the disk when a program that reads the memory now has finished, and something \
             else is forgotten."
        }
        Erasure::WhenDiskTakesIt => {
            " Their bytes leave the disk when it takes the change and something else is forgotten."
        }
        Erasure::LeftToServer => {
            " No search finds them any more, but the database server's files and backups may hold their bytes \
             until they are overwritten."
        }
    }
}
