//! The real model for tests: from the workspace's `models/`, fetched into it if absent.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::LazyLock;

use longmem_embed::{Device, FetchEvent, Manifest, MiniLm, ModelFiles, ModelSources};

/// The model, loaded once per test program.
pub(crate) static MODEL: LazyLock<MiniLm> = LazyLock::new(|| {
    let manifest = Manifest::all_minilm_l6_v2();
    MiniLm::load(&manifest, &files(), Device::Cpu).unwrap()
});

/// The model's files.
pub(crate) fn files() -> ModelFiles {
    let files = sources().fetch(&Manifest::all_minilm_l6_v2(), &mut |event| report(&event));
    files.unwrap_or_else(|error| panic!("these tests need the model: {error}"))
}

fn report(event: &FetchEvent<'_>) {
    if !matches!(event, FetchEvent::Progress { .. }) {
        eprintln!("{event:?}");
    }
}

/// The workspace's folder of models, then the network.
pub(crate) fn sources() -> ModelSources {
    ModelSources::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models"))
}
