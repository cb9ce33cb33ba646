use std::path::{Path, PathBuf};

use crate::{StoreError, sealed_file};

/// The file `newest` of a log: up to which segment its files must be there.
///
/// A gap between segments shows, but not that the last ones are gone. Written before anything in a
/// new segment is acknowledged.
pub(super) struct Newest {
    path: PathBuf,
}

/// The number of the newest segment that holds something acknowledged.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(crate) struct NewestRow {
    // Tag 1 was the first byte of a segment of the format before.
    #[prost(uint32, tag = "2")]
    pub(crate) segment: u32,
}

impl Newest {
    pub(super) fn new(log_dir: &Path) -> Self {
        Self { path: log_dir.join("newest") }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn read(&self) -> Result<Option<u32>, StoreError> {
        Ok(sealed_file::read::<NewestRow>(&self.path)?.map(|row| row.segment))
    }

    pub(super) fn note(&self, segment: u32) -> Result<(), StoreError> {
        sealed_file::write(&self.path, &NewestRow { segment })
    }
}
