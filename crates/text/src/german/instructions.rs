//! How German instructs.

use crate::lexicon::InstructionPatterns;

/// How German instructs.
pub(super) const INSTRUCTIONS: InstructionPatterns = InstructionPatterns {
    openings: &[
        "bitte/und/also/hey/hallo/ok/okay/aber/ubrigens/uebrigens/wichtig/ach",
        "noch etwas/was",
    ],
    addressing: &[
        "nenn/nenne mich (ab) (jetzt/sofort/heute) (bitte) (nur/immer) <name> (<name>) (<name>) (bitte) $",
        "nenn/nenne mich (bitte) nie/niemals/nicht (mehr/wieder) <name> (<name>) $",
        "duz/duze/sieze/siez mich (bitte/immer) (immer) $",
    ],
    beginnings: &[
        "antworte/sprich/schreib/schreibe (mir) (bitte) (immer/nur) auf deutsch/englisch/franzosisch/\
         spanisch/italienisch (bitte) $",
        "antworte (mir) (bitte) immer/nie/stets/nur auf/in/mit/kurz/knapp/ohne",
        "empfiehl/schlag/schlage mir (bitte) immer/nie/niemals",
    ],
    anywhere: &[
        "bitte immer/nie/niemals .. antworten/schreiben/verwenden/benutzen/nutzen",
        "bitte keine .. verwenden/benutzen/nutzen",
    ],
    requests: &[
        "ich mochte/moechte/will/wunsche/hatte/haette gern/gerne dass du",
        "ich mochte/moechte/will/wunsche (mir) dass du",
        "wenn ich .. frage/bitte/schreibe/schicke/sage",
        "antworte mir/bitte/immer/nie/niemals/stets/nur/ab/auf/in/mit/kurz/knapp/ohne",
        "kurz/knapp/ausfuhrlich/auf/ohne .. antworten/schreiben $",
        "schreib/schreibe/verwende/benutze/nutze/gib/halte/sprich/sag/zeig/formatiere/\
         beginne/beende/erklar/erklare/runde/rechne/zitiere/ubersetze/korrigier/korrigiere/vermeide !ich",
        "immer/nie/niemals/keine/kein/nur .. antworten/schreiben/verwenden/benutzen/nutzen/angeben/rechnen $",
        "keine emojis/semikolons/abkurzungen/aufzahlungen/anglizismen",
        "du sollst",
    ],
    lasting: &[
        "ab jetzt/sofort/heute/nun",
        "von jetzt/nun an/ab",
        "in zukunft",
        "kunftig/kuenftig",
        "immer/nie/niemals/stets/keine/kein/grundsatzlich/ausschliesslich",
        "jedes mal",
    ],
    own_work: &[
        "emoji*/semikolon*/abkurzung*/aufzahlung*/anglizismen/fremdworter*/fachworter*/fachbegriff*/\
         stichpunkt*/absatz*/absatze*/zusammenfassung*/markdown/antworten/antwortest/metrisch*/\
         einheiten/celsius/code/satzen/satze",
        "auf deutsch/englisch/franzosisch/spanisch/italienisch",
        "antworte (mir) (bitte) (immer/nie/nur) auf/in/mit/kurz/knapp/ohne",
        "schreib/schreibe .. kurz/knapp/ohne/auf/kurzer",
        "quelle/quellen angeben/an/nennen",
        "mit einem beispiel",
        "(in) meinen mails/texten",
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
