//! Requests in Spanish that touch nothing personal.

use crate::lexicon::GeneralPatterns;

/// Requests in Spanish that need no memory.
pub(super) const GENERAL: GeneralPatterns = GeneralPatterns {
    openings: &["por favor", "ok/oye/hola/vale/bueno/ahora", "puedes/podrias (por) (favor)"],
    requests: &[
        "escribe/escribeme/escribir/cuentame/cuenta/contarme/dime/haz/hazme/inventa (me) (un/una) \
         poema/haiku/chiste/cuento/cancion/adivinanza/soneto (corto/breve/corta) $",
        "escribe/escribeme/escribir/cuentame/cuenta/contarme/dime/haz/hazme/inventa (me) (un/una) \
         poema/haiku/chiste/cuento/cancion/adivinanza/soneto (corto/breve/corta) sobre/de (el/la/los/las) <concept>/<general> $",
        "escribe/escribeme/escribir/cuentame/cuenta/contarme/dime/haz/hazme/inventa (me) (un/una) \
         poema/haiku/chiste/cuento/cancion/adivinanza/soneto (corto/breve/corta) sobre/de un/una <word> $",
        // What is to be translated stands in quotation marks, which are left out here.
        "traduce/traducir al/a/en <known> $",
        "como se dice .. en <known>",
        "convierte <number> .. a/en",
        "cuantos/cuantas <measure> (hay/tiene/son) (en) un/una <measure>",
        "cuantos dias tiene <month> $",
        "cuantos planetas/continentes/oceanos/huesos hay $",
        "cuantos huesos/dientes tiene un/el humano/perro/gato/adulto $",
        "cual es la capital/poblacion/moneda de <known> $",
        "cual es la raiz (cuadrada) de <number> $",
        "cual es la velocidad de la luz $",
        "cual es el plural/opuesto de <word> $",
        "que es un/una <word> $",
        "que significa la palabra (<word>) $",
        "es un/una .. un/una fruta/verdura/mamifero/ave/pez/planeta/insecto/metal $",
        "es el/la tomate/ballena/sol/luna un/una <word> $",
        "explica/explicame/explicar/define (que) (es) (el/la) <concept> $",
        "como se cuece/hierve/escribe/deletrea/calcula un/una <word> $",
        "como puedo hervir/cocer un/una <word> $",
        "por que es <word> el/la cielo/mar/luna $",
        "por que es el/la cielo/mar/luna <word>",
        "por que el/la cielo/mar/luna es <word> $",
        "quien invento el/la telefono/bombilla/rueda/radio $",
        "que rima con <word> $",
        "dime/nombra/nombrame un/una/tres/dos/cinco sinonimo/planetas/animales/colores/paises $",
    ],
    works: &["quien escribio/pinto/compuso"],
    personal: &[
        "mi/mis/mio/mia/nuestro/nuestra/nuestros/nuestras/nosotros/nos/conmigo",
        "tu/tus/dijiste/dije/recuerda*/recordar/hablamos/ayer/hoy/manana/pasado/pasada/antes",
        "tengo/vivo/soy/estoy/somos/tenemos/quiero/necesito/debo",
        "el/ella/ellos/ellas $",
        "este/esta/estos/estas/eso/esto/esa/ese/su/sus",
        "mama/papa/abuela/abuelo/esposa/esposo/marido/mujer/jefe/jefa/hija/hijo/hermano/hermana/amigo/amiga",
        "mejor/buen/buena .. para",
    ],
    articles: "el la los las del al",
    general_things: "alfabeto amor amistad bombilla capital cielo diferencia frances ingles espanol aleman \
        italiano japones japon ecuador peru salvador invierno lluvia luna mar moneda mundo opuesto otono plural palabra planetas \
        poblacion primavera punto radio raiz rueda significado sol telefono tierra tomate ballena \
        velocidad verano luz agua quijote mona guernica fotosintesis recursividad reino",
    topics: "amor amistad lluvia nieve musica cafe felicidad recursion recursividad \
        fotosintesis evolucion entropia inflacion osmosis democracia gravedad relatividad",
    before_name: None,
    known_names: "frances ingles espanol aleman italiano japones chino portugues latin peru espana francia italia \
        alemania mexico argentina chile colombia ecuador bolivia uruguay paraguay venezuela cuba brasil \
        canada china japon india rusia portugal madrid paris roma londres europa africa asia america \
        quijote guernica cervantes picasso marte luna celsius fahrenheit polonia suecia noruega egipto",
    commands: &[
        "(si/ok/vale/y/bueno) (por) (favor) sigue/continua/prosigue/adelante/siguiente/repite (por) (favor) $",
        "(por) (favor) continua/sigue $",
        "(si/ok/vale) hazlo (por) (favor) $",
        "(si/ok/vale) otra vez (por) (favor) $",
        "(una) (vez) mas (por) (favor) $",
        "el/la siguiente (por) (favor) $",
        "de nuevo $",
        "para/basta $",
    ],
};
