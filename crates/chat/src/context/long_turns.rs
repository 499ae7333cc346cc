//! Facts in the middle of long turns reach the prompt for a question about them.

use jiff::Timestamp;
use longmem_core::{EstimatedTokens, Recalled, Role, SessionName, Turn, TurnId};

use super::*;

/// What a turn says once, what is asked, and what answers it.
const FACTS: [(&str, &str, &str); 16] = [
    (
        "The wifi password of the holiday house is marmalade-42.",
        "what is the wifi password of the holiday house?",
        "marmalade-42",
    ),
    ("My dentist is called Dr Okonkwo.", "What is my dentist called?", "Okonkwo"),
    ("We moved the launch to 14 September.", "When is the launch?", "14 September"),
    ("The gateway listens on port 7443.", "Which port does the gateway listen on?", "7443"),
    ("My sister Ines lives in Porto now.", "Where does my sister live now?", "Porto"),
    ("Our cat Tofu is allergic to chicken.", "What is the cat allergic to?", "chicken"),
    ("The spare key is under the blue flower pot.", "Where is the spare key?", "blue flower"),
    ("I paid 340 euros for the new bicycle.", "How much did I pay for the bicycle?", "340"),
    (
        "The secret ingredient of the curry is cardamom.",
        "What is the secret ingredient of the curry?",
        "cardamom",
    ),
    ("My passport expires in May 2031.", "When does my passport expire?", "May 2031"),
    ("We chose PostgreSQL as the database.", "Which database did we choose?", "PostgreSQL"),
    ("Grandma's birthday is on 3 December.", "When is grandma's birthday?", "3 December"),
    ("The plumber charges 65 an hour.", "What does the plumber charge?", "65 an hour"),
    ("Priya leads the mobile team.", "Who leads the mobile team?", "Priya"),
    ("I take the 07:52 train to work.", "Which train do I take to work?", "07:52"),
    ("The error code of the boiler is F28.", "What was the boiler's error code?", "F28"),
];

/// Everyday sentences with the function words of the questions and single words of their subjects.
const FILLER: [&str; 12] = [
    "What is the use of the best of the plans if it rains all the time?",
    "It was one of the days when the house is full and the phone never stops.",
    "I did not know where it is that the others went, or when.",
    "Which of the two is better is what we asked ourselves.",
    "The work was hard, and we took a long break at noon.",
    "How much of the day is left, I do not know.",
    "Does the new shop have what the old one had?",
    "The team was late, so the meeting moved to the next hour.",
    "My brother called, and we spoke of the holiday and the weather.",
    "The code of the door is not what I was asked for.",
    "The train was full, and who knows when the next one is.",
    "We cleaned the kitchen, the hall and the windows.",
];

/// Number of other long turns that are recalled behind the one that answers.
const OTHERS: usize = 2;

/// What stands between two sentences, and what a sentence becomes.
#[derive(Clone, Copy)]
struct Style {
    between: &'static str,
    written: fn(&str) -> String,
}

const PROSE: Style = Style { between: " ", written: str::to_owned };
const LOG: Style =
    Style { between: "\n", written: |sentence| format!("[info] {}", unmarked(sentence)) };
const ONE_LINE: Style = Style { between: " ", written: unmarked };

/// A sentence without its marks.
fn unmarked(sentence: &str) -> String {
    sentence.trim_end_matches(['.', '?']).replace(',', "")
}

/// A turn for each fact, which stands at a random place among so many sentences of filler.
fn turns(
    facts: &[(&str, &str, &str)],
    filler: &[&str],
    sentences: usize,
    style: Style,
) -> Vec<Turn> {
    let mut random = fastrand::Rng::with_seed(7);
    let turn = |(number, (fact, _, _)): (usize, &(&str, &str, &str))| {
        let mut text: Vec<String> =
            (1..sentences).map(|_| (style.written)(filler[random.usize(..filler.len())])).collect();
        text.insert(random.usize(..sentences), (style.written)(fact));
        Turn {
            id: TurnId(number as i64 + 1),
            session: SessionName::new("s").unwrap(),
            session_title: None,
            role: Role::User,
            speaker: None,
            time: Timestamp::UNIX_EPOCH,
            text: text.join(style.between),
            note: false,
        }
    };
    facts.iter().enumerate().map(turn).collect()
}

fn hits(turns: impl IntoIterator<Item = Turn>) -> Vec<Recalled> {
    turns.into_iter().map(|turn| Recalled::new(turn, 0.5)).collect()
}

/// The questions whose answer is not in the prompt, when their turn is recalled first, alone and
/// before others.
fn unanswered<'a>(
    facts: &[(&str, &'a str, &str)],
    turns: &[Turn],
    budget: usize,
) -> Vec<(&'a str, &'static str)> {
    let mut unanswered = Vec::new();
    for (turn, (_, question, answer)) in turns.iter().zip(facts) {
        let alone = hits([turn.clone()]);
        let others = turns.iter().filter(|other| other.id != turn.id).take(OTHERS);
        let before_others = hits([turn].into_iter().chain(others).cloned());
        for (recalled, how) in [(alone, "alone"), (before_others, "before others")] {
            let now = Timestamp::UNIX_EPOCH;
            let mut input = AssembleInput::new(question, now, TokenBudget::new(budget));
            input.recalled = &recalled;
            let context = assemble(&input, &EstimatedTokens).unwrap();
            assert!(context.tokens <= budget);
            let prompt = &context.messages[0].content;
            if !prompt.iter().any(|block| block.text.contains(answer)) {
                unanswered.push((*question, how));
            }
        }
    }
    unanswered
}

#[test]
fn the_answer_is_in_the_prompt_wherever_it_stands_in_a_long_turn() {
    for (style, sentences) in [(PROSE, 80), (PROSE, 120), (PROSE, 300), (LOG, 300), (ONE_LINE, 300)]
    {
        let turns = turns(&FACTS, &FILLER, sentences, style);
        for budget in [600, 1_000, 4_000] {
            let missing = unanswered(&FACTS, &turns, budget);
            let example = (style.written)(FACTS[0].0);
            assert!(missing.is_empty(), "{example:?}, {sentences}, {budget}: {missing:?}");
        }
    }
}

#[test]
fn the_answer_is_found_in_chinese_without_full_stops() {
    let facts = [
        ("假期小屋的无线密码是橘子酱四十二", "假期小屋的无线密码是什么", "橘子酱四十二"),
        ("我姐姐现在住在波尔图", "我姐姐住在哪里", "波尔图"),
        ("咖喱的秘密配料是小豆蔻", "咖喱的秘密配料是什么", "小豆蔻"),
        ("我的牙医姓欧阳", "我的牙医姓什么", "欧阳"),
    ];
    let filler = ["今天的天气是什么样的", "我现在很忙", "他住的房子很大", "我们聊了很久的工作"];
    let style = Style { between: "", written: str::to_owned };
    for between in ["", "，", " "] {
        let turns = turns(&facts, &filler, 300, Style { between, ..style });
        for budget in [600, 1_000, 4_000] {
            let missing = unanswered(&facts, &turns, budget);
            assert!(missing.is_empty(), "{between:?}, {budget}: {missing:?}");
        }
    }
}

#[test]
fn room_that_is_left_goes_into_more_of_a_long_turn_up_to_the_whole() {
    let turns = turns(&FACTS[..2], &FILLER, 120, PROSE);
    let in_prompt = |budget| {
        let recalled = hits(turns.clone());
        let mut input =
            AssembleInput::new(FACTS[0].1, Timestamp::UNIX_EPOCH, TokenBudget::new(budget));
        input.recalled = &recalled;
        let trace = assemble(&input, &EstimatedTokens).unwrap().trace;
        let recalled = trace.into_iter().filter(|entry| entry.kind == TraceKind::Recalled);
        recalled.map(|entry| (entry.tokens, entry.shortened)).collect::<Vec<_>>()
    };
    let [(first, true), (second, true)] = in_prompt(2_000)[..] else {
        panic!("both are shortened")
    };
    assert!(first > 1_000 && second < 450, "the best gets what is left: {first}, {second}");
    assert!(first + second > 1_850, "all of it: {first}, {second}");
    assert!(in_prompt(4_000).iter().all(|(_, shortened)| !shortened));
}

#[test]
fn a_turn_too_long_for_the_room_is_quoted_in_part() {
    let turns = turns(&FACTS[..2], &FILLER, 120, PROSE);
    assert_eq!(unanswered(&FACTS[..2], &turns, 250), []);
}
