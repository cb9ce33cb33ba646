//! Keeps the log short: a snapshot whenever enough has been applied since the last one, and the
//! purge of what it covers. Never waits for a task to be settled (G11).

use ferry_types::LogIndex;
use openraft::async_runtime::WatchReceiver;
use tokio_util::sync::CancellationToken;

use crate::applier::{Applier, Progress};
use crate::raft::Raft;

/// Takes a snapshot whenever `entries` or `bytes` of them have been applied since the last.
/// openraft purges the log behind it.
pub(crate) async fn run(
    raft: Raft,
    applier: Applier,
    entries: u64,
    bytes: u64,
    stop: CancellationToken,
) {
    let mut progress = applier.progress();
    // What an earlier process applied since the last snapshot counts.
    let snapshot = raft.metrics().borrow_watched().snapshot.map_or(0, |id| id.index);
    let mut taken = Progress { index: LogIndex::new(snapshot), ..*progress.borrow() };
    loop {
        let due = progress.wait_for(|now| {
            now.bytes - taken.bytes >= bytes
                || now.index.get().saturating_sub(taken.index.get()) >= entries
        });
        let reached = tokio::select! {
            () = stop.cancelled() => return,
            due = due => due.map(|progress| *progress),
        };
        let Ok(now) = reached else { return };
        taken = now;
        if raft.trigger().snapshot().await.is_err() {
            return;
        }
    }
}
