//! Who is logged in at the page, and the links by which one logs in; in memory only.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::SignedDuration;
use longmem_core::Timestamp;

use super::deleting::Pending;
use super::token::Token;
use crate::access::KeyInUse;
use crate::caller::Caller;
use crate::problem::Problem;

/// How long a link opens the page.
const LINK_HOLDS: SignedDuration = SignedDuration::from_secs(60);

/// How long somebody stays logged in.
pub(super) const LOGIN_HOLDS: SignedDuration = SignedDuration::from_hours(12);

/// Links that were not used yet; the oldest goes first.
const LINKS: usize = 8;

/// Logins that are open at once.
const LOGINS: usize = 64;

/// Logins of one user with one key, or of one user without any, that are open at once.
const LOGINS_OF_ONE: usize = 8;

/// Notices that wait for the next page of somebody.
const NOTICES: usize = 20;

/// All who are logged in.
#[derive(Default)]
pub(super) struct Logins {
    links: Mutex<VecDeque<Link>>,
    open: Mutex<VecDeque<Arc<Login>>>,
    /// Stands in every form by which one logs in, which no other site can read.
    form: Mutex<Option<Token>>,
}

/// What opens the page once.
struct Link {
    token: Token,
    caller: Caller,
    ends: Timestamp,
}

/// Somebody who is logged in.
pub(super) struct Login {
    /// What the cookie holds.
    cookie: Token,
    /// What every form of theirs holds.
    pub(super) form: Token,
    /// Whose memory it is, and what they may do.
    pub(super) caller: Caller,
    /// The key with which they logged in, if it was one.
    pub(super) key: Option<KeyInUse>,
    ends: Timestamp,
    /// What the next page says first.
    notices: Mutex<Vec<Notice>>,
    /// What is about to be deleted.
    pub(super) pending: Mutex<Vec<Pending>>,
    number: AtomicU64,
}

/// What became of something that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Notice {
    /// Whether it failed.
    pub(super) failed: bool,
    /// A sentence.
    pub(super) text: String,
}

impl Login {
    /// Whether both are of one user, and came with the same key or both without one.
    fn is_of_same(&self, other: &Self) -> bool {
        self.caller.user == other.caller.user && self.key == other.key
    }

    /// Says something on the next page.
    pub(super) fn say(&self, text: impl Into<String>) {
        self.add(Notice { failed: false, text: text.into() });
    }

    /// Says on the next page what failed.
    pub(super) fn say_failed(&self, text: impl Into<String>) {
        self.add(Notice { failed: true, text: text.into() });
    }

    fn add(&self, notice: Notice) {
        let mut notices = lock(&self.notices);
        if notices.len() < NOTICES {
            notices.push(notice);
        }
    }

    /// What the next page says, which no other says again.
    pub(super) fn take_notices(&self) -> Vec<Notice> {
        std::mem::take(&mut lock(&self.notices))
    }

    /// A number that nothing else of this login has.
    pub(super) fn next_number(&self) -> u64 {
        self.number.fetch_add(1, Ordering::Relaxed)
    }

    /// The value of the cookie.
    pub(super) fn cookie(&self) -> &str {
        self.cookie.text()
    }
}

impl Logins {
    /// A new link's secret, by which its bearer logs in as this caller, once and soon.
    ///
    /// # Errors
    /// 500 if the system gives no random bytes.
    pub(super) fn link(&self, caller: Caller, now: Timestamp) -> Result<Token, Problem> {
        let token = Token::random()?;
        let mut links = lock(&self.links);
        links.retain(|link| now < link.ends);
        if links.len() == LINKS {
            links.pop_front();
        }
        links.push_back(Link { token: token.clone(), caller, ends: now + LINK_HOLDS });
        Ok(token)
    }

    /// Uses a link up; none if there is none with this secret, or it is too old.
    pub(super) fn use_link(&self, secret: &str, now: Timestamp) -> Option<Caller> {
        let mut links = lock(&self.links);
        links.retain(|link| now < link.ends);
        let place = links.iter().position(|link| link.token.is(secret))?;
        links.remove(place).map(|link| link.caller)
    }

    /// Logs somebody in; with a key, until that is revoked.
    ///
    /// # Errors
    /// 500 if the system gives no random bytes.
    pub(super) fn begin(
        &self,
        caller: Caller,
        key: Option<KeyInUse>,
        now: Timestamp,
    ) -> Result<Arc<Login>, Problem> {
        let login = Arc::new(Login {
            cookie: Token::random()?,
            form: Token::random()?,
            caller,
            key,
            ends: now + LOGIN_HOLDS,
            notices: Mutex::default(),
            pending: Mutex::default(),
            number: AtomicU64::new(1),
        });
        let mut logins = lock(&self.open);
        logins.retain(|login| now < login.ends);
        make_room(&mut logins, &login);
        logins.push_back(Arc::clone(&login));
        Ok(login)
    }

    /// Whoever has this cookie, if they are still logged in.
    pub(super) fn find(&self, cookie: &str, now: Timestamp) -> Option<Arc<Login>> {
        let logins = lock(&self.open);
        let mut valid = logins.iter().filter(|login| now < login.ends);
        valid.find(|login| login.cookie.is(cookie)).cloned()
    }

    /// Whether somebody is logged in still.
    pub(super) fn has(&self, login: &Arc<Login>, now: Timestamp) -> bool {
        now < login.ends && lock(&self.open).iter().any(|known| Arc::ptr_eq(known, login))
    }

    /// Logs somebody out.
    pub(super) fn end(&self, login: &Arc<Login>) {
        lock(&self.open).retain(|known| !Arc::ptr_eq(known, login));
    }

    /// What stands in the forms by which one logs in.
    ///
    /// # Errors
    /// 500 if the system gives no random bytes.
    pub(super) fn form(&self) -> Result<Token, Problem> {
        let mut form = lock(&self.form);
        match &*form {
            Some(token) => Ok(token.clone()),
            None => Ok(form.insert(Token::random()?).clone()),
        }
    }
}

/// Ends the login that must go for a new one, if one must: the oldest of the same user with the same key if
/// these have many, or else the oldest of those who have most, so that nobody logs out all others.
fn make_room(logins: &mut VecDeque<Arc<Login>>, new: &Login) {
    let number_of = |one: &Login| logins.iter().filter(|other| other.is_of_same(one)).count();
    let gone = if number_of(new) >= LOGINS_OF_ONE {
        logins.iter().position(|login| login.is_of_same(new))
    } else if logins.len() >= LOGINS {
        let most = logins.iter().map(|login| number_of(login)).max();
        logins.iter().position(|login| Some(number_of(login)) == most)
    } else {
        None
    };
    if let Some(gone) = gone {
        logins.remove(gone);
    }
}

/// What a panic left behind is whole: values are only put in and taken out.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use longmem_core::UserName;

    use super::*;
    use crate::Permission;

    fn caller(name: &str) -> Caller {
        Caller { user: UserName::new(name).unwrap(), permissions: vec![Permission::Read] }
    }

    #[test]
    fn a_link_opens_once_and_for_a_minute() {
        let (logins, now) = (Logins::default(), Timestamp::UNIX_EPOCH);
        let link = logins.link(caller("ana"), now).unwrap();
        assert_eq!(logins.use_link("", now), None);
        assert_eq!(logins.use_link(link.text(), now + LINK_HOLDS), None);
        let link = logins.link(caller("ana"), now).unwrap();
        let soon = now + SignedDuration::from_secs(59);
        assert_eq!(logins.use_link(link.text(), soon), Some(caller("ana")));
        assert_eq!(logins.use_link(link.text(), soon), None);
    }

    #[test]
    fn a_cookie_opens_until_its_end_or_the_logout() {
        let (logins, now) = (Logins::default(), Timestamp::UNIX_EPOCH);
        let ana = logins.begin(caller("ana"), None, now).unwrap();
        let bo = logins.begin(caller("bo"), None, now).unwrap();
        let found =
            |cookie: &str, now| logins.find(cookie, now).map(|login| login.caller.user.to_string());
        assert_eq!(found(ana.cookie(), now).as_deref(), Some("ana"));
        assert_eq!(found(bo.cookie(), now).as_deref(), Some("bo"));
        assert_eq!(found(ana.form.text(), now), None);
        assert_eq!(found(ana.cookie(), now + LOGIN_HOLDS), None);
        logins.end(&ana);
        assert_eq!(found(ana.cookie(), now), None);
        assert_eq!(found(bo.cookie(), now).as_deref(), Some("bo"));
    }

    #[test]
    fn only_so_many_are_logged_in_and_so_many_links_hold() {
        let (logins, now) = (Logins::default(), Timestamp::UNIX_EPOCH);
        let is_open = |login: &Arc<Login>| logins.find(login.cookie(), now).is_some();
        let link = logins.link(caller("ana"), now).unwrap();
        let ana = logins.begin(caller("ana"), None, now).unwrap();
        let bo = logins.begin(caller("bo"), None, now).unwrap();
        for _ in 0..LOGINS_OF_ONE {
            assert!(is_open(&bo));
            logins.begin(caller("bo"), None, now).unwrap();
            logins.link(caller("bo"), now).unwrap();
        }
        assert!(is_open(&ana) && !is_open(&bo));
        assert_eq!(logins.use_link(link.text(), now), None);
        for user in 0..LOGINS {
            logins.begin(caller(&format!("user{user}")), None, now).unwrap();
            assert!(lock(&logins.open).len() <= LOGINS);
            assert_eq!(is_open(&ana), user < LOGINS - 2, "{user}");
        }
    }
}
