use crate::{LogId, Vote};

/// What a log knows beside its entries. It may be ahead of the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogState {
    /// The last saved vote.
    pub vote: Option<Vote>,
    /// The last purged entry: all up to it are gone.
    pub purged: Option<LogId>,
    /// The last entry; the last purged one if there is no later.
    pub last: Option<LogId>,
    /// The last entry that was known to be committed; a hint that may lag.
    pub committed: Option<LogId>,
}
