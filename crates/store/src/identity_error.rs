use std::path::PathBuf;

use crate::StoreError;

/// Why a data directory cannot be used. Each message is one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// Stop the other process, or choose another directory.
    #[error("the data directory {} is in use by another process; stop that one first, or point data_dir at another directory", path.display())]
    Locked {
        /// The data directory.
        path: PathBuf,
    },
    /// The directory is another node's or another cluster's, or holds something else: then choose
    /// an empty one. If it was this node's and has lost its identity, remove the node from the
    /// cluster and add a new one.
    #[error("the data directory {} belongs to {found}, not to {wanted}; point data_dir at the right directory", path.display())]
    Foreign {
        /// The data directory.
        path: PathBuf,
        /// Whose it is.
        found: String,
        /// Who asked for it.
        wanted: String,
    },
    /// The directory cannot be written, the disk is broken or full, or the identity is not what
    /// was written.
    #[error(transparent)]
    Store(#[from] StoreError),
}
