//! How English instructs.

use crate::lexicon::InstructionPatterns;

/// How English instructs.
pub(super) const INSTRUCTIONS: InstructionPatterns = InstructionPatterns {
    openings: &[
        "please/and/also/so/hey/hi/hello/ok/okay/but/btw/well/important/note/rule/reminder/sorry/thanks",
        "by the way",
        "one more thing",
        "one thing",
        "can/could/would/will you (please)",
    ],
    addressing: &[
        "call me !monday/tuesday/wednesday/thursday/friday/saturday/sunday/tomorrow/today/tonight/now/\
         back/later/up/please/asap/anytime/sometime/whenever/crazy/old/mad <name> (<name>) (<name>) \
         (please/instead) (from) (now) (on) (please) $",
        "(don/do) (t/not) ever/never/always/t/not call me <name> (<name>) (<name>) (please/again/anymore) $",
        "(always) address me as .. $",
        "my name is .. call me <name> $",
    ],
    beginnings: &[
        "always/never answer/reply/respond in/with/briefly/concisely/me",
        "only (ever) answer/reply/respond/speak/write in (plain/simple/british/american) english/german/\
         french/spanish/italian/portuguese/dutch/polish/japanese/chinese/russian/swedish/latin",
        "always/never speak/talk/write to me in/like/as",
        "(always) keep your answers/replies/responses/explanations/summaries",
        "always/never cite/quote/summarize/summarise your/sources/the/my",
        "always/never recommend/suggest me",
        "always/never show/ask/tell/warn me .. before you",
        "always be brief/concise/blunt (with) (me) $",
        "don/do t/not ever send/give/show me walls/text/code/emojis/links/lists/tables",
        "i prefer (your) short/shorter/brief/long/detailed/concise answers/replies/responses",
        "when/whenever you give/show/quote/suggest/recommend (me) (a/an) (some) prices/amounts/numbers/\
         dates/times/distances/temperatures/measurements/examples/code/recipe/recipes/answer/answers/\
         explanations/advice/sources/links .. use/give/add/include/keep/start/begin/end/put/stick/\
         write/tell/avoid/don/do/never/always",
        "when/whenever you answer/reply/respond/explain/draft/translate/summarize/summarise .. use/give/\
         add/include/keep/start/begin/end/put/stick/write/tell/avoid/don/do/never/always",
        "when/whenever you write/make/draw .. for me use/give/add/include/keep/start/begin/end/put/\
         stick/avoid/don/do/never/always",
        "for/in any/all/every/each/the .. you make/write/give/send/draw/draft/plan/suggest (for) me",
        "for/in .. you make/write/give/send/draw/draft/plan/suggest (for) me",
        "if you don/do t/not know .. say/tell/admit",
        "if you aren/are/re t/not sure/certain say/tell/admit so/me/it/that",
        "if you aren/are/re t/not sure/certain .. tell me",
        "speak/talk to me like/as",
        "every/each (code) answer/reply/response/sample/snippet/summary/translation/draft (you) (write/give/\
         make) should/must (always) end/start/begin/come/include/contain/have/use/fit/stay",
        "remember to .. in/for/with any/every/all/each .. you give/write/send/make/suggest/show",
    ],
    anywhere: &[
        "please always/never answer/reply/respond/use/write/address/show/include/add/format",
        "please don/do t/not use/write/add/include/address",
    ],
    requests: &[
        "always/never",
        "i want/need/prefer/like you to/not",
        "i d/would like/prefer (for) you to/not",
        "i d/would like/prefer it if you",
        "i d/would prefer/like that/you",
        "whenever/when/if i ask/say/send/mention/write/paste/share",
        "every/each time i ask/say/send/mention/write/paste/share",
        "make sure (that) (you) (to) always/never",
        "be sure to always/never",
        "remember to always/never",
        "answer/reply/respond/speak/write/address/use/keep/give/format/put/start/begin/end/sign/\
         make/include/add/show/send/say/talk/stick/limit/avoid/be/round/spell/quote/cite/translate/\
         explain/summarize/summarise",
        "stop using/adding/apologizing/apologising/writing/ending/starting",
        "don/do t/not",
    ],
    lasting: &[
        "from now/today on/onwards",
        "from here on",
        "going forward",
        "henceforth/hereafter",
        "in (the) future",
        "every/each time",
        "whenever i/you",
        "answer/reply/respond/speak/write/use/keep/give/format/put/start/begin/end always/never",
        "always/never use/answer/reply/respond/write/give/include/show/explain/add/quote/check/format/\
         start/begin/end/cite/translate/spell/round/convert/sign/run/push/commit/delete/summarize/\
         summarise/keep !it/them/again/so/that/up/away",
        "don/do t/not (ever) use/write/add/include/start/begin/end/abbreviate/apologize/apologise/\
         explain/format/sign/repeat !it/them/the/this/that/these/those/a/an/any/too",
        "stop using/adding/apologizing/apologising/writing/ending/starting !the/that/this/it/my/our",
        "by default",
    ],
    own_work: &[
        "emoji*/semicolon*/markdown/jargon/slang/abbreviation*/acronym*/bullet*/exclamation/footnote*/\
         headings/paragraph*/sentence/sentences/wording/phrasing/spelling/citation*/contractions",
        "answers/replies/responses/summaries/explanations/translations",
        "em/en dash/dashes",
        "code example*/sample*/block*/snippet*",
        "write/format/show/comment/explain/run code/git",
        "in/use python/javascript/typescript/sql/regex",
        "in rust",
        "in/use metric/imperial/celsius/fahrenheit/kilometers/kilometres (please) $",
        "in/use metric/imperial/celsius/fahrenheit/kilometers/kilometres from/when/whenever/in/and/instead",
        "units",
        "in/use/write (plain/simple/british/american/formal/proper) english/german/french/spanish/\
         italian/portuguese/dutch/polish/japanese/chinese/russian/swedish/latin",
        "speak english/german/french/spanish/italian/portuguese/dutch/polish/japanese/chinese/russian/\
         swedish (with/to) (me) (please) $",
        "translate .. to/into",
        "spell",
        "be brief/concise/terse/succinct/blunt",
        "keep it short/brief/concise",
        "24/12 hour times/time/clock/format",
        "dates/times/numbers/prices as/in/with/like",
        "quote/cite (the/your/a) source/sources",
        "your source/sources/answer/reply/response/summary/tone/code",
        "words that",
        "apologise/apologize/apologising/apologizing all/so/every/too",
        "whenever/when/if/time i ask you/for",
        "whenever/when/if/time i paste",
        "whenever/when/if/time i send/give/show you",
        "when/whenever you answer/reply/respond/edit/write/explain/translate/draft/summarize/summarise",
        "reply/respond/answer (to) (me) in/with/briefly",
    ],
    reported: &[
        "used to say",
        "he/she/they/dad/mum/mom/mother/father/grandmother/grandfather/grandma/grandpa/teacher/boss/\
         coach (always) says/said/say/told/tells (me/us) $",
        "as they say",
    ],
    dispensable: &[
        "from now/today/here on/onwards",
        "going forward",
        "in (the) future",
        "henceforth/hereafter",
        "please",
    ],
    naming: &["call me"],
};
