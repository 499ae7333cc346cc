//! Reads the pages of a file as they are, with those that only its write-ahead log holds yet.
//!
//! SQLite itself reaches a page through the pages above it, and refuses what stands below a damaged
//! one. Here each page is read by its number. The layouts are those of SQLite's file format
//! (<https://www.sqlite.org/fileformat2.html>).

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::file::with_suffix;
use crate::open_file::OpenFile;

/// Bytes of a page: SQLite's own choice, which no store changes.
pub(super) const PAGE: usize = 4096;

const LOG_HEADER: u64 = 32;
const FRAME_HEADER: u64 = 24;

/// The pages of a file.
pub(super) struct Pages {
    file: OpenFile,
    count: u32,
    log: Option<File>,
    /// Where in the log the newest content of a page begins.
    in_log: HashMap<u32, u64>,
}

impl Pages {
    /// Opens a file for reading only.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenFile::open(path)?;
        let length = file.length()?;
        let mut count = u32::try_from(length.div_ceil(PAGE as u64)).unwrap_or(u32::MAX);
        let mut in_log = HashMap::new();
        // SQLite has no locks on the log itself.
        let log = File::open(with_suffix(path, "-wal")).ok();
        if let Some(log) = &log {
            in_log = committed_frames(log);
            count = count.max(in_log.keys().copied().max().unwrap_or(0));
        }
        Ok(Self { file, count, log, in_log })
    }

    /// The numbers of all pages, from 1.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> + use<> {
        1..=self.count
    }

    /// Bytes of all pages.
    pub(super) fn bytes(&self) -> u64 {
        u64::from(self.count) * PAGE as u64
    }

    /// Reads a page. What is missing at the file's end is zero; a page that the disk does not give is
    /// all zero.
    pub(super) fn read(&self, number: u32) -> Vec<u8> {
        let read = match (self.in_log.get(&number), &self.log) {
            (Some(at), Some(log)) => read_at(log, *at),
            _ => self.file.read_at(u64::from(number.saturating_sub(1)) * PAGE as u64, PAGE),
        };
        let mut page = read.unwrap_or_default();
        page.resize(PAGE, 0);
        page
    }
}

fn read_at(mut file: &File, at: u64) -> io::Result<Vec<u8>> {
    let mut page = Vec::with_capacity(PAGE);
    file.seek(SeekFrom::Start(at))?;
    file.take(PAGE as u64).read_to_end(&mut page)?;
    Ok(page)
}

/// Where the pages of finished transactions stand in a write-ahead log. It ends where the checksums
/// that run through all frames no longer hold.
fn committed_frames(mut log: &File) -> HashMap<u32, u64> {
    let mut header = [0; LOG_HEADER as usize];
    if log.read_exact(&mut header).is_err() {
        return HashMap::new();
    }
    let word = |bytes: &[u8], at: usize| {
        u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
    };
    let magic = word(&header, 0);
    let big_endian = magic == 0x377f_0683;
    if (!big_endian && magic != 0x377f_0682) || word(&header, 8) as usize != PAGE {
        return HashMap::new();
    }
    let mut sums = checksum([0, 0], &header[..24], big_endian);
    if sums != [word(&header, 24), word(&header, 28)] {
        return HashMap::new();
    }
    let mut committed = HashMap::new();
    let mut open = HashMap::new();
    let mut at = LOG_HEADER;
    let mut frame = vec![0; FRAME_HEADER as usize + PAGE];
    while log.read_exact(&mut frame).is_ok() && frame[8..16] == header[16..24] {
        sums = checksum(sums, &frame[..8], big_endian);
        sums = checksum(sums, &frame[FRAME_HEADER as usize..], big_endian);
        if sums != [word(&frame, 16), word(&frame, 20)] {
            break;
        }
        open.insert(word(&frame, 0), at + FRAME_HEADER);
        // The last frame of a transaction says how many pages the file has then.
        if word(&frame, 4) != 0 {
            committed.extend(open.drain());
        }
        at += FRAME_HEADER + PAGE as u64;
    }
    committed
}

/// The checksum of a log, which each frame carries on.
fn checksum(mut sums: [u32; 2], bytes: &[u8], big_endian: bool) -> [u32; 2] {
    let (words, _) = bytes.as_chunks::<4>();
    let number = |word: [u8; 4]| {
        if big_endian { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) }
    };
    for pair in words.chunks_exact(2) {
        sums[0] = sums[0].wrapping_add(number(pair[0])).wrapping_add(sums[1]);
        sums[1] = sums[1].wrapping_add(number(pair[1])).wrapping_add(sums[0]);
    }
    sums
}
