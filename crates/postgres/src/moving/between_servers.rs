//! Moves a user from one server of a ring to another while others read and write.
//!
//! The user's row is locked on the old server: writers wait, readers go on. Then the new server gets a copy,
//! which is marked and counts for nobody. One commit on the old server deletes everything there and leaves
//! a mark of where the user went: from then on the copy is the user. At last both marks are cleared.
//!
//! A move has a number, kept with the user. The copy and the mark have it both, so that they are known to
//! belong together, and whoever lost the lock without noticing cannot replace a later move's copy: a copy
//! takes the place only of those of earlier moves.

use std::cell::Cell;
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::{Duration, Instant};

use futures_util::future::{try_join, try_join3};
use longmem_core::UserName;
use longmem_store::{Extent, ForgottenKeys, Result, StoreError, TakenIn, UserRecords};

use crate::PostgresStore;
use crate::embedding_models::lock_newest;
use crate::failure::Failure;
use crate::leases::NOW_MS;
use crate::statements::{NONE, Statements, params};
use crate::user_number::UserNumber;
use crate::user_places::{UserPlace, delete_marked};
use crate::users::{delete_rows, lock, lock_any};

use super::attempts::{self, Attempts, Sent};
use super::writing::{Arrival, Taking};
use super::{forgotten, reading};

/// How far a move is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveStep {
    /// The user is locked on the old server: nobody else writes of this user.
    Locked,
    /// The copy is complete on the new server, and counts for nobody yet.
    Copied,
    /// The user is on the new server, and nothing is left on the old one but the mark.
    Switched,
    /// The marks on both servers are cleared: it is all done.
    Arrived,
}

/// What a move did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MovedUserReport {
    /// Number of turns that moved.
    pub turns: u64,
    /// Number of passages whose vectors stayed behind, since the new server does not have their model: its
    /// own model's are made anew.
    pub passages_left_out: u64,
    /// How long the user was locked: the longest that anybody who wrote of the user waited.
    pub locked: Duration,
}

/// Has the server wait as long as the other one writes. Not all versions have all of these settings.
const NO_TIMEOUTS: &str = "SELECT set_config(name, '0', true) FROM pg_settings
    WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout')";

/// A user on the way from one server to another.
struct Move<'a> {
    user: &'a UserName,
    from: &'a str,
    to: (&'a str, &'a PostgresStore),
    step: &'a (dyn Fn(MoveStep) -> Result<()> + Sync),
}

/// How far one attempt came.
enum Attempt {
    Done(MovedUserReport),
    /// The number was used before: the next one is above this one.
    Overtaken(i64),
}

impl PostgresStore {
    /// Moves a user from this server, which is named `from` in its ring, to another one, which is given
    /// with its name there. Others may read and write of the user meanwhile: writers wait for the lock
    /// as long as their patience, and those that met the switch fail with
    /// [`NotHere`](StoreError::NotHere), after which they find the user on the other server. It must be
    /// the one where the user would be made, since nothing is left here that says where the user is.
    ///
    /// `step` hears of each [`MoveStep`], of the first ones again if the old server was lost meanwhile; an
    /// error of it ends the move. Whatever ends a move before [`MoveStep::Switched`], the user is on the
    /// old server as before; the same again cleans up. After it the user is on the new server, and
    /// [`finish_arriving`](Self::finish_arriving) there and [`clear_traces`](Self::clear_traces) here do
    /// what is left to do. The user's epoch stays if nothing of the user does, so that what others have in
    /// memory stays true.
    ///
    /// # Errors
    /// [`NotHere`](StoreError::NotHere) if the user is not on this server;
    /// [`UserExists`](StoreError::UserExists) if the other one has a user of this name;
    /// [`RingMismatch`](StoreError::RingMismatch) if the keys of what the user forgot cannot be kept there;
    /// the errors of `step`; whatever else reading here or writing there may fail with.
    pub fn move_user(
        &self,
        user: &UserName,
        from: &str,
        to: (&str, &PostgresStore),
        step: &(dyn Fn(MoveStep) -> Result<()> + Sync),
    ) -> Result<MovedUserReport> {
        let moved = Move { user, from, to, step };
        let mut above = 0;
        loop {
            let number = self.number_move(user, above)?;
            match self.attempt(&moved, number)? {
                Attempt::Overtaken(by) => above = by,
                Attempt::Done(report) => {
                    let (name, store) = to;
                    store.finish_arriving(user, from, number)?;
                    // It says nothing any more that anybody needs; a mark that stays misleads nobody.
                    let mark = UserPlace::MovedTo { server: name.to_owned(), number };
                    let _ = self.clear_traces(user, &mark);
                    step(MoveStep::Arrived)?;
                    return Ok(report);
                }
            }
        }
    }

    /// Gives a move its number, which is durable before anything else happens. Waits for a move that is
    /// under way.
    fn number_move(&self, user: &UserName, above: i64) -> Result<i64> {
        let number = UserNumber::of(user);
        self.whatever().write(number.alone(), async |statements| {
            lock(statements, user).await?.ok_or(Failure::NotHere)?;
            // By the clock, so that a user who is made after being forgotten does not begin with numbers
            // that were used before.
            let sql = format!(
                "UPDATE users SET moves = greatest(moves, $2, {NOW_MS}) + 1
                 WHERE user_id = $1 RETURNING moves"
            );
            Ok(statements.row(&sql, params![number.0, above]).await?.try_get(0)?)
        })
    }

    /// Everything up to the switch, in one transaction here.
    fn attempt(&self, moved: &Move<'_>, number: i64) -> Result<Attempt> {
        let user = UserNumber::of(moved.user);
        let has_begun = Cell::new(false);
        std::thread::scope(|scope| {
            self.whatever().write(user.alone(), async |statements| {
                let (locked, _) =
                    try_join(lock(statements, moved.user), statements.rows(NO_TIMEOUTS, NONE))
                        .await?;
                let begun = Instant::now();
                let locked = locked.ok_or(Failure::NotHere)?;
                let numbered = "SELECT moves FROM users WHERE user_id = $1";
                let last = statements.row(numbered, params![user.0]).await?.try_get(0)?;
                // One number is good for one lock: whoever has the lock after this transaction knows that
                // a copy of this number never counts.
                if last != number || has_begun.replace(true) {
                    return Ok(Attempt::Overtaken(last));
                }
                let keys = forgotten::read(statements, Some(user)).await?;
                let arrival = Arrival { from: moved.from, number, epoch: locked.epoch };
                // What waits for the other server runs on a thread of its own.
                let (attempts, asked) = attempts::channel();
                let taking = std::thread::Builder::new().name("longmem-moving".to_owned());
                let taking = taking
                    .spawn_scoped(scope, move || {
                        (moved.step)(MoveStep::Locked)?;
                        let to = moved.to.1;
                        let arrived = to.take_arriving(moved.user, arrival, &keys, &attempts)?;
                        (moved.step)(MoveStep::Copied)?;
                        Ok(arrived)
                    })
                    .map_err(StoreError::from)?;
                let sent = send(statements, moved.user, asked).await;
                let taken = taking.join().unwrap_or_else(|_| Err(super::source_is_gone()));
                let (turns, taken) = (sent?, taken?);
                let taken = match taken {
                    Arrived::Taken(taken) => taken,
                    Arrived::Overtaken(by) => return Ok(Attempt::Overtaken(by)),
                };
                leave(statements, user, moved.to.0).await?;
                Ok(Attempt::Done(MovedUserReport {
                    turns,
                    passages_left_out: taken.passages_left_out,
                    locked: begun.elapsed(),
                }))
            })
        })
        .and_then(|attempt| {
            if let Attempt::Done(_) = attempt {
                (moved.step)(MoveStep::Switched)?;
            }
            Ok(attempt)
        })
    }

    /// Takes a marked copy of a user in, in the place of one that an earlier move left behind.
    fn take_arriving(
        &self,
        user: &UserName,
        arrival: Arrival<'_>,
        keys: &ForgottenKeys,
        attempts: &Attempts,
    ) -> Result<Arrived> {
        self.whatever().write(UserNumber::of(user).alone(), async |statements| {
            lock_newest(statements).await?;
            if let Some(by) = self.make_room(statements, user, arrival.number).await? {
                return Ok(Arrived::Overtaken(by));
            }
            if !keys.keys.is_empty() {
                if !forgotten::have_salt(statements, &keys.salt).await? {
                    let place = self.database.location().place().to_owned();
                    let reason =
                        "it hashes the keys of forgotten turns with another salt, so that \
                                  those of a user cannot be kept there"
                            .to_owned();
                    return Err(StoreError::RingMismatch { place, reason }.into());
                }
                forgotten::insert(statements, keys).await?;
            }
            let records = attempts.begin()?;
            // Somebody else makes the user at the same time: who it is, is seen the next time.
            let taking = Taking::begin(statements, user, Some(arrival)).await?;
            let taken = taking.ok_or(Failure::MadeMeanwhile)?.take_all(records).await?;
            Ok(Arrived::Taken(taken))
        })
    }

    /// Removes what an earlier move left of a user; returns the number of a later one, which stays.
    async fn make_room(
        &self,
        statements: &Statements<'_>,
        user: &UserName,
        number: i64,
    ) -> std::result::Result<Option<i64>, Failure> {
        let user_number = UserNumber::of(user);
        let moves = "SELECT moves FROM users WHERE user_id = $1";
        let (found, moves) =
            try_join(lock_any(statements, user), statements.first(moves, params![user_number.0]))
                .await?;
        let (Some((_, is_here)), Some(moves)) = (found, moves) else { return Ok(None) };
        if is_here {
            return Err(self.user_exists(user).into());
        }
        let moves: i64 = moves.try_get(0)?;
        if moves > number {
            return Ok(Some(moves));
        }
        delete_marked(statements, user_number).await?;
        Ok(None)
    }
}

/// What became of a copy.
enum Arrived {
    Taken(TakenIn),
    /// There is one of a later move, of this number.
    Overtaken(i64),
}

/// Sends all records of a user as often as they are asked for; returns how many turns there are.
async fn send(
    statements: &Statements<'_>,
    user: &UserName,
    asked: Receiver<SyncSender<Sent>>,
) -> std::result::Result<u64, Failure> {
    let mut turns = 0;
    for records in asked {
        turns = 0;
        let mut is_taken = true;
        let mut hand_on = |batch: UserRecords| {
            if let UserRecords::Turns(batch) = &batch {
                turns += batch.len() as u64;
            }
            records.send(Ok(Some(batch))).map_err(|_| {
                is_taken = false;
                StoreError::Stopped
            })
        };
        // Dropping the channel before its end tells the other store that there is no end.
        match reading::read(statements, user, Extent::Everything, &mut hand_on).await {
            Ok(()) => _ = records.send(Ok(None)),
            // It asks again, or its error says why not.
            Err(_) if !is_taken => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(turns)
}

/// Deletes everything of a user who is elsewhere now, but for the mark.
async fn leave(
    statements: &Statements<'_>,
    user: UserNumber,
    to: &str,
) -> std::result::Result<(), Failure> {
    let forget_keys =
        statements.run("DELETE FROM forgotten_keys WHERE user_id = $1", params![user.0]);
    let mark = statements.run(
        "UPDATE users SET moved_to = $2, last_turn = 0, next_turn = 0, next_passage = 0,
                          folded_turn = 0, tail_turns = 0
         WHERE user_id = $1",
        params![user.0, to],
    );
    try_join3(delete_rows(statements, user), forget_keys, mark).await?;
    Ok(())
}
