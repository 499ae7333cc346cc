//! Requests in German that touch nothing personal.

use crate::lexicon::GeneralPatterns;

/// Requests in German that need no memory.
pub(super) const GENERAL: GeneralPatterns = GeneralPatterns {
    openings: &["bitte/ok/okay/hey/hallo/so/jetzt/mal", "kannst/konntest du (mir) (bitte)"],
    requests: &[
        "schreib/schreibe/erzahl/erzahle/erzaehl/mach/dichte/gib/erfinde (mir/uns) (mal/bitte) (ein/\
         eine/einen) (kurzes/kleines/kurze/kleine/lustigen/lustige/lustiges/guten) gedicht/witz/haiku/\
         geschichte/lied/ratsel/raetsel/reim/limerick/marchen/maerchen/gutenachtgeschichte $",
        "schreib/schreibe/erzahl/erzahle/erzaehl/mach/dichte/erfinde (mir/uns) (mal/bitte) (ein/eine/\
         einen) (kurzes/kleines/kurze/kleine/lustigen/lustige/lustiges/guten) gedicht/witz/haiku/\
         geschichte/lied/reim/limerick/marchen uber/ueber/von (den/die/das) <concept>/<general> $",
        "schreib/schreibe/erzahl/erzahle/erzaehl/mach/dichte/erfinde (mir/uns) (mal/bitte) (ein/eine/\
         einen) (kurzes/kleines/kurze/kleine/lustigen/lustige/lustiges/guten) gedicht/witz/haiku/\
         geschichte/lied/reim/limerick/marchen uber/ueber/von ein/eine/einen <word> $",
        // What is to be translated stands in quotation marks, which are left out here.
        "ubersetze/uebersetze/ubersetz (bitte) ins/auf/in <known> $",
        "wie sagt man .. auf <known>",
        "was heisst .. auf <known>",
        "rechne <number> .. in",
        "rechne .. in <known> um",
        "wie viele/wieviele <measure> hat/sind/haben (ein/eine/einem/einer/in) (ein/einem/einer) \
         <measure>",
        "wie viele tage hat (der) <month> $",
        "wie viele planeten/kontinente/lander/laender/bundeslander gibt es $",
        "wie viele knochen/zahne hat ein/der mensch/erwachsener $",
        "was ist die hauptstadt/einwohnerzahl/wahrung von/der/des <known> $",
        "was ist die mehrzahl/quadratwurzel/wurzel von/aus <word> $",
        "was ist die lichtgeschwindigkeit $",
        "was ist der siedepunkt/schmelzpunkt/gefrierpunkt/plural von <word> $",
        "was ist der unterschied zwischen einem/einer <word> und einem/einer <word> $",
        "was ist das gegenteil von <word> $",
        "wie heisst die hauptstadt von/der/des <known> $",
        "was ist ein/eine <word> $",
        "was bedeutet das wort (<word>) $",
        "ist ein/eine .. ein/eine obst/gemuse/gemuese/frucht/saugetier/saeugetier/vogel/fisch/planet/\
         beere/nuss/insekt/metall/primzahl $",
        "erklar/erklare/erklaer/erklaere (mir) (bitte) (mal) (die/das/den) <concept> $",
        "erklar/erklare/erklaer/erklaere (mir) (bitte) (mal) (was/wie) (die/das/ein/eine) <concept> \
         ist/funktioniert $",
        "definiere <concept> $",
        "wie kocht/bindet/schreibt/buchstabiert/berechnet/faltet man ein/eine/einen <word> $",
        "wie koche/binde/schreibe/buchstabiere/berechne ich ein/eine/einen <word> $",
        "warum ist der/das himmel/mond/meer <word> $",
        "wie weit ist der/die mond/sonne (entfernt/weg) $",
        "nenne/nenn (mir) (ein/eine/einen/zwei/drei/funf) (andere/anderes) synonym/synonyme/planeten/\
         tiere/farben/reim/lander (fur) $",
        "wer erfand das/den/die telefon/gluhbirne/rad/buchdruck $",
        "was reimt sich auf <word> $",
    ],
    works: &["wer schrieb/malte/komponierte", "wer hat .. geschrieben/gemalt/komponiert"],
    personal: &[
        "mein/meine/meinem/meinen/meiner/meines/unser*/wir/uns/mich/dein/deine/deinem/deinen/deiner",
        "fur mich",
        "du/hast/hatte/hatten/gesagt/erzahlt/erinner*/versprochen/besprochen/vereinbart/letztes mal",
        "gestern/heute/morgen/letzte*/vorher/nochmal",
        "er/sie/ihm/ihr/ihre/ihren/sein/seine/diese*/dies",
        "mama/papa/oma/opa/frau/mann/chef/tochter/sohn/bruder/schwester/freund/freundin/kinder/kind",
        "gut*/best* .. fur",
    ],
    articles: "der die das dem den des",
    general_things: "alphabet erde fruhling gegenteil gefrierpunkt gluhbirne hauptstadt herbst himmel liebe \
        lichtgeschwindigkeit meer mehrzahl mond plural planeten quadratwurzel rad regen schmelzpunkt schnee \
        siedepunkt sommer sonne telefon unterschied wahrung wasserkreislauf welt wind winter wort \
        wurzel einwohnerzahl buchdruck wald",
    topics: "liebe freundschaft regen schnee gluck musik kaffee \
        rekursion photosynthese fotosynthese evolution entropie inflation osmose demokratie polymorphie \
        relativitat relativitatstheorie schwerkraft elektrizitat",
    before_name: Some(
        "uber ueber von fur fuer an mit zu bei nach in ist war hat heisst schrieb malte",
    ),
    known_names: "deutsch englisch franzosisch franzoesisch spanisch italienisch englische franzosische \
        deutsche spanische japanisch chinesisch latein lateinisch kanada deutschland frankreich spanien italien \
        osterreich schweiz polen portugal peru brasilien argentinien mexiko china japan indien \
        australien schweden norwegen finnland danemark griechenland turkei russland agypten europa afrika \
        asien amerika usa paris berlin rom london madrid wien tag jahr stunde minute woche celsius \
        fahrenheit meter kilometer meilen wasser faust goethe python hamlet belgien ungarn island irland",
    commands: &[
        "(ja/ok/okay/bitte/und/gut) (bitte) (mach) weiter (so/bitte) $",
        "(ja/ok/okay/bitte/und) (bitte) (fahr/fahre) fort (bitte) $",
        "(ja/ok/okay/gut) (bitte) (dann) mach das/es/mal (bitte/so) $",
        "(ja/ok/okay/bitte) (bitte) nochmal (bitte) $",
        "(bitte) noch (ein) mal/einmal/einen/eins/mehr (bitte) $",
        "(und/das/die/der/bitte) nachste/naechste/nachstes/nachster (bitte) $",
        "(ok/okay/bitte) los $",
        "(bitte) mehr (davon/bitte) $",
        "stopp/stop $",
        "leg/leg's los $",
    ],
};
