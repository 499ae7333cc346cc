//! The plain way to score words, row by row with nothing passed over: what every shortcut has to equal.

use std::sync::Arc;

use proptest::prelude::*;

use super::bm25::{LexicalParameters, frequency, rarity};
use super::{LexicalScores, WordLists, WordRows, WordWindows};
use crate::lists::TurnEntry;
use crate::selection::{ScoredRow, best};
use crate::source::SessionNumber;
use crate::turn_table::TurnTable;

/// A word of a query as its turns with counts: one list, or those of other spellings.
#[derive(Debug, Clone)]
struct PlainWord {
    lists: Vec<Vec<(usize, u32)>>,
    weight: f32,
}

/// BM25 and coverage of every row.
struct PlainScores {
    bm25: Vec<f32>,
    coverage: Vec<f32>,
}

fn plain_scores(
    words: &[PlainWord],
    windows: &WordWindows,
    rows: usize,
    parameters: &LexicalParameters,
) -> PlainScores {
    let mut scores = PlainScores { bm25: vec![0.0; rows], coverage: vec![0.0; rows] };
    let holding = |word: &PlainWord| word.lists.iter().map(Vec::len).sum();
    let rarities: Vec<f32> = words.iter().map(|word| rarity(rows, holding(word))).collect();
    let all_rarities: f32 = rarities.iter().sum();
    for (word, rarity) in words.iter().zip(rarities) {
        let mut counts = vec![0.0; rows];
        let mut postings = word.lists.concat();
        postings.sort_by_key(|(row, _)| *row);
        for (row, count) in postings {
            let count = count as f32;
            for near in windows.window(row) {
                let near = *near as usize;
                counts[near] +=
                    if near == row { count } else { parameters.neighbour_weight * count };
            }
        }
        let idf = word.weight * rarity;
        for (row, count) in counts.into_iter().enumerate().filter(|(_, count)| *count > 0.0) {
            let length = windows.length(row) / windows.average_length();
            scores.bm25[row] += idf * frequency(count, length);
            scores.coverage[row] += idf / all_rarities;
        }
    }
    scores
}

/// Turns in up to four sessions that are continued at random, some of them long, some notes.
fn tables() -> impl Strategy<Value = TurnTable> {
    let turn = (0..4i64, 1..120u32, prop::bool::weighted(0.05));
    let pattern = prop::collection::vec(turn, 1..60);
    (pattern, prop_oneof![9 => 1..400usize, 1 => 8_000..9_000usize]).prop_map(|(pattern, rows)| {
        let entry = |row: usize| {
            let (session, words, note) = pattern[row * 7 % pattern.len()];
            TurnEntry {
                turn: longmem_core::TurnId(row as i64 + 1),
                session: SessionNumber(session + 10 * (row as i64 / 50)),
                role: longmem_core::Role::User,
                note,
                time_ms: 0,
                words: words + (row as u32 % 3),
            }
        };
        let mut table = TurnTable::default();
        table.grow(&(0..rows).map(entry).collect::<Vec<_>>());
        table
    })
}

/// Words from one in two rows to one in thousands; counts of a few values, so that scores tie.
fn words() -> impl Strategy<Value = Vec<(Vec<(u64, u64)>, f32)>> {
    let list = (prop::sample::select(vec![2u64, 3, 7, 40, 900, 9_000]), any::<u64>());
    let own = prop::collection::vec(list.clone(), 1..2).prop_map(|lists| (lists, 1.0));
    let spellings = prop::collection::vec(list, 0..4).prop_map(|lists| (lists, 0.6));
    prop::collection::vec(prop_oneof![4 => own, 1 => spellings], 0..8)
}

fn list(rows: usize, (one_in, seed): (u64, u64)) -> Vec<(usize, u32)> {
    let mut random = seed;
    let mut next = || {
        // Knuth's multiplier; the high bits are the random ones.
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695);
        random >> 33
    };
    let mut list: Vec<(usize, u32)> =
        (0..rows).map(|row| (row, 1 + (row as u32 % 5) / 4)).collect();
    list.retain(|_| next().is_multiple_of(one_in));
    list
}

fn word_rows(list: &[(usize, u32)]) -> Arc<WordRows> {
    let mut rows = WordRows::default();
    for (row, count) in list {
        rows.push(Some(*row), *count);
    }
    Arc::new(rows)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn the_best_rows_and_their_scores_are_bit_for_bit_those_of_the_plain_way(
        table in tables(),
        words in words(),
        neighbours in 0..4usize,
        neighbour_weight in prop::sample::select(vec![0.0f32, 0.35, 1.0]),
        limit in prop_oneof![1 => Just(0usize), 4 => 1..20usize, 4 => 1..120usize, 1 => Just(usize::MAX)],
        admitted in 1..4usize,
    ) {
        let rows = table.len();
        let parameters =
            LexicalParameters { neighbour_weight, neighbours, longest_neighbour: 100 };
        let words: Vec<PlainWord> = words
            .into_iter()
            .map(|(lists, weight)| PlainWord {
                lists: lists.into_iter().map(|made| list(rows, made)).collect(),
                weight,
            })
            .collect();
        let windows = Arc::new(WordWindows::new(&table, neighbours, 100));
        let plain = plain_scores(&words, &windows, rows, &parameters);
        let admits = |row: usize| row.is_multiple_of(admitted);
        let expected = best(&plain.bm25, limit, 0.0, Some(admits));

        let lists: Vec<WordLists> = words
            .iter()
            .map(|word| match word.lists.as_slice() {
                [list] if word.weight >= 1.0 => WordLists::of_word(word_rows(list)),
                lists => {
                    WordLists::of_spellings(lists.iter().map(|list| word_rows(list)).collect())
                }
            })
            .collect();
        let asked: Vec<&WordLists> = lists.iter().collect();
        let scores = LexicalScores::new(rows, &asked, &parameters, || windows);
        let found: Vec<ScoredRow> = scores.best(limit, Some(admits));
        let bits = |rows: &[ScoredRow]| -> Vec<(usize, u32)> {
            rows.iter().map(|found| (found.row, found.score.to_bits())).collect()
        };
        prop_assert_eq!(bits(&found), bits(&expected));
        for row in 0..rows {
            let score = scores.score(row);
            prop_assert_eq!(score.bm25.to_bits(), plain.bm25[row].to_bits(), "row {}", row);
            prop_assert_eq!(score.coverage.to_bits(), plain.coverage[row].to_bits());
            let held = |word: &PlainWord| {
                word.lists.iter().flatten().any(|(held, _)| *held == row)
            };
            let holds_none = !words.iter().any(held);
            prop_assert!(!holds_none || scores.own_coverage(row) == 0.0);
        }
    }
}
