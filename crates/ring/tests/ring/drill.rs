//! Three servers, writers and readers that never stop, users who move from two servers to three and back,
//! movers that die at each step, a server that is killed: nothing acknowledged is lost, doubled, or out of
//! order, and nobody meets an error.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use longmem_core::UserName;
use longmem_postgres::MoveStep;
use longmem_ring::{MovedHome, RingStore};
use longmem_store::{Turns, Upkeep};
use longmem_test_support::PostgresServer;

use crate::fixture::{List, connect};
use crate::lists::{texts, turn, user};

/// Names the file of the ring to a process that moves a user and dies, and the user, and the step.
const TOLD: [&str; 3] = ["LONGMEM_DRILL_RING", "LONGMEM_DRILL_USER", "LONGMEM_DRILL_STEP"];

const STEPS: [MoveStep; 4] =
    [MoveStep::Locked, MoveStep::Copied, MoveStep::Switched, MoveStep::Arrived];

/// Number of users, each with one who writes and one who reads.
const USERS: usize = 8;

#[test]
fn nothing_is_lost_while_users_move_and_movers_and_servers_die() {
    let start = || PostgresServer::start(&[]);
    let (Some(a), Some(b), Some(c)) = (start(), start(), start()) else { return };
    let address = |server: &PostgresServer| server.address(&server.new_database(None));
    let mut list = List::new(&[("a", &address(&a)), ("b", &address(&b))]);
    let work = Work::begin(Arc::new(list.open()));

    // To three, each move after one that died.
    list.change(|servers| servers.push(("c", address(&c), false)));
    let store = list.open();
    let away = store.away().unwrap();
    assert!(!away.is_empty(), "somebody belongs to the new server");
    for (number, away) in away.iter().enumerate() {
        let step = number % STEPS.len();
        dies_at(&list, &away.user, step);
        finish(&store, &away.user);
    }
    work.goes_on();

    // A server dies while users move back.
    list.change(|servers| servers[2].2 = true);
    let store = list.open();
    let killer = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(30));
        c.kill();
        std::thread::sleep(Duration::from_millis(300));
        c.start_again();
        c
    });
    let back = store.away().unwrap();
    for (number, away) in back.iter().enumerate() {
        finish(&store, &away.user);
        work.goes_on();
        if number == 0 {
            b.kill();
            b.start_again();
        }
    }
    let c = killer.join().unwrap();
    // And to the third once more and back, with the other steps.
    list.change(|servers| servers[2].2 = false);
    let store = list.open();
    for (number, away) in store.away().unwrap().iter().enumerate() {
        dies_at(&list, &away.user, (number + 2) % STEPS.len());
        work.goes_on();
        finish(&store, &away.user);
    }
    list.change(|servers| servers[2].2 = true);
    let store = list.open();
    for away in store.away().unwrap() {
        finish(&store, &away.user);
    }
    assert_eq!(store.clean_up().unwrap().into_iter().collect::<Vec<_>>(), ["c"]);
    list.change(|servers| drop(servers.pop()));
    c.stop();
    let store = list.open();
    work.goes_on();
    let written = work.end();
    for (user, turns) in written {
        assert!(turns > 0);
        let expected: Vec<String> = (0..turns).map(said).collect();
        assert_eq!(texts(&store, &user), expected, "{user}");
    }
    let mut problems = Vec::new();
    store.check(&mut |problem| problems.push(problem)).unwrap();
    assert_eq!(problems, [""; 0]);
}

fn said(number: usize) -> String {
    format!("turn {number}")
}

fn finish(store: &RingStore, user: &UserName) {
    store.move_home(user, &|_| Ok(())).unwrap();
    let again = store.move_home(user, &|_| Ok(())).unwrap();
    assert_eq!(again, MovedHome::WasThere);
}

/// Has another process move a user, and die at a step as a killed one does.
fn dies_at(list: &List, user: &UserName, step: usize) {
    let mover = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "drill::mover", "--ignored"])
        .envs(TOLD.into_iter().zip([
            list.file().display().to_string(),
            user.to_string(),
            step.to_string(),
        ]))
        .output()
        .unwrap();
    assert!(!mover.status.success(), "the mover died at step {step}");
    // Not of anything else.
    let said = String::from_utf8_lossy(&mover.stdout);
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
#[ignore = "it dies: another test starts it as a process of its own"]
fn mover() {
    let [file, name, step] = TOLD.map(std::env::var);
    let (Ok(file), Ok(name), Ok(step)) = (file, name, step) else { return };
    let last = STEPS[step.parse::<usize>().unwrap()];
    let store = RingStore::open(file, connect(), false).unwrap();
    let die = |step: MoveStep| if step == last { std::process::abort() } else { Ok(()) };
    store.move_home(&user(&name), &die).unwrap();
}

/// Writers and readers, each pair of one user.
struct Work {
    stop: Arc<AtomicBool>,
    store: Arc<RingStore>,
    users: Vec<UserName>,
    writers: Vec<JoinHandle<usize>>,
    readers: Vec<JoinHandle<()>>,
}

impl Work {
    fn begin(store: Arc<RingStore>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let users: Vec<UserName> =
            (0..USERS).map(|number| user(&format!("user {number}"))).collect();
        let (mut writers, mut readers) = (Vec::new(), Vec::new());
        for user in &users {
            let (its_store, its_stop, its_user) =
                (Arc::clone(&store), Arc::clone(&stop), user.clone());
            writers.push(std::thread::spawn(move || write(&its_store, &its_user, &its_stop)));
            let (its_store, its_stop, its_user) =
                (Arc::clone(&store), Arc::clone(&stop), user.clone());
            readers.push(std::thread::spawn(move || read(&its_store, &its_user, &its_stop)));
        }
        let work = Self { stop, store, users, writers, readers };
        work.goes_on();
        work
    }

    /// Waits until every user has a turn that was not there.
    fn goes_on(&self) {
        for user in &self.users {
            let before = texts(&*self.store, user).len();
            while texts(&*self.store, user).len() == before {
                let ended = self.writers.iter().any(JoinHandle::is_finished);
                assert!(!ended, "a writer met an error");
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }

    /// Ends it; returns how many turns of each user were acknowledged.
    fn end(self) -> Vec<(UserName, usize)> {
        self.stop.store(true, Ordering::Relaxed);
        for reader in self.readers {
            reader.join().unwrap();
        }
        let written = self.writers.into_iter().map(|writer| writer.join().unwrap());
        self.users.into_iter().zip(written).collect()
    }
}

fn write(store: &RingStore, user: &UserName, stop: &AtomicBool) -> usize {
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        store.insert_turns(user, &[turn(&said(number))]).unwrap();
        number += 1;
        std::thread::sleep(Duration::from_millis(2));
    }
    number
}

/// Reads that nothing goes that was there, and that everything stands in its order.
fn read(store: &RingStore, user: &UserName, stop: &AtomicBool) {
    let mut seen = 0;
    while !stop.load(Ordering::Relaxed) {
        let turns = texts(store, user);
        assert!(turns.len() >= seen, "{user}: {} turns were {seen} before", turns.len());
        let in_order = turns.iter().zip(0..).all(|(text, number)| *text == said(number));
        assert!(in_order, "{user}: {turns:?}");
        seen = turns.len();
        std::thread::sleep(Duration::from_millis(20));
    }
}
