//! Ends the sessions of workers that give no sign of life, while this node leads.

use std::sync::atomic::Ordering;
use std::time::Duration;

use ferry_core::command::{EndSessions, Session};
use ferry_core::{Command, Machine, Proposal, Reply};
use ferry_replica::Replica;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::Workers;

/// Workers that are looked at in one go, and sessions that are ended in one command.
const LOOK_MAX: usize = 1_000;
/// How long to wait for an entry that ends sessions, and until it is tried again.
const PATIENCE: Duration = Duration::from_secs(1);

/// Runs until `stop`.
pub(super) async fn run(replica: &Replica, workers: &Workers, stop: &CancellationToken) {
    let mut leader = replica.leader();
    let mut has_led = false;
    loop {
        let leads = matches!(&*leader.borrow_and_update(), Some((id, _)) if *id == replica.node());
        if leads != has_led {
            has_led = leads;
            change(replica, workers, leads);
        }
        let next = workers.sessions.next().filter(|_| leads);
        if next.is_some_and(|at| at <= Instant::now()) {
            end_due(replica, workers).await;
            continue;
        }
        let look_at = next.unwrap_or_else(|| Instant::now() + Duration::from_secs(3_600));
        tokio::select! {
            () = stop.cancelled() => return,
            changed = leader.changed() => if changed.is_err() { return },
            () = workers.sessions.sooner() => {}
            () = sleep_until(look_at) => {}
        }
    }
}

/// Begins to lead, or ends it.
fn change(replica: &Replica, workers: &Workers, leads: bool) {
    if leads {
        let names = |machine: &Machine| -> Vec<Box<str>> {
            machine.workers(None).map(|worker| worker.name.into()).collect()
        };
        let names = replica.view(|_, machine| names(machine));
        workers.sessions.begin(names.into_iter());
        workers.wake();
    } else {
        workers.streams.close_all();
        workers.sessions.end();
    }
}

/// Looks at the workers that are due, and ends the sessions that are over.
async fn end_due(replica: &Replica, workers: &Workers) {
    let now = Instant::now();
    let sessions = &workers.sessions;
    let mut over = Vec::new();
    for worker in sessions.due(now, LOOK_MAX) {
        let of = |machine: &Machine| {
            let view = machine.worker(&worker)?;
            Some((view.session, Duration::from_millis(view.settings.session_ms)))
        };
        let Some((session, length)) = replica.view(|_, machine| of(machine)) else {
            sessions.forget(&worker);
            continue;
        };
        match sessions.ends_at(&worker, length, now) {
            Some(end) if end > now => sessions.look_at(&worker, end),
            Some(_) => {
                // Until it is gone from the machine, which the next look finds.
                sessions.look_at(&worker, now + PATIENCE);
                over.push(Session { worker: worker.into(), session });
            }
            None => {}
        }
    }
    end(replica, workers, over).await;
}

/// Proposes the end of sessions, as many at a time as an entry ends.
async fn end(replica: &Replica, workers: &Workers, mut over: Vec<Session>) {
    while !over.is_empty() {
        let command = Command::EndSessions(EndSessions { sessions: over.clone() });
        let proposal = Proposal { command: Some(command), idempotency: None };
        let Ok(answer) = replica.propose(proposal, PATIENCE).await else { return };
        let Ok(Reply::SessionsEnded(ended)) = answer.outcome.result else { return };
        workers.ended.fetch_add(ended.ended.into(), Ordering::Relaxed);
        let seen = usize::try_from(ended.seen).unwrap_or(usize::MAX).min(over.len());
        if seen == 0 {
            return;
        }
        for session in over.drain(..seen) {
            tracing::info!(worker = session.worker, "session ended");
            workers.streams.close(&session.worker);
        }
    }
}
