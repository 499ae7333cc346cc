//! One turn with what was said around it, and its correction.

use axum::extract::Path;
use axum::response::{Html, Redirect};
use longmem_core::{Turn, TurnId};
use longmem_memory::StoreError;
use maud::{Markup, html};

use super::dates::Dates;
use super::fields::Fields;
use super::layout::Screen;
use super::quote::{self, session_address};
use super::visitor::Visitor;
use crate::api::turns;
use crate::problem::Problem;

/// Turns that are shown before and behind it.
const AROUND: usize = 3;

pub(super) async fn show(
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Html<String>, Problem> {
    let id = number(&id)?;
    let around = visitor.read(move |memory, user| {
        let known = memory.turns(user, &[id])?;
        if known.is_empty() {
            return Err(StoreError::UnknownTurn { user: user.clone(), turn: id }.into());
        }
        memory.turns_around(user, id, AROUND)
    });
    let around = around.await?;
    let hidden = visitor.hidden();
    let turn = around.iter().find(|turn| turn.id == id && !hidden.turn(turn));
    let turn = turn.ok_or_else(|| Problem::not_found("this turn is being deleted"))?;
    let others = |is_meant: fn(&TurnId, &TurnId) -> bool| {
        let visible = around.iter().filter(|other| !hidden.turn(other));
        visible.filter(move |other| is_meant(&other.id, &id)).collect::<Vec<_>>()
    };
    let (before, behind) = (others(|other, id| other < id), others(|other, id| other > id));
    let dates = Dates(&visitor.now);
    let first = around.first().map_or(id, |first| first.id);
    let whole = format!("{}&after={}#t{id}", session_address(turn.session.as_str()), first.0 - 1);
    let content = html! {
        h1 { "Turn " (id) }
        (context(&before, &dates, "What was said before it"))
        article.quote.chosen-turn {
            (quote::attribution(turn, &dates))
            blockquote dir="auto" { (turn.text) }
        }
        @if visitor.may_write() { (forms(&visitor, turn)) }
        (context(&behind, &dates, "What was said behind it"))
        p.pages { a href=(whole) { "Read it in its session" } }
    };
    Ok(visitor.page(Screen::Sessions, &format!("Turn {id}"), &content))
}

/// Replaces the text of a turn.
pub(super) async fn amend(
    visitor: Visitor,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Redirect, Problem> {
    let id = number(&id)?;
    // Browsers send every line break as two characters.
    let text = fields.whole("text").replace("\r\n", "\n");
    if text.trim().is_empty() {
        visitor.login.say_failed("A turn has a text. To be rid of it, delete it.");
    } else {
        turns::amend(&visitor.shared, visitor.user(), id, text).await?;
        visitor.login.say("The turn has its new text; the old one is kept nowhere.");
    }
    Ok(Redirect::to(&format!("/ui/turns/{id}")))
}

fn number(id: &str) -> Result<TurnId, Problem> {
    id.parse().map(TurnId).map_err(|_| Problem::not_found("there is no such turn"))
}

fn context(turns: &[&Turn], dates: &Dates<'_>, title: &str) -> Markup {
    html! {
        @if !turns.is_empty() {
            section.around aria-label=(title) {
                @for turn in turns {
                    div.quote.beside {
                        p.attribution {
                            strong.speaker { bdi { (quote::speaker(turn)) } } " · "
                            (Dates::marked(turn.time, &dates.minute(turn.time)))
                            " · " a href={ "/ui/turns/" (turn.id) } { "turn " (turn.id) }
                        }
                        (quote::beginning(turn))
                    }
                }
            }
        }
    }
}

fn forms(visitor: &Visitor, turn: &Turn) -> Markup {
    html! {
        details.forms {
            summary { "Correct the text" }
            form method="post" action={ "/ui/turns/" (turn.id) } {
                (visitor.token())
                label for="text" { "Text" }
                textarea #text name="text" rows="8" required dir="auto" {
                    // A browser takes away one line break at the beginning.
                    "\n" (turn.text)
                }
                p.hint { "The old text is deleted for good, with the facts that were learned from it." }
                button.primary type="submit" { "Save the text" }
            }
        }
        form.single method="post" action="/ui/delete" {
            (visitor.token())
            input type="hidden" name="back" value=(session_address(turn.session.as_str()));
            button.danger type="submit" name="only" value={ "turn:" (turn.id) } { "Delete this turn" }
        }
    }
}
