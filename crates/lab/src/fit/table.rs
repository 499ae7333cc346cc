//! A fit as tables of text.

use longmem_eval::aligned;
use longmem_memory::RankingParameters;

use super::{Fit, Recalls};

/// Writes what a fit found: the recall on the conversations that were left out, the numbers of each
/// fold and of all conversations together, and what each threshold would do.
pub(super) fn fit_table(fit: &Fit) -> String {
    [folds(fit), numbers(fit), thresholds(fit)].join("\n")
}

fn folds(fit: &Fit) -> String {
    let row = |name: &str, held_out: &Recalls, shipped: Option<&Recalls>| {
        let shares = |recalls: &Recalls| {
            let both = recalls.all.into_iter().chain(recalls.not_adversarial);
            both.map(|share| format!("{:.1}", share * 100.0)).collect::<Vec<_>>()
        };
        let nothing = || vec!["–".to_owned(); 6];
        [vec![name.to_owned()], shares(held_out), shipped.map_or_else(nothing, shares)].concat()
    };
    let header = ["left out", "r5", "r10", "r20", "r5*", "r10*", "r20*"].map(str::to_owned);
    let shipped = ["shipped r5", "r10", "r20", "r5*", "r10*", "r20*"].map(str::to_owned);
    let mut rows: Vec<_> = fit
        .folds
        .iter()
        .map(|fold| row(&fold.conversation, &fold.held_out, Some(&fold.shipped)))
        .collect();
    let held_out = Recalls::mean(fit.folds.iter().map(|fold| &fold.held_out));
    let default = Recalls::mean(fit.folds.iter().map(|fold| &fold.shipped));
    rows.push(row("all of them", &held_out, Some(&default)));
    rows.push(row("none (seen)", &fit.seen, None));
    let title = "recall of what was found on the other conversations (*: without adversarial ones)";
    aligned(title, [header.to_vec(), shipped.to_vec()].concat(), rows)
}

fn numbers(fit: &Fit) -> String {
    let header = [
        "left out", "lexical", "coverage", "speaker", "date", "when", "question", "short",
        "session",
    ];
    let row = |name: &str, ranking: &RankingParameters| {
        let numbers = [
            ranking.lexical_weight,
            ranking.coverage_weight,
            ranking.speaker_boost,
            ranking.date_boost,
            ranking.when_boost,
            ranking.question_penalty,
            ranking.shortness_penalty,
            ranking.session_share,
        ];
        let numbers = numbers.map(|number| number.to_string());
        [vec![name.to_owned()], numbers.to_vec()].concat()
    };
    let mut rows: Vec<_> =
        fit.folds.iter().map(|fold| row(&fold.conversation, &fold.ranking)).collect();
    rows.push(row("none", &fit.ranking));
    rows.push(row("shipped", &RankingParameters::default()));
    aligned("ranking parameters", header.map(str::to_owned).to_vec(), rows)
}

fn thresholds(fit: &Fit) -> String {
    let weights = fit.relevance;
    let title = format!(
        "relevance = σ({} + {} · cosine + {} · coverage), middling cosine {}; threshold {}",
        weights.intercept, weights.cosine, weights.coverage, weights.middling_cosine, fit.threshold
    );
    let header = ["threshold", "rightly nothing", "wrongly nothing"].map(str::to_owned);
    let rows = fit.thresholds.iter().map(|row| {
        vec![
            row.threshold.to_string(),
            format!("{} of {}", row.rightly_nothing, row.unanswerable),
            format!("{} of {}", row.wrongly_nothing, row.answerable),
        ]
    });
    aligned(&title, header.to_vec(), rows)
}
