/// How much memory a state may use.
#[derive(Clone, Copy, Debug)]
pub struct StateOptions {
    /// Bytes of rows gathered in memory before they are written out; up to three such buffers
    /// exist at a time.
    pub write_buffer_bytes: usize,
    /// Bytes of blocks kept of what was read.
    pub block_cache_bytes: usize,
}

impl Default for StateOptions {
    fn default() -> Self {
        Self { write_buffer_bytes: 8 << 20, block_cache_bytes: 32 << 20 }
    }
}
