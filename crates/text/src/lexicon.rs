//! What one language gives: lists of words, and patterns of words.

use crate::days::DayWords;
use crate::statements::FirstPerson;

/// The words of one language by what they do. Lists are words between spaces, patterns are those of
/// [`phrases`](crate::phrases); both are in lower case and without accents.
pub(crate) struct Lexicon {
    /// Words that say no: with or without one, the same words say two things.
    pub(crate) negations: &'static str,
    /// Words too frequent to tell texts apart; a query is searched without them.
    pub(crate) function_words: &'static str,
    /// Frequent words that are no function words and still tell the language.
    pub(crate) typical_words: &'static str,
    /// Function words that are ordinary words of another language, which say less.
    pub(crate) ambiguous_words: &'static str,
    /// How it speaks of days.
    pub(crate) days: DayWords,
    /// How it asks.
    pub(crate) questions: QuestionPatterns,
    /// Messages that ask memory for nothing.
    pub(crate) small_talk: SmallTalkWords,
    /// Requests that touch nothing personal.
    pub(crate) general: GeneralPatterns,
    /// Instructions that last.
    pub(crate) instructions: InstructionPatterns,
    /// How a person speaks of themselves.
    pub(crate) first_person: FirstPerson,
}

/// How a language asks.
pub(crate) struct QuestionPatterns {
    /// Words before a question that say nothing ("and", "by the way").
    pub(crate) openings: &'static [&'static str],
    /// Words with which a question begins: interrogatives and auxiliaries.
    pub(crate) interrogatives: &'static [&'static str],
    /// Requests for an answer ("tell me").
    pub(crate) requests: &'static [&'static str],
    /// Asks for a time.
    pub(crate) when: &'static [&'static str],
    /// Asks for a number.
    pub(crate) number: &'static [&'static str],
    /// Asks what was so and may be so no longer.
    pub(crate) history: &'static [&'static str],
    /// Certainly asks for the assistant's words.
    pub(crate) assistant_said: &'static [&'static str],
    /// Asks for advice, which is no question about the assistant's words.
    pub(crate) advice: &'static [&'static str],
    /// Asks for the assistant's words, unless it asks for advice.
    pub(crate) assistant: &'static [&'static str],
    /// Speaks to the other one, whoever that is.
    pub(crate) other: &'static [&'static str],
    /// Speaks of the person, alone or with others, or of what the other one said.
    pub(crate) not_only_other: &'static [&'static str],
    /// Asks for all that is known about the person.
    pub(crate) what_is_known: &'static [&'static str],
    /// Asks for the person's own words.
    pub(crate) user: &'static [&'static str],
}

/// Words of messages that ask memory for nothing.
pub(crate) struct SmallTalkWords {
    /// Words of greetings, thanks and assent.
    pub(crate) social: &'static str,
    /// Words that may stand beside them, and make no small talk on their own.
    pub(crate) joining: &'static str,
    /// Whole messages.
    pub(crate) phrases: &'static [&'static str],
}

/// Requests for what everybody could know, or for something to be written.
pub(crate) struct GeneralPatterns {
    /// Words before a request that say nothing ("please", "can you").
    pub(crate) openings: &'static [&'static str],
    /// Beginnings of such requests. `<number>` is a number, `<measure>` a unit, `<month>` a month,
    /// `<known>` a well-known name, `<concept>` one of [`topics`](Self::topics), `<general>` one of
    /// [`general_things`](Self::general_things), `<word>` any word. They end with `$`: what follows
    /// ("in scope", "of contract 12") may make a request personal.
    pub(crate) requests: &'static [&'static str],
    /// Beginnings behind which names of several words are works, not somebody the person knows.
    pub(crate) works: &'static [&'static str],
    /// What speaks of the person or of what was said or done: such a message is never general.
    pub(crate) personal: &'static [&'static str],
    /// Definite articles: they point at something of the person's own, unless a word of
    /// [`general_things`](Self::general_things) follows.
    pub(crate) articles: &'static str,
    /// What everybody means by an article and this word ("the moon").
    pub(crate) general_things: &'static str,
    /// What a poem may be about, or be explained, without being anybody's own.
    pub(crate) topics: &'static str,
    /// Words behind which a capital letter makes a name, where all nouns have one; none where every
    /// capital letter within a sentence makes one.
    pub(crate) before_name: Option<&'static str>,
    /// Names that everybody knows, as the language writes them.
    pub(crate) known_names: &'static str,
    /// Whole messages that only tell the assistant to go on.
    pub(crate) commands: &'static [&'static str],
}

/// How a person says how things are to be done from now on.
pub(crate) struct InstructionPatterns {
    /// Words before an instruction that say nothing ("please").
    pub(crate) openings: &'static [&'static str],
    /// Sentences that say how to address the person; `<name>` is a word with a capital letter.
    pub(crate) addressing: &'static [&'static str],
    /// Beginnings of a sentence that surely instructs the assistant.
    pub(crate) beginnings: &'static [&'static str],
    /// What makes a request anywhere in a sentence; it instructs only together with
    /// [`own_work`](Self::own_work).
    pub(crate) anywhere: &'static [&'static str],
    /// Beginnings that instruct only together with [`lasting`](Self::lasting) and
    /// [`own_work`](Self::own_work).
    pub(crate) requests: &'static [&'static str],
    /// Words that make a request last ("from now on").
    pub(crate) lasting: &'static [&'static str],
    /// What an assistant does and what its answers are made of. Without it a sentence may be a rule
    /// of the household: "always add salt to pasta water".
    pub(crate) own_work: &'static [&'static str],
    /// What shows that the person only repeats advice ("my dad used to say").
    pub(crate) reported: &'static [&'static str],
    /// Words that may be left out of an instruction and leave it the same ("from now on", "please").
    pub(crate) dispensable: &'static [&'static str],
    /// Beginnings of an instruction that says a name and nothing else ("call me").
    pub(crate) naming: &'static [&'static str],
}
