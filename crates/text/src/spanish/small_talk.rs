//! Spanish small talk.

use crate::lexicon::SmallTalkWords;

/// Spanish small talk.
pub(super) const SMALL_TALK: SmallTalkWords = SmallTalkWords {
    social: "adios amable buen buenas bueno buenos chao claro nada encantada encantado entendido \
        excelente exacto favor genial gracias hola jaja jajaja no ok okay oye perdon perfecto \
        si super vale",
    joining: "amigo a de por ti bien dias muchas muchisimas muy noches tarde tardes todo un una usted y ya tu",
    phrases: &[
        "(hola/hey) que tal (estas/todo) (hoy) $",
        "(hola/hey) como estas/va/esta (todo/usted) (hoy) $",
        "que pasa $",
        "todo bien $",
        "(gracias/chao/adios) hasta manana/luego/pronto/la (vista) $",
        "nos vemos (manana/luego/pronto) $",
        "(gracias) eres el/la mejor $",
        "(hola) ya estoy aqui/de (vuelta) $",
        "estoy aburrido/aburrida/cansado/cansada $",
        "me aburro $",
        "(muchas) (gracias) me ha/has/sirvio/ayudaste/ayudado (ayudado/servido) (mucho) (gracias) $",
        "lo siento $",
        "feliz cumpleanos/navidad $",
        "que duermas bien $",
        "quien eres $",
    ],
};
