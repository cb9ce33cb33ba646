//! The whole state as one number, to compare nodes by.

use std::io;
use std::sync::mpsc::sync_channel;

use rocksdb::{IteratorMode, Snapshot};
use sha2::{Digest, Sha256};

use super::State;
use super::db::Db;
use crate::StoreError;

impl State {
    /// Hashes all rows as they stand at this moment, and hands the SHA-256 to `done`, on a thread of
    /// its own. Returns once that has taken hold of the rows: commits go on meanwhile and change
    /// nothing of the outcome. States that were applied from the same log to the same entry have
    /// the same rows, whatever their files look like.
    ///
    /// # Errors
    /// There is no thread for it; `done` is not called.
    pub fn digest(
        &self,
        done: impl FnOnce(Result<[u8; 32], StoreError>) + Send + 'static,
    ) -> io::Result<()> {
        let db = self.db();
        let (hold, held) = sync_channel(1);
        let hash = move || {
            let rows = db.inner().snapshot();
            // Whoever asked waits for this.
            let _ = hold.send(());
            done(sum(&db, &rows));
        };
        std::thread::Builder::new().name("digest".into()).spawn(hash)?;
        held.recv().map_err(io::Error::other)
    }
}

/// The rows in the order of their keys, each part with its length before it.
fn sum(db: &Db, rows: &Snapshot<'_>) -> Result<[u8; 32], StoreError> {
    let mut sum = Sha256::new();
    for item in rows.iterator_opt(IteratorMode::Start, Db::scan_options()) {
        let (key, value) = item.map_err(StoreError::database("scan", db.path()))?;
        for part in [&key, &value] {
            sum.update((part.len() as u64).to_be_bytes());
            sum.update(part);
        }
    }
    Ok(sum.finalize().into())
}
