//! How Spanish instructs.

use crate::lexicon::InstructionPatterns;

/// How Spanish instructs.
pub(super) const INSTRUCTIONS: InstructionPatterns = InstructionPatterns {
    openings: &["por favor", "y/pero/oye/hola/ok/vale/bueno/ademas/importante", "por cierto"],
    addressing: &[
        "llamame (siempre) <name> (<name>) (<name>) (por) (favor) $",
        "nunca/no me llames (mas) <name> (<name>) (<name>) $",
        "tuteame (siempre) (por) (favor) $",
        "hablame/tratame (siempre) de tu/usted (por) (favor) $",
    ],
    beginnings: &[
        "responde/respondeme/contesta/contestame/escribeme/hablame (siempre/solo) en espanol/ingles/aleman/\
         frances/italiano (por) (favor) $",
        "responde/respondeme/contesta/contestame (siempre/solo) en/con",
    ],
    anywhere: &["por favor siempre/nunca responde/contesta/escribe/usa/habla/uses/escribas"],
    requests: &[
        "quiero/quisiera/prefiero/necesito que",
        "me gustaria que",
        "cuando (te) pida/pregunte/escriba/mande/diga",
        "responde/contesta/escribe/usa/habla/explica/explicame/da/dame/manten/evita",
        "(siempre/solo) responde/respondeme/contesta/contestame/escribe/escribeme/usa/habla/hablame",
        "nunca/no (me) uses/escribas/pongas/respondas/contestes/anadas/incluyas/empieces/termines/hables \
         !eso/esto/ese/esa/este/esta/el/la/los/las/lo",
        "deja de usar/poner/escribir",
    ],
    lasting: &[
        "a partir de ahora",
        "de ahora en adelante",
        "desde ahora",
        "en el futuro",
        "siempre",
        "nunca/no (me) uses/escribas/pongas/respondas/contestes/anadas/incluyas/empieces/termines/hables",
        "deja de",
        "cada vez",
    ],
    own_work: &[
        "emoji*/abreviatura*/anglicismo*/respuestas/respuesta/respondas/contestes/markdown/frases/\
         parrafo*/codigo/unidades/celsius/metrico/metricas/fuentes",
        "punto y coma",
        "en espanol/ingles/aleman/frances/italiano/metros",
        "con un/ejemplos (ejemplo)",
        "responde/respondeme/contesta/contestame",
    ],
    reported: &["siempre decia/dice", "decia/dice mi/el/la"],
    dispensable: &[
        "a partir de ahora",
        "de ahora en adelante",
        "desde ahora",
        "en el futuro",
        "por favor",
    ],
    naming: &["llamame"],
};
