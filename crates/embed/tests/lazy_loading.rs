//! The embedder finds and loads the model when it is first needed, and not before.

mod real_model;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fs_err as fs;
use longmem_core::{Fault, TextEmbedder};
use longmem_embed::{Device, LazyEmbedder, Manifest, ModelSources};
use real_model::MODEL;

#[test]
fn nothing_is_looked_for_before_it_is_needed_and_a_failed_load_is_tried_again() {
    let home = tempfile::tempdir().unwrap();
    let manifest = Manifest::all_minilm_l6_v2();
    let mut sources = ModelSources::new(home.path());
    sources.offline = true;
    let events = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&events);
    let on_event = Arc::new(move |_: longmem_embed::FetchEvent<'_>| {
        seen.fetch_add(1, Ordering::Relaxed);
    });
    let embedder = LazyEmbedder::new(manifest.clone(), sources, Device::Cpu, on_event);
    assert_eq!(embedder.model(), MODEL.model());
    assert_eq!(events.load(Ordering::Relaxed), 0);

    for _ in 0..2 {
        let error = embedder.embed_query("a").unwrap_err();
        assert_eq!(error.fault(), Fault::Environment);
        assert!(error.to_string().contains("found nowhere"), "{error}");
        assert!(!error.remedies().is_empty());
        embedder.passages("a").unwrap_err();
    }
    assert_eq!(events.load(Ordering::Relaxed), 4);

    let real = real_model::sources().locate(&manifest, &mut |_| {}).unwrap();
    let folder = home.path().join(&manifest.folder);
    fs::create_dir_all(&folder).unwrap();
    for path in [&real.config, &real.tokenizer, &real.weights] {
        fs::copy(path, folder.join(path.file_name().unwrap())).unwrap();
    }
    assert_eq!(embedder.passages("one two").unwrap()[0].tokens, 4);
    let cosine = embedder.embed_query("a").unwrap().cosine(&MODEL.embed_query("a").unwrap());
    assert!(cosine >= 0.999_999);
}

#[test]
fn threads_that_need_the_model_at_once_all_get_it() {
    let manifest = Manifest::all_minilm_l6_v2();
    let sources = real_model::sources();
    let embedder = LazyEmbedder::new(manifest, sources, Device::Cpu, Arc::new(|_| {}));
    std::thread::scope(|scope| {
        let all: Vec<_> =
            (0..4).map(|_| scope.spawn(|| embedder.embed_query("a").unwrap())).collect();
        for one in all {
            assert!(one.join().unwrap().cosine(&MODEL.embed_query("a").unwrap()) >= 0.999_999);
        }
    });
}

#[test]
fn tokens_beyond_the_window_are_counted_and_passages_have_none() {
    let manifest = Manifest::all_minilm_l6_v2();
    let sources = real_model::sources();
    let embedder = LazyEmbedder::new(manifest, sources, Device::Cpu, Arc::new(|_| {}));
    assert_eq!(embedder.truncated_tokens(), 0);
    let text = "word ".repeat(257);
    let passages = embedder.passages(&text).unwrap();
    let texts: Vec<_> = passages.iter().map(|p| &text[p.start..p.end]).collect();
    assert_eq!(texts.len(), 2);
    embedder.embed_passages(&texts).unwrap();
    assert_eq!(embedder.truncated_tokens(), 0);
    embedder.embed_passages(&[&text, &text]).unwrap();
    assert_eq!(embedder.truncated_tokens(), 2 * 3);
}

#[test]
fn a_device_that_is_not_built_in_is_refused_when_the_model_is_needed() {
    for &device in Device::ALL.iter().filter(|device| !device.is_built()) {
        let manifest = Manifest::all_minilm_l6_v2();
        let sources = real_model::sources();
        let embedder = LazyEmbedder::new(manifest, sources, device, Arc::new(|_| {}));
        let error = embedder.embed_query("a").unwrap_err();
        assert_eq!(error.fault(), Fault::Caller);
        assert!(error.to_string().contains(device.as_str()), "{error}");
    }
}
