use std::fs::File;
use std::io;
use std::sync::Arc;

use bytes::Bytes;

use super::places::Place;
use super::record::Record;
use super::segment;
use crate::LogEntry;

/// An entry that was looked up.
pub(super) enum Found {
    /// In memory.
    Here(LogEntry),
    /// On disk.
    Stored(Stored),
}

/// An entry that is not in memory any more.
pub(super) struct Stored {
    pub(super) index: u64,
    pub(super) place: Place,
    pub(super) file: Arc<File>,
}

impl Stored {
    /// Reads the entry. If it is purged meanwhile, its file may be written over; what is found
    /// there is refused.
    pub(super) fn read(&self) -> io::Result<LogEntry> {
        let Place { segment, at, bytes } = self.place;
        let record = segment::read(&self.file, segment, at.into(), bytes as usize)?;
        match Record::take(&mut Bytes::from(record)) {
            Ok(Some(Record::Entry(entry))) if entry.id.index.get() == self.index => Ok(entry),
            _ => {
                let what = format!("entry {} is not where it was written", self.index);
                Err(io::Error::new(io::ErrorKind::InvalidData, what))
            }
        }
    }
}
