//! The `raft-log` crate, as this crate uses it.

use std::path::Path;
use std::sync::Arc;

use raft_log::Config;

use super::LogOptions;
use super::batch::Batch;
use super::codec::Framed;
use crate::{LogEntry, LogId, Vote};

pub(super) type Engine = raft_log::RaftLog<Kinds>;

/// What the engine stores.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Kinds;

impl raft_log::Types for Kinds {
    type LogId = Framed<LogId>;
    type LogPayload = Framed<LogEntry>;
    type Vote = Framed<Vote>;
    type Callback = Batch;
    type UserData = ();

    fn log_index(id: &Framed<LogId>) -> u64 {
        id.0.index.get()
    }

    fn payload_size(entry: &Framed<LogEntry>) -> u64 {
        entry.0.encoded_len() as u64
    }
}

/// The engine's settings. It never waits for company before an fsync: our flusher gathers what
/// queues meanwhile. It never blocks a sender either, who may hold a lock.
pub(super) fn config(segments: &Path, options: LogOptions) -> Option<Arc<Config>> {
    let mut config = Config::new(segments.to_str()?);
    config.wal.read_buffer_size = Some(1 << 20);
    config.wal.chunk_max_size = Some(options.segment_bytes);
    config.wal.truncate_incomplete_record = Some(true);
    config.wal.flush_batch_wait = Some(std::time::Duration::ZERO);
    config.wal.flush_queue_max_bytes = Some(usize::MAX / 2);
    config.log_cache_capacity = Some(options.cache_bytes);
    Some(Arc::new(config))
}
