//! How English asks.

use crate::lexicon::QuestionPatterns;

/// How English asks.
pub(super) const QUESTIONS: QuestionPatterns = QuestionPatterns {
    openings: &[
        "and/so/but/also/hey/hi/hello/btw/ok/okay/oh/well/anyway/hmm/um/yes/yeah/thanks/sorry",
        "by the way",
        "one more thing",
        "one more/last/other question",
        "quick/another question",
        "just curious",
    ],
    interrogatives: &[
        "what/where/who/whom/whose/which/why/how/whats/wheres/whos/hows",
        // Without an auxiliary it begins a story: "When I was young, …".
        "when did/do/does/is/are/was/were/will/would/can/could/should/shall/must/have/has/had/am/s",
        "when $",
        "do/does/did/is/are/am/should/could/would/shall/isn/aren/didn/doesn/wasn/weren",
        // Alone they tell too: "Had lunch", "Was at the gym", "Will do".
        "have/has/had/was/were/will/can/may/might/must i/you/he/she/it/we/they/there/the/my/your/\
         his/her/our/their/this/that/these/those/any/anyone/anybody/somebody/someone",
    ],
    requests: &[
        "remind/tell/show me",
        "can/could/would/will you",
        "i wonder",
        "i am/m wondering",
        "do you know/remember",
        "please",
        "look up",
        "what/how about",
        "any idea/ideas/clue/chance/tips/advice/suggestions/recommendations",
        "let me know",
        "i need/want to know",
        "i d/would like to know",
        "help me",
    ],
    when: &[
        // "What do I leave out when I cook?" asks for no time.
        "when did/do/does/is/are/was/were/will/would/can/could/should/shall/must/have/has/had/am/s/\
         may/might/exactly/and/or/in/on/else/again",
        "when $",
        "since/until/till/by/from when",
        "know/me/wonder/remember/say/said when",
        "what/which (exact) date/day/weekday/month/year/time",
    ],
    number: &[
        "how many/much/often/long/old/far",
        "what/which (is/was/s) (the/my/our) (total/exact) number/amount/price",
    ],
    history: &[
        "did/was/were/had .. before $",
        "did/was/were/had .. before the/my/our/his/her/their/that/i/we/he/she/they/it",
        "used to",
        "use to",
        "previously/formerly/originally",
        "the/my/our/his/her/their old/former/previous",
        "did/was/were/had .. once",
        "in the past",
        "back then",
    ],
    assistant_said: &[
        "did you",
        "you said/told/suggested/recommended/advised/proposed/prescribed",
        "remind me",
        "according to you",
    ],
    advice: &[
        "can/could/would/will/should you (please/also/maybe) suggest/recommend",
        "suggest/recommend some/any/a/an/me",
        "any (good/other/more/useful) tips/advice/suggestions/ideas/recommendations/tip/suggestion/\
         idea/recommendation",
    ],
    assistant: &["you suggest*/recommend*", "your"],
    other: &["you/your/yours/yourself/u"],
    not_only_other: &[
        "i/me/my/mine/we/us/our/ours",
        "you said/told/suggested/recommended/mentioned/wrote",
        "did you say/tell/suggest/recommend/mention/write",
        "remind",
    ],
    what_is_known: &[
        "(please) (tell) (me) (all) what/everything (do/did/have) you (already) know/remember/learn/\
         learned/noted about/of me (already/now/please) $",
        "what facts do you know/remember about me (already/now/please) $",
        "what is/s known about me $",
    ],
    user: &["i/me/my/mine"],
};
