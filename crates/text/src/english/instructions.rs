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
    beginnings: &[
        // "From now on I will run" tells a story.
        "from now/today on/onwards (please) !i/we/he/she/they/it/my/our/the/there/that/this/\
         everything/everyone",
        "from now/today on/onwards (please) i want/need/d/would (like) you (to)",
        "from here on (please) !i/we/he/she/they/it/my/our/the/there/that/this/\
         everything/everyone",
        "going forward (please) !i/we/he/she/they/it/my/our/the/there/that/this/\
         everything/everyone",
        "in (the) future (please) !i/we/he/she/they/it/my/our/the/there/that/this/\
         everything/everyone",
        "henceforth/hereafter (please) !i/we/he/she/they/it/my/our/the/there/that/this/\
         everything/everyone",
        "always/never answer/reply/respond/use/write/address/show/include/add/format/start/begin/end/\
         mention/suggest/recommend/sign/spell/explain/check/quote/cite/translate/round/convert/assume/\
         provide/refer/capitalize/capitalise/abbreviate/wrap/commit/push/run/delete/apologize/\
         apologise/generate/list !it/them/again/so/that/up/away",
        // Without "me" they are advice to anybody: "Always tell the truth".
        "always/never give/tell/ask/show/send/offer/speak/talk (to) me",
        "always/never ask before/first/for",
        "always keep (your/the) answers/replies/responses/explanations/code/it/things/messages",
        "always/never !i/we/he/she/they/a/an/the/been .. .. when/whenever/if i ask/say/send/paste/write/\
         mention/request",
        "always/never call me !back/when/if/before/after",
        "always be brief/concise/honest/direct/polite/formal/specific/blunt",
        "don/do t/not (ever) use/write/add/include/address/mention/suggest/recommend/start/begin/end/\
         abbreviate/apologize/apologise/explain/format/sign/repeat !it/them/\
         the/this/that/these/those/a/an/any/too",
        "don/do t/not ever send/give/show/tell me",
        "address me as",
        "don/do t/not (ever) call me !back/when/if/before/after/at/on/tomorrow/today/tonight/again/until",
        "answer/reply/respond/speak/write/address/use/call/keep/give/format/put/start/begin/end always/never",
        "only (ever) answer/reply/respond/speak/write in",
        "call me !tomorrow/back/later/when/at/if/on/now/after/in/today/tonight/maybe/again/before/a/an/\
         crazy/old/stupid/monday/tuesday/wednesday/thursday/friday/saturday/sunday/once/as/about/for/\
         this/next/asap",
        "make sure (that) (you) (to) always/never",
        "be sure to always/never",
        "remember to always/never",
        "stop using/adding/calling/apologizing/apologising/writing/saying/asking/ending/starting",
        "i prefer/want (your) (short/brief/long/detailed/concise) answers/replies/responses",
        "my name is .. call me",
        "when/whenever you give/show/quote/answer/reply/respond/explain/suggest/recommend/draft/\
         translate/summarize/summarise/send !a .. use/give/add/include/keep/start/begin/end/put/stick/\
         write/tell/avoid/don/do/never/always",
        "when/whenever you write/make/draw .. for me use/give/add/include/keep/start/begin/end/put/\
         stick/avoid/don/do/never/always",
        "for/in any/all/every/each/the .. you make/write/give/send/draw/draft/plan/suggest (for) me",
        "for/in .. you make/write/give/send/draw/draft/plan/suggest (for) me",
        "if you don/do t/not know .. say/tell/admit",
        "if you aren/are/re t/not sure/certain say/tell/admit/ask",
        "speak/talk to me like/as",
        "every/each (code) answer/reply/response/sample/snippet/summary/translation/draft (you) (write/give/\
         make) should/must",
        "remember to .. in/for/with any/every/all/each .. you give/write/send/make/suggest/show",
    ],
    anywhere: &[
        "please always/never answer/reply/respond/use/write/address/show/include/add/format",
        "please don/do t/not use/write/add/include/address",
    ],
    requests: &[
        "i want/need/prefer/like you to/not",
        "i d/would like/prefer (for) you to/not",
        "i d/would like/prefer it if you",
        "i d/would prefer/like that/you",
        "whenever/when/if i ask/say/send/mention/write/paste/share",
        "every/each time i ask/say/send/mention/write/paste/share",
        "answer/reply/respond/speak/write/address/use/keep/give/format/put/start/begin/end/sign/call/\
         make/include/add/show/send/say/talk/stick/limit/avoid/be/round/spell",
        "don/do t/not",
    ],
    lasting: &[
        "from now/today on/onwards",
        "from here on",
        "going forward",
        "in (the) future",
        "every/each time",
        "whenever i/you",
        "always use/answer/reply/respond/write/give/include/show/explain/add/quote !up",
        "never use/answer/reply/respond/write/give/include/show/explain/add !up",
        "by default",
    ],
    reported: &[
        "used to say",
        "he/she/they/dad/mum/mom/mother/father/grandmother/grandfather/grandma/grandpa/teacher/boss/\
         coach (always) says/said/say $",
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
