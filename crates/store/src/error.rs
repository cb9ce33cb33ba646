use std::path::PathBuf;

/// Why the disk failed us. Not retried and not sent to callers: the node stops.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// An operation of the log, of a file or of a directory failed.
    #[error("{doing} {}: {source}", path.display())]
    Io { doing: &'static str, path: PathBuf, source: std::io::Error },
    /// The database failed.
    #[error("{doing} the database: {source}")]
    Database { doing: &'static str, source: rocksdb::Error },
    /// What was read is not what was written. Remove the node and add a new one; never repair by
    /// guessing.
    #[error("{} is corrupt: {what}; this node cannot be trusted: remove it from the cluster and add a new one with an empty data directory", path.display())]
    Corrupt { path: PathBuf, what: String },
}
