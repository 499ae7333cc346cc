//! English small talk.

use crate::lexicon::SmallTalkWords;

/// English small talk.
pub(super) const SMALL_TALK: SmallTalkWords = SmallTalkWords {
    social: "alright alrighty amazing anytime awesome brilliant bye cheers cool dear done exactly \
        excellent fantastic fine glad good goodbye goodnight gotcha great haha hahaha hehe hello \
        hey hi hiya hmm hmmm indeed interesting k kk kindly lmao lol lovely never nice no nope np ok \
        okay oh omg perfect please pleased rofl sense sorry sounds sup sure ta tbh thank thanks thx \
        totally tysm understood welcome well wonderful wow yay yeah yep yes yo you yup",
    // They do not make a message small talk on their own, since "how much is it?" and "what was on
    // my mind?" do ask; "what" is not among them.
    joining: "a afternoon again all and are as at be been day doing evening everyone for going \
        have how hows i im is it its later lot m makes many me meet mind morning much my night \
        of on one re right s see so soon that thats the there then this to today too tonight u up \
        very weekend whats with works would your youre",
    phrases: &[
        "(hey/hi/hello/so/and) what s/is up (today/then/dude/man/buddy) $",
        "whats up (today/then/dude/man/buddy) $",
        "(hey/hi/hello) what s/is new $",
        "(hey/hi/hello/so/and/well) how s/is/are/hows it/things/life/everything (going) (today) $",
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
        "(hello) (is) (anyone/anybody) (there/home) $",
        "test/testing (1) (2) (3) $",
        "who are you $",
        "what can you do $",
        "i love/like you $",
    ],
};
