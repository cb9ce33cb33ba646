use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use super::sector::{self, BODY_BYTES, PAGE_BODY_BYTES, PAGE_BYTES, SECTOR_BYTES};

/// How far ahead of the records a new file is filled with zeros: writing over what is there needs
/// no change of the file's length, and so half the time of an fsync that has one to write down.
const FILL_BYTES: u64 = 1 << 20;

/// The segment that is written to.
pub(super) struct Segment {
    number: u32,
    file: Arc<File>,
    /// The file's length.
    filled: u64,
    /// The length that the file is to have in the end.
    file_bytes: u64,
    /// Bytes of records.
    end: u64,
    /// How many of them were there at the last fsync.
    durable: u64,
    /// The records from the beginning of the last page on.
    page: Vec<u8>,
}

impl Segment {
    /// A segment whose file holds `end` bytes of records, all of them on disk. The last, from the
    /// beginning of a page on, are `page`.
    pub(super) fn new(
        number: u32,
        file: Arc<File>,
        file_bytes: u64,
        end: u64,
        page: Vec<u8>,
    ) -> io::Result<Self> {
        let filled = file.metadata()?.len();
        Ok(Self { number, file, filled, file_bytes, end, durable: end, page })
    }

    pub(super) fn number(&self) -> u32 {
        self.number
    }

    pub(super) fn end(&self) -> u64 {
        self.end
    }

    pub(super) fn append(&mut self, records: &[u8]) -> io::Result<()> {
        let page = (self.end - self.page.len() as u64) / PAGE_BODY_BYTES as u64;
        let at = page * PAGE_BYTES as u64;
        self.page.extend_from_slice(records);
        let mark = u32::try_from(self.durable).map_err(io::Error::other)?;
        let place = u32::try_from(at / SECTOR_BYTES as u64).map_err(io::Error::other)?;
        let pages = sector::lay_out(self.number, place, mark, &self.page);
        self.fill(at + pages.len() as u64)?;
        self.file.write_all_at(&pages, at)?;
        self.end += records.len() as u64;
        let full = self.page.len() / PAGE_BODY_BYTES * PAGE_BODY_BYTES;
        // A new one: a large write must not keep its memory.
        self.page = self.page.split_off(full);
        Ok(())
    }

    /// Makes sure that the file goes on behind what is written next.
    fn fill(&mut self, needed: u64) -> io::Result<()> {
        if needed <= self.filled {
            return Ok(());
        }
        self.filled = needed.next_multiple_of(FILL_BYTES).min(self.file_bytes).max(needed);
        // A page at a time: of larger pieces Linux makes large folios, and then counts a whole one
        // as written by this process for every page that is written into it.
        for at in (needed..self.filled).step_by(PAGE_BYTES) {
            self.file.write_all_at(&[0; PAGE_BYTES], at)?;
        }
        Ok(())
    }

    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        self.durable = self.end;
        Ok(())
    }
}

/// Reads `bytes` bytes of a segment's records, from byte `at` on.
pub(super) fn read(file: &File, number: u32, at: u64, bytes: usize) -> io::Result<Vec<u8>> {
    let body = BODY_BYTES as u64;
    let first = at / body;
    let sectors = (at + bytes as u64).div_ceil(body) - first;
    let mut found = vec![0; usize::try_from(sectors).map_err(io::Error::other)? * SECTOR_BYTES];
    file.read_exact_at(&mut found, first * SECTOR_BYTES as u64)?;
    let place = u32::try_from(first).map_err(io::Error::other)?;
    let mut stream = sector::stream(number, place, &found)?;
    let skipped = usize::try_from(at - first * body).map_err(io::Error::other)?;
    stream.drain(..skipped);
    stream.truncate(bytes);
    Ok(stream)
}
