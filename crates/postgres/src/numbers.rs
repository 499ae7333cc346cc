//! Gives out the numbers of turns and passages, in chunks for each user, under the user's lock.
//!
//! A sequence a row would not do: a slow transaction would commit a smaller number after a reader saw a
//! greater one, and what came after that would be asked for ever after.

use longmem_store::NUMBERS_IN_CHUNK as CHUNK;

use crate::failure::Failure;
use crate::statements::{NONE, Statements, params};

/// What is numbered.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Turn,
    Passage,
}

/// The numbers that a user gets next.
#[derive(Debug, Clone)]
pub(crate) struct Numbers {
    kind: Kind,
    /// A multiple of [`CHUNK`] if a chunk has to be drawn first.
    pub(crate) next: i64,
    /// Where the user's last chunk ends.
    end: i64,
}

impl Numbers {
    pub(crate) fn new(kind: Kind, next: i64) -> Self {
        Self { kind, next, end: (next + CHUNK - 1) / CHUNK * CHUNK }
    }

    /// Gives out so many numbers that follow one another; returns the first.
    pub(crate) async fn take(
        &mut self,
        statements: &Statements<'_>,
        count: usize,
    ) -> Result<i64, Failure> {
        let count = count as i64;
        if self.end - self.next < count {
            self.draw(statements, count).await?;
        }
        let first = self.next;
        self.next += count;
        Ok(first)
    }

    /// Draws as many chunks as hold so many numbers.
    async fn draw(&mut self, statements: &Statements<'_>, count: i64) -> Result<(), Failure> {
        // Number 0 is never given out.
        let wanted = (count + CHUNK) / CHUNK;
        let sequence = match self.kind {
            Kind::Turn => "turn_chunks",
            Kind::Passage => "passage_chunks",
        };
        let sql = format!("SELECT nextval('{sequence}') FROM generate_series(1, $1)");
        if wanted > 1 && Position::read(statements, sequence).await?.step > 1 {
            // What lies between is another server's for other users, and never this user's again.
            let first: i64 = statements.row(&sql, params![1i64]).await?.try_get(0)?;
            pass(statements, sequence, first + wanted - 1).await?;
            (self.next, self.end) = ((first * CHUNK).max(1), (first + wanted) * CHUNK);
            return Ok(());
        }
        loop {
            let rows = statements.rows(&sql, params![wanted]).await?;
            let chunks: Vec<i64> =
                rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
            // Others draw meanwhile; several chunks of one user follow one another.
            let first = chunks[0];
            if chunks.iter().zip(first..).all(|(chunk, expected)| *chunk == expected) {
                (self.next, self.end) = ((first * CHUNK).max(1), (first + wanted) * CHUNK);
                return Ok(());
            }
        }
    }
}

/// Where a sequence is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Position {
    /// The number that it gives out next.
    pub(crate) next: i64,
    /// From one number to the next: 1, but for servers that share numbers with others.
    pub(crate) step: i64,
}

impl Position {
    pub(crate) async fn read(statements: &Statements<'_>, sequence: &str) -> Result<Self, Failure> {
        let sql = format!(
            "SELECT CASE WHEN is_called THEN last_value + seqincrement ELSE last_value END, seqincrement
             FROM {sequence}, pg_sequence WHERE seqrelid = '{sequence}'::regclass"
        );
        let row = statements.row(&sql, NONE).await?;
        Ok(Self { next: row.try_get(0)?, step: row.try_get(1)? })
    }
}

/// Greatest distance that a sequence goes step by step; beyond it, others cannot overtake a jump.
const STEPS: i64 = 1 << 20;

/// Has a sequence give out only numbers above one that another store gave out.
pub(crate) async fn pass(
    statements: &Statements<'_>,
    sequence: &str,
    number: i64,
) -> Result<(), Failure> {
    let Position { next, step } = Position::read(statements, sequence).await?;
    // Each step draws one number; the last one drawn is the first that is not below.
    let steps = (number - next).div_euclid(step) + 1;
    if steps > STEPS {
        let sql = format!("SELECT setval('{sequence}', $1)");
        let last = next + (steps - 1) * step;
        statements.row(&sql, params![last]).await?;
    } else if steps > 0 {
        // A jump could put the sequence back behind what others draw meanwhile.
        let sql = format!("SELECT max(nextval('{sequence}')) FROM generate_series(1, $1)");
        statements.row(&sql, params![steps]).await?;
    }
    Ok(())
}
