//! What is known of English.

mod days;
mod first_person;
mod general;
mod grounding;
mod instructions;
mod questions;
mod small_talk;

pub use grounding::{frames_a_note, is_capital_pronoun, is_opener, means_the_user, noun_forms};

use crate::lexicon::Lexicon;

/// The words of English by what they do.
pub(crate) const LEXICON: Lexicon = Lexicon {
    // After the list that Lucene and Snowball share, with the contractions and question words of
    // chat.
    negations: "no not never none nor neither cannot without t",
    function_words: "a about above after again against all am an and any are aren as at be because \
        been before being below between both but by can cannot could couldn d did didn do does \
        doesn doing don down during each few for from further had hadn has hasn have haven having \
        he her here hers herself him himself his how i if in into is isn it its itself just ll m \
        me mightn more most mustn my myself needn no nor not now o of off on once only or other \
        our ours ourselves out over own re s same shan she should shouldn so some such t than that \
        the their theirs them themselves then there these they this those through to too under \
        until up ve very was wasn we were weren what when where which while who whom why will with \
        won would wouldn y you your yours yourself yourselves",
    typical_words: "please tell give remind explain show write yesterday today tomorrow thanks thank \
        hello good morning night said told went got make need know think much many long often list \
        always never use used answer keep call stop every like want",
    ambiguous_words: "list",
    days: days::DAYS,
    questions: questions::QUESTIONS,
    small_talk: small_talk::SMALL_TALK,
    general: general::GENERAL,
    instructions: instructions::INSTRUCTIONS,
    first_person: first_person::FIRST_PERSON,
};
