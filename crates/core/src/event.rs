use std::fmt;

/// What happened to a task, as its history and the change feed tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Enumeration)]
#[repr(i32)]
pub enum EventName {
    /// Nothing; no event has it.
    Unknown = 0,
    /// It was added to its queue.
    Enqueued = 1,
    /// Its delay or its backoff ended.
    Due = 2,
    /// A worker got it.
    Leased = 3,
    /// Its worker keeps it for longer.
    Extended = 4,
    /// Its worker gave it back untried, or let go of it when it was cancelled.
    Released = 5,
    /// Its worker has done it.
    Acked = 6,
    /// Its worker failed.
    Nacked = 7,
    /// Its lease ran out unsettled, or ended with its worker's session.
    LeaseExpired = 8,
    /// Somebody called it off.
    Cancelled = 9,
    /// It was not done within its time to live.
    Expired = 10,
    /// Somebody had a dead task tried again.
    Retried = 11,
    /// Somebody had it due at once.
    RunNow = 12,
    /// It came back from the dead with others.
    Redriven = 13,
    /// The last task that it depended on has ended.
    Unblocked = 14,
    /// It is gone: purged, past its retention, or with its queue.
    Removed = 15,
    /// A task that it depends on has ended; it waits for others still.
    DependencyEnded = 16,
}

impl EventName {
    /// Everything that happens to tasks.
    pub const ALL: [Self; 16] = [
        Self::Enqueued,
        Self::Due,
        Self::Leased,
        Self::Extended,
        Self::Released,
        Self::Acked,
        Self::Nacked,
        Self::LeaseExpired,
        Self::Cancelled,
        Self::Expired,
        Self::Retried,
        Self::RunNow,
        Self::Redriven,
        Self::Unblocked,
        Self::Removed,
        Self::DependencyEnded,
    ];

    /// The word for it everywhere: API, docs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Enqueued => "enqueued",
            Self::Due => "due",
            Self::Leased => "leased",
            Self::Extended => "extended",
            Self::Released => "released",
            Self::Acked => "acked",
            Self::Nacked => "nacked",
            Self::LeaseExpired => "lease_expired",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Retried => "retried",
            Self::RunNow => "run_now",
            Self::Redriven => "redriven",
            Self::Unblocked => "unblocked",
            Self::Removed => "removed",
            Self::DependencyEnded => "dependency_ended",
        }
    }
}

impl fmt::Display for EventName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}
