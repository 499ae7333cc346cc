//! Checks that a store is whole: the tables, the values, and user by user and block by block the lists.

mod tables;
mod user;

use longmem_store::{Result, StoreError};

use crate::database::{Database, Users};
use crate::failure::Failure;
use crate::presence::IS_HERE;
use crate::statements::params;
use crate::user_number::UserNumber;

use user::UserCheck;

/// Users whose rows are read at once.
const USERS_AT_ONCE: i64 = 1000;

/// Hands on what is wrong, a line each. What cannot be read because of what the database holds is a
/// problem itself, and the rest is checked all the same. Each user is checked as the user is at one moment.
pub(crate) fn check(database: &Database, problem: &mut dyn FnMut(String)) -> Result<()> {
    for (part, check) in tables::PARTS {
        let found = database.read(Users::All, async |statements| {
            let schema = database.location().schema();
            let mut problems = Vec::new();
            Box::pin(check.run(statements, schema, &mut problems)).await?;
            Ok(problems)
        });
        hand_on(part, found, problem)?;
    }
    let mut wrong = Wrong::default();
    let mut after = -1;
    loop {
        let users = database.read(Users::All, async |statements| {
            let sql = format!(
                "SELECT user_id FROM users WHERE user_id > $1 AND {IS_HERE}
                 ORDER BY user_id LIMIT $2"
            );
            let rows = statements.rows(&sql, params![after, USERS_AT_ONCE]).await?;
            let numbers = rows.iter().map(|row| Ok(UserNumber(row.try_get(0)?)));
            numbers.collect::<std::result::Result<Vec<_>, Failure>>()
        })?;
        let Some(last) = users.last() else { break };
        after = last.0;
        for user in users {
            let found = database.read(user.alone(), async |statements| {
                let mut check = UserCheck::new(statements, user);
                check.run().await?;
                Ok((check.wrong, check.problems))
            });
            let part = format!("what there is of user {}", user.0);
            let found = found.map(|(of_user, problems)| {
                wrong.add(&of_user);
                problems
            });
            hand_on(&part, found, problem)?;
        }
    }
    let lists = [(wrong.words, "word"), (wrong.turns, "turn"), (wrong.codes, "code")];
    for (count, of_what) in lists {
        if count > 0 {
            problem(format!("{count} {of_what} lists do not hold what they should"));
        }
    }
    Ok(())
}

/// Hands on what a part of the check found. An error of the surroundings ends the check.
fn hand_on(part: &str, found: Result<Vec<String>>, problem: &mut dyn FnMut(String)) -> Result<()> {
    match found {
        Ok(problems) => problems.into_iter().for_each(problem),
        Err(StoreError::Damaged { reason, .. }) => {
            problem(format!("{part} cannot be read: {reason}"));
        }
        // A statement that does not fit the tables, or a value that no program of ours wrote.
        Err(StoreError::Backend { source, .. }) => {
            problem(format!("{part} cannot be read: {source}"));
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Number of lists of each kind that differ from what they were made of.
#[derive(Debug, Default)]
struct Wrong {
    words: u64,
    turns: u64,
    codes: u64,
}

impl Wrong {
    fn add(&mut self, other: &Self) {
        self.words += other.words;
        self.turns += other.turns;
        self.codes += other.codes;
    }
}
