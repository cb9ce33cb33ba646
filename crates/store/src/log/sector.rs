//! How a segment's stream of bytes lies on disk: in sectors, each of which vouches for itself.
//!
//! A sector is what a disk writes as a whole or not at all, so a crash leaves each one as it was
//! before the write or as it is after. One that is neither is damage, and never taken for a torn
//! end. Segments are written over again when they are recycled: a sector tells of which segment it
//! is, so what an earlier one left is not read. Its checksum covers its place as well, so what was
//! written to another one is damage.

use std::io;

/// What a disk writes as a whole or not at all.
pub(super) const SECTOR_BYTES: usize = 512;
/// Bytes of the stream in a sector, behind the checksum, the segment's number and the mark.
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

/// Reads the sector at `place` of segment `number`, counted from the file's first.
pub(super) fn read(number: u32, place: u32, sector: &[u8]) -> Sector<'_> {
    let Some((header, body)) = sector.split_first_chunk::<HEADER_BYTES>() else {
        return Sector::Damaged;
    };
    let field = |at: usize| u32::from_be_bytes([0, 1, 2, 3].map(|byte| header[at + byte]));
    if sector.len() != SECTOR_BYTES {
        return Sector::Damaged;
    }
    if field(0) != checksum(place, &sector[CRC_BYTES..]) {
        let is_blank = sector.iter().all(|byte| *byte == 0);
        return if is_blank { Sector::Old } else { Sector::Damaged };
    }
    match field(4) {
        found if found == number => Sector::Ours { mark: field(8), body },
        found if found < number => Sector::Old,
        _later => Sector::Damaged,
    }
}

/// A CRC-32 that begins with the sector's place.
fn checksum(place: u32, content: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new_with_initial(place);
    crc.update(content);
    crc.finalize()
}

/// Lays a part of a segment's stream, which begins with the sector at `place`, out in whole pages.
pub(super) fn lay_out(number: u32, place: u32, mark: u32, stream: &[u8]) -> Vec<u8> {
    let sectors = stream.len().div_ceil(BODY_BYTES);
    let bytes = (sectors * SECTOR_BYTES).next_multiple_of(PAGE_BYTES);
    let mut pages = Vec::with_capacity(bytes);
    for (body, place) in stream.chunks(BODY_BYTES).zip(place..) {
        let start = pages.len();
        pages.extend_from_slice(&[0; CRC_BYTES]);
        pages.extend_from_slice(&number.to_be_bytes());
        pages.extend_from_slice(&mark.to_be_bytes());
        pages.extend_from_slice(body);
        pages.resize(start + SECTOR_BYTES, 0);
        let crc = checksum(place, &pages[start + CRC_BYTES..]);
        pages[start..start + CRC_BYTES].copy_from_slice(&crc.to_be_bytes());
    }
    pages.resize(bytes, 0);
    pages
}

/// The part of a segment's stream that `sectors` hold, all of which must be the segment's. The
/// first one stands at `place`.
///
/// # Errors
/// `InvalidData` if one is not; which one.
pub(super) fn stream(number: u32, place: u32, sectors: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = Vec::with_capacity(sectors.len() / SECTOR_BYTES * BODY_BYTES);
    for (sector, place) in sectors.chunks(SECTOR_BYTES).zip(place..) {
        match read(number, place, sector) {
            Sector::Ours { body, .. } => stream.extend_from_slice(body),
            Sector::Old | Sector::Damaged => {
                let what = format!("sector {place} of segment {number} is not what was written");
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
            let pages = lay_out(7, 8, 9, &sent);
            assert_eq!(pages.len() % PAGE_BYTES, 0);
            let sectors = bytes.div_ceil(BODY_BYTES) * SECTOR_BYTES;
            let mut found = stream(7, 8, &pages[..sectors]).expect("all are the segment's");
            found.truncate(bytes);
            assert_eq!(found, sent);
            let rest = pages[sectors..].chunks(SECTOR_BYTES);
            assert!(rest.into_iter().all(|sector| read(7, 99, sector) == Sector::Old));
        }
    }

    #[test]
    fn an_earlier_segment_is_old_and_a_later_one_damage() {
        let pages = lay_out(7, 5, 0, b"hello");
        let sector = &pages[..SECTOR_BYTES];
        assert!(matches!(read(7, 5, sector), Sector::Ours { mark: 0, .. }));
        assert_eq!(read(8, 5, sector), Sector::Old);
        assert_eq!(read(6, 5, sector), Sector::Damaged);
    }

    #[test]
    fn a_sector_in_another_place_is_damage() {
        let pages = lay_out(7, 5, 0, b"hello");
        for place in (0..100).filter(|place| *place != 5) {
            assert_eq!(read(7, place, &pages[..SECTOR_BYTES]), Sector::Damaged, "place {place}");
        }
    }

    #[test]
    fn every_flipped_bit_is_damage() {
        for sector in [&lay_out(7, 5, 3, b"hello")[..SECTOR_BYTES], &[0; SECTOR_BYTES]] {
            for bit in 0..SECTOR_BYTES * 8 {
                let mut flipped = sector.to_vec();
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(read(7, 5, &flipped), Sector::Damaged, "bit {bit}");
            }
        }
    }
}
