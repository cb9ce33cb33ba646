//! Opening a log: what a crash leaves is put right, all else is refused.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::{Buf, Bytes};

use super::book::Book;
use super::folder::Folder;
use super::newest::Newest;
use super::record::{Head, Record};
use super::sector::{self, PAGE_BODY_BYTES, PAGE_BYTES, SECTOR_BYTES, Sector};
use super::segment::Segment;
use super::writer::Disk;
use super::{LogOptions, LogState};
use crate::{StoreError, dir, state};

/// Opens the log, and makes sure that it is whole and on disk.
pub(super) fn open(log_dir: &Path, options: LogOptions) -> Result<(Book, Disk), StoreError> {
    dir::create(log_dir)?;
    let newest = Newest::new(log_dir);
    let noted = newest.read()?;
    let (mut folder, numbers) = Folder::open(&log_dir.join("segments"), options.file_bytes())?;
    check_files(log_dir, &folder, &numbers, noted)?;
    let last_number = numbers.last().copied();
    let mut book = Book::new(options);
    let mut last: Option<Scanned> = None;
    for number in numbers {
        let scanned = Scanned::new(&folder, number)?;
        if scanned.is_not_begun() && noted < Some(number) && last_number == Some(number) {
            // A crash came between the file and its first record.
            folder.remove(number)?;
            break;
        }
        last = Some(scanned.replay(&mut book, last.as_ref())?);
    }
    if !book.is_whole() {
        return Err(StoreError::corrupt(log_dir, "the first entries are missing"));
    }
    if noted.is_none() && book.state() != LogState::default() {
        return Err(StoreError::corrupt(newest.path(), "it is missing"));
    }
    let segment = match last {
        Some(last) => last.resume(&mut book, folder.file_bytes())?,
        None => begin(log_dir, &mut folder, &mut book)?,
    };
    if noted != Some(segment.number()) {
        newest.note(segment.number())?;
    }
    Ok((book, Disk { folder, newest, segment }))
}

/// Begins a log that is there for the first time.
fn begin(log_dir: &Path, folder: &mut Folder, book: &mut Book) -> Result<Segment, StoreError> {
    // A group's log is begun before its state. A state without a log has lost its votes.
    if log_dir.parent().is_some_and(state::exists) {
        return Err(StoreError::corrupt(log_dir, "it is missing, and the state is there"));
    }
    // The log's directory, and that of its group.
    for created in log_dir.ancestors().take(2) {
        dir::sync_name(created)?;
    }
    let number = 1;
    let file = Arc::new(folder.begin(number)?);
    let head = Record::Head(Head { previous_bytes: 0, state: LogState::default() }).encode();
    let write = || {
        let mut segment = Segment::new(number, file.clone(), folder.file_bytes(), 0, Vec::new())?;
        segment.append(&head)?;
        segment.sync()?;
        Ok(segment)
    };
    let segment = write().map_err(StoreError::io("begin", &folder.path(number)))?;
    book.enter_segment(number, folder.file_bytes(), Some(file), segment.end());
    book.reached_disk(number, segment.end());
    Ok(segment)
}

/// Whether the segments are there without a gap, up to the one that was noted as the newest.
fn check_files(
    log_dir: &Path,
    folder: &Folder,
    numbers: &[u32],
    noted: Option<u32>,
) -> Result<(), StoreError> {
    let missing = |number| Err(StoreError::corrupt(&folder.path(number), "it is missing"));
    if let Some(pair) = numbers.windows(2).find(|pair| pair[0] + 1 != pair[1]) {
        return missing(pair[0] + 1);
    }
    match noted {
        Some(noted) if numbers.last().is_none_or(|last| *last < noted) => missing(noted),
        Some(_) => Ok(()),
        // A crash may have come between the first segment and its note.
        None if numbers.iter().all(|number| *number == 1) => Ok(()),
        None => Err(StoreError::corrupt(Newest::new(log_dir).path(), "it is missing")),
    }
}

/// A segment as it was found.
struct Scanned {
    number: u32,
    path: PathBuf,
    file: Arc<File>,
    file_bytes: u64,
    /// What the sectors up to the first hole say.
    stream: Bytes,
    /// The bytes of whole records at its beginning.
    end: u64,
    /// How many bytes were on disk for sure.
    durable: u64,
    /// Behind the last sector of this segment, holes or not.
    written: u64,
}

impl Scanned {
    fn new(folder: &Folder, number: u32) -> Result<Self, StoreError> {
        let path = folder.path(number);
        let file = folder.file(number)?;
        let content = std::fs::read(&path).map_err(StoreError::io("read", &path))?;
        let (mut stream, mut has_hole, mut durable, mut written) = (Vec::new(), false, 0, 0);
        for (place, bytes) in (0..).zip(content.chunks(SECTOR_BYTES)) {
            let at = place as usize * SECTOR_BYTES;
            match sector::read(number, place, bytes) {
                Sector::Old => has_hole = true,
                Sector::Damaged => {
                    let what = format!("the sector at offset {at} is not what was written");
                    return Err(StoreError::corrupt(&path, what));
                }
                Sector::Ours { mark, body } => {
                    if !has_hole {
                        stream.extend_from_slice(body);
                    }
                    durable = durable.max(u64::from(mark));
                    written = (at + SECTOR_BYTES) as u64;
                }
            }
        }
        let (stream, file_bytes) = (Bytes::from(stream), content.len() as u64);
        Ok(Self { number, path, file: file.into(), file_bytes, stream, end: 0, durable, written })
    }

    /// Whether not even the first record was written.
    fn is_not_begun(&self) -> bool {
        self.durable == 0 && matches!(Record::take(&mut self.stream.clone()), Ok(None))
    }

    /// Tells the book all records.
    fn replay(mut self, book: &mut Book, before: Option<&Self>) -> Result<Self, StoreError> {
        book.enter_segment(self.number, self.file_bytes, Some(self.file.clone()), 0);
        let mut rest = self.stream.clone();
        loop {
            let (at, left) = (self.end, rest.remaining());
            let place = |what: String| format!("{what}, at byte {at} of its records");
            let refused = |what| StoreError::corrupt(&self.path, place(what));
            let Some(record) = Record::take(&mut rest).map_err(refused)? else { break };
            self.check_place(&record, before).map_err(refused)?;
            let bytes = left - rest.remaining();
            book.replay(record, at, bytes).map_err(refused)?;
            self.end += bytes as u64;
        }
        if self.end == 0 {
            return Err(StoreError::corrupt(&self.path, "its first record is missing"));
        }
        if self.end < self.durable {
            let what = format!(
                "it ends at offset {}, and {} bytes of records were written for sure",
                self.end / sector::BODY_BYTES as u64 * SECTOR_BYTES as u64,
                self.durable
            );
            return Err(StoreError::corrupt(&self.path, what));
        }
        Ok(self)
    }

    /// A head stands at the beginning of a segment and nowhere else, and knows where the one
    /// before has ended.
    fn check_place(&self, record: &Record, before: Option<&Self>) -> Result<(), String> {
        match (self.end, record, before) {
            (0, Record::Head(head), Some(before)) if head.previous_bytes != before.end => {
                Err(format!("the segment before ends at {}, not where it did", before.end))
            }
            (0, Record::Head(_), _) => Ok(()),
            (0, _, _) | (_, Record::Head(_), _) => Err("a head in the wrong place".into()),
            (_, _, _) => Ok(()),
        }
    }

    /// Goes on behind the last whole record. Nobody was told that anything behind it is on disk.
    fn resume(self, book: &mut Book, file_bytes: u64) -> Result<Segment, StoreError> {
        let page = self.end / PAGE_BODY_BYTES as u64;
        let start = usize::try_from(page * PAGE_BODY_BYTES as u64).unwrap_or(usize::MAX);
        let end = usize::try_from(self.end).unwrap_or(usize::MAX);
        let tail = self.stream.get(start..end).unwrap_or_default();
        let is_torn = self.stream.get(end..).is_some_and(|rest| rest.iter().any(|byte| *byte != 0))
            || self.written > sectors_of(self.end);
        if is_torn {
            let path = self.path.display();
            tracing::warn!(%path, bytes = self.end, "torn end of the log cut off");
            self.wipe(page * PAGE_BYTES as u64, tail).map_err(StoreError::io("cut", &self.path))?;
        }
        // What an earlier process has written and not synced is read from here on, so it must not
        // vanish any more.
        self.file.sync_data().map_err(StoreError::io("sync", &self.path))?;
        book.enter_segment(
            self.number,
            self.file_bytes.max(file_bytes),
            Some(self.file.clone()),
            self.end,
        );
        Segment::new(self.number, self.file, file_bytes, self.end, tail.to_vec())
            .map_err(StoreError::io("open", &self.path))
    }

    /// Writes `tail` at the beginning of a page, and zeros behind it up to where anything of this
    /// segment was written: it must not be taken for the end of what is written next.
    fn wipe(&self, at: u64, tail: &[u8]) -> std::io::Result<()> {
        let mark = u32::try_from(self.durable).map_err(std::io::Error::other)?;
        let place = u32::try_from(at / SECTOR_BYTES as u64).map_err(std::io::Error::other)?;
        let mut pages = sector::lay_out(self.number, place, mark, tail);
        let written = usize::try_from(self.written.saturating_sub(at)).unwrap_or(0);
        pages.resize(pages.len().max(written.next_multiple_of(PAGE_BYTES)), 0);
        self.file.write_all_at(&pages, at)
    }
}

/// Bytes of the sectors that hold so many bytes of records.
fn sectors_of(records: u64) -> u64 {
    records.div_ceil(sector::BODY_BYTES as u64) * SECTOR_BYTES as u64
}
