//! Requests in English that touch nothing personal.

use crate::lexicon::GeneralPatterns;

/// Requests in English that need no memory.
pub(super) const GENERAL: GeneralPatterns = GeneralPatterns {
    openings: &[
        "please/ok/okay/hey/hi/hello/so/now/just/quick/question",
        "can/could/would/will you (please)",
    ],
    requests: &[
        "write/compose/make/create/give/tell/sing/invent (me) (up) a/an/another/one (short/little/\
         funny/silly/good/quick/new/bedtime/love/knock/dad) (knock) haiku/poem/limerick/joke/riddle/\
         story/song/sonnet/rhyme/pun/ballad (please) $",
        "write/compose/make/create/give/tell/sing/invent (me) (up) a/an/another/one (short/little/\
         funny/silly/good/quick/new/bedtime/love/knock) haiku/poem/limerick/joke/riddle/story/song/\
         sonnet/rhyme/pun/ballad about/on <concept> $",
        "write/compose/make/create/give/tell/sing/invent (me) (up) a/an/another/one (short/little/\
         funny/silly/good/quick/new/bedtime/love/knock) haiku/poem/limerick/joke/riddle/story/song/\
         sonnet/rhyme/pun/ballad about/on a/an <word> $",
        "write/compose/make/create/give/tell/sing/invent (me) (up) a/an/another/one (short/little/\
         funny/silly/good/quick/new/bedtime/love/knock) haiku/poem/limerick/joke/riddle/story/song/\
         sonnet/rhyme/pun/ballad about/on the <general> $",
        "write (me) a/an (simple/small/short) (python/rust/javascript/bash/java) function/program/script \
         that/to/which reverse/reverses/sort/sorts/count/counts/print/prints/compute/computes/\
         calculate/calculates a/an <word> $",
        "write (me) a/an (simple/small/short) regex for dates/emails/urls/numbers $",
        "tell/give (me) a/an/some (fun/random/interesting) fact/facts (please) $",
        "tell/give (me) a/an/some (fun/random/interesting) fact/facts about <concept> $",
        "give/tell (me) a/another synonym/antonym/rhyme/anagram/word/adjective for/of/with <word> $",
        // What is to be translated stands in quotation marks, which are left out here.
        "translate (hello/goodbye/thank/good/please/yes/no/cat/dog/water/love) (you/morning/night/\
         evening) to/into/in <known> $",
        "how do/would/can i/you say .. in <known>",
        "what is/s .. in french/german/spanish/italian/japanese/chinese/latin/portuguese/dutch $",
        "convert <number> (degrees/square/cubic) <measure>/<known>/dollars/euros/yen to/into/in (square/cubic) \
         <measure>/<known>/dollars/euros/yen $",
        "how many <measure> (are) (there) (in/is/make/has/does) (in) a/an/one/each <measure> (have) $",
        "how many days (are) (there) (in/does) <month> (have) $",
        "how many planets/continents/oceans/countries are there (in) (the) (world/solar) (system) $",
        "how many planets/continents/oceans/countries/states are (there) in (the) <known>/world/solar \
         (system) $",
        "how many bones/teeth are/do/does (there) (in) (a/an/the) (adult) human/humans/dog/cat/shark \
         (body/have) (have) $",
        "how far (away) is the moon/sun (from) (the) (earth) $",
        "how big/large/old/hot/heavy/deep/tall/high is the moon/sun/earth/universe $",
        "how tall/high is mount/the (eiffel) <known>/tower $",
        "is a/an .. a/an (prime) fruit/vegetable/mammal/bird/fish/reptile/insect/planet/star/metal/gas/\
         liquid/number/verb/noun/berry/nut/mineral/element/dinosaur/amphibian/spider $",
        "are .. fruits/vegetables/mammals/birds/fish/reptiles/insects/planets/metals/berries/nuts/\
         nocturnal/amphibians/spiders $",
        "can penguins/cats/dogs/birds/fish/humans/ostriches/chickens/bats/snakes/elephants <word> $",
        "do penguins/cats/dogs/birds/fish/humans/snakes/bees/bats/sharks/plants <word> $",
        "explain/define (to) (me) <concept> $",
        "explain (to) (me) the water/carbon/nitrogen/rock/moon cycle/phases $",
        "explain (to) (me) quantum/machine/plate/natural/string/black/classical mechanics/physics/\
         learning/tectonics/selection/theory/entanglement/computing/holes $",
        "explain (to) (me) how <concept> work/works $",
        "explain (to) (me) what a/an <word> is $",
        "explain (to) (me) what <concept> is/are $",
        "explain (to) (me) why the sky/sea/grass/ocean/sun/moon is <word> $",
        "what is/s the difference between a/an <word> and a/an <word> $",
        "what is/s the capital/population/currency of (the) <known> (<known>) $",
        "what is/s the official language/currency of (the) <known> (<known>) $",
        "what is/s the boiling/melting/freezing point of <word> $",
        "what is/s the speed of light/sound $",
        "what is/s the square/cube root of <number> $",
        "what is/s the meaning of life $",
        "what is/s the chemical/atomic symbol/formula/number/weight of/for <word> $",
        "what is/s the plural/opposite of <word> $",
        "what is/s the longest/largest/biggest/highest/tallest/smallest/deepest/fastest ocean/\
         planet/country/animal/continent/desert/river/lake/mountain/island/city/volcano/waterfall/\
         building/bird/fish/mammal in/on/of (the) world/earth/universe/ocean/solar/<known> (system) $",
        "what is/s the (largest/biggest/longest/highest/tallest/smallest/deepest/fastest/hottest/\
         coldest/closest/oldest) ocean/planet/country/animal/continent/desert/river/lake/mountain/\
         island/metal/star $",
        "which ocean/planet/country/animal/continent/desert/river/lake/mountain/island/metal is the \
         largest/biggest/longest/highest/tallest/smallest/deepest/fastest/hottest/coldest $",
        "what is/s the past tense/participle of (to) <word> $",
        "what is/s a (good) synonym/antonym/rhyme for/of/with <word> $",
        "how many legs/eyes/wings/arms/hearts/stomachs do/does (a/an) <word> have $",
        "what is/s a/an <word> $",
        "what is/s a black/white/neutron hole/dwarf/star $",
        "what is/s another word for <word> $",
        "what are the planets/continents/oceans/seasons $",
        "what are the primary colors/colours $",
        "what rhymes with <word> $",
        "what sound does a/an <word> make $",
        "what does <known> stand/mean (for) $",
        "how do/can/would i/you/one boil/poach/peel/tie/reverse/fold/iron/sew/concatenate a/an/two <word> (in) \
         (<known>) $",
        "how to boil/poach/peel/tie/reverse/fold/iron/sew/concatenate a/an/two <word> (in) (<known>) $",
        "how does/do a/an (car/jet/steam/diesel/washing/nuclear/solar/light) engine/fridge/plane/microwave/\
         battery/camera/computer/car/bike/clock/rocket/telescope/volcano/heart/brain/laser/magnet/compass/\
         machine/reactor/panel/bulb/helicopter/submarine/transistor/toaster/thermometer work/fly $",
        "why is the sky/sea/grass/ocean/sun/moon/earth <word> $",
        "why do/does cats/dogs/birds/leaves/bees/stars/planets/onions <word> (<word>) $",
        "who invented/discovered (the) telephone/phone/light/wheel/radio/penicillin/gravity/electricity/\
         radium/zero/<known> (bulb) $",
        "who is/was the (first/current/last) president/king/queen/chancellor/pope/emperor of (the) <known> $",
        "who was the first man/woman/person/human on/in (the) moon/space/<known> $",
        "list/name (all) (the) planets/continents/oceans/primes/seasons/vowels $",
        "name a/an/two/three/four/five/ten (famous) planets/animals/colors/colours/fruits/vegetables/\
         countries/rivers/elements/composers/painters/birds $",
        "count (from) (<number>) to/down/backwards (from/to) <number> (please) $",
        "roll a/two die/dice (please) $",
        "flip/toss a coin (please) $",
        "pick/give (me) a (random) number/card $",
        "generate a (random/strong/new) (strong) password/uuid/number $",
    ],
    works: &["who wrote/painted/composed !to"],
    personal: &[
        "my/mine/myself/our/ours/ourselves/we/us/lets",
        "let s",
        "about/with/from/like me",
        "your/yours",
        "did/said/told/remember/remembered/remind/promised/agreed/decided/discussed/mentioned/talked/\
         saved/noted",
        "last time/week/month/year/night",
        "yesterday/today/tomorrow/tonight/ago/before/earlier/already/currently/anymore",
        "this/these/those/it/its/he/she/his/her/hers/him/they/them/their/theirs",
        "mum/mom/mummy/mommy/dad/daddy/grandma/grandpa/granny/wife/husband/boss/kids/daughter/\
         son/brother/sister/colleague/neighbour/neighbor/boyfriend/girlfriend/friend/friends/team",
        // What is good depends on who asks.
        "good/best/better/nice/favorite/favourite .. to/for/place/idea/gift/present/name/time/way",
        "recommend*/suggest*",
        "new/next/current/old/former project/release/version/plan/office/job/flat/house/car/meeting",
    ],
    articles: "the",
    general_things: "alphabet atlantic atomic bible biggest boiling coldest hottest closest oldest capital chemical continents cube \
        currency deepest difference earth eiffel fastest first freezing highest human largest light \
        longest meaning melting milky mona moon night ocean oceans official opposite past pacific periodic \
        planets plural population president primary king queen pope emperor chancellor radio renaissance \
        roman scream sea seasons sky smallest solar speed square starry sun tallest telephone phone \
        titanic uk un eu us usa universe water wheel wind world",
    topics: "rain octopuses cats dogs birds whales dinosaurs penguins pirates robots dragons \
        planets stars elephants bees sharks snow love life time nature winter spring summer autumn music food coffee tea \
        chocolate cheese friendship happiness sadness science maths math space gravity relativity recursion \
        photosynthesis evolution entropy inflation osmosis democracy blockchain polymorphism electricity \
        magnetism thermodynamics encapsulation inheritance concurrency algebra calculus probability \
        tides lightning rainbows volcanoes earthquakes metaphor irony mitosis meiosis",
    before_name: None,
    known_names: "africa america american americas antarctica arctic argentina asia athens atlantic \
        australia austria beethoven beijing belgium berlin brazil british bulgaria burkina faso cairo canada chile china \
        chinese christmas colombia copenhagen croatia cuba denmark dublin dutch easter ecuador egypt einstein \
        england english estonia ethiopia europe european everest finland finnish france french germany \
        german ghana greece greek hamlet hebrew hungary iceland india indian indonesia iran iraq \
        ireland irish israel italian italy jamaica japan japanese jupiter kenya korea korean latin \
        latvia lisa lithuania london macbeth madrid malaysia mars mercury mexico milky mona mongolia \
        moscow mozart nepal neptune netherlands newton nigeria norway norwegian oslo pacific pakistan \
        paris peru philippines picasso pluto poland polish portugal portuguese romania rome \
        russia russian saturn scotland serbia shakespeare singapore slovakia slovenia spain spanish \
        stockholm sweden swedish switzerland syria thailand tokyo tunisia turkey turkish uganda \
        ukraine uranus uruguay venezuela venus vienna vietnam wales warsaw dick mount farm moby animal frankenstein dracula",
    commands: &[
        "(yes/ok/okay/please/right/alright/sure/yeah/and/now) (please) continue/proceed/next/again/more/\
         repeat/stop/skip/resume (please) $",
        "(yes/ok/okay/please/right/alright/sure/yeah/and) (please) go/carry/keep/move on/ahead/going \
         (please/then) $",
        "(yes/ok/okay/please/right/alright/sure/yeah) (please) (just) do it/that/so (please/then/now) $",
        "(yes/ok/okay/please) (please) try/say/do (it/that) again (please) $",
        "(yes/ok/okay/and/the) next one/step/part/page (please) $",
        "(and/now) (one/once) more (time) (please) $",
        "(tell/show) (me) more (please) $",
        "another/shorter/longer (one) (please) $",
        "make it shorter/longer/simpler (please) $",
        "keep going (please) $",
    ],
};
