//! Days that a question names, counted from when it is asked.

use longmem::core::NewTurn;

use crate::support::{Known, asked, texts, time};

#[test]
fn last_week_is_counted_from_the_day_of_the_question() {
    let known = Known::nothing();
    let said = [
        ("2026-03-04T09:00:00Z", "Sold the old piano to the school"),
        ("2026-03-11T09:00:00Z", "The roof is tight again, the builder left"),
        ("2026-03-25T09:00:00Z", "Booked the hut above Gstaad"),
        ("2026-04-22T09:00:00Z", "Started the bread course"),
    ];
    let turns = said.map(|(day, text)| NewTurn { time: time(day), ..known.note(text) });
    known.remember(&turns);
    for (asked_at, expected) in [
        ("2026-03-11T12:00:00Z", said[0].1),
        ("2026-03-18T12:00:00Z", said[1].1),
        ("2026-03-30T12:00:00Z", said[2].1),
        ("2026-04-29T12:00:00Z", said[3].1),
    ] {
        let mut request = asked("what did I say last week?");
        request.asked_at = Some(time(asked_at));
        let recall = known.recall_by(&request);
        assert_eq!(texts(&recall).first().map(String::as_str), Some(expected), "{asked_at}");
    }
}

#[test]
fn yesterday_in_three_languages_is_the_day_before() {
    let known = Known::nothing();
    let said = [
        ("2026-03-04T09:00:00Z", "Lost the ring in the pool"),
        ("2026-03-17T09:00:00Z", "Found a stray cat in the shed"),
    ];
    known.remember(&said.map(|(day, text)| NewTurn { time: time(day), ..known.note(text) }));
    for question in ["what did I say yesterday?", "was habe ich gestern gesagt?", "¿qué dije ayer?"]
    {
        for (asked_at, expected) in [("2026-03-05T12:00:00Z", 0), ("2026-03-18T12:00:00Z", 1)] {
            let mut request = asked(question);
            request.asked_at = Some(time(asked_at));
            let recall = known.recall_by(&request);
            let first = texts(&recall).into_iter().next();
            assert_eq!(first.as_deref(), Some(said[expected].1), "{question} on {asked_at}");
        }
    }
}
