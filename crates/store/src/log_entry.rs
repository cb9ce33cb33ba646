use bytes::{Bytes, BytesMut};
use prost::Message;

use crate::row::LogEntryRow;
use crate::{LogId, Membership};

/// An entry of the log. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// Which one.
    pub id: LogId,
    /// What it says.
    pub payload: Payload,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// Nothing: a new leader marks the start of its term.
    Blank,
    /// An encoded [`ferry_core::Entry`], never decoded here.
    Commands(Bytes),
    /// The group's members from here on.
    Membership(Membership),
}

impl LogEntry {
    /// Appends the entry's only encoding, on disk and on the wire.
    pub fn encode(&self, out: &mut BytesMut) {
        LogEntryRow::from(self).encode(out).expect("a BytesMut grows as needed");
    }

    /// The length of the encoding in bytes.
    pub fn encoded_len(&self) -> usize {
        LogEntryRow::from(self).encoded_len()
    }

    /// Reads an encoded entry. Commands stay a slice of `encoded`.
    ///
    /// # Errors
    /// What is wrong with the bytes, in words.
    pub fn decode(encoded: Bytes) -> Result<Self, String> {
        LogEntryRow::decode(encoded).map_err(|error| error.to_string())?.try_into()
    }
}
