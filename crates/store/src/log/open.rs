//! Opening a log: what a crash leaves is put right, all else is refused.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use raft_log::api::raft_log_writer::RaftLogWriter;
use raft_log::chunked_wal::{ChunkedWal, Config as SegmentConfig};
use raft_log::{ChunkId, Config, RaftWalTypes};

use super::batch::Batch;
use super::core::Writing;
use super::engine::{self, Engine, Kinds};
use super::health::{Health, is_corruption};
use super::newest::Newest;
use super::{LogOptions, LogState};
use crate::{StoreError, dir, state};

/// Opens the engine, and makes sure that the log is whole and on disk.
pub(super) fn open(
    log_dir: &Path,
    options: LogOptions,
    health: &Arc<Health>,
    newest: &Newest,
) -> Result<Writing, StoreError> {
    let segments = log_dir.join("segments");
    dir::create(&segments)?;
    let config = engine::config(&segments, options).ok_or_else(|| {
        let error = std::io::Error::new(std::io::ErrorKind::InvalidInput, "its path is not UTF-8");
        StoreError::io("open", &segments)(error)
    })?;
    let noted = newest.read()?;
    let before = Files::list(&segments)?;
    before.check_not_emptied()?;
    before.check_reaches(noted, &segments)?;
    if noted.is_none() && before.0.is_empty() {
        check_is_first_start(log_dir)?;
    }
    let engine =
        Engine::open(config.clone()).map_err(|error| refusal(&segments, &config, error))?;
    // The engine removes a last segment that was not even begun. One that was noted had been.
    Files::list(&segments)?.check_reaches(noted, &segments)?;
    before.warn_if_cut();
    let mut writing = writing(engine);
    check_ends(&writing, log_dir)?;
    if noted.is_none() && writing.state() != LogState::default() {
        return Err(StoreError::corrupt(newest.path(), "it is missing"));
    }
    sync(&mut writing, health, log_dir)?;
    let open_segment = writing.engine.stat().open_chunk.chunk_id.offset();
    if noted != Some(open_segment) {
        newest.note(open_segment)?;
    }
    Ok(writing)
}

/// A group's log is begun before its state. A state without a log has lost its votes.
fn check_is_first_start(log_dir: &Path) -> Result<(), StoreError> {
    let is_used = log_dir.parent().is_some_and(state::exists);
    if is_used {
        return Err(StoreError::corrupt(log_dir, "it is missing, and the state is there"));
    }
    Ok(())
}

/// The segments: first byte, file and length of each, oldest first.
struct Files(Vec<(u64, PathBuf, u64)>);

impl Files {
    fn list(segments: &Path) -> Result<Self, StoreError> {
        let mut files = Vec::new();
        for name in dir::names(segments)? {
            if let Ok(start) = SegmentConfig::parse_chunk_file_name(&name) {
                let path = segments.join(&name);
                let bytes = fs::metadata(&path).map_err(StoreError::io("look at", &path))?.len();
                files.push((start, path, bytes));
            }
        }
        files.sort();
        Ok(Self(files))
    }

    /// The engine counts on a record in every segment but the last.
    fn check_not_emptied(&self) -> Result<(), StoreError> {
        let Some((_, full)) = self.0.split_last() else { return Ok(()) };
        match full.iter().find(|(_, _, bytes)| *bytes == 0) {
            None => Ok(()),
            Some((_, path, _)) => Err(StoreError::corrupt(path, "it is empty, at offset 0")),
        }
    }

    /// Whether the segment is there that was noted as the newest, or a later one.
    fn check_reaches(&self, noted: Option<u64>, segments: &Path) -> Result<(), StoreError> {
        let newest = self.0.last().map(|(start, _, _)| *start);
        match noted {
            Some(start) if newest < noted => {
                let name = SegmentConfig::chunk_file_name(ChunkId(start));
                Err(StoreError::corrupt(&segments.join(name), "it is missing or was emptied"))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Tells when the engine has cut what a crash left unfinished at the end of the last segment.
    /// Nobody was told that it is on disk, so nothing is lost.
    fn warn_if_cut(&self) {
        let Some((_, path, before)) = self.0.last() else { return };
        let bytes = fs::metadata(path).map_or(0, |file| file.len());
        if bytes < *before {
            let cut = before - bytes;
            tracing::warn!(path = %path.display(), offset = bytes, cut, "torn end of the log cut off");
        }
    }
}

fn writing(engine: Engine) -> Writing {
    let next = |id: Option<u64>| id.map_or(0, |index| index + 1);
    let state = engine.log_state();
    let start = next(state.purged().map(|id| id.0.index.get()));
    let end = next(state.last().map(|id| id.0.index.get()));
    let bytes = engine.stat().open_chunk.global_end;
    Writing { engine, entries: start..end.max(start), end: bytes, begun: None }
}

/// Names the file and the place that the engine stumbled over.
fn refusal(segments: &Path, config: &Config, error: std::io::Error) -> StoreError {
    if !is_corruption(&error) && error.kind() != std::io::ErrorKind::Other {
        return StoreError::io("open", segments)(error);
    }
    let mut culprit = segments.to_owned();
    let mut locate = || -> std::io::Result<()> {
        let lock = ChunkedWal::<RaftWalTypes<Kinds>>::acquire_lock(&config.wal)?;
        ChunkedWal::<RaftWalTypes<Kinds>>::dump_records(&config.wal, &lock, |id, _, record| {
            if record.is_err() && culprit == segments {
                culprit = config.wal.chunk_path(id).into();
            }
            Ok(())
        })
    };
    // The refusal stands whether or not its place is found.
    let _ = locate();
    StoreError::corrupt(&culprit, error.to_string())
}

/// Whether the first and the last entry are there that must be. Those between are, or else the
/// engine has found a gap.
fn check_ends(writing: &Writing, log_dir: &Path) -> Result<(), StoreError> {
    let entries = writing.entries.clone();
    if entries.is_empty() {
        return Ok(());
    }
    for index in [entries.start, entries.end - 1] {
        writing
            .entries(index..index + 1, None)
            .map_err(|error| StoreError::corrupt(log_dir, error.to_string()))?;
    }
    Ok(())
}

/// Makes durable what an earlier process has written and not synced: from here on it is read, so
/// it must not vanish any more.
fn sync(writing: &mut Writing, health: &Arc<Health>, log_dir: &Path) -> Result<(), StoreError> {
    let (finished, answered) = sync_channel(1);
    let (tell, result) = sync_channel(1);
    let done = Box::new(move |result| tell.send(result).expect("the opener waits"));
    let batch = Batch { waiting: vec![done], health: health.clone(), begun: None, finished };
    let sent = writing.engine.flush(true, Some(batch));
    answered.recv().expect("a batch tells when it is dropped at the latest");
    let synced = result.recv().expect("a batch answers all who wait");
    sent.and(synced).map_err(StoreError::io("sync", log_dir))
}
