use std::fs::{File, OpenOptions};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use crate::{IdentityError, StoreError};

/// The file of the lock.
pub(crate) const LOCK: &str = "LOCK";

/// A process's claim to a data directory. The kernel lets go of it when the process ends, however
/// it ends.
pub(crate) struct DataLock {
    _held: Flock<File>,
}

impl DataLock {
    pub(crate) fn take(data_dir: &Path) -> Result<Self, IdentityError> {
        let path = data_dir.join(LOCK);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(StoreError::io("open", &path))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(held) => Ok(Self { _held: held }),
            Err((_, Errno::EWOULDBLOCK)) => {
                Err(IdentityError::Locked { path: data_dir.to_owned() })
            }
            Err((_, errno)) => Err(StoreError::io("lock", &path)(errno.into()).into()),
        }
    }
}
