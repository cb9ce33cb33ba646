use super::sector::PAGE_BYTES;

/// How a log is kept.
#[derive(Clone, Copy, Debug)]
pub struct LogOptions {
    /// Bytes of the last entries that are kept in memory.
    pub cache_bytes: usize,
    /// Bytes of a segment's file, rounded up to whole pages of 4 KiB. An entry that needs more has
    /// a segment of its own. A purge frees whole segments.
    pub segment_bytes: usize,
}

impl LogOptions {
    pub(super) fn file_bytes(self) -> u64 {
        self.segment_bytes.max(1).next_multiple_of(PAGE_BYTES) as u64
    }
}

impl Default for LogOptions {
    fn default() -> Self {
        Self { cache_bytes: 2 << 20, segment_bytes: 16 << 20 }
    }
}
