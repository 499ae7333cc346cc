//! German small talk.

use crate::lexicon::SmallTalkWords;

/// German small talk.
pub(super) const SMALL_TALK: SmallTalkWords = SmallTalkWords {
    social: "ach aha alles klar bitte cool danke dankeschon dankeschoen echt entschuldigung freut genau \
        gern gerne grussgott gut gute guten haha hallo hey hi hm hmm ja jo jawohl klasse lol moin na \
        nein nett nee ok okay perfekt prima richtig schade schon schoen servus sorry stimmt super \
        tag tschau tschuss tschuess toll tut verstanden verstehe vielen wunderbar ciao wow",
    joining: "abend abends auch bis das dann dir dich du es euch fur fuer geht ganz gehts hat heute ich \
        ihr ist jetzt leid mal mich mir morgen mittag nacht noch nicht nur sehr so tag und wie zusammen \
        war danke dank bald spater spaeter geholfen schonen schones wochenende feierabend",
    phrases: &[
        "bis morgen/bald/spater/spaeter/dann/nachher/gleich $",
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
        "wer bist du $",
    ],
};
