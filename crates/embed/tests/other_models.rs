//! A model whose vectors would not be what its manifest says is refused.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod real_model;

use std::path::Path;

use fs_err as fs;
use longmem_core::{Diagnose, Fault, Remedy, TextEmbedder};
use longmem_embed::{Device, EmbedderError, Manifest, MiniLm, ModelFiles};
use real_model::MODEL;
use serde_json::{Value, json};

/// The error for a manifest that differs in some way, with the real files.
fn refused(change: impl FnOnce(&mut Manifest)) -> EmbedderError {
    let files = real_model::files();
    let mut manifest = Manifest::all_minilm_l6_v2();
    change(&mut manifest);
    assert_ne!(manifest.embedding_model(), *MODEL.model());
    let error = MiniLm::load(&manifest, &files, Device::Cpu).err().unwrap();
    let reference = MiniLm::load_reference(&manifest, &files).err().unwrap();
    assert_eq!(error.to_string(), reference.to_string());
    error
}

/// The error for files that differ in some way, with the real manifest.
fn refused_files(change: impl FnOnce(&Path, &mut ModelFiles)) -> EmbedderError {
    let folder = tempfile::tempdir().unwrap();
    let mut files = real_model::files();
    change(folder.path(), &mut files);
    MiniLm::load(&Manifest::all_minilm_l6_v2(), &files, Device::Cpu).err().unwrap()
}

fn change_json(
    folder: &Path,
    original: &Path,
    change: impl FnOnce(&mut Value),
) -> std::path::PathBuf {
    let mut json = serde_json::from_slice(&fs::read(original).unwrap()).unwrap();
    change(&mut json);
    let path = folder.join(original.file_name().unwrap());
    fs::write(&path, json.to_string()).unwrap();
    path
}

/// The error for a `config.json` with another value.
fn refused_config(field: &str, value: Value) -> EmbedderError {
    refused_files(|folder, files| {
        files.config = change_json(folder, &files.config, |config| config[field] = value);
    })
}

#[test]
fn vectors_that_are_pooled_in_another_way_or_not_of_unit_length_are_refused() {
    let error = refused(|manifest| manifest.pooling = "cls".to_owned());
    assert_eq!(error.to_string(), "the pooling of the model is cls, and only mean can be computed");
    assert_eq!(error.fault(), Fault::Caller);
    let error = refused(|manifest| manifest.normalized = false);
    assert_eq!(
        error.to_string(),
        "normalized of the model is false, and only true can be computed"
    );
}

#[test]
fn a_manifest_with_another_width_than_the_configuration_is_refused() {
    let error = refused(|manifest| manifest.dimensions = 768);
    assert!(error.to_string().ends_with("config.json is 384, expected 768"), "{error}");
    assert_eq!(error.remedies(), [Remedy::FetchModel]);
}

#[test]
fn a_window_beyond_the_positions_or_below_a_pre_token_is_refused() {
    let error = refused(|manifest| manifest.window = 513);
    assert!(error.to_string().ends_with("is 512, expected at least 513, the window"), "{error}");
    let error = refused(|manifest| manifest.window = 101);
    assert_eq!(
        error.to_string(),
        "the window of the model is 101, and only 102 tokens or more can be computed"
    );
}

#[test]
fn a_configuration_of_sizes_that_are_not_computed_is_refused() {
    let error = refused_config("num_attention_heads", json!(6));
    assert!(error.to_string().contains("is 6, and only 12 can be computed"), "{error}");
    let error = refused_config("hidden_act", json!("relu"));
    assert!(error.to_string().contains("hidden_act of the model is relu"), "{error}");
    let error = refused_config("position_embedding_type", json!("relative"));
    assert!(matches!(error, EmbedderError::Config { .. }), "{error}");
}

#[test]
fn a_configuration_that_the_weights_contradict_is_refused() {
    for (field, value, message) in [
        ("num_hidden_layers", 5, "the number of layers in "),
        ("num_hidden_layers", 5, "is 6, expected 5"),
        ("num_hidden_layers", 12, "is 6, expected 12"),
        ("intermediate_size", 1024, "has the shape 1536 × 384, expected 1024 × 384"),
        ("vocab_size", 30_000, "has the shape 30522 × 384, expected 30000 × 384"),
        ("max_position_embeddings", 1024, "has the shape 512 × 384, expected 1024 × 384"),
        ("type_vocab_size", 1, "has the shape 2 × 384, expected 1 × 384"),
    ] {
        let error = refused_config(field, json!(value));
        assert!(error.to_string().contains(message), "{error}");
        assert_eq!(error.remedies(), [Remedy::FetchModel]);
    }
}

#[test]
fn a_tokenizer_with_more_tokens_than_the_model_has_or_of_another_kind_is_refused() {
    let error = refused_files(|folder, files| {
        files.tokenizer = change_json(folder, &files.tokenizer, |tokenizer| {
            tokenizer["model"]["vocab"]["longmem"] = json!(30_522);
        });
    });
    assert!(
        error.to_string().ends_with("is 30523, expected at most 30522, the vocab_size"),
        "{error}"
    );
    let error = refused_files(|folder, files| {
        files.tokenizer = change_json(folder, &files.tokenizer, |tokenizer| {
            tokenizer["model"]["type"] = json!("BPE");
        });
    });
    assert!(matches!(error, EmbedderError::Tokenizer(_)), "{error}");
}
