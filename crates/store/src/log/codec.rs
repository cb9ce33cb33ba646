//! How our values stand in the records of the engine.
//!
//! Every value is a frame: its kind, its length, the CRC-32 of these five bytes (all big-endian),
//! then a protobuf message. The engine takes a record that ends too early for a torn write, and
//! cuts the log there. The header's own checksum makes sure that a flipped bit in a kind or a
//! length is never mistaken for that: it is refused before the length is believed. No kind is 0 or
//! 1, which are the tags of the engine's own optional values.

use std::io::{self, Read, Write};

use bytes::{Bytes, BytesMut};
use prost::Message;
use raft_log::codeq::{Decode, Encode};

use crate::row::{LogIdRow, VoteRow};
use crate::{LogEntry, LogId, Vote};

const HEADER_BYTES: usize = 9;

/// A value as the engine keeps it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Framed<T>(pub(super) T);

/// Every kind of frame.
#[cfg(test)]
pub(crate) const KINDS: [u8; 3] = [Vote::KIND, LogId::KIND, LogEntry::KIND];

/// What can stand in a frame.
pub(super) trait Frame: Sized {
    /// The first byte of the frame. On disk: never change or reuse one.
    const KIND: u8;

    fn body(&self) -> Bytes;

    fn parse(body: Bytes) -> Result<Self, String>;
}

impl Frame for Vote {
    const KIND: u8 = b'v';

    fn body(&self) -> Bytes {
        VoteRow::from(*self).encode_to_vec().into()
    }

    fn parse(body: Bytes) -> Result<Self, String> {
        VoteRow::decode(body).map(Self::from).map_err(|error| error.to_string())
    }
}

impl Frame for LogId {
    const KIND: u8 = b'i';

    fn body(&self) -> Bytes {
        LogIdRow::from(*self).encode_to_vec().into()
    }

    fn parse(body: Bytes) -> Result<Self, String> {
        LogIdRow::decode(body).map(Self::from).map_err(|error| error.to_string())
    }
}

impl Frame for LogEntry {
    const KIND: u8 = b'e';

    fn body(&self) -> Bytes {
        let mut body = BytesMut::with_capacity(self.encoded_len());
        self.encode(&mut body);
        body.freeze()
    }

    fn parse(body: Bytes) -> Result<Self, String> {
        Self::decode(body)
    }
}

impl<T: Frame> Encode for Framed<T> {
    fn encode<W: Write>(&self, mut out: W) -> io::Result<usize> {
        let body = self.0.body();
        let length = u32::try_from(body.len())
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "an entry above 4 GiB"))?;
        out.write_all(&header(T::KIND, length))?;
        out.write_all(&body)?;
        Ok(HEADER_BYTES + body.len())
    }
}

impl<T: Frame> Decode for Framed<T> {
    fn decode<R: Read>(mut input: R) -> io::Result<Self> {
        let mut kind = [0];
        input.read_exact(&mut kind)?;
        if kind[0] != T::KIND {
            return Err(invalid(format!("kind {:#04x}, not {:#04x}", kind[0], T::KIND)));
        }
        let mut rest = [0; HEADER_BYTES - 1];
        input.read_exact(&mut rest)?;
        let [a, b, c, d, ..] = rest;
        let length = u32::from_be_bytes([a, b, c, d]);
        if header(T::KIND, length)[1..] != rest {
            return Err(invalid("the checksum of a header does not match".into()));
        }
        let mut body = vec![0; length as usize];
        input.read_exact(&mut body)?;
        T::parse(body.into()).map(Self).map_err(invalid)
    }
}

fn header(kind: u8, length: u32) -> [u8; HEADER_BYTES] {
    let mut header = [kind; HEADER_BYTES];
    header[1..5].copy_from_slice(&length.to_be_bytes());
    let crc = crc32fast::hash(&header[..5]);
    header[5..].copy_from_slice(&crc.to_be_bytes());
    header
}

fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
