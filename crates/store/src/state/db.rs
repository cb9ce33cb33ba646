use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use prost::Message;
use rocksdb::{
    BlockBasedOptions, Cache, DB, DBCompressionType, InfoLogger, LogLevel, Options, ReadOptions,
    WriteBatch, WriteOptions,
};

use super::StateOptions;
use crate::{StoreError, dir};

/// RocksDB's own number of levels.
const LEVELS: usize = 7;
/// Tables written from memory before they are merged into the next level.
const TABLES_PER_MERGE: i32 = 8;

/// One RocksDB instance in a directory of its own, which no later instance ever uses.
pub(super) struct Db {
    db: Option<DB>,
    path: PathBuf,
    retired: AtomicBool,
}

impl Db {
    /// Creates an empty one.
    pub(super) fn create(path: &Path, options: StateOptions) -> Result<Self, StoreError> {
        let mut settings = settings(options);
        settings.create_if_missing(true);
        settings.set_error_if_exists(true);
        Self::with(path, DB::open(&settings, path), "create")
    }

    /// Opens one that is there.
    pub(super) fn open(path: &Path, options: StateOptions) -> Result<Self, StoreError> {
        Self::with(path, DB::open(&settings(options), path), "open")
    }

    /// Opens one to look at it; nothing in its directory changes.
    pub(super) fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        let small = StateOptions { write_buffer_bytes: 1 << 20, block_cache_bytes: 1 << 20 };
        Self::with(path, DB::open_for_read_only(&settings(small), path, false), "open")
    }

    fn with(
        path: &Path,
        db: Result<DB, rocksdb::Error>,
        doing: &'static str,
    ) -> Result<Self, StoreError> {
        let db = Some(db.map_err(StoreError::database(doing, path))?);
        Ok(Self { db, path: path.to_owned(), retired: AtomicBool::new(false) })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn inner(&self) -> &DB {
        self.db.as_ref().expect("a database is open until it is dropped")
    }

    /// Lets the directory go with the last reader.
    pub(super) fn retire(&self) {
        self.retired.store(true, Ordering::Release);
    }

    /// Writes all of a batch or nothing. Not synced: the log is, and replaying it restores
    /// whatever a crash takes here.
    pub(super) fn write(&self, batch: WriteBatch) -> Result<(), StoreError> {
        let mut unlogged = WriteOptions::default();
        unlogged.disable_wal(true);
        self.inner()
            .write_opt(batch, &unlogged)
            .map_err(StoreError::database("write to", &self.path))
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner().get(key).map_err(StoreError::database("read", &self.path))
    }

    /// Values in the order of `keys`.
    pub(super) fn get_all(
        &self,
        keys: impl Iterator<Item = [u8; 9]>,
    ) -> Result<Vec<Option<Bytes>>, StoreError> {
        let found = self.inner().multi_get(keys);
        let bytes = |value: Result<Option<Vec<u8>>, rocksdb::Error>| {
            let value = value.map_err(StoreError::database("read", &self.path))?;
            Ok(value.map(Bytes::from))
        };
        found.into_iter().map(bytes).collect()
    }

    pub(super) fn flush(&self) -> Result<(), StoreError> {
        self.inner().flush().map_err(StoreError::database("flush", &self.path))
    }

    pub(super) fn decode<M: Message + Default>(
        &self,
        key: &[u8],
        value: &[u8],
    ) -> Result<M, StoreError> {
        M::decode(value).map_err(|error| {
            StoreError::corrupt(&self.path, format!("the row at key {key:02x?}: {error}"))
        })
    }

    /// Reading options for a scan of everything, which should not push the cache out.
    pub(super) fn scan_options() -> ReadOptions {
        let mut reading = ReadOptions::default();
        reading.fill_cache(false);
        reading.set_verify_checksums(true);
        reading.set_readahead_size(2 << 20);
        reading
    }
}

impl Drop for Db {
    fn drop(&mut self) {
        if let Some(db) = self.db.take() {
            db.cancel_all_background_work(true);
        }
        if self.retired.load(Ordering::Acquire)
            && let Err(error) = dir::remove(&self.path)
        {
            // The next start removes it.
            tracing::warn!(path = %self.path.display(), %error, "old state not removed");
        }
    }
}

/// Tables are first written as they are: most of their rows are replaced by the next merge.
fn compression() -> [DBCompressionType; LEVELS] {
    let mut levels = [DBCompressionType::Lz4; LEVELS];
    levels[0] = DBCompressionType::None;
    levels
}

fn settings(options: StateOptions) -> Options {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(&Cache::new_lru_cache(options.block_cache_bytes));
    // Beside the cache, about 2 bytes a row: in it they are larger than a shard of it, and every
    // read would fetch them from disk.
    blocks.set_cache_index_and_filter_blocks(false);
    // Payloads and results are read one by one, and most tasks have no result.
    blocks.set_bloom_filter(10.0, false);
    let mut settings = Options::default();
    settings.set_block_based_table_factory(&blocks);
    settings.set_write_buffer_size(options.write_buffer_bytes);
    settings.set_max_write_buffer_number(3);
    settings.set_compression_per_level(&compression());
    // Keys begin with the kind of row, so a new table overlaps almost all others: a merge rewrites
    // these, and fewer merges write less.
    settings.set_level_zero_file_num_compaction_trigger(TABLES_PER_MERGE);
    settings.set_level_compaction_dynamic_level_bytes(true);
    settings.set_max_background_jobs(2);
    settings.set_max_open_files(256);
    settings.set_paranoid_checks(true);
    settings.set_avoid_unnecessary_blocking_io(true);
    // An idle node writes nothing (G11).
    settings.set_stats_dump_period_sec(0);
    settings.set_info_logger(InfoLogger::new_callback_logger(LogLevel::Warn, |level, message| {
        let message = message.trim_end();
        match level {
            LogLevel::Error | LogLevel::Fatal => tracing::error!(message, "database"),
            LogLevel::Warn => tracing::warn!(message, "database"),
            LogLevel::Debug | LogLevel::Info | LogLevel::Header => {
                tracing::debug!(message, "database");
            }
        }
    }));
    settings
}
