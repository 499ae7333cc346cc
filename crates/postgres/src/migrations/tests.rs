//! Old and new programs on one schema, and many that open an empty database at once.

use longmem_core::{NewTurn, Role, SessionName, Timestamp, UserName};
use longmem_store::{Turns, Upkeep};
use longmem_test_support::PostgresServer;

use super::*;
use crate::location::Location;
use crate::{PostgresOptions, PostgresStore};

/// A column that may be missing, which an older program does not write.
const ADDED: Step = Step {
    name: "added",
    sql: "ALTER TABLE turns ADD COLUMN mood text; CREATE INDEX turns_by_mood ON turns (user_id, mood)",
    older_programs_work: true,
};

/// A column that everybody has to write.
const NEEDED: Step = Step {
    name: "needed",
    sql: "ALTER TABLE turns ADD COLUMN weight bigint; UPDATE turns SET weight = 1;
          ALTER TABLE turns ALTER COLUMN weight SET NOT NULL",
    older_programs_work: false,
};

/// The steps of a later program.
fn with(later: &[Step]) -> Vec<Step> {
    [&STEPS[..], later].concat()
}

const CREATE: IfNotCurrent = IfNotCurrent { create: true, migrate: false };
const MIGRATE: IfNotCurrent = IfNotCurrent { create: false, migrate: true };
const NEITHER: IfNotCurrent = IfNotCurrent { create: false, migrate: false };

/// A new database; none where there is no server.
fn new_database() -> Option<String> {
    let server = PostgresServer::shared()?;
    Some(server.address(&server.new_database(None)))
}

fn database(address: &str) -> Database {
    let location = Location::parse(address, &PostgresOptions::default()).unwrap();
    Database::new(location, None).unwrap()
}

fn turn(text: &str) -> NewTurn {
    NewTurn {
        session: SessionName::new("talk").unwrap(),
        session_title: None,
        role: Role::User,
        speaker: None,
        text: text.to_owned(),
        time: Timestamp::UNIX_EPOCH,
        note: false,
        source_key: None,
    }
}

#[test]
fn an_older_program_goes_on_beside_a_newer_one_as_far_as_the_steps_allow() {
    let Some(address) = new_database() else { return };
    let (database, ana) = (database(&address), UserName::new("ana").unwrap());
    assert!(matches!(open(&database, &STEPS, MIGRATE), Err(StoreError::Missing(_))));
    open(&database, &STEPS, CREATE).unwrap();
    let old = PostgresStore::open(&address, &PostgresOptions::default()).unwrap();
    old.insert_turns(&ana, &[turn("before")]).unwrap();

    // A newer program does not change tables by the way, and does when it is asked.
    let present = STEPS.len() as u32;
    let newer = with(&[ADDED]);
    for may in [CREATE, NEITHER] {
        let refused = open(&database, &newer, may);
        let Err(StoreError::TooOld { found, known, .. }) = refused else { panic!("{refused:?}") };
        assert_eq!((found, known), (present, present + 1));
    }
    open(&database, &newer, MIGRATE).unwrap();
    open(&database, &newer, NEITHER).unwrap();

    // The older one works on, whether it was open or is opened again.
    old.insert_turns(&ana, &[turn("open meanwhile")]).unwrap();
    let again = PostgresStore::open(&address, &PostgresOptions::default()).unwrap();
    again.insert_turns(&ana, &[turn("opened again")]).unwrap();
    assert_eq!(again.sessions(&ana).unwrap()[0].turns, 3);

    // After a step that it would break, it is told so.
    let newest = with(&[ADDED, NEEDED]);
    open(&database, &newest, MIGRATE).unwrap();
    for known in [&STEPS[..], &newer] {
        let refused = open(&database, known, MIGRATE);
        let Err(StoreError::TooNew { found, .. }) = refused else { panic!("{refused:?}") };
        assert_eq!(found, present + 2);
    }
    // A step is harmless only if all after it are.
    let harmless_again = with(&[ADDED, NEEDED, Step { sql: "SELECT 1", ..ADDED }]);
    open(&database, &harmless_again, MIGRATE).unwrap();
    assert!(matches!(open(&database, &newer, NEITHER), Err(StoreError::TooNew { .. })));
    open(&database, &newest, NEITHER).unwrap();
}

#[test]
fn many_that_open_an_empty_database_at_once_make_the_tables_once() {
    let Some(address) = new_database() else { return };
    let ready = std::sync::Barrier::new(8);
    std::thread::scope(|scope| {
        for number in 0..8 {
            let (address, ready) = (&address, &ready);
            scope.spawn(move || {
                let options = PostgresOptions { create: true, ..PostgresOptions::default() };
                ready.wait();
                let store = PostgresStore::open(address, &options).unwrap();
                let user = UserName::new(format!("user {number}")).unwrap();
                store.insert_turns(&user, &[turn("here I am")]).unwrap();
            });
        }
    });
    let counts = database(&address).read(Users::All, async |statements| {
        let sql = "SELECT (SELECT count(*) FROM schema_steps), (SELECT count(*) FROM store_salt)";
        let row = statements.row(sql, NONE).await?;
        Ok((row.try_get::<_, i64>(0)?, row.try_get::<_, i64>(1)?))
    });
    assert_eq!(counts.unwrap(), (STEPS.len() as i64, 1));
    let store = PostgresStore::open(&address, &PostgresOptions::default()).unwrap();
    assert_eq!(store.users().unwrap().len(), 8);
}

#[test]
fn a_step_that_fails_leaves_the_tables_as_they_were() {
    let Some(address) = new_database() else { return };
    let database = database(&address);
    open(&database, &STEPS, CREATE).unwrap();
    let broken = Step { name: "broken", sql: "DROP TABLE turns CASCADE; nonsense", ..NEEDED };
    assert!(open(&database, &with(&[broken]), MIGRATE).is_err());
    let store = PostgresStore::open(&address, &PostgresOptions::default()).unwrap();
    store.insert_turns(&UserName::new("ana").unwrap(), &[turn("still here")]).unwrap();
}
