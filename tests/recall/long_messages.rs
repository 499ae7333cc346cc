//! A question within a long message finds what it finds alone.

use crate::support::{Known, asked, texts};

/// Notes about as many subjects.
const NOTES: [&str; 60] = [
    "The boiler was built in 2009 and is serviced every October",
    "Priya's birthday is on 4 November, she collects teapots",
    "The spare key lies under the third flower pot",
    "Our gateway listens on port 7443",
    "I'm allergic to walnuts",
    "The car needs winter tyres, size 205/55 R16",
    "Mum's cardiologist is Dr Lindqvist",
    "We decided to paint the hall in sage green",
    "The rent rises to 940 in August",
    "My passport runs out in February 2028",
    "The bread course starts on 14 September",
    "Grandpa worked as a lock keeper on the canal",
    "The cat gets half a tablet every evening",
    "Rasmus borrowed the drill",
    "The staging server restarts at 4 in the morning",
    "For the wedding we booked the barn in Ashcombe",
    "My running shoes are Brooks Ghost, half a size up",
    "The neighbours' baby is called Ottilie",
    "Bins are emptied on Thursdays",
    "The insurance contact is Mr Okafor",
    "I planted two plum trees behind the shed",
    "The choir sings Fauré this year",
    "The attic insulation cost 3,200",
    "Ben and I first met on a ferry to Harris",
    "The piano is tuned in spring by Ms Hale",
    "I quit smoking on New Year's Day 2019",
    "The dentist said the crown will last ten years",
    "My thesis was about eel migration",
    "The allotment has a leaking tap",
    "We fly to Bergen on 9 June at 7:40",
    "Lena is afraid of heights",
    "The accountant wants the receipts by March",
    "The washing machine's serial number is WM-58213",
    "Our favourite walk is the ridge above Malham",
    "I promised Tom the old camera",
    "The printer only takes black ink",
    "The school play is A Midsummer Night's Dream",
    "Yoga is cancelled until the hall is repaired",
    "The sourdough starter is fed on Sundays",
    "My bicycle was stolen outside the library",
    "The landlord lives in Toulouse",
    "Coffee gives me headaches since the flu",
    "The code review checklist is in the wiki under Guild",
    "We name branches after rivers",
    "The tent's zip is broken",
    "Dad takes blood thinners",
    "The mortgage is fixed until 2031",
    "I'm learning Portuguese with a tutor called Inês",
    "The kitchen clock is six minutes fast",
    "Our team moved the stand-up to half past nine",
    "The hedge may be cut from October",
    "Aunt Ida left me her sewing machine",
    "The swimming badge test is in September",
    "The invoices go to Hanna in purchasing",
    "The projector bulb burned out",
    "We had our honeymoon in Slovenia",
    "The beehive by the fence swarmed in May",
    "The bank adviser is called Mr Tran",
    "I sleep badly when the moon is full",
    "The garden wall was built without mortar",
];

/// Questions, each with the place of the note that answers it.
const QUESTIONS: [(&str, usize); 10] = [
    ("What am I allergic to?", 4),
    ("Who borrowed the drill?", 13),
    ("When does my passport expire?", 9),
    ("Which colour did we choose for the hall?", 7),
    ("Where did Ben and I meet?", 23),
    ("What was my thesis about?", 27),
    ("Which port does our gateway use?", 3),
    ("What does Lena fear?", 30),
    ("Where was our honeymoon?", 55),
    ("What is the serial number of the washing machine?", 32),
];

/// Some 200 words of talk about something else.
const TALK: &str = "It has been one of those weeks in which the weather cannot make up its mind. \
    On Monday it hailed so hard that the market closed early, and by the evening people sat outside \
    in their shirts. The market is a good one, by the way, with a stall that sells nothing but \
    mushrooms and another one with baskets from all over the world. A man next to it played the \
    accordion, rather badly, and a crowd of children danced. On Tuesday the trains stood still for \
    half a day, since a swan had sat down on the rails and would not move. Everybody took pictures. \
    The papers wrote about it, of course, and somebody has already made a song of it. On Wednesday \
    the museum opened its new wing, with a long queue around the square, and the mayor spoke for \
    what felt like an hour about bridges. The pictures are fine, mostly ships and storms, and there \
    is a room with maps that are older than the town. Thursday was quiet. On Friday a film crew \
    came and turned the old post office into a hotel for a day, with palm trees in tubs, and on \
    Saturday it all was gone again. That was the week, more or less, and now it rains.";

/// Lines of a program, as people paste them.
fn code() -> String {
    let lines = (0..20).map(|n| {
        format!("    let row_{n} = table.get({n})?;\n    total += row_{n}.len();\n    rows.push(row_{n});")
    });
    format!(
        "fn load(table: &Table) -> Result<usize, Error> {{\n{}\n}}",
        lines.collect::<Vec<_>>().join("\n")
    )
}

/// Lines that a server wrote.
fn logs() -> String {
    let lines = (0..60).map(|n| {
        format!(
            "2026-05-03T10:00:{n:02}Z INFO worker-{} request id={} status=200 took=12ms",
            n % 4,
            7000 + n
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn talk_code_and_logs_around_a_question_do_not_hide_its_answer() {
    let known = Known::of_notes(&NOTES);
    let (code, logs) = (code(), logs());
    let mut lost = Vec::new();
    for (question, answer) in QUESTIONS {
        let first = |message: &str| texts(&known.recall_by(&asked(message))).into_iter().next();
        let ways = [
            ("alone", question.to_owned()),
            ("behind talk", format!("{TALK} {question}")),
            ("before talk", format!("{question} {TALK}")),
            ("behind code", format!("{code}\n\n{question}")),
            ("behind logs", format!("{logs}\n\n{question}")),
        ];
        for (way, message) in ways {
            let found = first(&message);
            if found.as_deref() != Some(NOTES[answer]) {
                lost.push((question, way, found));
            }
        }
    }
    assert!(lost.is_empty(), "{lost:#?}");
}
