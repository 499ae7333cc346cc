//! What is known of German.

mod days;
mod first_person;
mod general;
mod instructions;
mod questions;
mod small_talk;

use crate::lexicon::Lexicon;

/// The words of German by what they do.
pub(crate) const LEXICON: Lexicon = Lexicon {
    // After the list of Snowball, with the short forms of chat.
    negations: "nicht kein keine keinem keinen keiner keines nie niemals ohne weder",
    function_words: "aber alle allem allen aller alles als also am an ander andere anderem anderen \
        anderer anderes auch auf aus bei beim bin bis bist da dabei daher damit dann das dass dein \
        deine deinem deinen deiner deines dem den denn der deren des dessen dich die dies diese \
        diesem diesen dieser dieses dir doch dort du durch ein eine einem einen einer eines er es \
        etwas euch euer eure fur fuer gegen gewesen hab habe haben hat hatte hatten hier hin hinter \
        ich ihm ihn ihnen ihr ihre ihrem ihren ihrer ihres im in indem ins ist jede jedem jeden \
        jeder jedes jene jetzt kann konnen koennen kannst konnte konnten man mein meine meinem \
        meinen meiner meines mich mir mit muss mussen musste nach nicht noch nun nur ob oder ohne \
        sehr sein seine seinem seinen seiner seines selbst sich sie sind so solche soll sollen \
        sollte sondern sonst uber ueber um und uns unser unsere unserem unseren unserer unter viel \
        vom von vor wann war waren warum was weg weil welche welchem welchen welcher welches wem \
        wen wenn wer werde werden wessen wie wieder wieso weshalb will wir wird wirst wo woher \
        wohin wurde wurden zu zum zur zwar zwischen darf durfen hast habt waere ware mal ja nein \
        deren worin womit wofur wofuer woran woruber wozu",
    typical_words: "bitte danke hallo guten morgen abend heute gestern gesagt gemacht gibt heisst \
        schreib erklare erklar ubersetze zeig nenne erinnere letzte letzten letzter woche monat jahr \
        wohne wohnt heiss gut tschuss alles klar immer nie keine kein keinen keinem keiner viele \
        wieviel welch meinst antworte weiter",
    // English words too.
    ambiguous_words: "die war hat am was also so an in her will man den dir gut mal bin hin weg \
        morgen abend monat",
    days: days::DAYS,
    questions: questions::QUESTIONS,
    small_talk: small_talk::SMALL_TALK,
    general: general::GENERAL,
    instructions: instructions::INSTRUCTIONS,
    first_person: first_person::FIRST_PERSON,
};
