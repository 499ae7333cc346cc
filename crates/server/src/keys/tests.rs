use std::sync::Arc;

use longmem_core::FixedClock;
use longmem_sqlite::SqliteStore;
use longmem_test_support::WordHashEmbedder;

use super::*;

fn memory_at(time: &str, store: &Arc<SqliteStore>) -> Memory {
    let clock = FixedClock(time.parse().unwrap());
    Memory::new(Arc::clone(store) as _, Arc::new(WordHashEmbedder::default()), Arc::new(clock))
}

fn store(folder: &tempfile::TempDir) -> Arc<SqliteStore> {
    let file = folder.path().join("memory.db");
    Arc::new(SqliteStore::open(file, longmem_sqlite::IfMissing::Create).unwrap())
}

fn secret_of(added: &ServerKeyAdded) -> Secret {
    Secret::parse(&added.key).unwrap()
}

#[test]
fn a_key_opens_until_it_expires_or_is_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let memory = memory_at("2026-03-02T10:00:00Z", &store);
    let mut new = NewKey::new("laptop", "ana".parse().unwrap());
    new.expires = Some("2026-03-03T10:00:00Z".parse().unwrap());
    let added = add(&memory, new).unwrap();
    assert_eq!(added.key.len(), 3 + 43);
    let found = find(&memory, &secret_of(&added)).unwrap().unwrap();
    assert_eq!((found.id.as_str(), found.user.as_str()), (added.added.id.as_str(), "ana"));
    assert!(has_valid(&memory).unwrap());

    let later = memory_at("2026-03-03T10:00:00Z", &store);
    assert_eq!(find(&later, &secret_of(&added)).unwrap(), None);
    assert!(!has_valid(&later).unwrap());

    revoke(&memory, &added.added.id).unwrap();
    assert_eq!(find(&memory, &secret_of(&added)).unwrap(), None);
    assert_eq!(list(&memory).unwrap(), []);
    let error = revoke(&memory, &added.added.id).unwrap_err();
    assert_eq!(error.code(), ErrorCode::UnknownKey);
}

#[test]
fn the_key_itself_is_nowhere_in_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let memory = memory_at("2026-03-02T10:00:00Z", &store);
    let added = add(&memory, NewKey::new("laptop", "ana".parse().unwrap())).unwrap();
    let kept: Vec<u8> = memory
        .kept_names(None, "")
        .unwrap()
        .iter()
        .flat_map(|name| memory.kept_value(None, name).unwrap().unwrap())
        .collect();
    let kept = String::from_utf8_lossy(&kept);
    assert!(kept.contains("laptop") && !kept.contains(&added.key[3..]), "{kept}");
}

#[test]
fn a_use_is_noted_once_an_hour_and_brings_no_revoked_key_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let memory = memory_at("2026-03-02T10:00:00Z", &store);
    let id = add(&memory, NewKey::new("laptop", "ana".parse().unwrap())).unwrap().added.id;
    let last_used = || list(&memory).unwrap()[0].last_used.map(|time| time.to_string());
    assert_eq!(last_used(), None);
    for (now, noted) in [
        ("2026-03-02T10:00:00Z", "2026-03-02T10:00:00Z"),
        ("2026-03-02T10:59:59Z", "2026-03-02T10:00:00Z"),
        ("2026-03-02T11:00:00Z", "2026-03-02T11:00:00Z"),
    ] {
        note_use(&memory_at(now, &store), &id).unwrap();
        assert_eq!(last_used().as_deref(), Some(noted), "{now}");
    }
    revoke(&memory, &id).unwrap();
    note_use(&memory, &id).unwrap();
    assert_eq!(list(&memory).unwrap(), []);
}

#[test]
fn what_has_not_the_form_of_a_key_is_none() {
    let key = "lm_n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg";
    assert!(Secret::parse(key).is_some());
    for text in ["", "lm_", "sk-ant-dummy", &key[3..], &key[..45], &format!("{key}A"), "lm_ä"] {
        assert!(Secret::parse(text).is_none(), "{text}");
    }
    assert_eq!(format!("{:?}", Secret::parse(key).unwrap()), "Secret(…)");
}

#[test]
fn a_key_that_could_never_be_used_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let memory = memory_at("2026-03-02T10:00:00Z", &store(&folder));
    let key = || NewKey::new("laptop", "ana".parse().unwrap());
    let nameless = NewKey { name: " ".to_owned(), ..key() };
    let two_lines = NewKey { name: "a\nb".to_owned(), ..key() };
    let past = NewKey { expires: Some("2026-03-02T10:00:00Z".parse().unwrap()), ..key() };
    let nothing = NewKey { scopes: Vec::new(), ..key() };
    for refused in [nameless, two_lines, past, nothing] {
        assert_eq!(add(&memory, refused).unwrap_err().fault(), Fault::Caller);
    }
    assert_eq!(list(&memory).unwrap(), []);
}

#[test]
fn a_key_is_revoked_by_its_name_where_only_one_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let memory = memory_at("2026-03-02T10:00:00Z", &store);
    let named = |name: &str| {
        let key = NewKey::new(name, "ana".parse().unwrap());
        add(&memory, key).unwrap().added.id
    };
    let laptop = named("laptop");
    let phones = [named("phone"), named("phone")];
    assert_eq!(revoke(&memory, "laptop").unwrap(), laptop);
    assert_eq!(revoke(&memory, "laptop").unwrap_err().code(), ErrorCode::UnknownKey);
    let error = revoke(&memory, "phone").unwrap_err().to_string();
    assert!(phones.iter().all(|id| error.contains(id)), "{error}");
    assert_eq!(list(&memory).unwrap().len(), 2);
    assert_eq!(revoke(&memory, &phones[0]).unwrap(), phones[0]);
    assert_eq!(revoke(&memory, "phone").unwrap(), phones[1]);
    // An id is taken for one, whatever else is named so.
    let id = named("tablet");
    let posing = named(&id);
    assert_eq!(revoke(&memory, &id).unwrap(), id);
    assert_eq!(revoke(&memory, &id).unwrap(), posing);
}
