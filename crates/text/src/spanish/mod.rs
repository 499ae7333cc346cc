//! What is known of Spanish.

mod days;
mod first_person;
mod general;
mod instructions;
mod questions;
mod small_talk;

use crate::lexicon::Lexicon;

/// The words of Spanish by what they do.
pub(crate) const LEXICON: Lexicon = Lexicon {
    // After the list of Snowball, without its rare verb forms.
    negations: "no nunca jamas sin ni tampoco ningun ninguna ninguno",
    function_words: "a al algo algunas algunos ante antes aquel aquella aqui aun como con contra cual \
        cuales cuando cuanta cuantas cuanto cuantos de del desde donde adonde dos durante e el ella \
        ellas ellos en entre era eran eras es esa esas ese eso esos esta estaba estaban estan estar \
        estas este esto estos estoy fue fueron fui ha habia habian hace hacia han has hasta hay he \
        hemos la las le les lo los mas me mi mia mias mientras mio mios mis mucho muchos muy nada ni \
        no nos nosotras nosotros nuestra nuestras nuestro nuestros o os otra otras otro otros para \
        pero poco por porque pues que quien quienes se sea ser si sido sin sobre sois somos son soy \
        su sus suya suyo tal tambien tanto te ti tu tus tuya tuyo un una uno unos unas vosotros ya y \
        yo conmigo contigo",
    typical_words: "gracias hola buenos buenas noches tardes dias dijo dije dijiste vivo vive vivia vivimos \
        tengo tiene tenemos tienen hijo hija llama llamo come quiero puedo puedes ayer anteayer \
        anoche manana hoy semana semanas mes ano anos escribe traduce explica explicame dime cuentame \
        recuerdame recuerdas pasado pasada siempre nunca cuesta perro gato casa compre fuimos \
        estuvimos estuve paso sigue vacaciones adios responde usa hermana hermano ahora partir llamame respondas contesta uses",
    // English words too.
    ambiguous_words: "a come son me no he has tan sin pie real dime mes paso casa usa sea ya",
    days: days::DAYS,
    questions: questions::QUESTIONS,
    small_talk: small_talk::SMALL_TALK,
    general: general::GENERAL,
    instructions: instructions::INSTRUCTIONS,
    first_person: first_person::FIRST_PERSON,
};
