//! What happens to tasks, as those see it who wait here: ends, events, and the state's digest.

use std::time::Duration;

use ferry_core::row::EventRow;
use ferry_store::StoreError;
use ferry_types::{LogIndex, TaskId};

use crate::digest::Undigested;
use crate::follow::Follow;
use crate::{DigestError, Replica, StateDigest};

impl Replica {
    /// Waits for a task to end, from now on: look at the task after this, and again whenever
    /// [`Follow::ended`] returns. `None` while too many wait.
    pub fn follow(&self, task: TaskId) -> Option<Follow> {
        self.parts.applier.followed().follow(task)
    }

    /// What the entries after `after` did to tasks, in order: as many as have `bytes_max` together,
    /// and one at least if there is any. Reads the disk: call it off the runtime.
    ///
    /// # Errors
    /// A disk that cannot be read.
    pub fn events(&self, after: LogIndex, bytes_max: usize) -> Result<Vec<EventRow>, StoreError> {
        self.parts.state.events(after, bytes_max)
    }

    /// The replicated state of this node as one number, at exactly `index`, which may be yet to
    /// come, or at the present one.
    ///
    /// # Errors
    /// - `Past`: the state has gone on.
    /// - `NotReached`, `TooMany`: not in time; it may be asked again for a later index.
    pub async fn digest(
        &self,
        index: Option<LogIndex>,
        patience: Duration,
    ) -> Result<StateDigest, DigestError> {
        let asked = self.parts.applier.digest(index).ok_or(DigestError::TooMany)?;
        match tokio::time::timeout(patience, asked).await {
            Err(_elapsed) => Err(DigestError::NotReached),
            Ok(Err(_dropped)) => Err(DigestError::Stopped),
            Ok(Ok(Ok(digest))) => Ok(digest),
            Ok(Ok(Err(Undigested::Past { applied }))) => Err(DigestError::Past { applied }),
            Ok(Ok(Err(Undigested::Unreadable(error)))) => {
                self.parts.fatal.send_replace(Some(error.to_string()));
                Err(DigestError::Stopped)
            }
        }
    }
}
