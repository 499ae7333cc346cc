//! Secrets that a service gives a shape of their own.

use std::sync::LazyLock;

use regex::{Regex, RegexSet};

use super::placeholder::is_dummy;
use super::{Found, SecretKind};

/// What may stand directly before a token: no letter or digit, but for an escape of JSON or of an
/// address, which ends with one.
const BEFORE: &str = r"(?:(?-u:\b)|\\[nrt]|\\u00[0-9a-fA-F]{2}|%[0-9a-fA-F]{2})";

/// How a secret looks.
struct Shape {
    kind: SecretKind,
    /// What every text that holds one has: looked for first, in one pass for all shapes.
    hint: &'static str,
    /// The secret, as an expression. If it has a group, that is the secret.
    secret: &'static str,
}

const fn shape(kind: SecretKind, hint: &'static str, secret: &'static str) -> Shape {
    Shape { kind, hint, secret }
}

/// The shapes, as the services document them. No repetition is followed by what could make a search
/// look far ahead for nothing.
#[rustfmt::skip]
const SHAPES: &[Shape] = &[
    shape(SecretKind::PrivateKey, r"AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[0-9A-Z]{50,60}"),
    shape(SecretKind::Anthropic, r"sk-ant-", r"sk-ant-[A-Za-z0-9_-]{16,}"),
    shape(SecretKind::Openai, r"sk-",
        r"sk-(?:(?:proj|svcacct|admin|None|or-v1)-[A-Za-z0-9_-]{20,}|[A-Za-z0-9]{32,})"),
    shape(SecretKind::Google, r"AIza|GOCSPX-|ya29\.",
        r"(?:AIza[A-Za-z0-9_-]{35}|GOCSPX-[A-Za-z0-9_-]{24,}|ya29\.[A-Za-z0-9_-]{30,})"),
    shape(SecretKind::Aws, r"A[KSBC][IC]A", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?-u:\b)"),
    shape(SecretKind::Github, r"gh[pousr]_|github_pat_",
        r"(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{22,})"),
    shape(SecretKind::Gitlab, r"gl[a-z]{2,6}-",
        r"gl(?:pat|dt|rt|cbt|ptt|ft|soat|imt|agent|oas|ffct)-[A-Za-z0-9_-]{20,}"),
    shape(SecretKind::Slack, r"xox[a-z][-.]|xapp-|hooks\.slack",
        r"(?:xox[abeoprs]-[A-Za-z0-9-]{10,}|xoxe\.xox[bp]-\d-[A-Za-z0-9]{20,}|xapp-\d-[A-Z0-9]+-\d+-[a-z0-9]{20,}|hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9+/]{20,}))"),
    shape(SecretKind::Stripe, r"[sr]k_(?:live|test)_|whsec_",
        r"(?:[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/=]{24,})"),
    shape(SecretKind::Twilio, r"SK[0-9a-f]{8}|(?i:twilio)",
        r"(?:SK[0-9a-f]{32}(?-u:\b)|(?i:twilio)[ -~]{0,60}?(?-u:\b)([0-9a-f]{32})(?-u:\b))"),
    shape(SecretKind::Sendgrid, r"SG\.", r"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}"),
    shape(SecretKind::Npm, r"npm_", r"npm_[A-Za-z0-9]{36}"),
    shape(SecretKind::Pypi, r"pypi-AgE", r"pypi-AgE[A-Za-z0-9_-]{40,}"),
    shape(SecretKind::HuggingFace, r"hf_|api_org_", r"(?:hf|api_org)_[A-Za-z0-9]{30,}"),
    shape(SecretKind::Telegram, r":AA", r"\d{8,10}:AA[A-Za-z0-9_-]{32,33}"),
    shape(SecretKind::Discord, r"\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{8}|api/webhooks",
        r"(?:[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}|discord(?:app)?\.com/api/webhooks/(\d+/[A-Za-z0-9_-]{40,}))"),
    shape(SecretKind::Service,
        r"gsk_|xai-|r8_|dop_v1_|doo_v1_|shp[a-z]{2}_|gls[a-z]_|glc_|hvs\.|dckr_|rubygems_|lin_api_|pplx-|AccountKey=|figd_|ATATT3|NRAK-|PMAK-|sntry|tskey-|secret_|ntn_|sq0|EAAA|dapi|phc_|phx_|nvapi-|pat[A-Za-z0-9]{14}\.|v2\.local|jina_|tvly-|fw_|cohere|LTAI|key-[0-9a-f]{8}|AQ\.",
        r"(?:gsk_[A-Za-z0-9]{40,}|xai-[A-Za-z0-9]{40,}|r8_[A-Za-z0-9]{36,}|do[op]_v1_[0-9a-f]{60,}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|gls[a-z]_[A-Za-z0-9_]{32,}|glc_[A-Za-z0-9+/=]{32,}|hvs\.[A-Za-z0-9_-]{24,}|dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}|rubygems_[0-9a-f]{48}|lin_api_[A-Za-z0-9]{32,}|pplx-[A-Za-z0-9]{32,}|AccountKey=([A-Za-z0-9+/]{60,}={0,2})|figd_[A-Za-z0-9_-]{30,}|ATATT3[A-Za-z0-9_=-]{30,}|NRAK-[A-Z0-9]{27}|PMAK-[A-Za-z0-9]{24}-[A-Za-z0-9]{34}|sntry[su]_[A-Za-z0-9_=+/-]{40,}|tskey-[a-z]{3,8}-[A-Za-z0-9-]{16,}|(?:secret|ntn)_[A-Za-z0-9]{40,}|sq0(?:atp|csp)-[A-Za-z0-9_-]{22,}|EAAA[A-Za-z0-9_-]{60}|dapi[0-9a-f]{32}|nvapi-[A-Za-z0-9_-]{40,}|pat[A-Za-z0-9]{14}\.[0-9a-f]{64}|jina_[A-Za-z0-9_-]{40,}|tvly-[A-Za-z0-9-]{24,}|LTAI[A-Za-z0-9]{16,20}(?-u:\b)|key-[0-9a-f]{32}(?-u:\b))"),
    // The header and the payload are JSON objects; the signature may be cut off.
    shape(SecretKind::Jwt, r"eyJ",
        r"eyJ[A-Za-z0-9_-]{8,}\.(?:eyJ[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?|[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+){0,2})"),
    shape(SecretKind::UrlPassword, r"://",
        r#"[A-Za-z][A-Za-z0-9+.-]{1,30}://[^\s/:@"'<>`|\\]*:([^\s/"'<>`\\]{3,})@[A-Za-z0-9\[$]"#),
    shape(SecretKind::Authorization, r"(?i:authorization)|(?i:bearer)",
        r#"(?:(?i:authorization)[\\"'\]]{0,4}\s{0,3}[:=,]\s{0,3}[\\"']{0,3}(?i:bearer|basic|token|digest|apikey|negotiate)\s{1,3}([A-Za-z0-9._~+/=:-]{8,})|(?i:bearer)\s{1,3}([A-Za-z0-9._~+/=-]{20,}))"#),
];

struct Compiled {
    hints: RegexSet,
    shapes: Vec<Regex>,
    aws_secret: Regex,
}

static COMPILED: LazyLock<Compiled> = LazyLock::new(|| {
    let compile = |shape: &Shape| Regex::new(&format!("{BEFORE}(?:{})", named(shape.secret)));
    Compiled {
        hints: RegexSet::new(SHAPES.iter().map(|shape| shape.hint))
            .expect("the hints are valid expressions"),
        shapes: SHAPES
            .iter()
            .map(|shape| compile(shape).expect("the shapes are valid expressions"))
            .collect(),
        aws_secret: Regex::new(r"(?:^|[^A-Za-z0-9/+])([A-Za-z0-9/+]{40})(?:$|[^A-Za-z0-9/+=])")
            .expect("the constant is a valid expression"),
    }
});

/// The expression with the whole of it as its first group.
fn named(secret: &str) -> String {
    format!("({secret})")
}

/// Bytes on both sides of an AWS access key in which its secret is looked for.
const BESIDE_AWS_KEY: usize = 250;

/// Finds what has the shape of a service's secret.
pub(super) fn find(text: &str, wanted: &dyn Fn(SecretKind) -> bool, found: &mut Vec<Found>) {
    let compiled = &*COMPILED;
    for place in &compiled.hints.matches(text) {
        let kind = SHAPES[place].kind;
        if !wanted(kind) {
            continue;
        }
        for captures in compiled.shapes[place].captures_iter(text) {
            // The innermost group is the secret; what stands around it only shows what it is.
            let secret = captures.iter().flatten().last().expect("the whole match is a group");
            if is_dummy(secret.as_str()) {
                continue;
            }
            if kind == SecretKind::Authorization && !looks_random(secret.as_str()) {
                continue;
            }
            found.push(Found::builtin(secret.range(), kind));
            if kind == SecretKind::Aws {
                aws_secrets(text, secret.range(), &compiled.aws_secret, found);
            }
        }
    }
}

/// Finds the secrets beside an AWS access key: 40 characters that mix small letters, capitals and digits.
fn aws_secrets(text: &str, key: std::ops::Range<usize>, shape: &Regex, found: &mut Vec<Found>) {
    let start = text.floor_char_boundary(key.start.saturating_sub(BESIDE_AWS_KEY));
    let end = text.ceil_char_boundary((key.end + BESIDE_AWS_KEY).min(text.len()));
    for side in [start..key.start, key.end..end] {
        for captures in shape.captures_iter(&text[side.clone()]) {
            let secret = captures.get(1).expect("the group is no option");
            let mixes = |is: fn(&char) -> bool| secret.as_str().chars().any(|c| is(&c));
            let is_mixed = mixes(char::is_ascii_lowercase)
                && mixes(char::is_ascii_uppercase)
                && mixes(char::is_ascii_digit);
            if is_mixed && !is_dummy(secret.as_str()) {
                let place = side.start + secret.start()..side.start + secret.end();
                found.push(Found::builtin(place, SecretKind::Aws));
            }
        }
    }
}

/// Whether what follows "Bearer" is more than a word or a path.
fn looks_random(value: &str) -> bool {
    value.bytes().any(|byte| byte.is_ascii_digit())
        || (value.len() >= 16
            && value.bytes().any(|byte| byte.is_ascii_uppercase())
            && value.bytes().any(|byte| byte.is_ascii_lowercase()))
}
