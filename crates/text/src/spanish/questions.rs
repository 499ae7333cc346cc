//! How Spanish asks.

use crate::lexicon::QuestionPatterns;

/// How Spanish asks.
pub(super) const QUESTIONS: QuestionPatterns = QuestionPatterns {
    openings: &[
        "y/pero/bueno/entonces/oye/hola/ah/ok/vale/pues/gracias/perdona/ademas",
        "por cierto",
        "una (ultima/otra) pregunta",
        "otra cosa/pregunta",
        "una cosa mas",
    ],
    interrogatives: &[
        "que/quien/quienes/cual/cuales/donde/adonde/como/cuando/cuanto/cuanta/cuantos/cuantas",
        "por que",
        "a/de/en/con/para/desde/hasta/sobre que/quien/quienes/cual/cuales/donde/cuando/cuanto/cuantos",
        "es/son/esta/estan/hay/fue/era/tiene/tengo/tenemos/puedo/puede/puedes/podemos/debo/sabes/\
         recuerdas/soy/he/has/ha el/la/los/las/mi/mis/un/una/que/algun/alguna/yo/usted",
    ],
    requests: &[
        "recuerdame/dime/cuentame/muestrame/explicame/ayudame",
        "puedes/podrias/puede/podria",
        "me pregunto",
        "sabes",
        "por favor",
        "busca",
        "que tal",
        "que hay de",
        "alguna idea/sugerencia",
        "quiero/quisiera/necesito saber",
    ],
    when: &[
        "cuando",
        "que/cual dia/fecha/mes/ano/hora",
        "que dia de la semana",
        "cual es/era/fue la fecha",
    ],
    number: &[
        "cuanto/cuanta/cuantos/cuantas",
        "que/cual (es/era/fue) (el/la) numero/cantidad/precio/importe/edad/distancia",
        "que tan",
        "cada cuanto",
    ],
    history: &[
        "antes $",
        "antes del/que",
        "antes de la/el/los/las/mi/mis/nuestra/nuestro/mudarme/mudarnos",
        "anteriormente/previamente/originalmente/antiguamente/antano",
        "solia/solias/soliamos/solian",
        "en el pasado",
        "antiguo/antigua/anterior/anteriores",
        "en aquel entonces",
    ],
    assistant_said: &[
        "dijiste/recomendaste/sugeriste/aconsejaste/mencionaste/explicaste/propusiste/calculaste",
        "recuerdame/recordarme",
        "me recuerdas/recuerda",
        "me has dicho/recomendado/sugerido",
    ],
    advice: &[
        "puedes/podrias/puede/podria (tu/usted) (me) recomendar*/sugerir*/aconsejar*",
        "me (puedes/podrias) recomiendas/sugieres/aconsejas/recomendar/sugerir/aconsejar",
        "recomiendame/sugiereme/recomienda/sugiere/recomiendanos",
        "algun/alguna/algunos/algunas (buen/buena) consejo/consejos/idea/ideas/sugerencia/sugerencias/\
         recomendacion/recomendaciones",
    ],
    assistant: &[
        "tu/tus consejo/consejos/recomendacion/sugerencia/propuesta/respuesta",
        "segun tu",
    ],
    other: &["tu/tus/te/ti/contigo/usted/ustedes"],
    not_only_other: &[
        "yo/me/mi/mis/mio/mia/conmigo/nos/nosotros/nosotras/nuestro*/nuestra*",
        "dijiste/contaste/recomendaste/sugeriste/mencionaste/escribiste",
        "recuerda*",
    ],
    what_is_known: &["que (es) (lo) (que) sabes/recuerdas (ya) de/sobre mi $"],
    user: &[
        "yo/mi/mis/me/mio/mia/mios/mias/conmigo",
        "vivo/tengo/soy/estoy/necesito/quiero/debo/puedo/hago/dije/naci/vivia/compre",
    ],
};
