//! On embeddings of real talk, two stages find what the exact scan finds.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::path::Path;

use longmem_core::{
    Embedding, NewTurn, Scope, SessionName, TextEmbedder, Timestamp, TurnId, UserName,
};
use longmem_embed::{Device, Manifest, MiniLm, ModelSources};
use longmem_eval::dataset;
use longmem_memory::RankingParameters;
use longmem_search::{CandidateRequest, Candidates, DenseParameters, Scan, Searcher};
use longmem_sqlite::{IfMissing, SqliteStore};
use longmem_store::{EmbeddedTurn, Turns, Vectors};
use tempfile::TempDir;

/// Runs where `LONGMEM_EVAL_DATA` names a folder with `locomo-dev/locomo-dev.json`: the turns of all
/// conversations as one user's, and each fifth question.
#[test]
fn two_stages_find_what_the_exact_scan_finds() {
    let Some(folder) = std::env::var_os("LONGMEM_EVAL_DATA") else {
        println!("skipped: LONGMEM_EVAL_DATA names no folder with locomo-dev/locomo-dev.json");
        return;
    };
    let dataset = dataset::read(Path::new(&folder).join("locomo-dev/locomo-dev.json")).unwrap();
    let model = model();
    let (store, _folder) = filled_store(&model, &dataset.conversations);
    let queries: Vec<Embedding> = dataset
        .conversations
        .iter()
        .flat_map(|conversation| &conversation.questions)
        .step_by(5)
        .map(|question| model.embed_query(&question.text).unwrap())
        .collect();
    let smoothed = RankingParameters::default().dense;
    for (dense, wanted, rescored, least_found) in [
        (DenseParameters::PLAIN, 10, None, 1.0),
        (DenseParameters::PLAIN, 100, None, 0.998),
        (smoothed, 10, None, 1.0),
        (smoothed, 100, None, 0.998),
        // A tenth of all turns, as if there were ten times as many.
        (smoothed, 10, Some(276), 0.999),
    ] {
        let mut found = 0;
        let mut expected = 0;
        let mut too_high = 0.0;
        for query in &queries {
            let candidates = |scan| candidates(&store, &model, query, (scan, dense, wanted));
            let exact = candidates(Scan::Exact);
            let staged = candidates(Scan::TwoStages { rescored });
            expected += nearest(&exact).len();
            found += nearest(&exact).intersection(&nearest(&staged)).count();
            let ((low, high), (exact_low, exact_high)) =
                (staged.cosine_range.unwrap(), exact.cosine_range.unwrap());
            assert!((high - exact_high).abs() < 1e-5, "{high} {exact_high}");
            assert!((low - exact_low).abs() < 0.03, "{low} {exact_low}");
            too_high += f64::from(low - exact_low);
            // Whether a vector was in memory or read by its number.
            for turn in &staged.turns {
                let same = exact.turns.iter().find(|other| other.turn == turn.turn);
                assert!(same.is_none_or(|same| same.cosine == turn.cosine), "{turn:?} {same:?}");
            }
        }
        // Ranking scales all alike by the lowest cosine, so that so little moves nothing.
        let too_high = too_high / queries.len() as f64;
        assert!(too_high < 0.002, "the lowest cosine is {too_high} too high on average");
        let share = found as f64 / expected as f64;
        assert!(share >= least_found, "{share} of the {wanted} nearest, {rescored:?} rescored");
    }
}

fn model() -> MiniLm {
    let manifest = Manifest::all_minilm_l6_v2();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let files = ModelSources::new(folder).fetch(&manifest, &mut |_| {}).unwrap();
    MiniLm::load(&manifest, &files, Device::Cpu).unwrap()
}

fn user() -> UserName {
    UserName::new("all").unwrap()
}

fn filled_store(model: &MiniLm, conversations: &[dataset::Conversation]) -> (SqliteStore, TempDir) {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(folder.path().join("memory.db"), IfMissing::Create).unwrap();
    store.begin_indexing(model.model(), false).unwrap();
    for conversation in conversations {
        let turns: Vec<NewTurn> = conversation
            .turns()
            .map(|(session, turn)| NewTurn {
                session: SessionName::new(format!("{} {}", conversation.id, session.id)).unwrap(),
                session_title: None,
                role: turn.role,
                speaker: turn.speaker.clone(),
                text: turn.text.clone(),
                time: Timestamp::UNIX_EPOCH,
                note: false,
                source_key: None,
            })
            .collect();
        store.insert_turns(&user(), &turns).unwrap();
    }
    let queued = store.queued_turns(None, None, usize::MAX).unwrap();
    let texts: Vec<&str> = queued.iter().map(|queued| queued.text.as_str()).collect();
    let vectors = model.embed_passages(&texts).unwrap();
    let embedded: Vec<EmbeddedTurn> = queued
        .iter()
        .zip(vectors)
        .map(|(queued, vector)| {
            let span = model.passages(&queued.text).unwrap()[0];
            EmbeddedTurn { user: user(), turn: queued.turn, passages: vec![(span, vector)] }
        })
        .collect();
    store.write_vectors(model.model(), &embedded, 0).unwrap();
    (store, folder)
}

fn candidates(
    store: &SqliteStore,
    model: &MiniLm,
    query: &Embedding,
    (scan, dense, per_channel): (Scan, DenseParameters, usize),
) -> Candidates {
    let scope = Scope::of(user());
    let mut request = CandidateRequest::new(&scope, per_channel);
    request.meaning = Some((model.model(), query));
    request.scan = scan;
    request.dense = dense;
    Searcher::default().candidates(store, &request).unwrap()
}

fn nearest(candidates: &Candidates) -> BTreeSet<TurnId> {
    candidates.turns.iter().filter(|found| found.dense.is_some()).map(|found| found.turn).collect()
}
