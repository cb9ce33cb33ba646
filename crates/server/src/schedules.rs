//! The loop that has schedules fire, on the leader.
//!
//! It sleeps until the next firing, works out which one comes after it, and proposes both. What
//! becomes of a proposal does not matter to it: it looks at the machine again, which does each firing
//! once. So the next leader goes on where the last one was, whatever it has proposed.

mod calendar;
mod firings;
mod occurrences;
mod plan;
mod zone;

use std::sync::Arc;
use std::time::Duration;

use ferry_core::command::Fire;
use ferry_core::{Command, Proposal, Reply};
use ferry_replica::Replica;
use ferry_types::Timestamp;
use ferry_types::limits::{FIRINGS_PER_LOOK_MAX, FIRINGS_PER_SCHEDULE_MAX};
use tokio::sync::Notify;

pub(crate) use firings::Firings;
pub(crate) use occurrences::Occurrences;

/// How long to wait for a firing before the loop looks again.
const PATIENCE: Duration = Duration::from_secs(5);
/// Sleeps at most this long, so that a slewed clock is looked at again.
const NAP_MAX: Duration = Duration::from_secs(10);
/// How long to leave it when nothing that was due could be done.
const RETRY: Duration = Duration::from_millis(100);

/// Has schedules fire while this node leads. `bell` rings when the next firing moves.
pub(crate) async fn run(replica: Replica, firings: Arc<Firings>, bell: Arc<Notify>) {
    let mut leader = replica.leader();
    loop {
        let leads =
            leader.borrow_and_update().as_ref().is_some_and(|(id, _)| *id == replica.node());
        let nap = if leads { look(&replica, &firings).await } else { NAP_MAX };
        tokio::select! {
            () = bell.notified() => {}
            changed = leader.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(nap) => {}
        }
    }
}

/// Proposes what is due, and tells how long to sleep then.
async fn look(replica: &Replica, firings: &Firings) -> Duration {
    let now = replica.now();
    let due = due(replica, now);
    if due.is_empty() {
        return match replica.view(|_, machine| machine.next_firing()) {
            Some(at) if at > now => replica.until(at).clamp(Duration::from_millis(1), NAP_MAX),
            // What is due cannot be worked out here, as the log says.
            Some(_) | None => NAP_MAX,
        };
    }
    let proposals = due.into_iter().map(|fire| async {
        let at = Timestamp::from_millis(fire.last_ms);
        let command = Some(Command::Fire(fire));
        let answer = replica.propose(Proposal { command, idempotency: None }, PATIENCE).await;
        let result = answer.ok().and_then(|answer| answer.outcome.result.ok());
        if let Some(Reply::Fired(fired)) = &result {
            firings.note(fired, replica.now().saturating_since(at));
        }
        result.is_some()
    });
    let done = futures::future::join_all(proposals).await;
    if done.contains(&true) { Duration::ZERO } else { RETRY }
}

/// The firings that are due, in the order in which they are to be done.
fn due(replica: &Replica, now: Timestamp) -> Vec<Fire> {
    let schedules = replica.view(|_, machine| machine.due_schedules(now, FIRINGS_PER_LOOK_MAX));
    let mut firings = Vec::new();
    for schedule in schedules {
        let room = FIRINGS_PER_LOOK_MAX - firings.len();
        match plan::plan(&schedule, now, room.min(FIRINGS_PER_SCHEDULE_MAX)) {
            Ok(planned) => firings.extend(planned),
            Err(error) => {
                tracing::warn!(schedule = schedule.name, %error, "a schedule cannot be read");
            }
        }
    }
    firings
}
