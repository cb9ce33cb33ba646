use std::io;
use std::path::{Path, PathBuf};

/// Why the disk failed us. Not retried and not sent to callers: the node stops (G10).
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// An operation of the log, of a file or of a directory failed. See to the disk, then start
    /// the node again.
    #[error("{doing} {}: {source}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The database failed. See to the disk, then start the node again.
    #[error("{doing} the database: {source}")]
    Database {
        /// What was tried.
        doing: &'static str,
        /// Why it failed.
        source: rocksdb::Error,
    },
    /// What was read is not what was written. Remove the node and add a new one; never repair by
    /// guessing.
    #[error("{} is corrupt: {what}; this node cannot be trusted: remove it from the cluster and add a new one with an empty data directory", path.display())]
    Corrupt {
        /// The file or directory.
        path: PathBuf,
        /// What is wrong with it, and where.
        what: String,
    },
}

impl StoreError {
    /// For `map_err` on what the file system answers.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }

    /// For `map_err` on what the database answers. A checksum that does not match is corruption.
    pub(crate) fn database(
        doing: &'static str,
        path: &Path,
    ) -> impl FnOnce(rocksdb::Error) -> Self {
        let path = path.to_owned();
        move |source| {
            if source.kind() == rocksdb::ErrorKind::Corruption {
                return Self::Corrupt { path, what: source.into_string() };
            }
            Self::Database { doing, source }
        }
    }

    pub(crate) fn corrupt(path: &Path, what: impl Into<String>) -> Self {
        Self::Corrupt { path: path.to_owned(), what: what.into() }
    }
}
