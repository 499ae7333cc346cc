//! One fact: what it replaced, its correction, its change.

use axum::extract::Path;
use axum::response::{Html, Redirect};
use longmem_core::{Fact, FactId};
use longmem_memory::FactsAt;
use maud::{Markup, html};

use super::dates::Dates;
use super::facts::{origin, row, statement_fields};
use super::fields::Fields;
use super::forget::later;
use super::layout::{Screen, sentence};
use super::visitor::Visitor;
use crate::problem::Problem;

pub(super) async fn show(
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Html<String>, Problem> {
    let id = number(&id)?;
    if visitor.hidden().fact(id) {
        return Err(Problem::not_found("this fact is being deleted"));
    }
    let facts = visitor.read(move |memory, user| {
        // Fails for what the user does not have.
        let past = memory.fact_with_past(user, id)?;
        let all = memory.facts(user, FactsAt::Ever)?;
        Ok((past, all.into_iter().find(|fact| fact.id == id)))
    });
    let (mut past, fact) = facts.await?;
    let fact = fact.ok_or_else(|| Problem::not_found("there is no such fact"))?;
    past.retain(|older| older.id != id);
    past.sort_by_key(|older| std::cmp::Reverse((older.since, older.id)));
    let dates = Dates(&visitor.now);
    let content = html! {
        h1 dir="auto" { (fact.line()) }
        (origin(&fact, &dates))
        @if !past.is_empty() {
            h2 { "What it replaced" }
            ul.rows.facts { @for older in &past { li { (row(older, &dates)) } } }
        }
        @if visitor.may_write() { (forms(&visitor, &fact, !past.is_empty())) }
        p.pages { a href="/ui/facts" { "All facts" } }
    };
    Ok(visitor.page(Screen::Facts, &fact.line(), &content))
}

/// Corrects the words of a fact.
pub(super) async fn edit(
    visitor: Visitor,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Redirect, Problem> {
    let id = number(&id)?;
    let (user, statement) = (visitor.user().clone(), fields.whole("statement").to_owned());
    let edited =
        visitor.shared.memory.run(move |memory| memory.edit_fact(&user, id, &statement)).await;
    match edited.map_err(Problem::from) {
        Ok(erasure) => visitor.login.say(format!("The fact is corrected.{}", later(erasure))),
        Err(problem) if problem.status == 422 => {
            visitor.login.say_failed(sentence(&problem.detail));
        }
        Err(problem) => return Err(problem),
    }
    Ok(Redirect::to(&format!("/ui/facts/{id}")))
}

fn number(id: &str) -> Result<FactId, Problem> {
    id.parse().map(FactId).map_err(|_| Problem::not_found("there is no such fact"))
}

fn forms(visitor: &Visitor, fact: &Fact, has_past: bool) -> Markup {
    html! {
        details.forms {
            summary { "Correct the words" }
            form method="post" action={ "/ui/facts/" (fact.id) } {
                (visitor.token())
                label for="words" { "It was always meant to say" }
                input #words type="text" name="statement" required value=(fact.statement) dir="auto"
                    maxlength=(longmem_memory::MAX_STATEMENT_CHARACTERS);
                button.primary type="submit" { "Save the words" }
            }
        }
        @if fact.until.is_none() {
            details.forms {
                summary { "It has changed" }
                form method="post" action="/ui/facts" {
                    (visitor.token())
                    input type="hidden" name="replaces" value=(fact.id);
                    (statement_fields(Some(fact)))
                    p.hint { "This fact stays, as what held until now." }
                    button.primary type="submit" { "Note what holds now" }
                }
            }
        }
        form.single method="post" action="/ui/delete" {
            (visitor.token())
            input type="hidden" name="back" value="/ui/facts";
            @if has_past { p.hint { "What it replaced is deleted with it, since that would hold again." } }
            button.danger type="submit" name="only" value={ "fact:" (fact.id) } { "Delete this fact" }
        }
    }
}
