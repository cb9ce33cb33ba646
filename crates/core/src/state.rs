use std::fmt;

/// Where a task is in its life, without what is true in each state.
///
/// ```text
///   enqueue --> ready --dequeue-> leased --ack--> succeeded
///      |          ^                  |
///    delay       due              failure ------> dead (last attempt)
///      |          |                  |
///      +-> scheduled    retrying <---+   (an expiry or a release goes back to ready)
///
///   scheduled, ready, retrying --ttl-----> expired
///   these and leased ----------cancel----> cancelled
///   dead ----------------------redrive---> ready
///   enqueue --depends on others--> blocked --they ended--> scheduled or ready
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Enumeration)]
#[repr(i32)]
pub enum StateName {
    /// No state; no task has it.
    Unknown = 0,
    /// Not due yet.
    Scheduled = 1,
    /// Any worker may take it.
    Ready = 2,
    /// A worker holds it.
    Leased = 3,
    /// Backing off after a failure.
    Retrying = 4,
    /// Done.
    Succeeded = 5,
    /// Out of attempts; kept for an operator.
    Dead = 6,
    /// Called off.
    Cancelled = 7,
    /// Its time to live ended before it was done.
    Expired = 8,
    /// Waits for other tasks to end.
    Blocked = 9,
}

impl StateName {
    /// Every state that a task can be in, in the order of its life.
    pub const ALL: [Self; 9] = [
        Self::Scheduled,
        Self::Blocked,
        Self::Ready,
        Self::Leased,
        Self::Retrying,
        Self::Succeeded,
        Self::Dead,
        Self::Cancelled,
        Self::Expired,
    ];

    /// The word for it everywhere: API, docs, metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Scheduled => "scheduled",
            Self::Ready => "ready",
            Self::Leased => "leased",
            Self::Retrying => "retrying",
            Self::Succeeded => "succeeded",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Blocked => "blocked",
        }
    }
}

impl StateName {
    /// Whether nothing more happens to a task in this state by itself.
    pub const fn is_finished(self) -> bool {
        match self {
            Self::Succeeded | Self::Dead | Self::Cancelled | Self::Expired => true,
            Self::Unknown
            | Self::Scheduled
            | Self::Blocked
            | Self::Ready
            | Self::Leased
            | Self::Retrying => false,
        }
    }
}

impl fmt::Display for StateName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}
