//! English small talk.

use crate::lexicon::SmallTalkWords;

/// English small talk.
pub(super) const SMALL_TALK: SmallTalkWords = SmallTalkWords {
    social: "alright alrighty amazing anytime awesome brilliant bye cheers cool dear exactly \
        excellent fantastic glad good goodbye goodnight gotcha great haha hahaha hehe hello \
        hey hi hiya hmm hmmm indeed interesting k kk kindly lmao lol lovely nice no nope np ok \
        okay oh omg perfect please pleased rofl sense sorry sounds sup sure ta tbh thank thanks thx \
        totally tysm understood welcome well wonderful wow yay yeah yep yes yo you yup",
    // No word that asks, and no time: "hey whats on tonight?" and "ok and today?" do ask.
    joining: "a again all and as everyone for i im lot m makes me of re s so that then there to too u \
        very with would you your youre",
    phrases: &[
        "(hey/hi/hello/so/and) what s/is up (today/then/dude/man/buddy) $",
        "whats up (today/then/dude/man/buddy) $",
        "(hey/hi/hello) what s/is new $",
        "(hey/hi/hello/so/and/well) how s/is/are/hows it/things/life/everything (going) (today) $",
        "(hey/hi/hello/so/and/well) (good) (morning/evening/day) how are/r you/u (all) (doing) (today) $",
        "(hey/hi/hello/ok/okay/thanks/well) (and/a) (very) good morning/afternoon/evening/day/night (to) \
         (you/u/all/everyone) (all) (there/too/then) $",
        "(hey/hi/hello/oh) (it) (s) (so/very/great/good/nice/lovely/pleased) (nice) to meet you (too) $",
        "(oh) never mind $",
        "(ok/okay/great/wow) thank/thanks (you) (so/very) much (for) (the/your) (help/tip/advice) $",
        "(ok/okay/great/wow) thank/thanks (you) for (the/your) help/tip/advice $",
        "(no/yes/ok/okay) it s/is fine/ok/okay $",
        "(all) done (thanks/thank) (you) $",
        "(i) (m) fine (thanks/thank) (you) $",
        "how have you been $",
        "how was your day $",
        "(thanks/thank/wow) (you) (so/very) (much) you re/are/r the best $",
        "you re/are (so/very/really) (a) kind/sweet/funny/helpful/smart/clever/amazing/awesome/\
         great/lifesaver/star/legend/right $",
        "see/talk/speak (you/ya/to) (you) tomorrow/soon/later/then/around/monday/tuesday/wednesday/\
         thursday/friday/saturday/sunday $",
        "(bye/ok/okay/good/alright) (night) (bye) until/till/talk/see (you) tomorrow/later $",
        "(hi/hey/ok/okay) i m/am (so/really/just/a/very) (bit) back/bored/tired/done/here/off/\
         hungry/happy/fine/good/ok/okay/great $",
        "i ll/will be right back $",
        "be right back $",
        "brb/gtg/ttyl/afk $",
        "(ok/okay/right/so) i have/ve/got (got) to go (now) $",
        "have a good/nice/great/lovely one/day/evening/night/weekend/time $",
        "(yes/yeah/no/ok/okay/great/thanks) (thank) (you) that s/is/was/sorted/worked (it/all/very) \
         (really/so) (all) (helpful/great/perfect/nice/good/right/correct/fine/useful/sorted) \
         (it/now/thanks) $",
        "(great/ok/okay/yes/perfect) (it) works/worked (now/great/fine/perfectly) (thanks/cheers/\
         thank) (you) $",
        "that helped (a) (lot/me) (thanks) $",
        "(thanks/cheers/ta/great) (you) (a) (lot) that helped/worked/works/s/is (a/me) (lot/great/\
         sorted) (it) $",
        "(thanks/thank) (you) (kindly/very/so) (much) that is/s all (for) (today/now) (thanks) $",
        "no worries/problem $",
        "my bad $",
        "same here $",
        "me too $",
        "morning/afternoon/evening (all/everyone) $",
        "sleep well $",
        "sweet dreams $",
        "happy birthday/easter/christmas/monday/friday $",
        "merry christmas $",
        "are you there/here/ok/okay/awake $",
        "(hello) (is) anyone/anybody there $",
        "test/testing (1) (2) (3) $",
        "who are you $",
        "what can you do $",
        "i love/like you $",
    ],
};
