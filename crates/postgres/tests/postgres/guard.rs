//! Row security hides what a transaction did not name, whatever its statements say.

use crate::fixture::InDatabase;
use longmem_core::{NewTurn, Role, SessionName, UserName};
use longmem_store::Turns;
use longmem_test_support::{POSTGRES_ACCOUNT, PostgresServer};

/// Tables with rows of users: all that have a column `user_id`.
const GUARDED: &str = "SELECT table_name FROM information_schema.columns
    WHERE table_schema = 'longmem' AND column_name = 'user_id' ORDER BY table_name";

fn as_account(server: &PostgresServer, database: &str, sql: &str) -> String {
    server.sql(database, &format!("SET ROLE {POSTGRES_ACCOUNT}; SET search_path = longmem; {sql}"))
}

#[test]
fn nobody_sees_or_changes_rows_of_a_user_that_was_not_named() {
    if !InDatabase::can_be() {
        return;
    }
    let database = InDatabase::new();
    let server = PostgresServer::shared().unwrap();
    let turn = |text: &str| NewTurn {
        session: SessionName::new("talk").unwrap(),
        session_title: None,
        role: Role::User,
        speaker: Some("Ana".to_owned()),
        text: text.to_owned(),
        time: "2026-03-07T10:00:00Z".parse().unwrap(),
        note: false,
        source_key: None,
    };
    for name in ["ana", "bob"] {
        let user = UserName::new(name).unwrap();
        database.postgres().insert_turns(&user, &[turn("moved to Lisbon")]).unwrap();
    }
    let name = database.name();
    let number = server.sql(name, "SELECT user_id FROM longmem.users WHERE name = 'ana'");
    let named = format!("BEGIN; SET LOCAL longmem.users = '[{number},{number}]'");
    let tables = server.sql(name, GUARDED);
    assert!(tables.lines().count() > 15, "{tables}");
    for table in tables.lines() {
        let count = format!("SELECT count(*) FROM {table}");
        assert_eq!(
            as_account(server, name, &count),
            "0",
            "{table} is seen by nobody in particular"
        );
        let others =
            format!("{named}; SELECT count(*) FROM {table} WHERE user_id <> {number}; ROLLBACK");
        assert_eq!(as_account(server, name, &others), "0", "{table} shows another user's rows");
        // After a transaction that named somebody, a session names nobody again.
        let after = format!("{named}; COMMIT; {count}");
        assert_eq!(as_account(server, name, &after), "0", "{table} is seen after the transaction");
    }
    let own = format!("{named}; SELECT count(*) FROM turns; ROLLBACK");
    assert_eq!(as_account(server, name, &own), "1");
    let foreign = format!(
        "{named}; DELETE FROM turns; UPDATE users SET name = 'eve' WHERE user_id <> {number}; COMMIT"
    );
    as_account(server, name, &foreign);
    let left = "SELECT (SELECT count(*) FROM longmem.turns) || (SELECT min(name) || max(name) FROM longmem.users)";
    assert_eq!(server.sql(name, left), "1anabob");
    let insert = format!(
        "DO $$ BEGIN SET LOCAL longmem.users = '[{number},{number}]'; BEGIN \
         INSERT INTO longmem.users (user_id, name, epoch) VALUES (5, 'eve', 0); \
         RAISE EXCEPTION 'a row of another user was made'; \
         EXCEPTION WHEN insufficient_privilege THEN NULL; END; END $$"
    );
    as_account(server, name, &insert);
}
