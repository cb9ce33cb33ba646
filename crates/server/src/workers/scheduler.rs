//! Assigns tasks to workers while this node leads: a look, a proposal, and on with what the reply
//! says. Woken by what may have changed the choice; asks nobody in between.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ferry_core::command::{Assign, Assignment};
use ferry_core::reply::{Assigned, AssignedItem, AssignmentOutcome, Lease};
use ferry_core::{Command, Proposal, Reply};
use ferry_replica::{Answer, LeasedTask, ProposeError, Replica};
use ferry_types::{LeaseId, LeaseToken, TaskId, Timestamp};
use futures::StreamExt;
use futures::stream::FuturesOrdered;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::look::{Plan, look};
use super::outlook::UnderWay;
use super::{Item, Workers};
use crate::translate;

/// How long to wait for an entry of assignments.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait before asking again when more is proposed than the log takes.
const PAUSE: Duration = Duration::from_millis(20);

/// Entries of assignments that are under way at a time: the next is chosen while one is written.
const UNDER_WAY_MAX: usize = 2;

/// What becomes of the scheduler after an answer.
enum Next {
    /// Something was assigned: there may be more.
    Look,
    /// Nothing more can be until something changes, or until then.
    Wait(Option<Instant>),
}

/// Runs until `stop`.
pub(super) async fn run(replica: &Replica, workers: &Workers, stop: &CancellationToken) {
    let mut proposals = FuturesOrdered::new();
    let mut plans: VecDeque<Plan> = VecDeque::new();
    let (mut is_awake, mut wake_at) = (true, None);
    loop {
        if is_awake && plans.len() < UNDER_WAY_MAX {
            let plan = choose(replica, workers, &plans);
            if plan.items.is_empty() {
                is_awake = false;
                wake_at = plan.next_at.map(|at| Instant::now() + replica.until(at));
            } else {
                proposals.push_back(propose(replica, plan.items.clone()));
                plans.push_back(plan);
            }
        }
        let alarm = async {
            match wake_at {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            Some(answer) = proposals.next() => {
                let plan = plans.pop_front().expect("each proposal has its plan");
                match answered(replica, workers, &plan, answer) {
                    Next::Look => is_awake = true,
                    Next::Wait(at) => {
                        (is_awake, wake_at) = (false, [wake_at, at].into_iter().flatten().min());
                    }
                }
            }
            () = workers.bell.notified(), if !is_awake => is_awake = true,
            () = alarm, if !is_awake => (is_awake, wake_at) = (true, None),
            // Behind the proposals, so that they are out before the next look.
            () = std::future::ready(()), if is_awake && plans.len() < UNDER_WAY_MAX => {}
        }
    }
}

/// Chooses from a look, with what is under way taken to be applied.
fn choose(replica: &Replica, workers: &Workers, plans: &VecDeque<Plan>) -> Plan {
    if workers.streams.len() == 0 {
        return Plan::default();
    }
    let now = replica.now();
    let assigned = plans.iter().flat_map(|plan| &plan.items);
    let under_way = UnderWay::new(workers.ending.leases(), assigned);
    replica.view(|_, machine| look(machine, now, &workers.streams, &under_way, &workers.paces()))
}

async fn propose(replica: &Replica, items: Vec<Assignment>) -> Result<Answer, ProposeError> {
    let command = Command::Assign(Assign { items });
    replica.propose(Proposal { command: Some(command), idempotency: None }, PATIENCE).await
}

/// Goes on with what became of a plan.
fn answered(
    replica: &Replica,
    workers: &Workers,
    plan: &Plan,
    answer: Result<Answer, ProposeError>,
) -> Next {
    match answer {
        Ok(answer) => deliver(replica, workers, plan, answer),
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
