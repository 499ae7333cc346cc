//! Every statement of a user's names the user for each table, so that a sharded relative of PostgreSQL
//! sends it to one server, and nobody's rows are read along with another's.
//!
//! The statements are read from the sources: all string literals that begin like one, with the constants
//! that they are put together from.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

/// Statements that touch rows of users without naming one: their file, how they begin, and why.
const OF_MANY_USERS: [(&str, &str, &str); 17] = [
    ("check.rs", "SELECT user_id FROM users WHERE user_id > $1", "a check goes from user to user"),
    ("check/tables.rs", "SELECT ", "a check looks for what belongs to nobody"),
    ("embedding_models.rs", "SELECT ", "another model is another one for all users"),
    ("embedding_models.rs", "INSERT INTO index_queue ", "all turns wait for another model"),
    ("embedding_models.rs", "UPDATE users u SET epoch ", "so what is known of all is out of date"),
    ("embedding_models.rs", "DELETE FROM ", "and what a former model made goes"),
    ("leases.rs", "INSERT INTO user_leases ", "the turns of several users are claimed together"),
    (
        "moving/forgotten.rs",
        "SELECT user_id, hash FROM ",
        "forgotten keys of all go to another store",
    ),
    ("moving/forgotten.rs", "SELECT salt, EXISTS ", "a store with some keeps its salt"),
    ("moving/forgotten.rs", "INSERT INTO forgotten_keys ", "and those of all come from another"),
    ("queue.rs", "SELECT count(*) FROM index_queue", "turns of everybody wait"),
    ("queue.rs", "SELECT DISTINCT user_id FROM ", "whoever indexes asks whose turns wait"),
    ("queue.rs", "SELECT EXISTS (SELECT 1 FROM index_queue ", "and whether more do"),
    (
        "queue.rs",
        "SELECT q.turn_id, u.name, t.text FROM index_queue q ",
        "and reads them, of several",
    ),
    ("upkeep.rs", "WITH arriving ", "counts of the store"),
    ("upkeep.rs", "SELECT ", "and the list of users"),
    ("user_places.rs", "SELECT name", "who is here, of all users of a ring of servers"),
];

#[test]
fn every_statement_of_a_user_names_the_user_for_each_table() {
    let tables = tables_of_users();
    assert!(tables.contains("turns") && tables.contains("users"), "{tables:?}");
    let statements = statements().unwrap();
    assert!(statements.len() > 50, "only {} statements were found", statements.len());
    let mut unused: BTreeSet<(&str, &str, &str)> = OF_MANY_USERS.into_iter().collect();
    let mut problems = Vec::new();
    for (file, sql) in &statements {
        let unnamed = tables_without_user(sql, &tables);
        if unnamed.is_empty() {
            continue;
        }
        let is_this = |(of, start, _): &(&str, &str, &str)| file == of && sql.starts_with(start);
        match OF_MANY_USERS.into_iter().find(is_this) {
            Some(listed) => _ = unused.remove(&listed),
            None => problems.push(format!("{file}: {unnamed:?} in {sql}")),
        }
    }
    assert!(
        problems.is_empty(),
        "say user_id = $1 for each of these tables, or list the statement above with its reason:\n{}",
        problems.join("\n")
    );
    assert!(unused.is_empty(), "no such statement is there any more: {unused:#?}");
}

#[test]
fn a_table_without_its_user_is_found() {
    let tables = BTreeSet::from(["turns", "facts", "users"].map(str::to_owned));
    let unnamed = |sql: &str| tables_without_user(&in_one_line(sql), &tables);
    for sql in [
        "SELECT 1 FROM turns t JOIN facts f ON f.id = t.id WHERE t.user_id = $1 AND f.user_id = $1",
        "SELECT 1 FROM turns WHERE user_id = ANY($3) AND NOT EXISTS (
             SELECT 1 FROM facts WHERE user_id = $1 AND (id = 1 OR id = 2)) FOR UPDATE",
        "INSERT INTO facts (user_id, id) VALUES ($1, $2) ON CONFLICT DO UPDATE SET id = excluded.id",
        "INSERT INTO facts (user_id, id) SELECT $1, * FROM unnest($2)",
        "UPDATE turns t SET id = new.id FROM unnest($2) AS new (id) WHERE t.user_id = $1",
        "DELETE FROM turns WHERE user_id = $1",
        "SELECT 1 FROM embedding_models",
    ] {
        assert_eq!(unnamed(sql), [""; 0], "{sql}");
    }
    for (sql, table) in [
        (
            "SELECT 1 FROM turns t JOIN facts f ON f.user_id = t.user_id WHERE t.user_id = $1",
            "facts",
        ),
        ("SELECT 1 FROM turns t, facts f WHERE t.user_id = $1", "facts"),
        ("SELECT 1 FROM turns WHERE user_id = $1 AND id IN (SELECT id FROM facts)", "facts"),
        ("SELECT 1 FROM turns WHERE id IN (SELECT id FROM facts WHERE user_id = $1)", "turns"),
        ("INSERT INTO facts (id) VALUES ($1)", "facts"),
        ("INSERT INTO facts (user_id) SELECT user_id FROM turns WHERE user_id = $1", "facts"),
        ("UPDATE turns SET id = 1", "turns"),
        ("DELETE FROM turns", "turns"),
        ("WITH a AS (DELETE FROM facts) SELECT 1 FROM turns WHERE user_id = $1", "facts"),
        ("DELETE FROM {table} WHERE model_id = $1", "{table}"),
    ] {
        assert_eq!(unnamed(sql), [table], "{sql}");
    }
}

/// The tables that hold rows of users: those with a column that says whose.
fn tables_of_users() -> BTreeSet<String> {
    let schema = concat!(
        include_str!("../../migrations/0001_initial.sql"),
        include_str!("../../migrations/0002_commit_marks.sql")
    );
    let tables = schema.split("CREATE TABLE ").skip(1).filter_map(|table| {
        let (name, rest) = table.split_once(" (")?;
        let columns = rest.split_once("\n)")?.0;
        columns.contains("\n    user_id ").then(|| name.to_owned())
    });
    tables.collect()
}

/// The tables of users' rows that a statement touches without saying of which user.
fn tables_without_user(sql: &str, tables: &BTreeSet<String>) -> Vec<String> {
    let tokens = tokens(sql);
    let scopes = scopes(&tokens);
    let is_named = |scope: usize, column: &str| {
        (0..tokens.len()).any(|at| {
            scopes[at] == scope
                && tokens[at] == column
                && tokens.get(at + 1) == Some(&"=")
                && tokens[at + 2..]
                    .iter()
                    .find(|token| !["ANY", "("].contains(token))
                    .is_some_and(|value| value.starts_with('$'))
        })
    };
    let mut unnamed = Vec::new();
    for at in 0..tokens.len() {
        let table = tokens[at].trim_end_matches(',');
        if !(tables.contains(table) || table == "{table}") || !is_table_reference(&tokens, at) {
            continue;
        }
        let named = if tokens[at - 1] == "INTO" {
            inserts_bound_user(&tokens[at + 1..])
        } else {
            let alias = alias(&tokens, at);
            is_named(scopes[at], &format!("{alias}.user_id"))
                || (alias == table && is_named(scopes[at], "user_id"))
        };
        if !named {
            unnamed.push(table.to_owned());
        }
    }
    unnamed
}

/// Words, numbers and marks of a statement, with columns in one piece (`t.user_id`).
fn tokens(sql: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let is_word = |c: char| c.is_alphanumeric() || "_.$*{}\"'".contains(c);
    let mut rest = sql.trim_start();
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let end = if is_word(first) { end } else { first.len_utf8() };
        tokens.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    tokens
}

/// Which query each token belongs to: a parenthesis before SELECT or DELETE begins another.
fn scopes(tokens: &[&str]) -> Vec<usize> {
    let (mut open, mut count) = (vec![0], 0);
    let mut scopes = Vec::with_capacity(tokens.len());
    for (at, token) in tokens.iter().enumerate() {
        if *token == "(" {
            let query = tokens.get(at + 1).is_some_and(|word| ["SELECT", "DELETE"].contains(word));
            count += usize::from(query);
            open.push(if query { count } else { *open.last().unwrap_or(&0) });
        }
        scopes.push(*open.last().unwrap_or(&0));
        if *token == ")" {
            open.pop();
        }
    }
    scopes
}

/// Whether a token stands where a statement names a table.
fn is_table_reference(tokens: &[&str], at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).map_or("", |at| tokens[at]);
    match before(1) {
        "FROM" | "JOIN" | "INTO" => true,
        // Not FOR UPDATE OF, nor DO UPDATE SET.
        "UPDATE" => at == 1,
        // A list of tables goes on behind the name or the alias of one.
        "," => [before(3), before(4)].iter().any(|word| ["FROM", "JOIN"].contains(word)),
        _ => false,
    }
}

/// The name by which a statement calls a table: the word behind it, or the table's own.
fn alias<'a>(tokens: &[&'a str], at: usize) -> &'a str {
    let next = match tokens.get(at + 1) {
        Some(&"AS") => tokens.get(at + 2),
        next => next,
    };
    match next {
        Some(word) if word.chars().all(|c| c.is_ascii_lowercase() || c == '_') => word,
        _ => tokens[at],
    }
}

/// Whether what follows `INSERT INTO table` gives the user as its first value, by a parameter.
fn inserts_bound_user(tokens: &[&str]) -> bool {
    let is_led = tokens.starts_with(&["(", "user_id"]);
    let values = tokens.iter().position(|token| ["SELECT", "VALUES"].contains(token));
    let first = values.and_then(|at| tokens[at + 1..].iter().find(|token| **token != "("));
    is_led && first.is_some_and(|value| value.starts_with('$'))
}

/// All statements of the crate, each with its file and in one line.
fn statements() -> io::Result<Vec<(String, String)>> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut literals = Vec::new();
    let mut constants = BTreeMap::new();
    for path in files_below(&sources)? {
        let text = fs_err::read_to_string(&path)?;
        let file = path.strip_prefix(&sources).unwrap_or(&path).display().to_string();
        for (constant, literal) in literals_of(text.split("#[cfg(test)]").next().unwrap_or("")) {
            if let Some(name) = constant {
                constants.insert(name, literal.clone());
            }
            literals.push((file.clone(), literal));
        }
    }
    // What is part of another statement is judged there.
    let parts: BTreeSet<&String> = constants
        .iter()
        .filter(|(name, _)| literals.iter().any(|(_, sql)| sql.contains(&format!("{{{name}}}"))))
        .map(|(_, literal)| literal)
        .collect();
    let whole = literals.iter().filter(|(_, sql)| !parts.contains(sql)).map(|(file, sql)| {
        let mut sql = sql.clone();
        // A constant may be put together from others.
        for _ in 0..3 {
            for (name, value) in &constants {
                sql = sql.replace(&format!("{{{name}}}"), value);
            }
        }
        (file.clone(), in_one_line(&sql))
    });
    let begins = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "];
    Ok(whole.filter(|(_, sql)| begins.iter().any(|begin| sql.starts_with(begin))).collect())
}

fn in_one_line(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Files with sources in a folder and those below.
fn files_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The string literals of a source, each with the name of the constant that it is, if it is one.
fn literals_of(source: &str) -> Vec<(Option<String>, String)> {
    let mut literals = Vec::new();
    let mut code = String::new();
    let mut rest = source.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '/' if rest.peek() == Some(&'/') => while rest.next().is_some_and(|c| c != '\n') {},
            // A character, which may be a quotation mark.
            '\'' if rest.peek() == Some(&'\\') => _ = rest.nth(2),
            '\'' if rest.clone().nth(1) == Some('\'') => _ = rest.nth(1),
            '"' => {
                let mut literal = String::new();
                while let Some(c) = rest.next().filter(|c| *c != '"') {
                    literal.push(if c == '\\' { rest.next().unwrap_or(c) } else { c });
                }
                let name = code.rsplit_once("const ").and_then(|(_, declaration)| {
                    let name = declaration.split_once(": &str =")?;
                    name.1.trim().is_empty().then(|| name.0.to_owned())
                });
                literals.push((name, literal));
                code.clear();
            }
            _ => code.push(c),
        }
    }
    literals
}
