//! A file whose bytes are encrypted, so that nothing of what was sent stands on the disk as it is.
//!
//! It is a row of pieces, each 64 KiB (the last may be shorter) encrypted with ChaCha20-Poly1305, its tag behind
//! it. The number of a piece is its nonce: a key is made for one file, and each piece is written once. Whoever
//! reads it knows how long it is, so that a file which was cut off is not taken for a whole one.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};

/// Bytes of a piece before it is encrypted.
const PIECE: usize = 64 << 10;

/// Bytes that encryption adds to a piece.
const TAG: usize = 16;

/// The key of one file, in base 64.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct FileKey(String);

impl FileKey {
    /// A new one; none if the system has no random numbers.
    pub(super) fn random() -> Option<Self> {
        let mut bytes = [0; 32];
        SystemRandom::new().fill(&mut bytes).ok()?;
        Some(Self(STANDARD.encode(bytes)))
    }

    /// The key for the cipher; none for what is no key.
    fn cipher(&self) -> Option<LessSafeKey> {
        let bytes = STANDARD.decode(&self.0).ok()?;
        UnboundKey::new(&CHACHA20_POLY1305, &bytes).ok().map(LessSafeKey::new)
    }
}

fn nonce(piece: u64) -> Nonce {
    let mut bytes = [0; NONCE_LEN];
    bytes[..8].copy_from_slice(&piece.to_le_bytes());
    Nonce::assume_unique_for_key(bytes)
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Writes a file.
pub(super) struct SealedWriter {
    file: File,
    key: LessSafeKey,
    /// What is not written yet: less than a piece.
    waiting: Vec<u8>,
    pieces: u64,
}

impl SealedWriter {
    /// Begins an empty file.
    ///
    /// # Errors
    /// For what is no key.
    pub(super) fn begin(file: File, key: &FileKey) -> io::Result<Self> {
        let key = key.cipher().ok_or_else(|| damaged("the key of the file is none"))?;
        Ok(Self { file, key, waiting: Vec::with_capacity(PIECE + TAG), pieces: 0 })
    }

    /// Writes bytes behind those before.
    pub(super) fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let fitting = bytes.len().min(PIECE - self.waiting.len());
            let (now, later) = bytes.split_at(fitting);
            self.waiting.extend_from_slice(now);
            if self.waiting.len() == PIECE {
                self.seal()?;
            }
            bytes = later;
        }
        Ok(())
    }

    /// Ends the file, which is on disk then.
    pub(super) fn finish(mut self) -> io::Result<File> {
        if !self.waiting.is_empty() {
            self.seal()?;
        }
        self.file.sync_all()?;
        Ok(self.file)
    }

    fn seal(&mut self) -> io::Result<()> {
        let sealed =
            self.key.seal_in_place_append_tag(nonce(self.pieces), Aad::empty(), &mut self.waiting);
        sealed.expect("a piece is shorter than 256 GB");
        self.pieces += 1;
        self.file.write_all(&self.waiting)?;
        self.waiting.clear();
        Ok(())
    }
}

/// Reads a file, from any place on.
pub(super) struct SealedReader {
    file: File,
    key: LessSafeKey,
    /// Bytes of the whole, before it was encrypted.
    length: u64,
    place: u64,
    /// The piece that was read last, and its number.
    piece: Option<(u64, Vec<u8>)>,
}

impl SealedReader {
    /// Reads a file from its beginning, which has so many bytes before it is encrypted.
    ///
    /// # Errors
    /// For what is no key.
    pub(super) fn begin(file: File, key: &FileKey, length: u64) -> io::Result<Self> {
        let key = key.cipher().ok_or_else(|| damaged("the key of the file is none"))?;
        Ok(Self { file, key, length, place: 0, piece: None })
    }

    /// A piece as it was before it was encrypted.
    fn piece(&mut self, number: u64) -> io::Result<&[u8]> {
        if self.piece.as_ref().is_none_or(|(known, _)| *known != number) {
            let begin = number * (PIECE + TAG) as u64;
            let plain = (self.length - number * PIECE as u64).min(PIECE as u64);
            let mut piece = vec![0; plain as usize + TAG];
            self.file.seek(SeekFrom::Start(begin))?;
            self.file.read_exact(&mut piece)?;
            let opened = self.key.open_in_place(nonce(number), Aad::empty(), &mut piece);
            opened.map_err(|_| damaged("the file was changed, or has another key"))?;
            piece.truncate(plain as usize);
            self.piece = Some((number, piece));
        }
        Ok(self.piece.as_ref().map_or(&[], |(_, piece)| piece))
    }
}

impl Read for SealedReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.place >= self.length || into.is_empty() {
            return Ok(0);
        }
        let within = (self.place % PIECE as u64) as usize;
        let rest = &self.piece(self.place / PIECE as u64)?[within..];
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        self.place += count as u64;
        Ok(count)
    }
}

impl Seek for SealedReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.place.checked_add_signed(by),
        };
        let before = || io::Error::new(io::ErrorKind::InvalidInput, "a place before the beginning");
        self.place = place.ok_or_else(before)?;
        Ok(self.place)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sealed(bytes: &[u8], key: &FileKey) -> File {
        let mut writer = SealedWriter::begin(tempfile::tempfile().unwrap(), key).unwrap();
        for some in bytes.chunks(50_000) {
            writer.write(some).unwrap();
        }
        writer.finish().unwrap()
    }

    fn all(file: &File) -> Vec<u8> {
        let mut file = file.try_clone().unwrap();
        let mut all = Vec::new();
        file.rewind().unwrap();
        file.read_to_end(&mut all).unwrap();
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn what_is_read_anywhere_is_what_was_written(
            length in prop_oneof![0..5_usize, PIECE - 2..PIECE + 3, 3 * PIECE - 2..3 * PIECE + 3],
            from in 0.0..1.0_f64,
        ) {
            let bytes: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
            let key = FileKey::random().unwrap();
            let file = sealed(&bytes, &key);
            let mut reader = SealedReader::begin(file, &key, length as u64).unwrap();
            let mut read = Vec::new();
            reader.read_to_end(&mut read).unwrap();
            prop_assert!(read == bytes);
            let from = (length as f64 * from) as usize;
            reader.seek(SeekFrom::End(from as i64 - length as i64)).unwrap();
            read.clear();
            reader.read_to_end(&mut read).unwrap();
            prop_assert!(read == bytes[from..]);
        }
    }

    #[test]
    fn nothing_of_it_is_readable_and_what_was_changed_or_cut_off_is_refused() {
        let bytes = b"I live in Lisbon now! ".repeat(10_000);
        let key = FileKey::random().unwrap();
        let file = sealed(&bytes, &key);
        let on_disk = all(&file);
        assert!(!on_disk.windows(6).any(|some| some == b"Lisbon"));
        let read = |file: File, key: &FileKey| {
            SealedReader::begin(file, key, bytes.len() as u64)
                .and_then(|mut reader| reader.read_to_end(&mut Vec::new()))
        };
        assert_eq!(read(file.try_clone().unwrap(), &key).unwrap(), bytes.len());
        assert!(read(file.try_clone().unwrap(), &FileKey::random().unwrap()).is_err());
        file.set_len(on_disk.len() as u64 - 1).unwrap();
        assert!(read(file, &key).is_err());
        let mut changed = tempfile::tempfile().unwrap();
        // Two whole pieces in each other's place.
        let (first, rest) = on_disk.split_at(PIECE + TAG);
        let (second, rest) = rest.split_at(PIECE + TAG);
        changed.write_all(&[second, first, rest].concat()).unwrap();
        assert!(read(changed, &key).is_err());
    }
}
