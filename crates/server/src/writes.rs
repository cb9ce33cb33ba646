//! A command from a request to its answer, here or at the leader.

use axum::response::Response;
use ferry_core::command::{NewTask, Operation, Step};
use ferry_core::{Command, Proposal, Reply};
use ferry_replica::Answer;
use ferry_types::{LogIndex, QueueName};

use crate::answer;
use crate::call::Call;
use crate::idempotency::{self, Stage};
use crate::problem::Failure;
use crate::relay::{Kind, Relay, Turn};

/// Proposes what `build` makes of the request, or has the leader do so; `render` makes the answer
/// of the reply. `build` runs once more for every leader that this node becomes meanwhile.
pub(crate) async fn write<E>(
    call: &Call,
    build: impl Fn(&Call) -> Result<(Command, E), Failure>,
    render: impl Fn(LogIndex, Reply, E) -> Result<Response, Failure>,
) -> Result<Response, Failure> {
    let mut relay = Relay::new(call, Kind::Write);
    match carry_out(call, &mut relay, Stage::Whole, build).await? {
        Outcome::Answered(response) => Ok(response),
        Outcome::Done(Done { index, reply, replayed, echo }) => {
            render(index, reply, echo).map(|response| answer::replayed(response, replayed))
        }
    }
}

/// What became of one proposal of a request.
pub(crate) enum Outcome<E> {
    /// Another node leads, and has answered the whole request.
    Answered(Response),
    /// It is carried out, here.
    Done(Done<E>),
}

/// A proposal that is carried out.
pub(crate) struct Done<E> {
    /// The entry that stands for it.
    pub(crate) index: LogIndex,
    /// What the machine said.
    pub(crate) reply: Reply,
    /// Whether that is what an earlier asking got.
    pub(crate) replayed: bool,
    /// What `build` gave besides the command.
    pub(crate) echo: E,
}

/// Proposes what `build` makes of the request as its `stage`, or has the leader answer.
pub(crate) async fn carry_out<E>(
    call: &Call,
    relay: &mut Relay<'_>,
    stage: Stage,
    build: impl Fn(&Call) -> Result<(Command, E), Failure>,
) -> Result<Outcome<E>, Failure> {
    loop {
        match relay.next().await? {
            Turn::Answered(response) => return Ok(Outcome::Answered(response)),
            Turn::Here => {}
        }
        let (command, echo) = build(call)?;
        if adds_tasks(&command)
            && let Some(shortage) = call.node.disk_room.shortage()
        {
            match find_answer(call, relay, stage).await? {
                Found::Answer => {}
                Found::Nothing => {
                    return Err(relay.give_up(Failure::disk_full(call.door.id, &shortage)));
                }
                Found::NoLeader => continue,
            }
        }
        let idempotency = idempotency::of(call, stage);
        let coming = brings_task(&command);
        let ending = call.node.workers.announce(&command);
        let proposal = Proposal { command: Some(command), idempotency };
        let proposed = call.node.replica.propose(proposal, relay.remaining());
        // Polled behind the proposal, so that whoever is woken proposes behind it too.
        let announced = async {
            coming.iter().for_each(|queue| call.node.waiters.announce(queue));
            ending.iter().for_each(|_| call.node.workers.wake());
        };
        match futures::join!(proposed, announced).0 {
            Ok(Answer { index, outcome, .. }) => {
                let replayed = outcome.replayed;
                return match outcome.result {
                    Ok(reply) => Ok(Outcome::Done(Done { index, reply, replayed, echo })),
                    Err(rejection) => Err(Failure::rejected(&rejection, index)),
                };
            }
            Err(error) => relay.proposal_failed(&error).await?,
        }
    }
}

/// What an earlier asking left behind.
enum Found {
    /// Its answer, which is given whatever the disk says (G5).
    Answer,
    /// Nothing, or nothing yet.
    Nothing,
    /// Nobody confirmed this node as the leader, so that it cannot tell.
    NoLeader,
}

async fn find_answer(call: &Call, relay: &mut Relay<'_>, stage: Stage) -> Result<Found, Failure> {
    if (call.key.may_be_kept() || relay.may_be_written())
        && let Err(error) = call.node.replica.linearize(relay.remaining()).await
    {
        relay.read_failed(error).await?;
        return Ok(Found::NoLeader);
    }
    Ok(match idempotency::keeps_answer(call, stage) {
        true => Found::Answer,
        false => Found::Nothing,
    })
}

/// The queue in which a command makes a task ready at once, if it does. One that depends on others
/// is passed over: most often it is blocked, and if it is not, its wake tells when it is there. So
/// is one that not every worker may take.
fn brings_task(command: &Command) -> Option<QueueName> {
    let Command::Enqueue(enqueue) = command else { return None };
    let is_ready = |task: &NewTask| {
        let is_free = task.resources.is_empty() && task.selector.is_empty();
        is_free && task.run_at_ms.is_none() && task.delay_ms == 0 && task.depends_on.is_empty()
    };
    enqueue.tasks.iter().any(is_ready).then(|| enqueue.queue.parse().ok()).flatten()
}

/// Whether a command needs room on the disk. All others are small, or make room in the end.
fn adds_tasks(command: &Command) -> bool {
    match command {
        Command::Enqueue(_) | Command::SubmitWorkflow(_) => true,
        Command::Dequeue(_)
        | Command::Settle(_)
        | Command::PutQueue(_)
        | Command::DeleteQueue(_)
        | Command::Cancel(_)
        | Command::Retry(_)
        | Command::RunNow(_)
        | Command::PauseQueue(_)
        | Command::Purge(_)
        | Command::Redrive(_)
        | Command::PutLimit(_)
        | Command::PutSchedule(_)
        | Command::DeleteSchedule(_)
        | Command::Fire(_)
        | Command::DeleteLimit(_)
        | Command::PutWorker(_)
        | Command::DrainWorker(_)
        | Command::DeleteWorker(_)
        | Command::EndSessions(_)
        | Command::Assign(_)
        | Command::CancelWorkflow(_) => false,
        Command::Transact(transact) => {
            let adds = |operation: &Operation| matches!(operation.step, Some(Step::Enqueue(_)));
            transact.operations.iter().any(adds)
        }
    }
}

#[cfg(test)]
mod tests {
    use ferry_core::command::Enqueue;

    use super::*;

    #[test]
    fn only_a_task_that_may_be_taken_at_once_is_announced() {
        let announces = |tasks: &[NewTask]| {
            let (queue, tasks) = ("mail".to_owned(), tasks.to_vec());
            let command = Command::Enqueue(Enqueue { queue, tasks, create_queue: true });
            brings_task(&command).is_some()
        };
        let ready = NewTask::default();
        let blocked = NewTask { depends_on: vec![1], ..NewTask::default() };
        let delayed = NewTask { delay_ms: 1, ..NewTask::default() };
        let scheduled = NewTask { run_at_ms: Some(1), ..NewTask::default() };
        let resources = [("gpu".to_owned(), 1)].into();
        let choosy = NewTask { resources, ..NewTask::default() };
        assert!(announces(std::slice::from_ref(&ready)));
        let waiting = [blocked, delayed, scheduled, choosy];
        assert!(!announces(&waiting));
        assert!(announces(&[&waiting[..], &[ready]].concat()), "one is enough");
    }
}
