//! The store's log as openraft wants it.

use std::fmt::Debug;
use std::io;
use std::ops::{Bound, RangeBounds};

use ferry_store::Log;
use openraft::alias::{EntryOf, LogIdOf, VoteOf};
use openraft::storage::{IOFlushed, LogState, RaftLogStorage};
use openraft::{OptionalSend, RaftLogReader};
use tokio::sync::oneshot;

use super::convert;
use super::types::Config;

/// Bytes of entries in one append to a follower; openraft's own limits count entries.
const APPEND_BYTES_MAX: usize = 1 << 20;

/// The log, shared with every reader of it.
#[derive(Clone)]
pub(crate) struct LogStorage {
    log: Log,
}

impl LogStorage {
    pub(crate) fn new(log: Log) -> Self {
        Self { log }
    }

    fn read(
        &self,
        from: u64,
        to: u64,
        bytes_max: Option<usize>,
    ) -> io::Result<Vec<EntryOf<Config>>> {
        let entries = self.log.read(from, to, bytes_max).map_err(io::Error::other)?;
        entries.into_iter().map(convert::entry).collect()
    }
}

/// A callback for the log, and what tells that the log has called it.
fn flushed() -> (ferry_store::Flushed, impl Future<Output = io::Result<()>>) {
    let (done, flushed) = oneshot::channel();
    let callback = Box::new(move |result| {
        // The receiver goes away only with the whole engine.
        let _ = done.send(result);
    });
    let wait = async move {
        flushed.await.unwrap_or_else(|_| Err(io::Error::other("the log has stopped")))
    };
    (callback, wait)
}

impl RaftLogReader<Config> for LogStorage {
    async fn try_get_log_entries<RB>(&mut self, range: RB) -> io::Result<Vec<EntryOf<Config>>>
    where
        RB: RangeBounds<u64> + Clone + Debug + OptionalSend,
    {
        let from = match range.start_bound() {
            Bound::Included(from) => *from,
            Bound::Excluded(before) => before + 1,
            Bound::Unbounded => 0,
        };
        let to = match range.end_bound() {
            Bound::Included(last) => last + 1,
            Bound::Excluded(to) => *to,
            Bound::Unbounded => u64::MAX,
        };
        self.read(from, to, None)
    }

    async fn limited_get_log_entries(
        &mut self,
        start: u64,
        end: u64,
    ) -> io::Result<Vec<EntryOf<Config>>> {
        self.read(start, end, Some(APPEND_BYTES_MAX))
    }

    async fn read_vote(&mut self) -> io::Result<Option<VoteOf<Config>>> {
        Ok(self.log.state().vote.map(convert::vote))
    }
}

impl RaftLogStorage<Config> for LogStorage {
    type LogReader = Self;

    async fn get_log_state(&mut self) -> io::Result<LogState<Config>> {
        let state = self.log.state();
        Ok(LogState {
            last_purged_log_id: state.purged.map(convert::log_id),
            last_log_id: state.last.or(state.purged).map(convert::log_id),
        })
    }

    async fn get_log_reader(&mut self) -> Self {
        self.clone()
    }

    /// A vote is answered only when it is fsynced.
    async fn save_vote(&mut self, vote: &VoteOf<Config>) -> io::Result<()> {
        let (done, flushed) = flushed();
        self.log.save_vote(convert::stored_vote(vote), done).map_err(io::Error::other)?;
        flushed.await
    }

    /// Buffered: losing it costs a replay, not an entry.
    async fn save_committed(&mut self, committed: Option<LogIdOf<Config>>) -> io::Result<()> {
        let Some(committed) = committed else { return Ok(()) };
        self.log.save_committed(convert::stored_log_id(&committed)).map_err(io::Error::other)
    }

    async fn read_committed(&mut self) -> io::Result<Option<LogIdOf<Config>>> {
        Ok(self.log.state().committed.map(convert::log_id))
    }

    async fn append<I>(&mut self, entries: I, callback: IOFlushed<Config>) -> io::Result<()>
    where
        I: IntoIterator<Item = EntryOf<Config>> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let entries = entries.into_iter().map(convert::stored_entry).collect();
        let done = Box::new(|result| callback.io_completed(result));
        self.log.append(entries, done).map_err(io::Error::other)
    }

    async fn truncate_after(&mut self, last: Option<LogIdOf<Config>>) -> io::Result<()> {
        let (done, flushed) = flushed();
        let last = last.as_ref().map(convert::stored_log_id);
        self.log.truncate_after(last, done).map_err(io::Error::other)?;
        flushed.await
    }

    async fn purge(&mut self, upto: LogIdOf<Config>) -> io::Result<()> {
        let (done, flushed) = flushed();
        self.log.purge(convert::stored_log_id(&upto), done).map_err(io::Error::other)?;
        flushed.await
    }
}
