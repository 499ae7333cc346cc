//! The kinds of secrets.

use std::fmt;
use std::str::FromStr;

macro_rules! secret_kinds {
    ($($kind:ident = $name:literal $label:literal, $doc:literal;)*) => {
        /// A kind of secret, by its shape.
        ///
        /// # Examples
        /// ```
        /// use longmem_text::SecretKind;
        /// assert_eq!("aws".parse(), Ok(SecretKind::Aws));
        /// assert_eq!(SecretKind::Aws.label(), "AWS key");
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum SecretKind { $(#[doc = $doc] $kind,)* }

        impl SecretKind {
            /// Every kind. Where two overlap, the earlier one names what is found.
            pub const ALL: &[SecretKind] = &[$(Self::$kind,)*];

            /// Its name in settings: one word.
            pub fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            /// What a mark calls it, for people.
            pub fn label(self) -> &'static str {
                match self { $(Self::$kind => $label,)* }
            }
        }
    };
}

secret_kinds! {
    PrivateKey = "private_key" "private key",
        "A private key: a whole PEM block (SSH, PGP and TLS), also one that is cut off; `PuTTY`; age.";
    Anthropic = "anthropic" "Anthropic key", "A key of Anthropic (`sk-ant-…`).";
    Openai = "openai" "OpenAI key", "A key of `OpenAI`, or of a server with keys like it (`sk-…`).";
    Google = "google" "Google key", "A key or access token of Google (`AIza…`, `ya29.…`).";
    Aws = "aws" "AWS key", "An access key of AWS (`AKIA…`, `ASIA…`), and the secret beside it.";
    Github = "github" "GitHub token", "A token of `GitHub` (`ghp_…`, `github_pat_…`).";
    Gitlab = "gitlab" "GitLab token", "A token of `GitLab` (`glpat-…`).";
    Slack = "slack" "Slack token", "A token (`xoxb-…`) or webhook of Slack.";
    Stripe = "stripe" "Stripe key", "A secret or restricted key of Stripe (`sk_live_…`).";
    Twilio = "twilio" "Twilio key", "A key or token of Twilio.";
    Sendgrid = "sendgrid" "SendGrid key", "A key of `SendGrid` (`SG.…`).";
    Npm = "npm" "npm token", "A token of npm (`npm_…`).";
    Pypi = "pypi" "PyPI token", "A token of `PyPI` (`pypi-…`).";
    HuggingFace = "hugging_face" "Hugging Face token", "A token of Hugging Face (`hf_…`).";
    Telegram = "telegram" "Telegram bot token", "The token of a Telegram bot.";
    Discord = "discord" "Discord token", "A bot's token or a webhook of Discord.";
    Service = "service" "API key",
        "A key of another service that is known by its beginning, such as `gsk_…` or `hvs.…`.";
    Jwt = "jwt" "JSON web token", "A JSON web token (`eyJ…`).";
    UrlPassword = "url_password" "password", "The password in an address, `postgres://user:…@host`.";
    Authorization = "authorization" "authorization",
        "What follows `Authorization: Bearer` or `Basic`.";
    Password = "password" "password",
        "What is given a name like password, secret, token or API key: `PASSWORD=…`, `\"token\": \"…\"`, \
         \"the password is …\".";
    Card = "card" "card number", "The number of a payment card, by its prefix, length and check digit.";
    Iban = "iban" "IBAN", "An IBAN, by its country's length and check digits.";
    Ssn = "ssn" "social security number",
        "A social security number of the USA, with dashes, where it is called so.";
}

impl fmt::Display for SecretKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that names no kind of secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownSecretKind(String);

impl fmt::Display for UnknownSecretKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = SecretKind::ALL.iter().map(|kind| kind.name()).collect();
        write!(f, "{:?} is not a kind of secret; there are {}", self.0, names.join(", "))
    }
}

impl std::error::Error for UnknownSecretKind {}

impl FromStr for SecretKind {
    type Err = UnknownSecretKind;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let kind = Self::ALL.iter().find(|kind| kind.name() == name);
        kind.copied().ok_or_else(|| UnknownSecretKind(name.to_owned()))
    }
}
