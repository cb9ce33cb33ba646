use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use bytes::BytesMut;

use super::places::{Place, Places};
use super::recent::Recent;
use super::record::{Head, Record};
use super::sector::{BODY_BYTES, PAGE_BODY_BYTES, PAGE_BYTES, SECTOR_BYTES};
use super::stored::{Found, Stored};
use super::{Flushed, LogOptions, LogState};
use crate::{LogEntry, LogId, Vote};

/// The log in memory: what it holds and where, and what is still to be written.
pub(super) struct Book {
    options: LogOptions,
    state: LogState,
    places: Places,
    recent: Recent,
    /// Every segment that is begun, and its file once that is there.
    segments: BTreeMap<u32, SegmentFile>,
    /// Where the next record goes.
    tail: Tail,
    /// The segment that is on disk up to this byte for good, as all before it are: no later write
    /// touches them.
    settled: (u32, u64),
    due: Due,
    pub(super) is_closed: bool,
}

/// The file of a segment.
struct SegmentFile {
    file: Option<Arc<File>>,
    bytes: u64,
}

#[derive(Clone, Copy)]
struct Tail {
    number: u32,
    end: u64,
    capacity: u64,
}

/// What the writer has to do next.
#[derive(Default)]
pub(super) struct Due {
    pub(super) runs: Vec<Run>,
    /// Who waits for it, in the order of the calls.
    pub(super) waiting: Vec<Flushed>,
    /// The segments that nobody needs once it is done, and the bytes of their files.
    pub(super) freed: BTreeMap<u32, u64>,
}

/// Records that follow one another in a segment.
pub(super) struct Run {
    pub(super) segment: u32,
    pub(super) file_bytes: u64,
    pub(super) records: BytesMut,
}

impl Book {
    pub(super) fn new(options: LogOptions) -> Self {
        Self {
            options,
            state: LogState::default(),
            places: Places::default(),
            recent: Recent::default(),
            segments: BTreeMap::new(),
            tail: Tail { number: 0, end: 0, capacity: 0 },
            settled: (0, 0),
            due: Due::default(),
            is_closed: false,
        }
    }

    pub(super) fn state(&self) -> LogState {
        self.state
    }

    /// Appends an entry, the next one. One that is not is refused: no log with a gap can be opened.
    pub(super) fn append(&mut self, entry: LogEntry) -> io::Result<()> {
        if !self.is_next(entry.id) {
            return Err(broken(entry.id.index.get(), "leaves a gap"));
        }
        self.write(Record::Entry(entry));
        Ok(())
    }

    pub(super) fn save_vote(&mut self, vote: Vote) {
        self.write(Record::Vote(vote));
    }

    /// Notes what is committed, if that is news of an entry that is here. Nobody waits for it, so
    /// the writer is not woken.
    pub(super) fn save_committed(&mut self, id: LogId) {
        if Some(id) > self.state.committed && Some(id) <= self.state.last {
            self.write(Record::Committed(id));
        }
    }

    /// Drops what follows `keep`; all there is if it is `None`.
    pub(super) fn truncate_after(&mut self, keep: Option<LogId>) {
        let next = keep.map_or(0, |id| id.index.get() + 1);
        if next < self.places.end() && !self.places.is_empty() {
            self.write(Record::Truncated(keep));
        }
    }

    /// Drops all up to `upto`, which may lie behind the last entry.
    pub(super) fn purge(&mut self, upto: LogId) {
        if self.state.purged.is_some_and(|purged| purged.index >= upto.index) {
            return;
        }
        self.write(Record::Purged(upto));
        let needed = self.places.first_segment().unwrap_or(self.tail.number);
        let kept = self.segments.split_off(&needed);
        let freed = std::mem::replace(&mut self.segments, kept);
        self.due.freed.extend(freed.into_iter().map(|(number, file)| (number, file.bytes)));
    }

    /// Has `done` called when all that was written before is on disk.
    pub(super) fn wait(&mut self, done: Flushed) {
        self.due.waiting.push(done);
    }

    pub(super) fn is_awaited(&self) -> bool {
        !self.due.waiting.is_empty()
    }

    /// What is to be written, and who waits for it.
    pub(super) fn take_due(&mut self) -> Due {
        std::mem::take(&mut self.due)
    }

    /// Bytes of the files of all segments.
    pub(super) fn disk_bytes(&self) -> u64 {
        let length = |file: &Arc<File>| file.metadata().map_or(0, |file| file.len());
        self.segments.values().filter_map(|segment| segment.file.as_ref()).map(length).sum()
    }

    /// The file of a segment is there.
    pub(super) fn opened(&mut self, number: u32, file: Arc<File>) {
        if let Some(segment) = self.segments.get_mut(&number) {
            segment.file = Some(file);
        }
    }

    /// The segment is on disk up to this byte, as all before it are.
    pub(super) fn reached_disk(&mut self, number: u32, end: u64) {
        // The next write begins with the last page. Nobody may read that meanwhile.
        let page = PAGE_BODY_BYTES as u64;
        self.settled = (number, end / page * page);
        while self.recent.bytes() > self.options.cache_bytes {
            let first = self.recent.first().and_then(|index| self.places.get(index));
            if first.is_none_or(|place| (place.segment, place.end()) > self.settled) {
                break;
            }
            self.recent.pop_first();
        }
    }

    /// Finds the entries of `wanted` that are here, in order, until they have `bytes_max` bytes.
    pub(super) fn find(
        &self,
        wanted: Range<u64>,
        bytes_max: Option<usize>,
    ) -> io::Result<Vec<Found>> {
        let mut found = Vec::new();
        if self.places.is_empty() {
            return Ok(found);
        }
        let mut bytes = 0;
        for index in wanted.start.max(self.places.first())..wanted.end.min(self.places.end()) {
            let place = self.places.get(index).ok_or_else(|| broken(index, "is missing"))?;
            found.push(match self.recent.get(index) {
                Some(entry) => Found::Here(entry.clone()),
                None => Found::Stored(self.stored(index, place)?),
            });
            bytes += Record::body_bytes(place.bytes as usize);
            if bytes_max.is_some_and(|max| bytes >= max) {
                break;
            }
        }
        Ok(found)
    }

    fn stored(&self, index: u64, place: Place) -> io::Result<Stored> {
        let file = self.segments.get(&place.segment).and_then(|segment| segment.file.clone());
        let file = file.ok_or_else(|| broken(index, "has no file"))?;
        Ok(Stored { index, place, file })
    }

    /// Whether the entry is where it was found.
    pub(super) fn holds(&self, stored: &Stored) -> bool {
        self.places.get(stored.index) == Some(stored.place)
    }

    fn is_next(&self, id: LogId) -> bool {
        self.state.last.is_none_or(|last| last.index.get() + 1 == id.index.get())
    }

    /// Puts a record where it will be written.
    fn write(&mut self, record: Record) {
        let encoded = record.encode();
        if self.tail.end + encoded.len() as u64 > self.tail.capacity {
            self.begin_segment(encoded.len());
        }
        let place = self.put(&encoded);
        self.take_note(record, place);
    }

    fn begin_segment(&mut self, first_record_bytes: usize) {
        let head = Head { previous_bytes: self.tail.end, state: self.state };
        let head = Record::Head(head).encode();
        let body = BODY_BYTES as u64;
        let needed = (head.len() + first_record_bytes) as u64;
        let needed = needed.div_ceil(body) * SECTOR_BYTES as u64;
        let bytes = self.options.file_bytes().max(needed.next_multiple_of(PAGE_BYTES as u64));
        self.enter_segment(self.tail.number + 1, bytes, None, 0);
        self.put(&head);
    }

    /// Goes on in a segment that holds `end` bytes of records.
    pub(super) fn enter_segment(
        &mut self,
        number: u32,
        bytes: u64,
        file: Option<Arc<File>>,
        end: u64,
    ) {
        let capacity = bytes / SECTOR_BYTES as u64 * BODY_BYTES as u64;
        self.tail = Tail { number, end, capacity };
        self.segments.insert(number, SegmentFile { file, bytes });
    }

    fn put(&mut self, encoded: &[u8]) -> Place {
        let Tail { number, end, .. } = self.tail;
        match self.due.runs.last_mut() {
            Some(run) if run.segment == number => run.records.extend_from_slice(encoded),
            Some(_) | None => {
                let file_bytes = self.segments.get(&number).map_or(0, |segment| segment.bytes);
                self.due.runs.push(Run { segment: number, file_bytes, records: encoded.into() });
            }
        }
        self.tail.end += encoded.len() as u64;
        place(number, end, encoded.len())
    }

    /// What a record says of the log; the same when it is written and when it is read back.
    fn take_note(&mut self, record: Record, place: Place) {
        match record {
            Record::Head(_) => {}
            Record::Vote(vote) => self.state.vote = Some(vote),
            Record::Committed(id) => self.state.committed = Some(id),
            Record::Entry(entry) => {
                self.state.last = Some(entry.id);
                self.places.push(entry.id.index.get(), place);
                self.recent.push(entry, place.bytes as usize);
            }
            Record::Truncated(keep) => {
                let next = keep.map_or(0, |id| id.index.get() + 1);
                self.places.truncate(next);
                self.recent.truncate(next);
                self.state.last = keep.max(self.state.purged);
            }
            Record::Purged(upto) => {
                self.places.purge(upto.index.get());
                self.recent.purge(upto.index.get());
                self.state.purged = Some(upto);
                if self.state.last.is_none_or(|last| last.index <= upto.index) {
                    self.state.last = Some(upto);
                }
            }
        }
    }

    /// Reads a record back, that began at byte `at` of the last segment.
    ///
    /// # Errors
    /// What does not fit what was read before, in words.
    pub(super) fn replay(&mut self, record: Record, at: u64, bytes: usize) -> Result<(), String> {
        match &record {
            Record::Entry(entry) if !self.is_next(entry.id) => {
                return Err(format!("entry {} leaves a gap", entry.id));
            }
            Record::Head(head) if self.segments.len() == 1 => self.state = head.state,
            Record::Head(head) if head.state != self.state => {
                return Err("its first record does not fit the segments before".into());
            }
            Record::Head(_)
            | Record::Entry(_)
            | Record::Vote(_)
            | Record::Committed(_)
            | Record::Truncated(_)
            | Record::Purged(_) => {}
        }
        self.tail.end = at + bytes as u64;
        self.take_note(record, place(self.tail.number, at, bytes));
        self.reached_disk(self.tail.number, self.tail.end);
        Ok(())
    }

    /// Whether all entries are there that must be: those behind the last purged one.
    pub(super) fn is_whole(&self) -> bool {
        let LogState { purged, last, .. } = self.state;
        match purged {
            // Only a purge makes segments go.
            None => self.segments.first_key_value().is_none_or(|(number, _)| *number == 1),
            Some(_) if self.places.is_empty() => last == purged,
            Some(purged) => self.places.first() == purged.index.get() + 1,
        }
    }
}

fn place(segment: u32, at: u64, bytes: usize) -> Place {
    let small = |number: u64| u32::try_from(number).expect("a segment is far below 4 GiB");
    Place { segment, at: small(at), bytes: small(bytes as u64) }
}

fn broken(index: u64, what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("entry {index} {what}"))
}
