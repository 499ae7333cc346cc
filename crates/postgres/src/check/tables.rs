//! Checks the database as a whole: its tables, references, numbers and models.

use std::collections::BTreeSet;

use crate::failure::Failure;
use crate::numbers::Position;
use crate::statements::{NONE, Statements, params};
use crate::turn_rows::timestamp_of;

/// The tables whose rows belong to users.
const OF_USERS: [&str; 20] = [
    "users",
    "sessions",
    "turns",
    "turn_words",
    "turn_blocks",
    "postings",
    "vectors",
    "code_runs",
    "user_models",
    "index_queue",
    "facts",
    "fact_vectors",
    "entities",
    "entity_mentions",
    "learned_sessions",
    "summaries",
    "user_values",
    "forgotten_keys",
    "user_leases",
    "commit_marks",
];

/// The tables of the whole store.
const OF_STORE: [&str; 6] = [
    "embedding_models",
    "store_values",
    "store_salt",
    "schema_steps",
    "forgotten_keys_of_all",
    "ring",
];

/// The columns that hold a number of a model, with what has it.
const OF_MODELS: [&str; 4] = ["vectors", "code_runs", "user_models", "fact_vectors"];

/// A part of the check of the whole database.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    Tables,
    References,
    Numbers,
    Models,
    Times,
}

/// The parts, with what each looks at.
pub(super) const PARTS: [(&str, Part); 5] = [
    ("its tables", Part::Tables),
    ("references", Part::References),
    ("numbers", Part::Numbers),
    ("the models", Part::Models),
    ("times", Part::Times),
];

impl Part {
    pub(super) async fn run(
        self,
        statements: &Statements<'_>,
        schema: &str,
        problems: &mut Vec<String>,
    ) -> Result<(), Failure> {
        match self {
            Self::Tables => tables(statements, schema, problems).await,
            Self::References => references(statements, schema, problems).await,
            Self::Numbers => numbers(statements, problems).await,
            Self::Models => models(statements, problems).await,
            Self::Times => times(statements, problems).await,
        }
    }
}

/// Whether all tables are there, guarded by row security, with indexes that hold everything.
async fn tables(
    statements: &Statements<'_>,
    schema: &str,
    problems: &mut Vec<String>,
) -> Result<(), Failure> {
    let rows = statements
        .rows(
            "SELECT c.relname::text, c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (
                        SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid),
                    coalesce((SELECT bool_and(i.indisvalid) FROM pg_index i
                              WHERE i.indrelid = c.oid), true),
                    coalesce((SELECT bool_or(i.indisprimary) FROM pg_index i
                              WHERE i.indrelid = c.oid), false)
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')",
            params![schema],
        )
        .await?;
    let mut found = BTreeSet::new();
    for row in &rows {
        let (table, guarded): (&str, bool) = (row.try_get(0)?, row.try_get(1)?);
        found.insert(table);
        if OF_USERS.contains(&table) && !guarded {
            problems.push(format!("row security does not guard the table {table}"));
        }
        if !row.try_get::<_, bool>(2)? || !row.try_get::<_, bool>(3)? {
            problems.push(format!("an index of the table {table} is missing or invalid"));
        }
    }
    for table in OF_USERS.iter().chain(&OF_STORE) {
        if !found.contains(table) {
            problems.push(format!("the table {table} is missing"));
        }
    }
    Ok(())
}

/// Whether every row that a row refers to is there.
async fn references(
    statements: &Statements<'_>,
    schema: &str,
    problems: &mut Vec<String>,
) -> Result<(), Failure> {
    // One statement for each reference, made of what the database says of it.
    let rows = statements
        .rows(
            "SELECT format('SELECT count(*) FROM %s AS c WHERE %s AND NOT EXISTS
                        (SELECT 1 FROM %s AS p WHERE %s)', r.conrelid::regclass,
                        string_agg(format('c.%I IS NOT NULL', child.attname), ' AND '),
                        r.confrelid::regclass,
                        string_agg(format('p.%I = c.%I', parent.attname, child.attname), ' AND '))
             FROM pg_constraint r JOIN pg_namespace n ON n.oid = r.connamespace
             CROSS JOIN LATERAL unnest(r.conkey, r.confkey) AS pair (of_child, of_parent)
             JOIN pg_attribute child ON child.attrelid = r.conrelid AND child.attnum = of_child
             JOIN pg_attribute parent ON parent.attrelid = r.confrelid AND parent.attnum = of_parent
             WHERE n.nspname = $1 AND r.contype = 'f'
             GROUP BY r.oid, r.conrelid, r.confrelid",
            params![schema],
        )
        .await?;
    let mut asked: Vec<String> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    asked.extend(OF_MODELS.map(|table| {
        format!(
            "SELECT count(*) FROM {table} c
             WHERE NOT EXISTS (SELECT 1 FROM embedding_models m WHERE m.id = c.model_id)"
        )
    }));
    asked.extend([("facts", "superseded_by"), ("summaries", "folded_into")].map(
        |(table, column)| {
            format!(
                "SELECT count(*) FROM {table} c WHERE c.{column} IS NOT NULL AND NOT EXISTS
                 (SELECT 1 FROM {table} p WHERE p.user_id = c.user_id AND p.id = c.{column})"
            )
        },
    ));
    let mut orphans = 0;
    for sql in asked {
        orphans += statements.row(&sql, NONE).await?.try_get::<_, i64>(0)?;
    }
    if orphans > 0 {
        problems.push(format!("{orphans} rows refer to rows that are not there"));
    }
    Ok(())
}

/// Whether the numbers that are given out next are free.
async fn numbers(statements: &Statements<'_>, problems: &mut Vec<String>) -> Result<(), Failure> {
    let mut wrong = 0;
    // What a sequence gave out last is read last, since others draw meanwhile.
    for (sequence, newest) in [
        ("turn_chunks", "SELECT max(id) / 8192 FROM turns"),
        ("passage_chunks", "SELECT max(id) / 8192 FROM vectors"),
        ("session_numbers", "SELECT max(id) FROM sessions"),
        ("fact_numbers", "SELECT max(id) FROM facts"),
        ("entity_numbers", "SELECT max(id) FROM entities"),
        ("summary_numbers", "SELECT max(id) FROM summaries"),
    ] {
        let newest: Option<i64> = statements.row(newest, NONE).await?.try_get(0)?;
        let next = Position::read(statements, sequence).await?.next;
        wrong += u64::from(newest.is_some_and(|newest| newest >= next));
    }
    if wrong > 0 {
        problems.push(format!("{wrong} of the sequences would give out a number again"));
    }
    let salts = "SELECT count(*) = 1 AND bool_and(octet_length(salt) = 32) FROM store_salt";
    if statements.row(salts, NONE).await?.try_get::<_, Option<bool>>(0)? != Some(true) {
        problems.push("the salt of forgotten keys is not one of 32 bytes".to_owned());
    }
    let hashes = "SELECT (SELECT count(*) FROM forgotten_keys WHERE octet_length(hash) <> 16)
                       + (SELECT count(*) FROM forgotten_keys_of_all WHERE octet_length(hash) <> 16)";
    let hashes: i64 = statements.row(hashes, NONE).await?.try_get(0)?;
    if hashes > 0 {
        problems.push(format!("{hashes} hashes of forgotten keys do not have 16 bytes"));
    }
    Ok(())
}

/// Whether a model serves where there are vectors, and models are as wide as models are.
async fn models(statements: &Statements<'_>, problems: &mut Vec<String>) -> Result<(), Failure> {
    let row = statements
        .row(
            "SELECT count(*), count(*) FILTER (WHERE state = 'serving'),
                    count(*) FILTER (WHERE dimensions NOT BETWEEN 1 AND 65536 OR \"window\" < 1)
             FROM embedding_models",
            NONE,
        )
        .await?;
    let (models, serving, impossible): (i64, i64, i64) =
        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    if models > 0 && serving != 1 {
        problems.push(format!("{serving} of {models} embedding models serve, and one should"));
    }
    if impossible > 0 {
        problems.push(format!("{impossible} embedding models are of an impossible size"));
    }
    Ok(())
}

/// Whether all times are times.
async fn times(statements: &Statements<'_>, problems: &mut Vec<String>) -> Result<(), Failure> {
    let columns = [("turns", "time_ms"), ("facts", "valid_from_ms"), ("summaries", "created_ms")];
    for (table, column) in columns {
        let sql = format!("SELECT min({column}), max({column}) FROM {table}");
        let row = statements.row(&sql, NONE).await?;
        for end in [0, 1] {
            let time: Option<i64> = row.try_get(end)?;
            if time.is_some_and(|time| timestamp_of(time).is_err()) {
                problems.push(format!("the table {table} holds a time that cannot be"));
            }
        }
    }
    Ok(())
}
