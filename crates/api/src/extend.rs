use ferry_types::{TaskId, Timestamp, limits};
use serde::{Deserialize, Serialize};

use crate::{InvalidField, TaskState, rfc3339};

/// The body of `POST /v1/leases/{lease}/extend`; may be left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExtendRequest {
    /// How long the lease is to last from now, in milliseconds. 1 to 12 hours; as long as the
    /// last time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_ms: Option<u64>,
}

impl ExtendRequest {
    /// Refuses a length out of range.
    ///
    /// # Errors
    /// Names `lease_ms` and the limit.
    pub fn check(self) -> Result<Self, InvalidField> {
        if let Some(lease) = self.lease_ms {
            InvalidField::check_millis("lease_ms", lease, 1, limits::LEASE_MAX)?;
        }
        Ok(self)
    }
}

/// The answer to an extend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extended {
    /// The task.
    pub task: TaskId,
    /// Its state.
    pub state: TaskState,
    /// Its attempts so far.
    pub attempt: u32,
    /// When the lease runs out.
    #[serde(with = "rfc3339")]
    pub expires_at: Timestamp,
    /// Whether the task was cancelled, so that its holder may stop.
    #[serde(default)]
    pub cancelled: bool,
}
