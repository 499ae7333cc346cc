//! What is known, and noting something by hand.

use axum::response::{Html, Redirect};
use longmem_core::{Fact, FactId, FactKind, USER_SUBJECT};
use longmem_memory::{FactNote, FactsAt};
use maud::{Markup, html};

use super::dates::Dates;
use super::deleting::Hidden;
use super::fields::Fields;
use super::layout::{Screen, counted};
use super::visitor::Visitor;
use crate::api::page::nothing_of_nobody;
use crate::problem::Problem;

/// Facts of a page.
const SHOWN: usize = 100;

/// Characters of a fact.
const LINE: usize = longmem_memory::MAX_STATEMENT_CHARACTERS;

pub(super) async fn show(visitor: Visitor, fields: Fields) -> Result<Html<String>, Problem> {
    let about = fields.text("about").map(str::to_owned);
    let with_past = fields.text("history").is_some();
    let before = fields.value::<i64>("before")?.map(FactId);
    let at = if with_past { FactsAt::Ever } else { FactsAt::Now };
    let facts = visitor.read(move |memory, user| {
        nothing_of_nobody(memory.newest_facts(user, at, about.as_deref(), before, SHOWN + 1))
    });
    let facts = facts.await?;
    let hidden = visitor.hidden();
    let dates = Dates(&visitor.now);
    let content = html! {
        h1 { "Facts" }
        p.hint { "What is known and holds until it is replaced. Prompts get it beside what was said." }
        form.line role="search" method="get" action="/ui/facts" {
            label for="about" { "About" }
            input #about type="search" name="about" value=[fields.text("about")] placeholder="user, or a name";
            label.check { input type="checkbox" name="history" value="yes" checked[with_past]; " with what was replaced" }
            button type="submit" { "Show" }
        }
        @if visitor.may_write() { (note_form(&visitor)) }
        (list(&facts, &hidden, &dates))
        @if facts.len() > SHOWN {
            p.pages {
                a rel="next" href={
                    "/ui/facts" (fields.with(&[("before", &facts[SHOWN - 1].id.to_string())]).query())
                } { "Older facts" }
            }
        }
        @if facts.is_empty() {
            section.empty {
                @if fields.text("about").is_some() {
                    p { "Nothing is known of that name." }
                } @else {
                    p { "Nothing is known yet. Facts are learned from what you say, or noted here." }
                }
            }
        }
    };
    Ok(visitor.page(Screen::Facts, "Facts", &content))
}

/// Notes a fact, as a change of another one if the form names it.
pub(super) async fn note(visitor: Visitor, fields: Fields) -> Result<Redirect, Problem> {
    let kind = fields.value::<FactKind>("kind")?.unwrap_or(FactKind::Identity);
    let mut note = FactNote::new(fields.whole("statement"), kind);
    if let Some(subject) = fields.text("subject") {
        subject.clone_into(&mut note.subject);
    }
    note.replaces = fields.value::<i64>("replaces")?.map(FactId);
    let user = visitor.user().clone();
    let noted = visitor.shared.memory.run(move |memory| memory.note_fact(&user, &note)).await;
    match noted {
        Ok(noted) if noted.new => visitor.login.say("The fact is noted."),
        Ok(_) => visitor.login.say("That is known already."),
        Err(error) => {
            let problem = Problem::from(error);
            if !problem.status.is_client_error() || problem.status == 404 {
                return Err(problem);
            }
            visitor.login.say_failed(super::layout::sentence(&problem.detail));
        }
    }
    Ok(Redirect::to("/ui/facts"))
}

fn note_form(visitor: &Visitor) -> Markup {
    html! {
        details.forms {
            summary { "Note a fact" }
            form method="post" action="/ui/facts" {
                (visitor.token())
                (statement_fields(None))
                button.primary type="submit" { "Note the fact" }
            }
        }
    }
}

/// The fields by which a fact is said; with those of another fact, what is to be said in place of it.
pub(super) fn statement_fields(instead_of: Option<&Fact>) -> Markup {
    let subject = instead_of.map_or(USER_SUBJECT, |fact| &fact.subject);
    let kind = instead_of.map_or(FactKind::Identity, |fact| fact.kind);
    html! {
        label for="statement" { "What holds" }
        input #statement type="text" name="statement" required maxlength=(LINE) placeholder="lives in Lisbon"
            value=[instead_of.map(|fact| fact.statement.as_str())] dir="auto";
        div.filters {
            div {
                label for="subject" { "About" }
                input #subject type="text" name="subject" value=(subject) maxlength=(LINE);
            }
            div {
                label for="kind" { "Kind" }
                select #kind name="kind" {
                    @for known in FactKind::ALL { option value=(known) selected[*known == kind] { (known) } }
                }
            }
        }
    }
}

fn list(facts: &[Fact], hidden: &Hidden, dates: &Dates<'_>) -> Markup {
    let shown: Vec<&Fact> = facts.iter().take(SHOWN).filter(|fact| !hidden.fact(fact.id)).collect();
    html! {
        @if !shown.is_empty() {
            p.count role="status" { (counted(shown.len() as u64, "fact")) }
            ul.rows.facts { @for fact in shown { li id={ "f" (fact.id) } { (row(fact, dates)) } } }
        }
    }
}

/// A fact with what is known of it.
pub(super) fn row(fact: &Fact, dates: &Dates<'_>) -> Markup {
    html! {
        a.replaced[fact.until.is_some()] href={ "/ui/facts/" (fact.id) } dir="auto" { (fact.line()) }
        (origin(fact, dates))
    }
}

/// Since when a fact holds, where it was said, and what became of it.
pub(super) fn origin(fact: &Fact, dates: &Dates<'_>) -> Markup {
    html! {
        p.hint {
            span.tag { (fact.kind) } " "
            @match fact.until {
                None => { "since " (Dates::marked(fact.since, &dates.day(fact.since))) },
                Some(until) => {
                    (Dates::marked(fact.since, &dates.day(fact.since))) " to "
                    (Dates::marked(until, &dates.day(until)))
                },
            }
            @match fact.turn {
                Some(turn) => { " · from " a href={ "/ui/turns/" (turn) } { "turn " (turn) } },
                None => " · noted by hand",
            }
            @if let Some(later) = fact.superseded_by {
                " · replaced by " a href={ "/ui/facts/" (later) } { "fact " (later) }
            }
        }
    }
}
