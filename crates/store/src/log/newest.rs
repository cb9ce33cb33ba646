use std::path::{Path, PathBuf};

use crate::{StoreError, sealed_file};

/// The file `newest` of a log: up to which segment its files must be there.
///
/// The engine notices a gap between segments, but not that the last ones are gone. Written before
/// anything in a new segment is acknowledged.
pub(super) struct Newest {
    path: PathBuf,
}

/// The first byte of the newest segment that holds something acknowledged.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(crate) struct NewestRow {
    #[prost(uint64, tag = "1")]
    pub(crate) segment: u64,
}

impl Newest {
    pub(super) fn new(log_dir: &Path) -> Self {
        Self { path: log_dir.join("newest") }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn read(&self) -> Result<Option<u64>, StoreError> {
        Ok(sealed_file::read::<NewestRow>(&self.path)?.map(|row| row.segment))
    }

    pub(super) fn note(&self, segment: u64) -> Result<(), StoreError> {
        sealed_file::write(&self.path, &NewestRow { segment })
    }
}
