//! Servers of a ring give out numbers that none of the others does: each steps over the numbers of the
//! others.

use longmem_store::Result;

use crate::PostgresStore;
use crate::database::Users;
use crate::failure::Failure;
use crate::numbers::Position;
use crate::statements::Statements;

/// Number of slots among which numbers are divided. A slot is never given to a second server.
pub const NUMBER_SLOTS: i64 = 256;

/// What gives out numbers.
const SEQUENCES: [&str; 6] = [
    "turn_chunks",
    "passage_chunks",
    "session_numbers",
    "fact_numbers",
    "entity_numbers",
    "summary_numbers",
];

impl PostgresStore {
    /// The slot of the numbers that this server gives out, from 0; none if it gives out all numbers.
    ///
    /// # Errors
    /// When the server cannot be read.
    pub fn number_slot(&self) -> Result<Option<i64>> {
        let position = self
            .database
            .read(Users::All, async |statements| Position::read(statements, SEQUENCES[0]).await)?;
        Ok((position.step == NUMBER_SLOTS).then_some(position.next % NUMBER_SLOTS))
    }

    /// Has this server give out only numbers of a slot from now on, all of them above those that it gave
    /// out before.
    ///
    /// # Errors
    /// When the server cannot be written, as by an account that does not own the tables.
    ///
    /// # Panics
    /// For a slot that there is not.
    pub fn take_number_slot(&self, slot: i64) -> Result<()> {
        assert!((0..NUMBER_SLOTS).contains(&slot), "slots are 0 to {NUMBER_SLOTS}, not {slot}");
        self.database.write(Users::All, async |statements| {
            for sequence in SEQUENCES {
                step_from(statements, sequence, slot).await?;
            }
            Ok(())
        })
    }
}

async fn step_from(
    statements: &Statements<'_>,
    sequence: &str,
    slot: i64,
) -> std::result::Result<(), Failure> {
    let before = Position::read(statements, sequence).await?;
    if before.step == NUMBER_SLOTS && before.next % NUMBER_SLOTS == slot {
        return Ok(());
    }
    // From here on nobody draws until the transaction ends, so that the next number is the next one.
    let slower = format!("ALTER SEQUENCE {sequence} INCREMENT BY {NUMBER_SLOTS}");
    statements.batch(&slower).await?;
    let next = Position::read(statements, sequence).await?.next;
    let start = next + (slot - next).rem_euclid(NUMBER_SLOTS);
    statements.batch(&format!("ALTER SEQUENCE {sequence} RESTART WITH {start}")).await
}
