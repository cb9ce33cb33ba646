use std::io;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use ferry_types::GroupId;
use ferry_types::limits::FRAME_BYTES_MAX;
use tokio_util::codec::{Decoder, Encoder};

/// Bytes before a frame's body: length of the body, its CRC-32 and the group, each a little-endian
/// 32-bit number.
const HEADER_BYTES: usize = 12;

/// One encoded message of one group.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) group: GroupId,
    pub(crate) body: Bytes,
}

/// The largest frame of a stranger.
const GREETING_BYTES_MAX: usize = 4 << 10;

/// Frames on a byte stream. What it allocates for a frame is bounded.
#[derive(Debug)]
pub(crate) struct FrameCodec {
    body_bytes_max: usize,
}

impl Default for FrameCodec {
    /// For a node that has greeted.
    fn default() -> Self {
        Self { body_bytes_max: FRAME_BYTES_MAX }
    }
}

impl FrameCodec {
    /// For whoever has not greeted yet.
    pub(crate) fn for_greeting() -> Self {
        Self { body_bytes_max: GREETING_BYTES_MAX }
    }
}

impl Encoder<Frame> for FrameCodec {
    type Error = io::Error;

    fn encode(&mut self, frame: Frame, out: &mut BytesMut) -> io::Result<()> {
        assert!(frame.body.len() <= FRAME_BYTES_MAX, "a frame of {} bytes", frame.body.len());
        let length = u32::try_from(frame.body.len()).expect("below the cap");
        out.reserve(HEADER_BYTES + frame.body.len());
        out.put_u32_le(length);
        out.put_u32_le(crc32fast::hash(&frame.body));
        out.put_u32_le(frame.group.get());
        out.put_slice(&frame.body);
        Ok(())
    }
}

impl Decoder for FrameCodec {
    type Item = Frame;
    type Error = io::Error;

    fn decode(&mut self, input: &mut BytesMut) -> io::Result<Option<Frame>> {
        if input.len() < HEADER_BYTES {
            return Ok(None);
        }
        let mut header = &input[..HEADER_BYTES];
        let (length, crc, group) = (header.get_u32_le(), header.get_u32_le(), header.get_u32_le());
        let length = usize::try_from(length).expect("32 bits fit");
        if length > self.body_bytes_max {
            let what = format!("a frame of {length} bytes, more than {}", self.body_bytes_max);
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        if input.len() < HEADER_BYTES + length {
            // Grows with what has arrived, so that a length alone allocates nothing.
            input.reserve((HEADER_BYTES + length - input.len()).min(1 << 20));
            return Ok(None);
        }
        input.advance(HEADER_BYTES);
        let body = input.split_to(length).freeze();
        if crc32fast::hash(&body) != crc {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "a frame with a wrong checksum",
            ));
        }
        Ok(Some(Frame { group: GroupId::new(group), body }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(body: &'static [u8]) -> BytesMut {
        let mut out = BytesMut::new();
        let frame = Frame { group: GroupId::FIRST, body: Bytes::from_static(body) };
        FrameCodec::default().encode(frame, &mut out).expect("fits");
        out
    }

    #[test]
    fn a_frame_comes_back_however_it_is_cut() {
        let whole = encoded(b"hello");
        for cut in 0..whole.len() {
            let mut input = BytesMut::from(&whole[..cut]);
            assert!(
                FrameCodec::default().decode(&mut input).expect("a prefix is not wrong").is_none()
            );
            input.extend_from_slice(&whole[cut..]);
            let frame = FrameCodec::default().decode(&mut input).expect("whole").expect("whole");
            assert_eq!((frame.body.as_ref(), frame.group), (b"hello".as_ref(), GroupId::FIRST));
        }
    }

    #[test]
    fn a_flipped_bit_is_noticed() {
        let whole = encoded(b"hello");
        for at in 4..whole.len() {
            let mut input = whole.clone();
            input[at] ^= 1;
            // The group is not covered: it is checked against the connection's.
            if (8..12).contains(&at) {
                continue;
            }
            assert!(FrameCodec::default().decode(&mut input).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_length_beyond_the_cap_allocates_nothing() {
        let mut input = BytesMut::from(&[0xff; HEADER_BYTES][..]);
        assert!(FrameCodec::default().decode(&mut input).is_err());
        let mut input = BytesMut::from(&(64u32 << 20).to_le_bytes()[..]);
        input.extend_from_slice(&[0; 8]);
        assert!(FrameCodec::default().decode(&mut input).expect("not wrong yet").is_none());
        assert!(input.capacity() <= 4 << 20);
    }
}
