//! The lists that searches read: the newest turns' words row by row, those of older turns folded into
//! blocks.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{try_join, try_join_all, try_join4};
use longmem_core::TurnId;
use longmem_search::{
    BlockId, Listed, NewLists, SessionNumber, TurnEntry, codes_in, turn_block_of, with_session,
    with_turns, without_turns, word_block_of, words_from_bytes, words_to_bytes,
};
use longmem_text::IndexedWords;
use tokio_postgres::Row;

use crate::failure::Failure;
use crate::statements::{Statements, params};
use crate::turn_rows::role;
use crate::user_number::UserNumber;
use crate::users::LockedUser;

/// Turns whose words stand in rows of their own until they are folded into lists: enough that a list is
/// written rarely, few enough that a search reads them at once.
pub(crate) const TAIL_TURNS: usize = 256;

/// Runs of codes that are added before they become one.
const NEW_RUNS: i32 = 64;

/// The columns that [`tail_turn`] reads.
pub(crate) const SELECT_TAIL: &str = "SELECT t.id, t.session_id, t.role, t.note, t.time_ms, w.words
     FROM turn_words w JOIN turns t ON t.user_id = w.user_id AND t.id = w.turn_id
     WHERE w.user_id = $1 AND t.user_id = $1 AND w.turn_id > $2 ORDER BY w.turn_id";

/// Reads a row of [`SELECT_TAIL`].
pub(crate) fn tail_turn(row: &Row) -> Result<(TurnEntry, IndexedWords), Failure> {
    let words = words_from_bytes(row.try_get(5)?)
        .ok_or(Failure::Unexpected("the words of a turn are damaged"))?;
    let entry = TurnEntry {
        turn: TurnId(row.try_get(0)?),
        session: SessionNumber(row.try_get(1)?),
        role: role(row, 2)?,
        note: row.try_get(3)?,
        time_ms: row.try_get(4)?,
        words: words.all,
    };
    Ok((entry, words))
}

/// Where the words of new turns go.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    /// Into rows of their own, until there are enough of them.
    Tail,
    /// Into the lists, with those of the tail: the turns after this one.
    Lists {
        /// The last turn that stands in lists already.
        folded: i64,
    },
}

/// Decides where the words of so many new turns go, the last of which has this number, and notes it in the
/// user's row, which whoever calls writes.
pub(crate) fn place(user: &mut LockedUser, new: usize, last: i64) -> Place {
    if new + user.tail_turns as usize <= TAIL_TURNS {
        user.tail_turns += new as i32;
        return Place::Tail;
    }
    let folded = user.folded_turn;
    (user.folded_turn, user.tail_turns) = (last, 0);
    Place::Lists { folded }
}

/// Adds new turns, which are later than all others, to the user's lists.
pub(crate) async fn add_turns(
    statements: &Statements<'_>,
    user: UserNumber,
    place: Place,
    new: &[(TurnEntry, &IndexedWords)],
) -> Result<(), Failure> {
    let Place::Lists { folded } = place else {
        let ids: Vec<i64> = new.iter().map(|(entry, _)| entry.turn.0).collect();
        let words: Vec<Vec<u8>> = new.iter().map(|(_, words)| words_to_bytes(words)).collect();
        statements
            .run(
                "INSERT INTO turn_words (user_id, turn_id, words)
                 SELECT $1, turn_id, words FROM unnest($2, $3) AS new (turn_id, words)",
                params![user.0, ids, words],
            )
            .await?;
        return Ok(());
    };
    let mut lists = NewLists::default();
    for row in statements.rows(SELECT_TAIL, params![user.0, folded]).await? {
        let (entry, words) = tail_turn(&row)?;
        lists.add_turn(&entry, &words);
    }
    for (entry, words) in new {
        lists.add_turn(entry, words);
    }
    let emptied = statements.run("DELETE FROM turn_words WHERE user_id = $1", params![user.0]);
    try_join(append(statements, user, &lists), emptied).await?;
    Ok(())
}

/// Appends lists of turns and words to the blocks of a user.
async fn append(
    statements: &Statements<'_>,
    user: UserNumber,
    lists: &NewLists,
) -> Result<(), Failure> {
    let mut turns: (Vec<i64>, Vec<&[u8]>) = Default::default();
    let mut words: (Vec<&str>, Vec<i64>, Vec<&[u8]>) = Default::default();
    for (list, block, bytes) in lists.blocks() {
        match list {
            Listed::Turns => {
                turns.0.push(block.0);
                turns.1.push(bytes);
            }
            Listed::Word(word) => {
                words.0.push(word);
                words.1.push(block.0);
                words.2.push(bytes);
            }
            Listed::Codes { .. } => {}
        }
    }
    let append_turns = statements.run(
        "INSERT INTO turn_blocks (user_id, block, entries)
         SELECT $1, block, entries FROM unnest($2, $3) AS new (block, entries)
         ON CONFLICT (user_id, block)
         DO UPDATE SET entries = turn_blocks.entries || excluded.entries",
        params![user.0, turns.0, turns.1],
    );
    let append_words = statements.run(
        "INSERT INTO postings (user_id, word, block, entries)
         SELECT $1, word, block, entries FROM unnest($2, $3, $4) AS new (word, block, entries)
         ON CONFLICT (user_id, word, block)
         DO UPDATE SET entries = postings.entries || excluded.entries",
        params![user.0, words.0, words.1, words.2],
    );
    try_join(append_turns, append_words).await?;
    Ok(())
}

/// Adds the codes of new vectors: a run for each block, and now and then one run of many. `passages` and
/// `last_passage` are those of the user's model afterwards.
pub(crate) async fn add_codes(
    statements: &Statements<'_>,
    (user, model): (UserNumber, i64),
    width: usize,
    lists: &NewLists,
) -> Result<(), Failure> {
    let mut runs = RunColumns::default();
    let mut passages = 0;
    let mut last_passage = 0;
    for (list, block, bytes) in lists.blocks() {
        if let Listed::Codes { .. } = list
            && let Some((count, last)) = codes_in(width, block, bytes)
        {
            runs.0.push(last.0);
            runs.1.push(block.0);
            runs.2.push(count as i64);
            runs.3.push(bytes);
            passages += count as i64;
            last_passage = last_passage.max(last.0);
        }
    }
    if runs.0.is_empty() {
        return Ok(());
    }
    let added = statements.run(
        "INSERT INTO code_runs (user_id, model_id, last_passage, block, passages, entries)
         SELECT $1, $2, last_passage, block, passages, entries
         FROM unnest($3, $4, $5, $6) AS new (last_passage, block, passages, entries)",
        params![user.0, model, runs.0, runs.1, runs.2, runs.3],
    );
    let new_runs = runs.0.len() as i32;
    let counted = statements.row(
        "INSERT INTO user_models (user_id, model_id, last_passage, passages, new_runs)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (user_id, model_id) DO UPDATE SET
             last_passage = greatest(user_models.last_passage, excluded.last_passage),
             passages = user_models.passages + excluded.passages,
             new_runs = user_models.new_runs + excluded.new_runs
         RETURNING new_runs",
        params![user.0, model, last_passage, passages, new_runs],
    );
    let (_, counted) = try_join(added, counted).await?;
    if counted.try_get::<_, i32>(0)? >= NEW_RUNS {
        merge_runs(statements, (user, model), width).await?;
    }
    Ok(())
}

/// Makes one run of all small runs of each block of which there are several.
async fn merge_runs(
    statements: &Statements<'_>,
    (user, model): (UserNumber, i64),
    width: usize,
) -> Result<(), Failure> {
    let rows = statements
        .rows(
            "DELETE FROM code_runs WHERE user_id = $1 AND model_id = $2 AND block IN (
                 SELECT block FROM code_runs WHERE user_id = $1 AND model_id = $2
                 GROUP BY block HAVING count(*) > 1)
             RETURNING last_passage, block, entries",
            params![user.0, model],
        )
        .await?;
    let mut runs: BTreeMap<(i64, i64), Vec<u8>> = BTreeMap::new();
    for row in &rows {
        runs.insert((row.try_get(1)?, row.try_get(0)?), row.try_get(2)?);
    }
    let mut blocks: BTreeMap<i64, Vec<u8>> = BTreeMap::new();
    for ((block, _), entries) in runs {
        blocks.entry(block).or_default().extend(entries);
    }
    let merged: Vec<Run> = blocks.into_iter().collect();
    let written = write_runs(statements, (user, model), width, &merged);
    let counted = statements.run(
        "UPDATE user_models SET new_runs = 0 WHERE user_id = $1 AND model_id = $2",
        params![user.0, model],
    );
    try_join(written, counted).await?;
    Ok(())
}

/// Columns of runs: last passages, blocks, counts of passages, codes.
type RunColumns<'a> = (Vec<i64>, Vec<i64>, Vec<i64>, Vec<&'a [u8]>);

/// A block with codes of it.
type Run = (i64, Vec<u8>);

/// Writes runs, but for those that hold no code.
async fn write_runs(
    statements: &Statements<'_>,
    (user, model): (UserNumber, i64),
    width: usize,
    new: &[Run],
) -> Result<(), Failure> {
    let mut runs = RunColumns::default();
    for (block, entries) in new {
        if let Some((count, last)) = codes_in(width, BlockId(*block), entries) {
            runs.0.push(last.0);
            runs.1.push(*block);
            runs.2.push(count as i64);
            runs.3.push(entries);
        }
    }
    statements
        .run(
            "INSERT INTO code_runs (user_id, model_id, last_passage, block, passages, entries)
             SELECT $1, $2, last_passage, block, passages, entries
             FROM unnest($3, $4, $5, $6) AS new (last_passage, block, passages, entries)",
            params![user.0, model, runs.0, runs.1, runs.2, runs.3],
        )
        .await?;
    Ok(())
}

/// Takes turns of one user off all lists; `words` are all words of these turns. Their vectors must still
/// be there: the counts of models go down by them.
pub(crate) async fn remove_turns(
    statements: &Statements<'_>,
    user: &mut LockedUser,
    gone: &BTreeSet<TurnId>,
    words: &BTreeSet<String>,
) -> Result<(), Failure> {
    let number = user.number;
    let ids: Vec<i64> = gone.iter().map(|turn| turn.0).collect();
    let from_tail = async {
        let sql = "DELETE FROM turn_words WHERE user_id = $1 AND turn_id = ANY($2)";
        statements.run(sql, params![number.0, ids]).await
    };
    let folded: BTreeSet<TurnId> =
        gone.iter().copied().filter(|turn| turn.0 <= user.folded_turn).collect();
    let (removed, ..) = try_join4(
        from_tail,
        remove_from_turn_blocks(statements, number, &folded),
        remove_from_postings(statements, number, &folded, words),
        remove_codes(statements, number, gone, &ids),
    )
    .await?;
    user.tail_turns -= i32::try_from(removed).unwrap_or(0).min(user.tail_turns);
    statements
        .run(
            "UPDATE users SET tail_turns = $2 WHERE user_id = $1",
            params![number.0, user.tail_turns],
        )
        .await?;
    Ok(())
}

/// Removes all lists of a user of whom everything goes, and the vectors.
pub(crate) async fn remove_all(
    statements: &Statements<'_>,
    user: UserNumber,
) -> Result<(), Failure> {
    // Row by row behind each turn, these would take several times as long.
    let deletions =
        ["turn_words", "turn_blocks", "postings", "code_runs", "vectors", "index_queue"].map(
            |table| async move {
                let sql = format!("DELETE FROM {table} WHERE user_id = $1");
                statements.run(&sql, params![user.0]).await
            },
        );
    try_join_all(deletions).await?;
    Ok(())
}

async fn remove_from_turn_blocks(
    statements: &Statements<'_>,
    user: UserNumber,
    gone: &BTreeSet<TurnId>,
) -> Result<(), Failure> {
    if gone.is_empty() {
        return Ok(());
    }
    change_turn_blocks(statements, user, gone, |block, entries| {
        without_turns(Listed::Turns, block, entries, gone)
    })
    .await
}

/// Notes in the blocks of a user that turns are of another session now.
pub(crate) async fn set_session(
    statements: &Statements<'_>,
    user: UserNumber,
    moved: &BTreeSet<TurnId>,
    session: SessionNumber,
) -> Result<(), Failure> {
    change_turn_blocks(statements, user, moved, |block, entries| {
        with_session(block, entries, moved, session)
    })
    .await
}

/// Rewrites the blocks of the list of turns in which these turns stand; an empty one is deleted.
async fn change_turn_blocks(
    statements: &Statements<'_>,
    user: UserNumber,
    turns: &BTreeSet<TurnId>,
    change: impl Fn(BlockId, &[u8]) -> Vec<u8>,
) -> Result<(), Failure> {
    let blocks: BTreeSet<i64> = turns.iter().map(|turn| turn_block_of(*turn).0).collect();
    let blocks: Vec<i64> = blocks.into_iter().collect();
    let rows = statements
        .rows(
            "SELECT block, entries FROM turn_blocks WHERE user_id = $1 AND block = ANY($2)",
            params![user.0, blocks],
        )
        .await?;
    let mut changed: (Vec<i64>, Vec<Vec<u8>>) = Default::default();
    for row in &rows {
        let block: i64 = row.try_get(0)?;
        changed.0.push(block);
        changed.1.push(change(BlockId(block), row.try_get(1)?));
    }
    write_turn_blocks(statements, user, &changed.0, &changed.1).await
}

async fn write_turn_blocks(
    statements: &Statements<'_>,
    user: UserNumber,
    blocks: &Vec<i64>,
    entries: &Vec<Vec<u8>>,
) -> Result<(), Failure> {
    let written = statements.run(
        "INSERT INTO turn_blocks (user_id, block, entries)
         SELECT $1, block, entries FROM unnest($2, $3) AS new (block, entries)
         ON CONFLICT (user_id, block) DO UPDATE SET entries = excluded.entries",
        params![user.0, *blocks, *entries],
    );
    let emptied = statements.run(
        "DELETE FROM turn_blocks
         WHERE user_id = $1 AND block = ANY($2) AND octet_length(entries) = 0",
        params![user.0, *blocks],
    );
    try_join(written, emptied).await?;
    Ok(())
}

async fn remove_from_postings(
    statements: &Statements<'_>,
    user: UserNumber,
    gone: &BTreeSet<TurnId>,
    words: &BTreeSet<String>,
) -> Result<(), Failure> {
    if gone.is_empty() {
        return Ok(());
    }
    let blocks: BTreeSet<i64> = gone.iter().map(|turn| word_block_of(*turn).0).collect();
    let blocks: Vec<i64> = blocks.into_iter().collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let rows = statements
        .rows(
            "SELECT word, block, entries FROM postings
             WHERE user_id = $1 AND word = ANY($2) AND block = ANY($3)",
            params![user.0, words, blocks],
        )
        .await?;
    let mut changed: (Vec<&str>, Vec<i64>, Vec<Vec<u8>>) = Default::default();
    for row in &rows {
        let (word, block, entries): (&str, i64, &[u8]) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let kept = without_turns(Listed::Word(word), BlockId(block), entries, gone);
        if kept.len() < entries.len() {
            changed.0.push(word);
            changed.1.push(block);
            changed.2.push(kept);
        }
    }
    write_postings(statements, user, &changed.0, &changed.1, &changed.2).await
}

/// Puts lists of words in the place of others; empty ones are deleted.
async fn write_postings(
    statements: &Statements<'_>,
    user: UserNumber,
    words: &Vec<&str>,
    blocks: &Vec<i64>,
    entries: &Vec<Vec<u8>>,
) -> Result<(), Failure> {
    let written = statements.run(
        "INSERT INTO postings (user_id, word, block, entries)
         SELECT $1, word, block, entries FROM unnest($2, $3, $4) AS new (word, block, entries)
         ON CONFLICT (user_id, word, block) DO UPDATE SET entries = excluded.entries",
        params![user.0, *words, *blocks, *entries],
    );
    let emptied = statements.run(
        "DELETE FROM postings
         WHERE user_id = $1 AND word = ANY($2) AND octet_length(entries) = 0",
        params![user.0, *words],
    );
    try_join(written, emptied).await?;
    Ok(())
}

/// Takes the codes of turns off all runs, whichever model made them, and their passages off the counts.
async fn remove_codes(
    statements: &Statements<'_>,
    user: UserNumber,
    gone: &BTreeSet<TurnId>,
    ids: &Vec<i64>,
) -> Result<(), Failure> {
    let blocks: BTreeSet<i64> = gone.iter().map(|turn| turn_block_of(*turn).0).collect();
    let blocks: Vec<i64> = blocks.into_iter().collect();
    let rows = statements
        .rows(
            "SELECT c.model_id, m.dimensions, c.last_passage, c.block, c.entries
             FROM code_runs c JOIN embedding_models m ON m.id = c.model_id
             WHERE c.user_id = $1 AND c.block = ANY($2)",
            params![user.0, blocks],
        )
        .await?;
    // By model, with the width of its vectors: the runs that change, by their last passages, and what
    // becomes of them.
    let mut changed: BTreeMap<(i64, usize), (Vec<i64>, Vec<Run>)> = BTreeMap::new();
    for row in &rows {
        let (model, width, last): (i64, i64, i64) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let (block, entries): (i64, &[u8]) = (row.try_get(3)?, row.try_get(4)?);
        let width = width as usize;
        let kept = without_turns(Listed::Codes { width }, BlockId(block), entries, gone);
        if kept.len() < entries.len() {
            let (former, new) = changed.entry((model, width)).or_default();
            former.push(last);
            new.push((block, kept));
        }
    }
    for ((model, width), (former, new)) in &changed {
        let removed = statements.run(
            "DELETE FROM code_runs
             WHERE user_id = $1 AND model_id = $2 AND last_passage = ANY($3)",
            params![user.0, *model, *former],
        );
        try_join(removed, write_runs(statements, (user, *model), *width, new)).await?;
    }
    statements
        .run(
            "UPDATE user_models u SET
                 passages = u.passages - (SELECT count(*) FROM vectors v
                     WHERE v.user_id = $1 AND v.model_id = u.model_id AND v.turn_id = ANY($2)),
                 last_passage = coalesce((SELECT max(v.id) FROM vectors v
                     WHERE v.user_id = $1 AND v.model_id = u.model_id
                         AND v.turn_id <> ALL($2)), 0)
             WHERE u.user_id = $1",
            params![user.0, *ids],
        )
        .await?;
    Ok(())
}

/// Puts a turn that has older and newer ones beside it into the lists, which do not hold it, or into the
/// tail if it stands there. There are no codes of it.
pub(crate) async fn insert_between(
    statements: &Statements<'_>,
    user: &mut LockedUser,
    entry: &TurnEntry,
    words: &IndexedWords,
) -> Result<(), Failure> {
    let number = user.number;
    if entry.turn.0 > user.folded_turn {
        user.tail_turns += 1;
        let bytes = words_to_bytes(words);
        let added = statements.run(
            "INSERT INTO turn_words (user_id, turn_id, words) VALUES ($1, $2, $3)",
            params![number.0, entry.turn.0, bytes],
        );
        let counted = statements.run(
            "UPDATE users SET tail_turns = $2 WHERE user_id = $1",
            params![number.0, user.tail_turns],
        );
        try_join(added, counted).await?;
        return Ok(());
    }
    let mut lists = NewLists::default();
    lists.add_turn(entry, words);
    let block = turn_block_of(entry.turn).0;
    let word_block = word_block_of(entry.turn).0;
    let all_words: Vec<&str> = lists.words().collect();
    let stored_turns = statements.rows(
        "SELECT entries FROM turn_blocks WHERE user_id = $1 AND block = $2",
        params![number.0, block],
    );
    let stored_words = statements.rows(
        "SELECT word, entries FROM postings
         WHERE user_id = $1 AND word = ANY($2) AND block = $3",
        params![number.0, all_words, word_block],
    );
    let (stored_turns, stored_words) = try_join(stored_turns, stored_words).await?;
    let mut of_words: BTreeMap<&str, &[u8]> = BTreeMap::new();
    for row in &stored_words {
        of_words.insert(row.try_get(0)?, row.try_get(1)?);
    }
    let of_turns: &[u8] = match stored_turns.first() {
        Some(row) => row.try_get(0)?,
        None => &[],
    };
    let mut turns = Vec::new();
    let mut changed: (Vec<&str>, Vec<i64>, Vec<Vec<u8>>) = Default::default();
    for (list, block, added) in lists.blocks() {
        match list {
            Listed::Turns => turns.push(with_turns(list, block, of_turns, added)),
            Listed::Word(word) => {
                let stored = of_words.get(word).copied().unwrap_or_default();
                changed.0.push(word);
                changed.1.push(block.0);
                changed.2.push(with_turns(list, block, stored, added));
            }
            Listed::Codes { .. } => {}
        }
    }
    let blocks = vec![block];
    try_join(
        write_turn_blocks(statements, number, &blocks, &turns),
        write_postings(statements, number, &changed.0, &changed.1, &changed.2),
    )
    .await?;
    Ok(())
}
