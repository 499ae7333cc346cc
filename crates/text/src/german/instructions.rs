//! How German instructs.

use crate::lexicon::InstructionPatterns;

/// How German instructs.
pub(super) const INSTRUCTIONS: InstructionPatterns = InstructionPatterns {
    openings: &[
        "bitte/und/also/hey/hallo/ok/okay/aber/ubrigens/uebrigens/wichtig/ach",
        "noch etwas/was",
    ],
    beginnings: &[
        "ab jetzt/sofort/heute/nun (bitte) (immer/nie/nur) antworte/schreib/schreibe/nenn/nenne/verwende/\
         benutze/nutze/gib/halte/sprich/sag/zeig/duze/sieze/lass/vermeide/rechne/runde/keine/kein/nur/\
         immer/nie/bitte",
        "von jetzt/nun an/ab (bitte) (immer/nie/nur) antworte/schreib/schreibe/nenn/nenne/verwende/\
         benutze/nutze/gib/halte/sprich/sag/zeig/duze/sieze/lass/vermeide/rechne/runde/keine/kein/nur/\
         immer/nie/bitte",
        "in zukunft (bitte) (immer/nie/nur) antworte/schreib/schreibe/nenn/nenne/verwende/benutze/nutze/\
         gib/halte/sprich/sag/zeig/duze/sieze/lass/vermeide/keine/kein/nur/bitte",
        "kunftig/kuenftig (bitte) (immer/nie/nur) antworte/schreib/schreibe/nenn/nenne/verwende/benutze/\
         nutze/gib/halte/sprich/sag/zeig/duze/sieze/lass/vermeide/keine/kein/nur/bitte",
        "antworte/schreib/nenn/nenne/verwende/benutze/nutze/gib/halte/sprich/sag/zeig/formatiere/\
         beginne/beende/erklar/erklare/frag/runde/rechne/zitiere/schlag/schlage/empfiehl/schick/\
         schicke/ubersetze/korrigier/korrigiere (mir/mich) (bitte) \
         immer/nie/niemals/stets/grundsatzlich/ausschliesslich",
        "verwende/benutze/nutze/schreib/schreibe (bitte) (in/meinen/mails) (meinen) (mails/texten) \
         keine/kein/nie/niemals",
        "immer/nie/niemals .. antworten/schreiben/verwenden/benutzen/nutzen/duzen/siezen/angeben/rechnen",
        "keine/kein .. verwenden/benutzen/nutzen/schreiben",
        "keine emojis/semikolons/abkurzungen/aufzahlungen/anglizismen",
        "nenn/nenne mich !nicht/so/ruhig/einen/eine",
        "duz/duze/sieze/siez mich",
        "antworte/sprich/schreib/schreibe (mir) (bitte) nur",
    ],
    anywhere: &[
        "bitte immer/nie/niemals .. antworten/schreiben/verwenden/benutzen/nutzen",
        "bitte keine .. verwenden/benutzen/nutzen",
    ],
    requests: &[
        "ich mochte/moechte/will/wunsche/hatte/haette gern/gerne dass du",
        "ich mochte/moechte/will/wunsche (mir) dass du",
        "wenn ich .. frage/bitte/schreibe/schicke/sage",
        "antworte/schreib/schreibe/nenn/nenne/verwende/benutze/nutze/gib/halte/sprich/sag/zeig/formatiere",
        "du sollst",
    ],
    lasting: &[
        "ab jetzt/sofort/heute/nun",
        "von jetzt/nun an/ab",
        "in zukunft",
        "kunftig/kuenftig",
        "immer/nie/niemals/stets",
        "jedes mal",
    ],
    reported: &["zu sagen pflegte", "pflegte zu sagen", "sagte/sagt (immer) mein/meine/er/sie"],
    dispensable: &[
        "ab jetzt/sofort/heute/nun",
        "von jetzt/nun an/ab",
        "in zukunft",
        "kunftig/kuenftig",
        "bitte",
    ],
    naming: &["nenn/nenne mich"],
};
