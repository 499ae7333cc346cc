//! German small talk.

use crate::lexicon::SmallTalkWords;

/// German small talk.
pub(super) const SMALL_TALK: SmallTalkWords = SmallTalkWords {
    social: "ach aha alles klar bitte cool danke dankeschon dankeschoen echt entschuldigung freut genau \
        gern gerne grussgott gut gute guten haha hallo hey hi hm hmm ja jo jawohl klasse lol moin na \
        nein nett nee ok okay perfekt prima richtig schade schon schoen servus sorry stimmt super \
        tag tschau tschuss tschuess toll tut verstanden verstehe vielen wunderbar ciao wow",
    joining: "abend auch das dich dir du euch ganz ich ihr leid mal mich mir nicht nur sehr so und \
        zusammen dank",
    phrases: &[
        "(danke/vielen/ok/okay/tschuss/tschuess/ciao) (dank) bis morgen/bald/spater/spaeter/dann/nachher/gleich $",
        "(hallo/hi/hey/na/und) wie geht s/es (dir/euch/ihnen) (heute/so) $",
        "(hallo/hi/hey/na) wie gehts (dir/euch) (heute/so) $",
        "was geht (ab) $",
        "was gibt s/es neues $",
        "(hi/hallo/so) (ich) bin wieder/zuruck da/hier/zuruck $",
        "ich bin zuruck/da/mude/muede $",
        "mir ist langweilig $",
        "(danke/super) du bist der/die/das beste/toll/super/spitze/klasse $",
        "(danke/super/toll/ja) (vielen) (dank) das hat (mir) (sehr/wirklich) geholfen $",
        "(danke/super/ok) das war s/es/alles (fur) (heute) (danke) $",
        "(alles) kein/keine problem/ursache/sorge $",
        "schlaf gut/schon $",
        "gute nacht/besserung/fahrt $",
        "frohe weihnachten/ostern $",
        "bist du da/noch (da) $",
        "(hallo/hi/hey) (einen) (schonen/guten) guten/morgen (morgen) (zusammen/dir/euch) $",
        "(danke/tschuss/tschuess) (ein) schones/schoenes wochenende (noch) $",
        "(danke/tschuss/tschuess) (einen) schonen/schoenen tag/abend/feierabend (noch) $",
        "(ja/ok/okay) das ist/klingt gut/super/toll/prima/schade/nett $",
        "wer bist du $",
    ],
};
