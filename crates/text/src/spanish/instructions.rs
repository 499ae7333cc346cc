//! How Spanish instructs.

use crate::lexicon::InstructionPatterns;

/// How Spanish instructs.
pub(super) const INSTRUCTIONS: InstructionPatterns = InstructionPatterns {
    openings: &["por favor", "y/pero/oye/hola/ok/vale/bueno/ademas/importante", "por cierto"],
    beginnings: &[
        "a partir de ahora (por) (favor) (siempre/solo) responde/respondeme/contesta/escribe/usa/llamame/\
         habla/hablame/dime/da/dame/explica/explicame/evita/manten/tuteame/tratame/no/nunca/quiero",
        "de ahora en adelante (por) (favor) (siempre/solo) responde/respondeme/contesta/escribe/usa/\
         llamame/habla/hablame/dime/da/dame/explica/explicame/evita/manten/tuteame/tratame/no/nunca/\
         quiero",
        "desde ahora (por) (favor) (siempre/solo) responde/respondeme/contesta/escribe/usa/llamame/\
         habla/hablame/dime/da/dame/explica/explicame/evita/manten/tuteame/tratame/no/nunca/quiero",
        "en el futuro (por) (favor) responde/contesta/escribe/usa/llamame/habla/evita/no/nunca/quiero",
        "responde/respondeme/contesta/contestame/escribe/escribeme/usa/habla/hablame/explica/explicame/dame \
         siempre/solo en/con/el/la/los/las/un/una/frases/respuestas/unidades",
        "nunca/no uses/escribas/pongas/respondas/contestes/anadas/incluyas/empieces/termines !eso/\
         esto/ese/esa/este/esta/el/la/los/las/lo",
        "nunca/no me llames/hables/respondas/contestes/escribas",
        "llamame !manana/luego/mas/cuando/si/a/al/hoy/este/esta/despues/por/en",
        "tuteame/tratame",
        "quiero que siempre/nunca",
        "deja de usar/poner/llamarme/escribir/decir",
    ],
    anywhere: &["por favor siempre/nunca responde/contesta/escribe/usa/habla/uses/escribas"],
    requests: &[
        "quiero/quisiera/prefiero/necesito que",
        "me gustaria que",
        "cuando (te) pida/pregunte/escriba/mande/diga",
        "responde/contesta/escribe/usa/habla/llamame/explica/dame/manten",
    ],
    lasting: &[
        "a partir de ahora",
        "de ahora en adelante",
        "desde ahora",
        "en el futuro",
        "siempre en/con/me/respondas/uses/escribas/contestes",
        "nunca uses/escribas/pongas/me",
        "cada vez",
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
