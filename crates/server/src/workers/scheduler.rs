//! Assigns tasks to workers while this node leads: a look, a proposal, and on with what the reply
//! says. Woken by what may have changed the choice; asks nobody in between.

use std::sync::atomic::Ordering;
use std::time::Duration;

use ferry_core::command::Assign;
use ferry_core::reply::{Assigned, AssignedItem, AssignmentOutcome, Lease};
use ferry_core::{Command, Proposal, Reply};
use ferry_replica::{Answer, LeasedTask, ProposeError, Replica};
use ferry_types::{LeaseId, LeaseToken, TaskId, Timestamp};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::look::{Plan, look};
use super::{Item, Workers};
use crate::translate;

/// How long to wait for an entry of assignments.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait before asking again when more is proposed than the log takes.
const PAUSE: Duration = Duration::from_millis(20);

/// Whether to look again at once.
enum Next {
    /// Something was assigned: there may be more.
    Look,
    /// Nothing more can be until something changes, or until then.
    Wait(Option<Instant>),
}

/// Runs until `stop`.
pub(super) async fn run(replica: &Replica, workers: &Workers, stop: &CancellationToken) {
    loop {
        let wake_at = loop {
            match step(replica, workers).await {
                Next::Look => {}
                Next::Wait(at) => break at,
            }
        };
        let alarm = async {
            match wake_at {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = workers.bell.notified() => {}
            () = alarm => {}
        }
    }
}

/// One look and, if it finds anything, one proposal.
async fn step(replica: &Replica, workers: &Workers) -> Next {
    if workers.streams.len() == 0 {
        return Next::Wait(None);
    }
    let now = replica.now();
    let ending = workers.ending.leases();
    let plan =
        replica.view(|_, machine| look(machine, now, &workers.streams, &ending, &workers.paces()));
    if plan.items.is_empty() {
        return Next::Wait(plan.next_at.map(|at| Instant::now() + replica.until(at)));
    }
    let command = Command::Assign(Assign { items: plan.items.clone() });
    let proposal = Proposal { command: Some(command), idempotency: None };
    match replica.propose(proposal, PATIENCE).await {
        Ok(answer) => deliver(replica, workers, &plan, answer),
        Err(ProposeError::Overloaded) => Next::Wait(Some(Instant::now() + PAUSE)),
        Err(ProposeError::NotLeader { .. }) => Next::Wait(None),
        Err(ProposeError::OutcomeUnknown | ProposeError::Stopped) => {
            // They may be leased: who connects again gets what is.
            plan.items.iter().for_each(|item| workers.streams.close(&item.to.worker));
            Next::Wait(Some(Instant::now() + PAUSE))
        }
    }
}

/// Sends what was assigned to its workers.
fn deliver(replica: &Replica, workers: &Workers, plan: &Plan, answer: Answer) -> Next {
    let Ok(Reply::Assigned(Assigned { items })) = answer.outcome.result else {
        return Next::Wait(None);
    };
    let mut leased = answer.leased.into_iter().peekable();
    let mut assigned = 0;
    for (item, chosen) in items.iter().zip(&plan.items) {
        let Some(AssignmentOutcome::Leased(lease)) = &item.outcome else { continue };
        assigned += 1;
        // The tasks stand in the order of the leases; one that is gone since is left out.
        let Some(task) = leased.next_if(|leased| leased.task.row.id == lease.task) else {
            continue;
        };
        let worker = &chosen.to.worker;
        workers.streams.send(worker, item_of(task, lease, worker));
    }
    workers.assigned.fetch_add(assigned, Ordering::Relaxed);
    workers.refused.fetch_add(items.len() as u64 - assigned, Ordering::Relaxed);
    // Where all was refused, whatever changed since the look has rung the bell, or time has to pass.
    if assigned > 0 { Next::Look } else { Next::Wait(not_before(replica, &items)) }
}

/// When a rate lets the first of those through that it alone held back.
fn not_before(replica: &Replica, items: &[AssignedItem]) -> Option<Instant> {
    let refused = items.iter().filter_map(|item| match item.outcome {
        Some(AssignmentOutcome::Refused(refused)) => refused.not_before_ms,
        Some(AssignmentOutcome::Leased(_)) | None => None,
    });
    refused.min().map(|at| Instant::now() + replica.until(Timestamp::from_millis(at)))
}

fn item_of(LeasedTask { task, payload }: LeasedTask, lease: &Lease, worker: &str) -> Item {
    let id = LeaseId { task: TaskId::new(lease.task), token: LeaseToken::new(lease.token) };
    let worker = worker.parse().ok();
    let document = translate::leased_document(task, payload, lease, worker.as_ref());
    Item::new(id, &document)
}
