//! Saves what can be read of a damaged store into a new one.
//!
//! The damaged file is only read, page by page and without SQLite, so that what stands below a damaged
//! page is found too. What is made of turns (the lists of words, turns and codes) is made again.

mod mending;
mod pages;
mod rows;
mod tables;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use longmem_core::private_files::{IfExists, NewFile};
use longmem_core::{TurnId, special_kind};
use longmem_search::{BlockId, TurnEntry, turns_in};
use longmem_store::StoreError;
use rusqlite::types::Value;
use rusqlite::{Connection, Transaction, params_from_iter};

use crate::error::{place, store_error};
use crate::migrations;
use crate::open::{connect, mark_as_store};

use mending::Mended;
use pages::Pages;
use rows::{Kind, TreePage};
use tables::{Found, Table, identify, is_sound_turn};

/// What was saved of a damaged store, and what is known to be lost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Salvaged {
    /// Users.
    pub users: u64,
    /// Conversations.
    pub sessions: u64,
    /// Messages, with their times, roles, speakers and source keys.
    pub turns: u64,
    /// Facts, those that were replaced included.
    pub facts: u64,
    /// Summaries.
    pub summaries: u64,
    /// Values that were kept beside the turns.
    pub kept_values: u64,
    /// Turns that are known as forgotten, so that an import does not bring them back.
    pub forgotten_keys: u64,
    /// Turns with all their vectors.
    pub turns_with_vectors: u64,
    /// Turns that wait for vectors, since theirs were not whole or not there.
    pub turns_without_vectors: u64,
    /// Turns of which it is known that they were there, and that are not saved. There may be more whose
    /// every trace is gone.
    pub lost_turns: u64,
    /// Rows that were found and cannot be used: their columns contradict each other or other rows.
    pub unusable_rows: u64,
    /// Texts with signs in them that stand for what could not be read.
    pub mended_texts: u64,
    /// Users and sessions whose names are lost. They have made-up names: `recovered-user-3`.
    pub made_up_names: u64,
}

/// Saves what can be read of a damaged store into a new file, which is private, appears when it is
/// whole, and must not exist. The damaged file is not changed. Nobody should be writing to it meanwhile.
///
/// # Errors
/// [`StoreError::File`] if one file cannot be read, or the other exists or cannot be made;
/// [`StoreError::NotAStore`] if nothing of a store is found; [`StoreError::DiskFull`].
///
/// # Examples
/// ```
/// use longmem_sqlite::{IfMissing, SqliteStore, salvage};
///
/// let folder = tempfile::tempdir()?;
/// let damaged = folder.path().join("memory.db");
/// SqliteStore::open(&damaged, IfMissing::Create)?;
/// let saved = salvage(&damaged, &folder.path().join("saved.db"));
/// assert!(saved.is_err(), "there is nothing in an empty store");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn salvage(damaged: &Path, to: &Path) -> Result<Salvaged, StoreError> {
    // A named pipe would be waited for.
    if let Some(kind) =
        fs_err::metadata(damaged).ok().and_then(|found| special_kind(found.file_type()))
    {
        return Err(StoreError::NotAStore {
            place: place(damaged),
            found: format!("it is {kind}"),
        });
    }
    let pages = Pages::open(damaged)?;
    let overview = Overview::read(&pages);
    let file = NewFile::begin(to, IfExists::Fail)?;
    let salvaged =
        fill(&pages, &overview, file.partial()).map_err(|error| store_error(to, error))?;
    if salvaged.users == 0 && salvaged.turns == 0 {
        let found = "nothing of a store was found in it, or it is encrypted".to_owned();
        return Err(StoreError::NotAStore { place: place(damaged), found });
    }
    file.finish()?;
    Ok(salvaged)
}

/// How many turns of a damaged store can be read, and of how many it is known that they were there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readable {
    /// Turns that can be read.
    pub turns: u64,
    /// These, and those that are known to be lost.
    pub known_turns: u64,
}

/// Says what [`salvage`] would find, and writes nothing.
///
/// # Errors
/// [`StoreError::File`] if the file cannot be read.
pub fn readable_turns(damaged: &Path) -> Result<Readable, StoreError> {
    let pages = Pages::open(damaged)?;
    let mut known: HashSet<i64> = Overview::read(&pages).listed.into_keys().collect();
    let mut found = HashSet::new();
    for number in pages.numbers() {
        let bytes = pages.read(number);
        let page = TreePage::of(&pages, number, &bytes);
        for row in page.iter().filter(|page| page.kind == Kind::TableLeaf).flat_map(TreePage::rows)
        {
            let id = row.number;
            if let Found::Row(Table::Turns, _) = identify(Kind::TableLeaf, row) {
                found.insert(id);
            }
        }
    }
    known.extend(&found);
    Ok(Readable { turns: found.len() as u64, known_turns: known.len() as u64 })
}

/// Makes the new store.
fn fill(pages: &Pages, overview: &Overview, to: &Path) -> rusqlite::Result<Salvaged> {
    let mut connection = connect(to, None)?;
    // The file counts only when it is finished, and is then one file without companions.
    connection.pragma_update(None, "journal_mode", "MEMORY")?;
    connection.pragma_update(None, "foreign_keys", false)?;
    let transaction = connection.transaction()?;
    mark_as_store(&transaction)?;
    migrations::apply(&transaction)?;
    // The new store's own, in whose place the old one's is put: hashes are made with it.
    let own_salt: Vec<u8> =
        transaction.query_row("SELECT salt FROM forgotten_salt", [], |row| row.get(0))?;
    transaction.execute_batch("DELETE FROM forgotten_salt")?;
    let mut copied = Copied::default();
    copied.copy(&transaction, pages, overview)?;
    let mended = Mended::mend(&transaction, overview, &own_salt)?;
    let salvaged = copied.report(&transaction, overview, &mended)?;
    transaction.commit()?;
    Ok(salvaged)
}

/// What has to be known of all pages before rows are copied.
struct Overview {
    /// What lists say of each turn, with its user.
    listed: HashMap<i64, (i64, TurnEntry)>,
    /// The pages that belong to the table of names in facts.
    mention_pages: HashSet<u32>,
}

impl Overview {
    fn read(pages: &Pages) -> Self {
        let mut parents: HashMap<u32, u32> = HashMap::new();
        let mut listed = HashMap::new();
        let mut mentions_root = None;
        for number in pages.numbers() {
            let bytes = pages.read(number);
            let Some(page) = TreePage::of(pages, number, &bytes) else { continue };
            parents.extend(page.children().into_iter().map(|child| (child, number)));
            if page.kind == Kind::TableInterior {
                continue;
            }
            for row in page.rows() {
                match identify(page.kind, row) {
                    Found::Definition(name, root) if name == "entity_mentions" => {
                        mentions_root = Some(root);
                    }
                    Found::TurnBlock(user, block, entries) => {
                        let entries = turns_in(BlockId(block), &entries);
                        listed.extend(entries.into_iter().map(|it| (it.turn.0, (user, it))));
                    }
                    _ => {}
                }
            }
        }
        let is_below = |mut page: u32, root: u32| {
            // A damaged tree may turn in a circle.
            for _ in 0..20 {
                match parents.get(&page) {
                    _ if page == root => return true,
                    Some(parent) => page = *parent,
                    None => return false,
                }
            }
            false
        };
        let mention_pages = mentions_root.map_or_else(HashSet::new, |root| {
            pages.numbers().filter(|page| is_below(*page, root)).collect()
        });
        Self { listed, mention_pages }
    }
}

/// Counts what is copied.
#[derive(Default)]
struct Copied {
    unusable: u64,
    mended_texts: u64,
    found_turns: HashSet<i64>,
}

impl Copied {
    /// Copies every row that is found.
    fn copy(
        &mut self,
        transaction: &Transaction<'_>,
        pages: &Pages,
        overview: &Overview,
    ) -> rusqlite::Result<()> {
        for number in pages.numbers() {
            let bytes = pages.read(number);
            let Some(page) = TreePage::of(pages, number, &bytes) else { continue };
            for row in page.rows() {
                let mended = row.mended;
                let (table, values) = match identify(page.kind, row) {
                    Found::Row(Table::Turns, values) => {
                        (Table::Turns, with_listed(values, &overview.listed))
                    }
                    Found::Row(table, values) => (table, values),
                    Found::Pair(fact, entity) if overview.mention_pages.contains(&number) => {
                        let pair = vec![Value::Integer(fact), Value::Integer(entity)];
                        (Table::EntityMentions, pair)
                    }
                    _ => continue,
                };
                let id = values.first().cloned();
                if !insert(transaction, table, values)? {
                    self.unusable += 1;
                    continue;
                }
                self.mended_texts += u64::from(mended);
                if let (Table::Turns, Some(Value::Integer(id))) = (table, id) {
                    self.found_turns.insert(id);
                }
            }
        }
        Ok(())
    }

    /// Counts what is in the new store.
    fn report(
        &self,
        connection: &Connection,
        overview: &Overview,
        mended: &Mended,
    ) -> rusqlite::Result<Salvaged> {
        let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, u64>(0));
        let known: HashSet<i64> =
            overview.listed.keys().chain(&self.found_turns).copied().collect();
        let turns = count("SELECT count(*) FROM turns")?;
        let waiting = count("SELECT count(*) FROM index_queue")?;
        let mut lost = 0;
        let mut is_saved = connection.prepare("SELECT 1 FROM turns WHERE id = ?1")?;
        for turn in known {
            lost += u64::from(!is_saved.exists([turn])?);
        }
        Ok(Salvaged {
            users: count("SELECT count(*) FROM users")?,
            sessions: count("SELECT count(*) FROM sessions")?,
            turns,
            facts: count("SELECT count(*) FROM facts")?,
            summaries: count("SELECT count(*) FROM summaries")?,
            kept_values: count(
                "SELECT (SELECT count(*) FROM user_values) + (SELECT count(*) FROM store_values)",
            )?,
            forgotten_keys: count("SELECT count(*) FROM forgotten_keys")?,
            turns_with_vectors: count("SELECT count(DISTINCT turn_id) FROM passages")?,
            turns_without_vectors: waiting,
            lost_turns: lost,
            unusable_rows: self.unusable + mended.dropped_rows,
            mended_texts: self.mended_texts,
            made_up_names: mended.made_up_names,
        })
    }
}

/// Gives a turn the role and the time that the lists say, where its own cannot be.
fn with_listed(mut values: Vec<Value>, listed: &HashMap<i64, (i64, TurnEntry)>) -> Vec<Value> {
    let (role_is_sound, time_is_sound) = is_sound_turn(&values);
    if let Value::Integer(id) = values[0]
        && let Some((_, entry)) = listed.get(&id)
    {
        debug_assert_eq!(entry.turn, TurnId(id), "entries are kept by their turns");
        if !role_is_sound {
            values[4] = Value::Text(entry.role.as_str().to_owned());
        }
        if !time_is_sound {
            values[5] = Value::Integer(entry.time_ms);
        }
    }
    values
}

/// Inserts a row. False if the table refuses it: it has the number or name of another row, or a value
/// that no row has.
fn insert(
    transaction: &Transaction<'_>,
    table: Table,
    values: Vec<Value>,
) -> rusqlite::Result<bool> {
    let (name, columns) = table.columns();
    let places = vec!["?"; columns.len()].join(", ");
    let sql = format!("INSERT OR IGNORE INTO {name} ({}) VALUES ({places})", columns.join(", "));
    let inserted = transaction.prepare_cached(&sql)?.execute(params_from_iter(values));
    match inserted {
        Ok(rows) => Ok(rows > 0),
        Err(error)
            if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) =>
        {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}
