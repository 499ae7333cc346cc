//! A fit as tables of text.

use longmem_eval::aligned;
use longmem_memory::RankingParameters;

use super::Fit;
use super::quality::Quality;
use super::weights::WEIGHTS;

/// Writes what a fit found: what it is worth on what was left out, the numbers found each time, and
/// what each threshold would do.
pub(super) fn fit_table(fit: &Fit) -> String {
    [families(fit), numbers(fit), thresholds(fit)].join("\n")
}

fn families(fit: &Fit) -> String {
    let cells = |quality: Option<Quality>| {
        let shares = quality.map(|quality| [quality.recall_10, quality.context_1000]);
        shares.map_or_else(|| ["–".to_owned(), "–".to_owned()], |shares| shares.map(percent))
    };
    let row = |name: &str, questions: usize, ways: [Option<Quality>; 4]| {
        let shares = ways.into_iter().flat_map(cells);
        [name.to_owned(), questions.to_string()].into_iter().chain(shares).collect::<Vec<_>>()
    };
    let ways = fit.families.iter().map(|family| {
        let without_family = family.without_family.map(|(_, quality)| quality);
        [Some(family.shipped), without_family, Some(family.without_part), Some(family.seen)]
    });
    let ways: Vec<[Option<Quality>; 4]> = ways.collect();
    let named = fit.families.iter().zip(&ways);
    let mut rows: Vec<_> =
        named.map(|(family, ways)| row(&family.family, family.shipped.questions, *ways)).collect();
    let means = [0, 1, 2, 3].map(|way| mean(ways.iter().map(|ways| ways[way])));
    let questions = fit.families.iter().map(|family| family.shipped.questions).sum();
    rows.push(row("mean", questions, means));
    let header = [
        "family",
        "n",
        "shipped r10",
        "b1000",
        "without it r10",
        "b1000",
        "without part r10",
        "b1000",
        "seen r10",
        "b1000",
    ];
    let title = "what was found: by other families, by other conversations, and seen";
    aligned(title, header.map(str::to_owned).to_vec(), rows)
}

/// The mean over families; none if one has none.
fn mean(families: impl Iterator<Item = Option<Quality>>) -> Option<Quality> {
    let families: Vec<Quality> = families.collect::<Option<_>>()?;
    let mean = |number: fn(&Quality) -> f64| {
        families.iter().map(number).sum::<f64>() / families.len().max(1) as f64
    };
    let (recall_10, context_1000) = (mean(|q| q.recall_10), mean(|q| q.context_1000));
    Some(Quality { recall_10, context_1000, ..Quality::default() })
}

fn percent(share: f64) -> String {
    format!("{:.1}", share * 100.0)
}

fn numbers(fit: &Fit) -> String {
    let header = ["without"].into_iter().chain(WEIGHTS.iter().map(|weight| weight.name));
    let row = |name: String, ranking: &RankingParameters| {
        let values = WEIGHTS.iter().map(|weight| weight.value(ranking).to_string());
        [name].into_iter().chain(values).collect::<Vec<_>>()
    };
    let without_family = fit.families.iter().filter_map(|family| {
        let (ranking, _) = family.without_family.as_ref()?;
        Some(row(family.family.clone(), ranking))
    });
    let without_part = fit.parts.iter().enumerate();
    let without_part =
        without_part.map(|(part, ranking)| row(format!("part {}", part + 1), ranking));
    let mut rows: Vec<_> = without_family.chain(without_part).collect();
    rows.push(row("nothing".to_owned(), &fit.ranking));
    rows.push(row("(shipped)".to_owned(), &RankingParameters::default()));
    aligned("ranking parameters", header.map(str::to_owned).collect(), rows)
}

fn thresholds(fit: &Fit) -> String {
    let weights = fit.relevance;
    let title = format!(
        "relevance = σ({} + {} · cosine + {} · coverage + {} · note), middling cosine {}; threshold {}",
        weights.intercept,
        weights.cosine,
        weights.coverage,
        weights.note,
        weights.middling_cosine,
        fit.threshold
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
