/// How a log is kept.
#[derive(Clone, Copy, Debug)]
pub struct LogOptions {
    /// Payload bytes kept in memory beside those of the newest segment.
    pub cache_bytes: usize,
    /// Bytes after which a new segment is begun. The newest segment is always in memory, and a
    /// purge frees whole segments.
    pub segment_bytes: usize,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self { cache_bytes: 8 << 20, segment_bytes: 16 << 20 }
    }
}
