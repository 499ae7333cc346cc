//! How German asks.

use crate::lexicon::QuestionPatterns;

/// How German asks.
pub(super) const QUESTIONS: QuestionPatterns = QuestionPatterns {
    openings: &[
        "und/also/aber/ach/ok/okay/hallo/hey/hi/ubrigens/uebrigens/so/na/ja/danke/nun/sorry",
        "noch etwas/was",
        "eine (andere/kurze/letzte) frage",
        "noch eine frage",
        "ach so",
    ],
    interrogatives: &[
        "wer/wen/wem/wessen/was/wo/woher/wohin/wann/warum/wieso/weshalb/wie/wieviel/welch*/womit/\
         wofur/wofuer/woran/woruber/wozu/worin",
        "in/an/auf/mit/von/bei/bis/seit/aus/zu/fur/fuer/um/nach/vor/ab/gegen welch*/wem/wen/wann/was",
        "ist/sind/war/waren/hat/habe/hast/haben/hatte/kann/kannst/konnen/koennen/konnte/darf/durfen/\
         soll/sollen/sollte/muss/mussen/will/wird/werden/gibt/weisst/war/ware/waere/wurde/bin/bist/\
         gab ich/du/er/sie/es/wir/ihr/man/der/die/das/ein/eine/mein/meine/unser/unsere/dein/deine/\
         jemand/dies*/noch/irgend*",
        "darf/muss/soll/kann",
    ],
    requests: &[
        "erinner*/sag/nenn*/zeig* mich/mir/uns",
        "kannst/konntest/wurdest/konnen du/sie",
        "ich frage mich",
        "weisst du",
        "bitte",
        "schau/sieh (mal) nach",
        "was ist mit",
        "wie ware/waere/steht es/mit",
        "irgendeine/irgendwelche idee/ideen/tipps/vorschlage",
        "ich mochte/moechte/will wissen",
        "hilf mir",
    ],
    when: &[
        "wann",
        "an/in/zu welch* (genauen) tag/datum/wochentag/monat/jahr/woche",
        "welch* tag/datum/wochentag/monat/jahr/uhrzeit",
        "um wie viel uhr",
        "um wieviel uhr",
        "wie spat",
    ],
    number: &[
        "wie viel/viele/vielen/oft/lange/lang/alt/weit/hoch/gross",
        "wieviel/wieviele",
        "welch* (genaue) anzahl/zahl/betrag/preis/summe",
        "was (ist/war) (der) preis/betrag",
        "was kostet/kosten/kostete",
    ],
    history: &[
        "fruher*/frueher*/damals/vorher/ehemals/einst/ehemalig*/vormals",
        "habe/haben/hatte/hatten/war/waren/hat .. vor dem/der/meinem/meiner/unserem/unserer",
        "mein/meine/meinem/meinen/meiner/unser/unsere/unserem/unseren/unserer alte/alter/altes/\
         alten/altem/vorig*",
        "ursprunglich*/urspruenglich*",
    ],
    assistant_said: &[
        "du .. gesagt/empfohlen/vorgeschlagen/geraten/genannt/erklart/berechnet/gegeben/geplant/\
         erwahnt/gemeint/geschrieben",
        "sagtest/empfahlst/nanntest/rietst/meintest/schlugst du",
        "erinner/erinnere mich",
        "laut dir",
    ],
    advice: &[
        "kannst/konntest/wurdest/koenntest/wuerdest/konnen/konnten/sollst du/sie .. empfehlen/\
         vorschlagen/raten",
        "empfiehl/empfehle (mir/uns)",
        "schlag/schlage (mir/uns)",
        "hast du (irgendwelche/ein/eine/einen/noch/mir) (gute/paar) tipp/tipps/idee/ideen/vorschlag/\
         vorschlage/empfehlung/empfehlungen",
        "irgendwelche/irgendeine tipps/ideen/vorschlage/empfehlungen/idee",
    ],
    assistant: &[
        "dein/deine/deinem/deinen/deiner (letzt*) vorschlag/empfehlung/rat/tipp/antwort/rechnung",
    ],
    other: &["du/dich/dir/dein*/euch/euer*/eure*"],
    not_only_other: &[
        "ich/mir/mich/mein*/wir/uns/unser*",
        "du .. gesagt/erzahlt/empfohlen/vorgeschlagen/erwahnt/geschrieben",
        "erinner*",
    ],
    what_is_known: &[
        "was/alles (was) (weisst) du (alles/schon) (weisst) uber/ueber mich (weisst) $",
    ],
    user: &["ich/mir/mich/mein/meine/meinem/meinen/meiner/meines"],
};
