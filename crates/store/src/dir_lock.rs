use std::fs::{File, OpenOptions};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use crate::{StoreError, dir};

/// The file of the lock.
pub(crate) const LOCK: &str = "LOCK";

/// A process's claim to a directory. The kernel lets go of it when the process ends, however it
/// ends.
pub(crate) struct DirLock {
    _held: Flock<File>,
}

impl DirLock {
    /// Claims the directory, which is created if it is not there; `None` if another process has
    /// it.
    pub(crate) fn take(claimed: &Path) -> Result<Option<Self>, StoreError> {
        dir::create(claimed)?;
        let path = claimed.join(LOCK);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(StoreError::io("open", &path))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(held) => Ok(Some(Self { _held: held })),
            Err((_, Errno::EWOULDBLOCK)) => Ok(None),
            Err((_, errno)) => Err(StoreError::io("lock", &path)(errno.into())),
        }
    }
}
