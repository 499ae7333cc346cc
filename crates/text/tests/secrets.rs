//! Secrets of every kind are replaced, and what only looks like one is left.
//!
//! The secrets are put together here when the tests run: none stands in this file as a whole.

use std::collections::BTreeMap;
use std::path::Path;

use longmem_text::{InvalidPattern, Redactor, SecretKind};
use proptest::prelude::*;
use serde_json::Value;

/// Letters and digits that look random and are the same each time.
fn random(length: usize, alphabet: &str) -> String {
    let letters: Vec<char> = alphabet.chars().collect();
    let mut state = 0x2545_F491_4F6C_DD1D_u64 ^ length as u64;
    let mut text: String = (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            letters[(state % letters.len() as u64) as usize]
        })
        .collect();
    // Tokens of any length have digits.
    if length > 8 && alphabet.contains('7') {
        text.replace_range(2..4, "74");
    }
    text
}

const ALNUM: &str = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
const HEX: &str = "0123456789abcdef";
const CAPITALS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn alnum(length: usize) -> String {
    random(length, ALNUM)
}

fn joined(parts: &[&str]) -> String {
    parts.concat()
}

/// The digit that makes a number pass the check of cards.
fn with_check_digit(number: &str) -> String {
    let check = |digit: u32| {
        let all = format!("{number}{digit}");
        let sum: u32 = all
            .chars()
            .rev()
            .enumerate()
            .map(|(place, c)| {
                let value = c.to_digit(10).expect("digits only");
                if place % 2 == 1 { value * 2 / 10 + value * 2 % 10 } else { value }
            })
            .sum();
        sum.is_multiple_of(10)
    };
    let digit = (0..10).find(|digit| check(*digit)).expect("one of ten fits");
    format!("{number}{digit}")
}

fn iban(country: &str, account: &str) -> String {
    (2..99)
        .map(|check| format!("{country}{check:02}{account}"))
        .find(|candidate| {
            let rearranged = format!("{}{}", &candidate[4..], &candidate[..4]);
            rearranged.chars().fold(0_u32, |rest, c| {
                let value = c.to_digit(36).expect("letters and digits only");
                if value > 9 { (rest * 100 + value) % 97 } else { (rest * 10 + value) % 97 }
            }) == 1
        })
        .expect("one of 97 fits")
}

fn pem(name: &str, line_break: &str) -> String {
    let lines: Vec<String> = (60..66).map(|n| random(64, &ALNUM[..n - 10])).collect();
    let dashes = "-".repeat(5);
    format!(
        "{dashes}BEGIN {name}PRIVATE KEY{dashes}{line_break}{}{line_break}{dashes}END {name}PRIVATE KEY{dashes}",
        lines.join(line_break)
    )
}

/// Each secret with its kind and the text in which it stands.
#[expect(clippy::too_many_lines, reason = "a list")]
fn secrets() -> Vec<(SecretKind, String, String)> {
    use SecretKind as K;
    let mut all = Vec::new();
    let mut add = |kind, secret: String, template: &str| {
        all.push((kind, secret.clone(), template.replace("{}", &secret)));
    };
    let jwt = joined(&["ey", "J", &alnum(33), ".ey", "J", &alnum(60), ".", &alnum(43)]);
    for (kind, secret) in [
        (K::Anthropic, joined(&["sk-", "ant-", "api03-", &alnum(93), "AA"])),
        (K::Openai, joined(&["sk-", &alnum(48)])),
        (K::Openai, joined(&["sk-", "proj-", &alnum(40), "_", &alnum(30), "-", &alnum(20)])),
        (K::Openai, joined(&["sk-", "or-v1-", &random(64, HEX)])),
        (K::Google, joined(&["AI", "za", &alnum(35)])),
        (K::Google, joined(&["ya", "29.", &alnum(60)])),
        (K::Aws, joined(&["AK", "IA", &random(16, CAPITALS)])),
        (K::Aws, joined(&["AS", "IA", &random(16, CAPITALS)])),
        (K::Github, joined(&["gh", "p_", &alnum(36)])),
        (K::Github, joined(&["gh", "o_", &alnum(36)])),
        (K::Github, joined(&["gh", "s_", &alnum(36)])),
        (K::Github, joined(&["github", "_pat_", &alnum(22), "_", &alnum(59)])),
        (K::Gitlab, joined(&["gl", "pat-", &alnum(20)])),
        (K::Slack, joined(&["xo", "xb-", "2345678901-", "3456789012-", &alnum(24)])),
        (K::Stripe, joined(&["sk", "_live_", &alnum(24)])),
        (K::Stripe, joined(&["rk", "_live_", &alnum(24)])),
        (K::Twilio, joined(&["S", "K", &random(32, HEX)])),
        (K::Sendgrid, joined(&["S", "G.", &alnum(22), ".", &alnum(43)])),
        (K::Npm, joined(&["np", "m_", &alnum(36)])),
        (K::Pypi, joined(&["py", "pi-", "AgEIcHlwaS5vcmc", &alnum(70)])),
        (K::HuggingFace, joined(&["h", "f_", &alnum(34)])),
        (K::Telegram, joined(&["612345", "7890:", "AA", &alnum(33)])),
        (K::Discord, joined(&["M", &alnum(23), ".", &alnum(6), ".", &alnum(38)])),
        (K::Service, joined(&["gs", "k_", &alnum(52)])),
        (K::Service, joined(&["hv", "s.", &alnum(30)])),
        (K::Jwt, jwt.clone()),
        (K::Jwt, jwt[..jwt.rfind('.').expect("three parts")].to_owned()),
        (K::PrivateKey, joined(&["AGE-SECRET", "-KEY-1", &random(58, CAPITALS)])),
    ] {
        for template in [
            "{}",
            "use {} for it.",
            "(\"{}\")",
            "KEY={}\nNEXT=1",
            "{\\\"key\\\":\\\"{}\\\"}",
            "line\\n{}\\nline",
            "https://x.org/?key={}&b=1",
            "ключ：{}，да",
        ] {
            add(kind, secret.clone(), template);
        }
    }
    add(
        K::Slack,
        joined(&["T0", &alnum(8), "/B0", &alnum(8), "/", &alnum(24)]),
        "https://hooks.slack.com/services/{}",
    );
    add(
        K::Discord,
        joined(&["12345678", "9012345678/", &alnum(68)]),
        "https://discord.com/api/webhooks/{}",
    );
    add(
        K::Aws,
        joined(&[&alnum(20), "/", &alnum(19)]),
        &format!("AWS: {} {{}}", joined(&["AK", "IA", &random(16, CAPITALS)])),
    );
    for name in ["RSA ", "", "OPENSSH ", "EC ", "ENCRYPTED "] {
        for line_break in ["\n", "\r\n", "\\n", "\\\\n", " ", "\n> ", "\n    "] {
            add(K::PrivateKey, pem(name, line_break), "Here: {} and so on");
        }
    }
    // Cut off: the last line is missing, and the text goes on.
    let whole = pem("RSA ", "\n");
    add(K::PrivateKey, whole[..whole.len() - 60].to_owned(), "{}");
    add(K::PrivateKey, whole[..200].to_owned(), "{}\n\nThat was my key, thanks.");
    let putty = joined(&["Private-", "Lines: 2\n", &alnum(64), "\n", &alnum(40)]);
    add(K::PrivateKey, putty, "Comment: me\n{}\nPrivate-MAC: x");
    for scheme in ["postgres", "mongodb+srv", "redis", "https", "amqp"] {
        add(
            K::UrlPassword,
            joined(&["Tr0ub4", "dor&3"]),
            &format!("{scheme}://admin:{{}}@db.internal:5432/x"),
        );
        add(
            K::UrlPassword,
            joined(&["p@ss", "w0rd!"]),
            &format!("url = \"{scheme}://:{{}}@[::1]/0\""),
        );
    }
    add(K::Authorization, alnum(40), "curl -H 'Authorization: Bearer {}' https://x");
    add(K::Authorization, joined(&["dXNlcjp", "wYXNzd29yZDEyMw=="]), "Authorization: Basic {}");
    add(K::Authorization, alnum(32), "{\"authorization\": \"Bearer {}\"}");
    add(K::Authorization, alnum(32), "headers[\"Authorization\"] = \"token {}\"");

    let password = joined(&["hun", "ter2", "!x"]);
    for template in [
        "PASSWORD={}",
        "export DB_PASSWORD={}\nOTHER=1",
        "DB_PASSWORD=\"{}\"",
        "MYSQL_ROOT_PASSWORD: {}",
        "SMTP_PASS={}",
        "spring.datasource.password={}",
        "password: {}",
        "password: '{}'",
        "password = \"{}\"",
        "let password = '{}';",
        "password := `{}`",
        "'password' => '{}',",
        "{\"user\":\"ana\",\"password\":\"{}\"}",
        "{\\\"user\\\":\\\"ana\\\",\\\"password\\\":\\\"{}\\\"}",
        "config[\"password\"] = \"{}\"",
        "dbPassword: \"{}\"",
        "<password>{}</password>",
        "psql --password={} -h db",
        "tool --password {} -v",
        "My password is {}.",
        "the wifi password is {}",
        "The password for the wifi at home is {}, by the way",
        "password is \"{}\"",
        "**Password:** {}",
        "Mein Passwort ist {}",
        "Passwort: {}",
        "La contraseña es {}",
        "passphrase = \"{}\"",
        "pwd={};Encrypt=yes",
        "Server=db;User Id=sa;Password={};",
    ] {
        add(K::Password, password.clone(), template);
    }
    for (word, template) in [
        (joined(&["sword", "fish"]), "PGPASSWORD={}"),
        (joined(&["post", "gres"]), "POSTGRES_PASSWORD={}"),
        (joined(&["sword", "fish"]), "password = \"{}\""),
        (joined(&["8472", "9103"]), "password: {}"),
        (joined(&["pä", "ss1ö!"]), "password: {}"),
    ] {
        add(K::Password, word, template);
    }
    for template in [
        "API_KEY={}",
        "api_key: \"{}\"",
        "x-api-key: {}",
        "\"apiKey\": \"{}\"",
        "client_secret={}",
        "accessToken = '{}'",
        "refresh_token=\"{}\"",
        "secret: {}",
        "aws_secret_access_key = {}",
        "//registry.npmjs.org/:_authToken={}",
        "--token {}",
        "my api key is {}",
        "TOKEN={}",
    ] {
        add(K::Password, alnum(32), template);
    }
    for number in [
        with_check_digit("453201511283036"),
        with_check_digit("542523343010990"),
        with_check_digit("37144963539843"),
        with_check_digit("601100099013942"),
    ] {
        add(K::Card, number.clone(), "card {} exp 12/27");
        add(K::Card, number, "{}");
    }
    let card = with_check_digit("453201511283036");
    let groups: Vec<&str> = (0..4).map(|n| &card[4 * n..4 * n + 4]).collect();
    add(K::Card, groups.join(" "), "Visa: {} 12/27 123");
    add(K::Card, groups.join("-"), "Visa: {}, thanks");
    let amex = with_check_digit("37144963539843");
    add(K::Card, format!("{} {} {}", &amex[..4], &amex[4..10], &amex[10..]), "Amex {}");
    for number in [
        iban("DE", "370400440532013000"),
        iban("GB", "NWBK60161331926819"),
        iban("FR", "20041010050500013M02606"),
        iban("NL", "ABNA0417164300"),
        iban("NO", "86011117947"),
    ] {
        add(K::Iban, number.clone(), "IBAN: {}");
        let spaced: Vec<String> = number
            .as_bytes()
            .chunks(4)
            .map(|four| String::from_utf8_lossy(four).into_owned())
            .collect();
        add(K::Iban, spaced.join(" "), "send it to {} please");
        add(K::Iban, spaced.join(" "), "{} BIC COBADEFFXXX");
    }
    add(K::Ssn, joined(&["123", "-45-", "6789"]), "my SSN is {}");
    add(K::Ssn, joined(&["123", "-45-", "6789"]), "Social Security number: {}");
    all
}

#[test]
fn every_secret_is_replaced_by_a_mark_of_its_kind() {
    let redactor = Redactor::default();
    let mut kinds = std::collections::BTreeSet::new();
    let mut missed = Vec::new();
    for (kind, secret, text) in secrets() {
        let redacted = redactor.redact(&text);
        let marks: Vec<&str> = redactor.marks(&redacted).collect();
        // What stands beside the name "key" may be called a password as well.
        if redacted.contains(&secret) || !marks.contains(&kind.label()) {
            missed.push(format!("{kind}: {text:?} -> {redacted:?}"));
            continue;
        }
        // Nothing of it is left, not even a piece.
        if secret.len() >= 20 && secret.is_ascii() {
            let pieces: Vec<&str> =
                (0..secret.len() - 11).step_by(6).map(|at| &secret[at..at + 12]).collect();
            for piece in pieces.into_iter().filter(|piece| !piece.contains(['-', ' ', '\\'])) {
                assert!(!redacted.contains(piece), "{kind}: {piece} of {text:?} -> {redacted:?}");
            }
        }
        assert_eq!(redactor.redact(&redacted), redacted, "redacting again");
        kinds.insert(kind);
    }
    assert!(missed.is_empty(), "{} missed:\n{}", missed.len(), missed.join("\n"));
    assert_eq!(kinds.len(), SecretKind::ALL.len(), "every kind has its examples");
}

#[test]
fn what_is_no_secret_is_left() {
    let redactor = Redactor::default();
    let long_base64 =
        random(4_000, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    let integrity = format!("sha512-{}==", random(86, "ABCDEFabcdefghijklmnop0123456789+/"));
    let mut texts: Vec<String> = NO_SECRETS.lines().map(str::to_owned).collect();
    texts.push(format!("data:image/png;base64,{long_base64}"));
    texts.push(format!("\"integrity\": \"{integrity}\","));
    let alarms: Vec<String> = texts
        .iter()
        .filter(|text| redactor.finds_in(text))
        .map(|text| format!("{text}\n  -> {}", redactor.redact(text)))
        .collect();
    assert!(alarms.is_empty(), "{} false alarms:\n{}", alarms.len(), alarms.join("\n"));
}

const NO_SECRETS: &str = include_str!("no_secrets.txt");

#[test]
fn shapes_of_ones_own_are_found_and_named() {
    let redactor = Redactor::of_kinds(&[])
        .with_pattern("employee number", r"\bE-(\d{5})\b")
        .unwrap()
        .with_pattern("project", "(?i)bluebird")
        .unwrap();
    let redacted = redactor.redact("E-12345 works on BlueBird; PASSWORD=hunter22");
    assert_eq!(
        redacted,
        "E-[redacted: employee number] works on [redacted: project]; PASSWORD=hunter22"
    );
    assert_eq!(redactor.marks(&redacted).collect::<Vec<_>>(), ["employee number", "project"]);
    let of = |name, regex| Redactor::default().with_pattern(name, regex).unwrap_err();
    assert!(matches!(of("", "x"), InvalidPattern::Name(_)));
    assert!(matches!(of("a]b", "x"), InvalidPattern::Name(_)));
    assert!(matches!(of("a", "(x"), InvalidPattern::Expression(_)));
    assert!(matches!(of("a", "(a{1000}){1000}"), InvalidPattern::Expression(_)));
    assert!(matches!(of("a", "x*"), InvalidPattern::MatchesNothing(_)));
}

#[test]
fn kinds_can_be_left_out_and_have_names() {
    let redactor = Redactor::of_kinds(&[SecretKind::Iban]);
    assert_eq!(redactor.redact("PASSWORD=hunter22"), "PASSWORD=hunter22");
    for kind in SecretKind::ALL {
        assert_eq!(kind.name().parse(), Ok(*kind));
    }
    let unknown = "ibans".parse::<SecretKind>().unwrap_err().to_string();
    assert!(unknown.contains("\"ibans\"") && unknown.contains("url_password, "), "{unknown}");
}

/// What is built to be slow would take minutes here if the time grew with the square of the length.
#[test]
fn hostile_texts_take_no_longer() {
    let redactor = Redactor::default();
    let dashes = "-".repeat(5);
    for piece in [
        "password".to_owned(),
        "password=".to_owned(),
        "password is ".to_owned(),
        "password='".to_owned(),
        "password: \\\\\\\"".to_owned(),
        "4532 ".to_owned(),
        "4".to_owned(),
        "DE89".to_owned(),
        "de12 ".to_owned(),
        "eyJhbGciOi".to_owned(),
        "eyJaaaaaaaaaa.".to_owned(),
        "a://b:".to_owned(),
        "a://b:ccc@".to_owned(),
        format!("{dashes}BEGIN PRIVATE KEY{dashes}"),
        format!("{dashes}BEGIN PRIVATE KEY{dashes}\nA\nA\n"),
        format!("{dashes}BEGIN PRIVATE KEY{dashes}\nA: b\n"),
        format!("{dashes}BEGIN PRIVATE KEY{dashes}\nAAAAAAAAAAAAAAAAAAAA\n"),
        "twilio ".to_owned(),
        "[redacted: ".to_owned(),
        "[redacted: password]".to_owned(),
        "Authorization: Bearer ".to_owned(),
        joined(&["AK", "IA", "QWERTYUIOPASDFGH "]),
        "sk-ant-".to_owned(),
        "é".to_owned(),
        "\\".to_owned(),
    ] {
        let text = piece.repeat(100_000 / piece.len());
        let redacted = redactor.redact(&text);
        assert!(redacted.len() <= 4 * text.len(), "{piece}");
    }
}

/// Calls `each` with every string of a document.
fn each_text(value: &Value, each: &mut dyn FnMut(&str)) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| each_text(value, each)),
        Value::Object(fields) => fields.values().for_each(|value| each_text(value, each)),
        Value::String(text) => each(text),
        _ => {}
    }
}

/// Runs where `LONGMEM_EVAL_DATA` names a folder with the data sets: talks of people and assistants hold
/// hardly anything that looks like a secret.
#[test]
fn talks_give_few_alarms() {
    let Some(folder) = std::env::var_os("LONGMEM_EVAL_DATA") else {
        println!("skipped: LONGMEM_EVAL_DATA names no folder with data sets");
        return;
    };
    let redactor = Redactor::default();
    let (mut texts, mut bytes) = (0, 0);
    let mut alarms: BTreeMap<String, u32> = BTreeMap::new();
    let mut folders = vec![Path::new(&folder).to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            let values: Vec<Value> = match serde_json::from_str(&text) {
                Ok(whole) => vec![whole],
                Err(_) => text
                    .lines()
                    .map(|line| {
                        serde_json::from_str(line)
                            .unwrap_or_else(|_| Value::String(line.to_owned()))
                    })
                    .collect(),
            };
            for value in &values {
                each_text(value, &mut |text| {
                    texts += 1;
                    bytes += text.len();
                    let redacted = redactor.redact(text);
                    for mark in redactor.marks(&redacted) {
                        *alarms.entry(mark.to_owned()).or_default() += 1;
                    }
                    if redacted != text && std::env::var_os("SHOW_ALARMS").is_some() {
                        for (before, after) in text.lines().zip(redacted.lines()) {
                            if before != after {
                                println!("{}: {before:.300}\n    -> {after:.300}", path.display());
                            }
                        }
                    }
                });
            }
        }
    }
    println!("{texts} texts, {bytes} bytes: {alarms:?}");
    let all: u32 = alarms.values().sum();
    assert!(texts > 0 && u64::from(all) * 500 <= texts, "{all} alarms in {texts} texts");
}

proptest! {
    #[test]
    fn redacting_twice_changes_nothing(
        pieces in proptest::collection::vec(
            prop_oneof![
                "[ -~\\n]{0,20}",
                "\\PC{0,8}",
                "(password|token|pwd|api_key) ?[:=] ?[\"']?[a-zA-Z0-9!$]{0,20}[\"']?",
                "[0-9]{16}|[A-Z]{2}[0-9]{20}",
                Just(format!("{}BEGIN PRIVATE KEY{}", "-".repeat(5), "-".repeat(5))),
                Just(joined(&["sk-", "ant-", "abcdefghij0123456789klm"])),
                Just("postgres://a:b3c4d5@h".to_owned()),
                Just("[redacted: ".to_owned()),
                Just("password=[redacted: password]".to_owned()),
            ],
            0..12,
        )
    ) {
        let redactor = Redactor::default();
        let text = pieces.concat();
        let once = redactor.redact(&text).into_owned();
        prop_assert_eq!(redactor.redact(&once), once.as_str());
        prop_assert!(!redactor.finds_in(&once));
    }
}
