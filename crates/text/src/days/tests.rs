use proptest::prelude::*;

use super::*;

/// A Wednesday.
const TODAY: Date = jiff::civil::date(2026, 3, 18);

fn named(text: &str) -> Vec<String> {
    let show = |days: &Days| {
        let mark = if days.bound == Bound::Around { "~" } else { "" };
        if days.first == days.last {
            format!("{mark}{}", days.first)
        } else {
            format!("{mark}{}..{}", days.first, days.last)
        }
    };
    days_named(text, TODAY).iter().map(show).collect()
}

/// Texts that name one stretch, with it.
fn check(table: &[(&str, &str)]) {
    for (text, expected) in table {
        assert_eq!(named(text), [*expected], "{text}");
    }
}

#[test]
fn reads_days() {
    for text in
        ["on 7 March", "the 7th of March", "March 7th, 2026", "2026-03-07", "Mar 7", "7.3.2026"]
    {
        check(&[(text, "2026-03-07")]);
    }
    check(&[
        ("on 24 December", "2025-12-24"),
        ("on Saturday the 7th of March", "2026-03-07"),
        ("Saturday, March 7", "2026-03-07"),
        ("am Samstag, den 7. März", "2026-03-07"),
        ("el sábado 7 de marzo", "2026-03-07"),
    ]);
}

#[test]
fn reads_months_and_years() {
    check(&[
        ("in May 2023", "2023-05-01..2023-05-31"),
        ("last May", "2025-05-01..2025-05-31"),
        ("in August?", "2025-08-01..2025-08-31"),
        ("back in 2019", "2019-01-01..2019-12-31"),
        ("in Jan", "2026-01-01..2026-01-31"),
        ("spring 2024", "2024-03-01..2024-05-31"),
        ("the winter of 2024", "2024-12-01..2025-02-28"),
        ("last summer", "2025-06-01..2025-08-31"),
        ("last fall", "2025-09-01..2025-11-30"),
        ("last winter", "2025-12-01..2026-02-28"),
        ("Q2 2024", "2024-04-01..2024-06-30"),
        ("the first quarter of 2025", "2025-01-01..2025-03-31"),
        ("in Q4", "2025-10-01..2025-12-31"),
    ]);
}

#[test]
fn reads_parts() {
    check(&[
        ("the first week of May", "2025-05-01..2025-05-07"),
        ("in the second week of November 2022", "2022-11-08..2022-11-14"),
        ("the last week of May 2024", "2024-05-25..2024-05-31"),
        ("the first week of 2024", "2024-01-01..2024-01-07"),
        ("the beginning of March", "2026-03-01..2026-03-10"),
        ("mid-March", "2026-03-11..2026-03-20"),
        ("in the middle of March", "2026-03-11..2026-03-20"),
        ("the end of last month", "2026-02-19..2026-02-28"),
        ("towards the end of May", "2025-05-21..2025-05-31"),
        ("in early May", "2025-05-01..2025-05-10"),
        ("earlier this week", "2026-03-16..2026-03-18"),
        ("earlier this year", "2026-01-01..2026-03-18"),
        ("late 2023", "2023-09-01..2023-12-31"),
    ]);
}

#[test]
fn reads_distances() {
    check(&[
        ("yesterday's call", "2026-03-17"),
        ("the day before yesterday", "2026-03-16"),
        ("two weeks ago", "2026-03-01..2026-03-07"),
        ("3 days ago", "2026-03-15"),
        ("last week", "2026-03-09..2026-03-15"),
        ("last month", "2026-02-01..2026-02-28"),
        ("last Friday", "2026-03-13"),
        ("two Fridays ago", "2026-03-06"),
        ("on Monday", "2026-03-16"),
        ("this Monday", "2026-03-16"),
        ("last weekend", "2026-03-14..2026-03-15"),
        ("on the weekend", "2026-03-14..2026-03-15"),
        ("in the last two weeks", "2026-03-04..2026-03-18"),
        ("over the past month", "2026-02-18..2026-03-18"),
    ]);
}

#[test]
fn what_bounds_is_not_on_these_days() {
    check(&[
        ("as of December 2023", "~2023-12-01..2023-12-31"),
        ("before May", "~2025-05-01..2025-05-31"),
        ("since the 7th of March", "~2026-03-07"),
        ("by the end of March", "~2026-03-21..2026-03-31"),
        ("until Friday", "~2026-03-13"),
        ("after yesterday", "~2026-03-17"),
        ("bis zum 7. März", "~2026-03-07"),
        ("was war vor dem 7. März", "~2026-03-07"),
        ("antes del 7 de marzo", "~2026-03-07"),
        ("¿qué pasó desde el lunes?", "~2026-03-16"),
    ]);
}

#[test]
fn reads_german() {
    check(&[
        ("Was war am 7. März?", "2026-03-07"),
        ("wann war das am 7. Maerz 2025", "2025-03-07"),
        ("Wo waren wir im Mai 2023?", "2023-05-01..2023-05-31"),
        ("letzten Freitag", "2026-03-13"),
        ("Was habe ich vor zwei Wochen gesagt?", "2026-03-01..2026-03-07"),
        ("vor einem Jahr haben wir", "2025-01-01..2025-12-31"),
        ("gestern", "2026-03-17"),
        ("was war vorgestern", "2026-03-16"),
        ("letzte Woche", "2026-03-09..2026-03-15"),
        ("Anfang Mai", "2025-05-01..2025-05-10"),
        ("in der ersten Woche im Mai 2024", "2024-05-01..2024-05-07"),
        ("Ende letzten Jahres", "2025-09-01..2025-12-31"),
        ("letzten Sommer", "2025-06-01..2025-08-31"),
        ("in den letzten zwei Wochen", "2026-03-04..2026-03-18"),
        ("am Wochenende", "2026-03-14..2026-03-15"),
        ("vor zwei Freitagen", "2026-03-06"),
    ]);
    assert_eq!(named("nächste Woche am nächsten Freitag"), [""; 0]);
}

#[test]
fn reads_spanish() {
    check(&[
        ("¿qué pasó el 7 de marzo?", "2026-03-07"),
        ("el 7 de marzo de 2025", "2025-03-07"),
        ("en mayo de 2023", "2023-05-01..2023-05-31"),
        ("el viernes pasado", "2026-03-13"),
        ("hace dos semanas", "2026-03-01..2026-03-07"),
        ("hace un año", "2025-01-01..2025-12-31"),
        ("¿dónde estuve ayer?", "2026-03-17"),
        ("anteayer", "2026-03-16"),
        ("la semana pasada", "2026-03-09..2026-03-15"),
        ("a principios de mayo", "2025-05-01..2025-05-10"),
        ("la primera semana de mayo de 2024", "2024-05-01..2024-05-07"),
        ("el verano pasado", "2025-06-01..2025-08-31"),
        ("el fin de semana pasado", "2026-03-14..2026-03-15"),
        ("en las últimas dos semanas", "2026-03-04..2026-03-18"),
    ]);
    assert_eq!(named("la semana que viene, el próximo lunes"), [""; 0]);
}

#[test]
fn words_of_time_tell_when() {
    for text in [
        "I went there last Friday.",
        "two Years ago",
        "since 2019!",
        "in June",
        "Das war am Montag",
        "Wir waren vor zwei Jahren dort",
        "fuimos el martes",
    ] {
        assert!(tells_when(text), "{text}");
    }
    for text in ["It may rain", "march on", "5 birthdays", "", " ", "room 4711", "Wir waren dort"] {
        assert!(!tells_when(text), "{text}");
    }
}

#[test]
fn other_texts_name_no_days() {
    for text in [
        "you may go",
        "march on",
        "room 2026b",
        "10 people",
        "last but not least",
        "the other day",
        "next Friday",
        "every Monday",
        "on Palm Sunday",
        "the end may be near",
        "my last day there",
        "Jan and Mar",
        "31 February",
        "",
    ] {
        assert_eq!(named(text), [""; 0], "{text}");
    }
}

#[test]
fn a_text_that_names_days_and_nothing_else_is_read_as_them() {
    let meant = |text: &str| {
        let days = days_meant(text, Date::constant(2026, 3, 18))?;
        Some(if days.first == days.last {
            days.first.to_string()
        } else {
            format!("{}..{}", days.first, days.last)
        })
    };
    for (text, days) in [
        ("Yesterday", "2026-03-17"),
        ("today", "2026-03-18"),
        ("last-week", "2026-03-09..2026-03-15"),
        ("this month", "2026-03-01..2026-03-31"),
        ("monday", "2026-03-16"),
        ("march", "2026-03-01..2026-03-31"),
        ("jan", "2026-01-01..2026-01-31"),
        ("May 2025", "2025-05-01..2025-05-31"),
        ("2025", "2025-01-01..2025-12-31"),
        ("7 March", "2026-03-07"),
        ("gestern", "2026-03-17"),
        ("letzte Woche", "2026-03-09..2026-03-15"),
        ("ayer", "2026-03-17"),
    ] {
        assert_eq!(meant(text).as_deref(), Some(days), "{text}");
    }
    for text in ["", "in", "yesterday or so", "next week", "31 February", "room", "-", "2026x"] {
        assert_eq!(meant(text), None, "{text}");
    }
}

#[test]
fn several_stretches_keep_their_order() {
    assert_eq!(
        named("between yesterday and the first week of May"),
        ["2026-03-17", "2025-05-01..2025-05-07"]
    );
}

#[test]
fn names_of_months_and_weekdays_are_known() {
    for word in ["june", "may", "friday", "märz", "mai", "sonnabend", "enero", "miércoles"] {
        assert!(is_month_or_weekday(word), "{word}");
    }
    for word in ["priya", "jan", "mar", "", "may june"] {
        assert!(!is_month_or_weekday(word), "{word}");
    }
}

proptest! {
    #[test]
    fn never_panics_and_never_ends_before_it_begins(
        text in "(last|in|[0-9]{1,5}|may|31|february|ago|weeks|years|of|week|first|end|since|vor|hace|\
            semana|wochen|de|letzten|pasado|q[0-9]|weekend|friday|spring|[a-z]{1,4}| ){0,14}",
        year in 1i16..9999,
    ) {
        for days in days_named(&text, Date::new(year, 2, 28).unwrap()) {
            prop_assert!(days.first <= days.last);
        }
    }
}
