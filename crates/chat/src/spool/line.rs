//! One line of a spool: a turn as JSON, or the same encrypted.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use jiff::Timestamp;
use longmem_core::{NewTurn, Role, SessionName, SourceKey, StoreKey};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Says what the derived key is for, so that it is another one for each purpose.
const PURPOSE: &[u8] = b"longmem: lines of a spool, ChaCha20-Poly1305";

/// What a line says that is not encrypted.
#[derive(Serialize, Deserialize)]
struct PlainLine {
    /// Which store it waits for; absent in lines of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    store: Option<StoreTag>,
    session: SessionName,
    role: Role,
    text: String,
    time: Timestamp,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    note: bool,
    key: SourceKey,
}

/// A line that is encrypted.
#[derive(Serialize, Deserialize)]
struct SealedLine {
    /// Which store it waits for.
    store: StoreTag,
    /// A random nonce and the encrypted [`PlainLine`], in base 64.
    sealed: String,
}

/// The part of a line that every form has.
#[derive(Deserialize)]
struct AnyLine {
    #[serde(default)]
    store: Option<StoreTag>,
}

/// Which store a line waits for: a digest of its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoreTag(String);

impl StoreTag {
    pub(super) fn of(place: &str) -> Self {
        let digest = Sha256::digest(place);
        Self(STANDARD_NO_PAD.encode(&digest[..12]))
    }

    /// The store that a line names.
    pub(super) fn of_line(line: &[u8]) -> Option<Self> {
        serde_json::from_slice::<AnyLine>(line).ok()?.store
    }
}

/// How the lines of one spool are written and read.
#[derive(Debug, Clone)]
pub(super) struct LineFormat {
    /// Encrypts new lines; without it they are plain.
    pub(super) key: Option<StoreKey>,
    /// The store that they wait for.
    pub(super) store: StoreTag,
    /// The name of the file: a digest of store and user. An encrypted line is bound to it, so that it says
    /// nothing in the file of another user.
    pub(super) file: String,
}

/// A line that could be read.
pub(super) struct ReadLine {
    pub(super) turn: NewTurn,
    /// Whether it was encrypted.
    pub(super) was_sealed: bool,
}

impl LineFormat {
    /// Writes a turn, with the line's end.
    ///
    /// # Panics
    /// If the turn has no source key, or the system has no random numbers.
    pub(super) fn write(&self, turn: &NewTurn) -> Vec<u8> {
        let line = PlainLine {
            store: Some(self.store.clone()),
            session: turn.session.clone(),
            role: turn.role,
            text: turn.text.clone(),
            time: turn.time,
            note: turn.note,
            key: turn.source_key.clone().expect("only turns with a key are spooled"),
        };
        let plain =
            serde_json::to_vec(&line).expect("its fields are texts, a time and a yes or no");
        let mut line = match &self.key {
            None => plain,
            Some(key) => {
                let line = SealedLine { store: self.store.clone(), sealed: self.seal(key, plain) };
                serde_json::to_vec(&line).expect("its fields are texts")
            }
        };
        line.push(b'\n');
        line
    }

    /// Reads a line. A plain one is read with a key, too: it is from before there was one. Returns none for
    /// a line that was cut off, or encrypted with another key or for another file.
    pub(super) fn read(&self, line: &[u8]) -> Option<ReadLine> {
        let sealed = serde_json::from_slice::<SealedLine>(line).ok();
        let was_sealed = sealed.is_some();
        let line: PlainLine = match sealed {
            Some(line) => serde_json::from_slice(&self.open(self.key.as_ref()?, &line)?).ok()?,
            None => serde_json::from_slice(line).ok()?,
        };
        let PlainLine { store: _, session, role, text, time, note, key } = line;
        let turn = NewTurn {
            session,
            session_title: None,
            role,
            speaker: None,
            text,
            time,
            note,
            source_key: Some(key),
        };
        Some(ReadLine { turn, was_sealed })
    }

    fn seal(&self, key: &StoreKey, mut text: Vec<u8>) -> String {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).expect("the system has random numbers");
        let aad = Aad::from(self.file.as_bytes());
        line_key(key)
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut text)
            .expect("a message is shorter than 256 GB");
        STANDARD_NO_PAD.encode([&nonce[..], &text].concat())
    }

    fn open(&self, key: &StoreKey, line: &SealedLine) -> Option<Vec<u8>> {
        let mut bytes = STANDARD_NO_PAD.decode(&line.sealed).ok()?;
        let (nonce, text) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let aad = Aad::from(self.file.as_bytes());
        Some(line_key(key).open_in_place(nonce, aad, text).ok()?.to_vec())
    }
}

/// The key of lines, made of the store's, so that no key serves two ciphers.
fn line_key(key: &StoreKey) -> LessSafeKey {
    let secret = Salt::new(HKDF_SHA256, &[]).extract(key.bytes());
    let info = [PURPOSE];
    let derived = secret.expand(&info, &CHACHA20_POLY1305).expect("32 bytes are not too many");
    LessSafeKey::new(UnboundKey::from(derived))
}
