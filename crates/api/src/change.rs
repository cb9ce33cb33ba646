use std::fmt;

use serde::{Deserialize, Serialize};

/// What happened to a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskChange {
    /// It was added to its queue.
    Enqueued,
    /// Its delay or its backoff ended.
    Due,
    /// A worker got it.
    Leased,
    /// Its worker keeps it for longer.
    Extended,
    /// Its worker gave it back untried, or let go of it when it was cancelled.
    Released,
    /// Its worker has done it.
    Acked,
    /// Its worker failed.
    Nacked,
    /// Its lease ran out unsettled.
    LeaseExpired,
    /// Somebody called it off.
    Cancelled,
    /// It was not done within its time to live.
    Expired,
    /// Somebody had a dead task tried again.
    Retried,
    /// Somebody had it due at once.
    RunNow,
    /// It came back from the dead with others.
    Redriven,
    /// The last task that it depended on has ended.
    Unblocked,
    /// It is gone: purged, past its retention, or with its queue.
    Removed,
    /// A task that it depends on has ended; it waits for others still.
    DependencyEnded,
}

impl TaskChange {
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

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
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

impl fmt::Display for TaskChange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_the_same_everywhere() {
        for change in TaskChange::ALL {
            let json = serde_json::to_string(&change).expect("a change has a JSON form");
            assert_eq!(json, format!("\"{change}\""));
        }
    }
}
