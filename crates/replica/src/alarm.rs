//! The leader's alarm: when the next deadline comes, an entry carries the time to it.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::applier::Applier;
use crate::clock::SharedClock;
use crate::leader::LeaderWatch;
use crate::proposer::Proposer;

/// How long to wait for an entry of time before it is proposed again.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sleeps at most this long, so that a slewed clock is looked at again.
const NAP_MAX: Duration = Duration::from_secs(10);

/// Proposes an entry without commands whenever a deadline has passed and no other entry has
/// carried the time over it. Writes nothing while nothing is due, and nothing unless this node
/// leads.
pub(crate) async fn run(
    applier: Applier,
    clock: SharedClock,
    proposer: Proposer,
    mut leader: LeaderWatch,
    stop: CancellationToken,
) {
    let mut alarm = applier.alarm();
    while !stop.is_cancelled() {
        let at = *alarm.borrow_and_update();
        let nap = match at {
            Some(at) if leader.is_me() => {
                clock.lock().expect("no holder panics").until(at, Instant::now())
            }
            Some(_) | None => NAP_MAX,
        };
        // A refusal means that this node does not lead any more: the watch will tell.
        if nap.is_zero() && proposer.tick(PATIENCE).await.is_ok() {
            continue;
        }
        tokio::select! {
            () = stop.cancelled() => return,
            changed = alarm.changed() => if changed.is_err() { return },
            changed = leader.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(nap.clamp(Duration::from_millis(1), NAP_MAX)) => {}
        }
    }
}
