//! Deleting with a way back: what is deleted goes for good ten seconds later, unless that is taken back.
//!
//! Until then the page hides it from whoever deleted it. It is in memory still: programs get it by the API, hooks
//! and proxies, and so does the page for everybody else. That it will go is written down nowhere: a server that
//! is asked to stop meanwhile deletes at once, since that is what was asked for; one that is killed deletes
//! nothing.

use std::sync::Arc;
use std::time::Instant;

use axum::response::Redirect;
use longmem_core::{Fact, FactId, Scope, SessionName, Turn, TurnId, UserName};
use longmem_memory::{Erasure, FactsAt, ForgetTarget, Memory, MemoryError, StoreError};
use maud::{Markup, html};
use tokio::sync::Semaphore;

use super::fields::Fields;
use super::forget::later;
use super::layout::counted;
use super::logins::lock;
use super::visitor::Visitor;
use crate::api::waiting::stored_first;
use crate::problem::Problem;
use crate::shared::Shared;

/// What all users delete at once, and what may be taken back.
const AT_ONCE: u32 = 256;

/// What one login deletes at once.
const OF_ONE: usize = 32;

/// Turns that are deleted by one form.
const TURNS: usize = 500;

/// Room for what is about to be deleted.
pub(super) struct Deletions(Arc<Semaphore>);

impl Default for Deletions {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE as usize)))
    }
}

impl Deletions {
    /// Waits until everything is deleted that was not taken back.
    pub(super) async fn finish(&self) {
        let _all = self.0.acquire_many(AT_ONCE).await;
    }
}

/// What is deleted together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Doomed {
    /// Some turns.
    Turns(Vec<TurnId>),
    /// A session, up to its last turn at the time of the click. What is said in it later stays.
    Session(SessionName, Option<TurnId>),
    /// A fact, with the older ones that it had replaced.
    Fact(FactId),
}

/// Something that is about to be deleted.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    number: u64,
    doomed: Doomed,
    /// In words: "3 turns".
    what: String,
    due: Instant,
    /// It is being deleted now.
    is_under_way: bool,
}

/// Whether something is about to be deleted, and therefore not shown.
pub(super) struct Hidden(Vec<Doomed>);

impl Hidden {
    pub(super) fn turn(&self, turn: &Turn) -> bool {
        self.0.iter().any(|doomed| match doomed {
            Doomed::Turns(turns) => turns.contains(&turn.id),
            Doomed::Session(session, last) => {
                *session == turn.session && last.is_some_and(|last| turn.id <= last)
            }
            Doomed::Fact(_) => false,
        })
    }

    pub(super) fn session(&self, session: &SessionName) -> bool {
        self.0.iter().any(|doomed| matches!(doomed, Doomed::Session(known, _) if known == session))
    }

    pub(super) fn fact(&self, fact: FactId) -> bool {
        self.0.contains(&Doomed::Fact(fact))
    }
}

impl Visitor {
    /// What is not shown, because it is about to be deleted.
    pub(super) fn hidden(&self) -> Hidden {
        Hidden(lock(&self.login.pending).iter().map(|pending| pending.doomed.clone()).collect())
    }
}

/// Deletes what a form names, in ten seconds.
pub(super) async fn delete(visitor: Visitor, fields: Fields) -> Result<Redirect, Problem> {
    let Some(mut doomed) = doomed(&fields)? else {
        visitor.login.say_failed("Nothing was chosen, so nothing is deleted.");
        return Ok(back(&fields));
    };
    if let Doomed::Session(session, last) = &mut doomed {
        *last = last_turn(&visitor, session.clone()).await?;
    }
    let checked = doomed.clone();
    // What is not there is said at once.
    let what = visitor.read(move |memory, user| described(memory, user, &checked)).await?;
    begin(&visitor, doomed, what)?;
    Ok(back(&fields))
}

/// Takes a deletion back.
pub(super) async fn undo(visitor: Visitor, fields: Fields) -> Result<Redirect, Problem> {
    let number: Option<u64> = fields.value("number")?;
    let mut pending = lock(&visitor.login.pending);
    let place =
        pending.iter().position(|pending| Some(pending.number) == number && !pending.is_under_way);
    match place.map(|place| pending.remove(place)) {
        Some(kept) => visitor.login.say(format!("Kept: {}.", kept.what)),
        None => visitor.login.say_failed("It is too late: that is deleted already."),
    }
    drop(pending);
    Ok(back(&fields))
}

/// Where a form leads: to where it was, if that is a place on the page.
pub(super) fn back(fields: &Fields) -> Redirect {
    let is_here = |back: &&str| {
        (back.starts_with("/ui/") || back.starts_with("/ui?"))
            && back.chars().all(|character| character.is_ascii_graphic())
    };
    Redirect::to(fields.text("back").filter(is_here).unwrap_or("/ui/"))
}

/// What a form names: a single thing by its button, or the turns that were chosen.
fn doomed(fields: &Fields) -> Result<Option<Doomed>, Problem> {
    if let Some(only) = fields.text("only") {
        let (kind, name) = only.split_once(':').unwrap_or((only, ""));
        let unknown = || Problem::out_of_range("a turn, a session or a fact is expected");
        let number = || name.parse::<i64>().map_err(|_| unknown());
        return Ok(Some(match kind {
            "turn" => Doomed::Turns(vec![TurnId(number()?)]),
            "fact" => Doomed::Fact(FactId(number()?)),
            "session" => {
                let name = SessionName::new(name);
                let name = name.map_err(|error| Problem::out_of_range(error.to_string()))?;
                Doomed::Session(name, None)
            }
            _ => return Err(unknown()),
        }));
    }
    let turns: Vec<TurnId> = fields.values::<i64>("turn")?.into_iter().map(TurnId).collect();
    if turns.len() > TURNS {
        return Err(Problem::out_of_range(format!("{TURNS} turns at most are deleted at once")));
    }
    Ok((!turns.is_empty()).then_some(Doomed::Turns(turns)))
}

/// The last turn of a session, once all is stored that was said until now.
async fn last_turn(visitor: &Visitor, session: SessionName) -> Result<Option<TurnId>, Problem> {
    let user = visitor.user().clone();
    let scope = Scope { sessions: vec![session], ..Scope::of(user.clone()) };
    let work = stored_first(&visitor.shared, &user, move |memory, _| {
        Ok(memory.newest_turns(&scope, None, 1)?.first().map(|turn| turn.id))
    });
    Ok(visitor.shared.memory.run(work).await?)
}

/// The turns of a session up to one of them.
fn turns_until(
    memory: &Memory,
    user: &UserName,
    session: &SessionName,
    last: TurnId,
) -> Result<Vec<TurnId>, MemoryError> {
    let (mut turns, mut after) = (Vec::new(), None);
    loop {
        let page = memory.session_turns(user, session, after, Some(TURNS))?;
        after = page.last().map(|turn| turn.id);
        turns.extend(page.into_iter().map(|turn| turn.id).filter(|id| *id <= last));
        if after.is_none_or(|after| after >= last) {
            return Ok(turns);
        }
    }
}

/// What is to be deleted, in words; fails for what the user does not have.
fn described(memory: &Memory, user: &UserName, doomed: &Doomed) -> Result<String, MemoryError> {
    match doomed {
        Doomed::Turns(turns) => {
            memory.check_turns(user, turns)?;
            Ok(counted(turns.len() as u64, "turn"))
        }
        Doomed::Session(session, _) => {
            let mut scope = Scope::of(user.clone());
            scope.sessions.push(session.clone());
            memory.check_names(&scope)?;
            Ok(format!("the session \u{201c}{session}\u{201d}"))
        }
        Doomed::Fact(fact) => {
            let facts = memory.facts(user, FactsAt::Ever)?;
            let unknown = || StoreError::UnknownFact { user: user.clone(), fact: *fact };
            let known: &Fact = facts.iter().find(|known| known.id == *fact).ok_or_else(unknown)?;
            let past = memory.fact_with_past(user, *fact)?.len() as u64 - 1;
            let line = known.line();
            Ok(match past {
                0 => format!("the fact \u{201c}{line}\u{201d}"),
                past => format!(
                    "the fact \u{201c}{line}\u{201d} with {} that it had replaced",
                    counted(past, "older fact")
                ),
            })
        }
    }
}

/// Hides something now, and deletes it when its time has come.
fn begin(visitor: &Visitor, doomed: Doomed, what: String) -> Result<(), Problem> {
    let too_many = || Problem::too_many("too much is about to be deleted already");
    let (shared, login) = (Arc::clone(&visitor.shared), Arc::clone(&visitor.login));
    let room = Arc::clone(&shared.page.deletions.0).try_acquire_owned().map_err(|_| too_many())?;
    let number = login.next_number();
    let undo_time = shared.settings.limits.undo_time;
    {
        let mut pending = lock(&login.pending);
        // A button that is pressed twice deletes once, so that one Undo takes it back.
        if pending.iter().any(|known| known.doomed == doomed) {
            return Ok(());
        }
        if pending.len() >= OF_ONE {
            return Err(too_many());
        }
        let due = Instant::now() + undo_time;
        pending.push(Pending { number, doomed, what, due, is_under_way: false });
    }
    tokio::spawn(async move {
        let _room = room;
        tokio::select! {
            () = tokio::time::sleep(undo_time) => {}
            () = shared.stopping.cancelled() => {}
        }
        let due = {
            let mut pending = lock(&login.pending);
            let Some(due) = pending.iter_mut().find(|pending| pending.number == number) else {
                return;
            };
            due.is_under_way = true;
            due.clone()
        };
        let what = due.what;
        match delete_now(&shared, login.caller.user.clone(), due.doomed).await {
            Ok(erasure) => login.say(format!("Deleted for good: {what}.{}", later(erasure))),
            Err(problem) => {
                if let Some(line) = &problem.log {
                    (shared.settings.log)(&format!("something was not deleted: {line}"));
                }
                login.say_failed(format!("Not deleted, {what}: {}.", problem.detail));
            }
        }
        lock(&login.pending).retain(|pending| pending.number != number);
        shared.background.something_is_new();
    });
    Ok(())
}

async fn delete_now(shared: &Shared, user: UserName, doomed: Doomed) -> Result<Erasure, Problem> {
    let scope = Scope::of(user.clone());
    let work = stored_first(shared, &user.clone(), move |memory, _| {
        let target = match doomed {
            Doomed::Fact(fact) => return Ok(memory.delete_fact(&user, fact)?.erasure),
            Doomed::Turns(turns) => ForgetTarget::Turns(scope, turns),
            Doomed::Session(session, last) => {
                let turns = match last {
                    Some(last) => turns_until(memory, &user, &session, last)?,
                    None => Vec::new(),
                };
                ForgetTarget::Turns(Scope { sessions: vec![session], ..scope }, turns)
            }
        };
        Ok(memory.forget(&target)?.erasure)
    });
    Ok(shared.memory.run(work).await?)
}

/// A bar for each thing that is about to be deleted, with the way back.
pub(super) fn undo_bars(visitor: &Visitor) -> Markup {
    let pending = lock(&visitor.login.pending).clone();
    html! {
        @for pending in pending.iter().filter(|pending| !pending.is_under_way) {
            @let seconds = pending.due.saturating_duration_since(Instant::now()).as_secs_f32().ceil();
            form.undo method="post" action="/ui/undo" data-seconds=(seconds) {
                (visitor.token_and_back())
                input type="hidden" name="number" value=(pending.number);
                p {
                    "Deleting " bdi { (pending.what) } " for good in "
                    span.seconds { (seconds) } " seconds. "
                    small {
                        "Until then it is hidden here only: programs may still get it. "
                        "If the server is stopped before that, it deletes at once."
                    }
                }
                button type="submit" { "Undo" }
            }
        }
    }
}
