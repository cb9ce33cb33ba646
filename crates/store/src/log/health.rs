use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::StoreError;

/// Whether the log can still be believed. After the first failure it never can again (G10): a
/// second fsync may succeed although the first one lost the data.
pub(super) struct Health {
    dir: PathBuf,
    failure: OnceLock<String>,
}

impl Health {
    pub(super) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), failure: OnceLock::new() }
    }

    /// Remembers a failure, unless there was one before.
    pub(super) fn fail(&self, why: impl ToString) {
        self.failure.get_or_init(|| why.to_string());
    }

    /// What every call and every callback says from the first failure on.
    pub(super) fn check(&self) -> io::Result<()> {
        match self.failure.get() {
            None => Ok(()),
            Some(why) => Err(io::Error::other(format!("the log has failed: {why}"))),
        }
    }

    /// Passes a result on, and remembers it if it is a failure.
    pub(super) fn watch<T>(
        &self,
        doing: &'static str,
        result: io::Result<T>,
    ) -> Result<T, StoreError> {
        self.check().map_err(StoreError::io(doing, &self.dir))?;
        result.map_err(|error| {
            self.fail(format!("{doing}: {error}"));
            if is_corruption(&error) {
                return StoreError::corrupt(&self.dir, error.to_string());
            }
            StoreError::io(doing, &self.dir)(error)
        })
    }
}

/// Whether this says that bytes are not what was written.
fn is_corruption(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
}
