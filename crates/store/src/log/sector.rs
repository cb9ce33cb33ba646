//! How a segment's stream of bytes lies on disk: in sectors, each of which vouches for itself.
//!
//! A sector is what a disk writes as a whole or not at all, so a crash leaves each one as it was
//! before the write or as it is after. One that is neither is damage, and never taken for a torn
//! end. Segments are written over again when they are recycled: a sector tells of which segment it
//! is, so what an earlier one left is not read.

use std::io;

/// What a disk writes as a whole or not at all.
pub(super) const SECTOR_BYTES: usize = 512;
/// Bytes of the stream in a sector, behind the checksum of what follows, the segment's number and
/// the mark.
pub(super) const BODY_BYTES: usize = SECTOR_BYTES - HEADER_BYTES;
/// Writes begin and end at multiples of this: the page cache has to read nothing for them.
pub(super) const PAGE_BYTES: usize = 4096;
/// Bytes of the stream in a page.
pub(super) const PAGE_BODY_BYTES: usize = PAGE_BYTES / SECTOR_BYTES * BODY_BYTES;

const HEADER_BYTES: usize = 12;
const CRC_BYTES: usize = 4;

/// What a sector turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sector<'a> {
    /// Part of the segment.
    Ours {
        /// How many bytes of the segment's stream were on disk for sure when this was written.
        mark: u32,
        body: &'a [u8],
    },
    /// Never written, or what an earlier segment left.
    Old,
    /// Not what was written.
    Damaged,
}

/// Reads a sector of segment `number`.
pub(super) fn read(number: u32, sector: &[u8]) -> Sector<'_> {
    let Some((header, body)) = sector.split_first_chunk::<HEADER_BYTES>() else {
        return Sector::Damaged;
    };
    let field = |at: usize| u32::from_be_bytes([0, 1, 2, 3].map(|byte| header[at + byte]));
    if sector.len() != SECTOR_BYTES {
        return Sector::Damaged;
    }
    if field(0) != crc32fast::hash(&sector[CRC_BYTES..]) {
        let is_blank = sector.iter().all(|byte| *byte == 0);
        return if is_blank { Sector::Old } else { Sector::Damaged };
    }
    match field(4) {
        found if found == number => Sector::Ours { mark: field(8), body },
        found if found < number => Sector::Old,
        _later => Sector::Damaged,
    }
}

/// Lays a part of a segment's stream, which begins with a sector, out in whole pages.
pub(super) fn lay_out(number: u32, mark: u32, stream: &[u8]) -> Vec<u8> {
    let sectors = stream.len().div_ceil(BODY_BYTES);
    let bytes = (sectors * SECTOR_BYTES).next_multiple_of(PAGE_BYTES);
    let mut pages = Vec::with_capacity(bytes);
    for body in stream.chunks(BODY_BYTES) {
        let start = pages.len();
        pages.extend_from_slice(&[0; CRC_BYTES]);
        pages.extend_from_slice(&number.to_be_bytes());
        pages.extend_from_slice(&mark.to_be_bytes());
        pages.extend_from_slice(body);
        pages.resize(start + SECTOR_BYTES, 0);
        let crc = crc32fast::hash(&pages[start + CRC_BYTES..]);
        pages[start..start + CRC_BYTES].copy_from_slice(&crc.to_be_bytes());
    }
    pages.resize(bytes, 0);
    pages
}

/// The part of a segment's stream that `sectors` hold, all of which must be the segment's.
///
/// # Errors
/// `InvalidData` if one is not; which one, counted from the first.
pub(super) fn stream(number: u32, sectors: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = Vec::with_capacity(sectors.len() / SECTOR_BYTES * BODY_BYTES);
    for (place, sector) in sectors.chunks(SECTOR_BYTES).enumerate() {
        match read(number, sector) {
            Sector::Ours { body, .. } => stream.extend_from_slice(body),
            Sector::Old | Sector::Damaged => {
                let what = format!("sector {place} of an entry is not what was written");
                return Err(io::Error::new(io::ErrorKind::InvalidData, what));
            }
        }
    }
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_comes_back_from_whole_pages() {
        for bytes in [1, BODY_BYTES, BODY_BYTES + 1, PAGE_BODY_BYTES, PAGE_BODY_BYTES + 1] {
            let sent: Vec<u8> = (0..bytes).map(|byte| byte as u8 | 1).collect();
            let pages = lay_out(7, 9, &sent);
            assert_eq!(pages.len() % PAGE_BYTES, 0);
            let sectors = bytes.div_ceil(BODY_BYTES) * SECTOR_BYTES;
            let mut found = stream(7, &pages[..sectors]).expect("all are the segment's");
            found.truncate(bytes);
            assert_eq!(found, sent);
            let rest = pages[sectors..].chunks(SECTOR_BYTES);
            assert!(rest.into_iter().all(|sector| read(7, sector) == Sector::Old));
        }
    }

    #[test]
    fn an_earlier_segment_is_old_and_a_later_one_damage() {
        let pages = lay_out(7, 0, b"hello");
        let sector = &pages[..SECTOR_BYTES];
        assert!(matches!(read(7, sector), Sector::Ours { mark: 0, .. }));
        assert_eq!(read(8, sector), Sector::Old);
        assert_eq!(read(6, sector), Sector::Damaged);
    }

    #[test]
    fn every_flipped_bit_is_damage() {
        for sector in [&lay_out(7, 3, b"hello")[..SECTOR_BYTES], &[0; SECTOR_BYTES]] {
            for bit in 0..SECTOR_BYTES * 8 {
                let mut flipped = sector.to_vec();
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(read(7, &flipped), Sector::Damaged, "bit {bit}");
            }
        }
    }
}
