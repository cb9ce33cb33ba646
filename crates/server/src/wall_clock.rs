//! This node's clock, for what is shown or bounded roughly. Nothing replicated comes from it.

use std::time::{SystemTime, UNIX_EPOCH};

use ferry_types::Timestamp;

/// The present moment.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// The time against which an age is shown: replicated time stands still in an idle cluster.
pub(crate) fn no_earlier_than(replicated: Timestamp) -> Timestamp {
    replicated.max(now())
}
