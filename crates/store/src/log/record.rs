//! What the log writes down: a kind (1 byte), the length of the body (4 bytes, big-endian), and
//! the body, a protobuf message. Records never span segments.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use prost::Message;

use crate::row::{LogIdRow, VoteRow};
use crate::{LogEntry, LogId, LogState, Vote};

/// Bytes before a record's body.
const HEADER_BYTES: usize = 5;

/// Every kind of record. No kind is 0: that is where a segment's records end.
#[cfg(test)]
pub(crate) const KINDS: [u8; 6] = [COMMITTED, ENTRY, HEAD, PURGED, TRUNCATED, VOTE];

const COMMITTED: u8 = b'c';
const ENTRY: u8 = b'e';
const HEAD: u8 = b'h';
const PURGED: u8 = b'p';
const TRUNCATED: u8 = b't';
const VOTE: u8 = b'v';

/// One thing that happened to the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Record {
    /// The first record of each segment.
    Head(Head),
    Vote(Vote),
    Entry(LogEntry),
    /// What is known to be committed.
    Committed(LogId),
    /// All behind this entry is dropped; all there is if there is none.
    Truncated(Option<LogId>),
    /// All up to this entry is dropped.
    Purged(LogId),
}

/// What a segment knows of those before it, so that they can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// The bytes of all records of the segment before; 0 in the first one.
    pub(super) previous_bytes: u64,
    pub(super) state: LogState,
}

/// The beginning of a segment: what stands in the segments before it.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(crate) struct HeadRow {
    #[prost(uint64, tag = "1")]
    pub(crate) previous_bytes: u64,
    #[prost(message, optional, tag = "2")]
    pub(crate) vote: Option<VoteRow>,
    #[prost(message, optional, tag = "3")]
    pub(crate) purged: Option<LogIdRow>,
    #[prost(message, optional, tag = "4")]
    pub(crate) last: Option<LogIdRow>,
    #[prost(message, optional, tag = "5")]
    pub(crate) committed: Option<LogIdRow>,
}

/// The last entry that stays; none if none does.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(crate) struct TruncatedRow {
    #[prost(message, optional, tag = "1")]
    pub(crate) keep: Option<LogIdRow>,
}

impl Record {
    /// The record's only encoding.
    pub(super) fn encode(&self) -> BytesMut {
        match self {
            Self::Head(head) => framed(HEAD, &HeadRow::from(*head)),
            Self::Vote(vote) => framed(VOTE, &VoteRow::from(*vote)),
            Self::Entry(entry) => {
                let mut out = begin(ENTRY, entry.encoded_len());
                entry.encode(&mut out);
                out
            }
            Self::Committed(id) => framed(COMMITTED, &LogIdRow::from(*id)),
            Self::Truncated(keep) => {
                framed(TRUNCATED, &TruncatedRow { keep: keep.map(LogIdRow::from) })
            }
            Self::Purged(id) => framed(PURGED, &LogIdRow::from(*id)),
        }
    }

    /// The bytes of the body of a record that has so many.
    pub(super) fn body_bytes(record_bytes: usize) -> usize {
        record_bytes.saturating_sub(HEADER_BYTES)
    }

    /// Takes the next record off a segment's stream; `None` if no whole one is left.
    ///
    /// # Errors
    /// What is wrong with the bytes, in words.
    pub(super) fn take(stream: &mut Bytes) -> Result<Option<Self>, String> {
        let Some((header, _)) = stream.split_first_chunk::<HEADER_BYTES>() else {
            return Ok(None);
        };
        let [kind, length @ ..] = *header;
        let length = u32::from_be_bytes(length) as usize;
        if kind == 0 || stream.len() - HEADER_BYTES < length {
            return Ok(None);
        }
        stream.advance(HEADER_BYTES);
        Self::parse(kind, stream.split_to(length)).map(Some)
    }

    fn parse(kind: u8, body: Bytes) -> Result<Self, String> {
        let id = |body| row::<LogIdRow>(body).map(LogId::from);
        match kind {
            HEAD => row::<HeadRow>(body).map(|head| Self::Head(head.into())),
            VOTE => row::<VoteRow>(body).map(|vote| Self::Vote(vote.into())),
            ENTRY => LogEntry::decode(body).map(Self::Entry),
            COMMITTED => id(body).map(Self::Committed),
            TRUNCATED => {
                row::<TruncatedRow>(body).map(|row| Self::Truncated(row.keep.map(LogId::from)))
            }
            PURGED => id(body).map(Self::Purged),
            unknown => Err(format!("a record of the unknown kind {unknown:#04x}")),
        }
    }
}

fn begin(kind: u8, body_bytes: usize) -> BytesMut {
    let mut out = BytesMut::with_capacity(HEADER_BYTES + body_bytes);
    out.put_u8(kind);
    out.put_u32(u32::try_from(body_bytes).expect("entries are far below 4 GiB"));
    out
}

fn framed(kind: u8, body: &impl Message) -> BytesMut {
    let mut out = begin(kind, body.encoded_len());
    body.encode(&mut out).expect("a BytesMut grows as needed");
    out
}

fn row<M: Message + Default>(body: Bytes) -> Result<M, String> {
    M::decode(body).map_err(|error| error.to_string())
}

impl From<Head> for HeadRow {
    fn from(Head { previous_bytes, state }: Head) -> Self {
        Self {
            previous_bytes,
            vote: state.vote.map(VoteRow::from),
            purged: state.purged.map(LogIdRow::from),
            last: state.last.map(LogIdRow::from),
            committed: state.committed.map(LogIdRow::from),
        }
    }
}

impl From<HeadRow> for Head {
    fn from(row: HeadRow) -> Self {
        let state = LogState {
            vote: row.vote.map(Vote::from),
            purged: row.purged.map(LogId::from),
            last: row.last.map(LogId::from),
            committed: row.committed.map(LogId::from),
        };
        Self { previous_bytes: row.previous_bytes, state }
    }
}
