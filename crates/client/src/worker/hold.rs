use std::time::Duration;

use ferry_api::{ExtendRequest, LeaseDocument, TaskDocument};
use tokio::time::{MissedTickBehavior, interval_at};

use crate::{Client, Error};

/// The shortest time between two extensions.
const BEAT_MIN: Duration = Duration::from_millis(10);

/// Runs `work` while its lease holds, extending it at every third of its length. `None`, with the
/// work dropped, once the lease is lost.
pub(super) async fn while_held<T>(
    client: &Client,
    task: &TaskDocument,
    work: impl Future<Output = T>,
) -> Option<T> {
    let lease = task.lease.as_ref()?;
    tokio::select! {
        outcome = work => Some(outcome),
        () = keep(client, task, lease) => None,
    }
}

/// Extends the lease again and again; returns once it is lost.
async fn keep(client: &Client, task: &TaskDocument, lease: &LeaseDocument) {
    // Both ends are the cluster's time, so this node's clock does not matter.
    let began = task.started_at.unwrap_or(task.enqueued_at);
    let length = lease.expires_at.saturating_since(began);
    let beat = (length / 3).max(BEAT_MIN);
    let mut beats = interval_at(tokio::time::Instant::now() + beat, beat);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beats.tick().await;
        match client.extend(lease.id, &ExtendRequest::default()).timeout(length).await {
            Ok(extended) if extended.cancelled => return,
            Err(Error::Refused(_)) => return,
            // Trouble is no reason to give up: the cluster's clock stands still with it, and a
            // lease that is lost after all is told at the next beat.
            Ok(_) | Err(Error::NotWritten { .. } | Error::Unknown { .. } | Error::Invalid(_)) => {}
        }
    }
}
