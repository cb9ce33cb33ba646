//! One command from a request to its answer, here or at the leader.

use axum::response::Response;
use ferry_core::command::NewTask;
use ferry_core::{Command, Proposal, Reply};
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
    loop {
        match relay.next().await? {
            Turn::Answered(response) => return Ok(response),
            Turn::Here => {}
        }
        let (command, echo) = build(call)?;
        if adds_tasks(&command)
            && let Some(shortage) = call.node.disk_room.shortage()
        {
            match find_answer(call, &mut relay).await? {
                Found::Answer => {}
                Found::Nothing => {
                    return Err(relay.give_up(Failure::disk_full(call.door.id, &shortage)));
                }
                Found::NoLeader => continue,
            }
        }
        let idempotency = idempotency::of(call, Stage::Whole);
        let coming = brings_task(&command);
        let proposal = Proposal { command: Some(command), idempotency };
        let proposed = call.node.replica.propose(proposal, relay.remaining());
        // Polled behind the proposal, so that whoever is woken proposes behind it too.
        let announced = async { coming.iter().for_each(|queue| call.node.waiters.announce(queue)) };
        match futures::join!(proposed, announced).0 {
            Ok(reply) => {
                let (index, replayed) = (reply.index, reply.outcome.replayed);
                return match reply.outcome.result {
                    Ok(reply) => render(index, reply, echo)
                        .map(|response| answer::replayed(response, replayed)),
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

async fn find_answer(call: &Call, relay: &mut Relay<'_>) -> Result<Found, Failure> {
    if (call.key.may_be_kept() || relay.may_be_written())
        && let Err(error) = call.node.replica.linearize(relay.remaining()).await
    {
        relay.read_failed(error).await?;
        return Ok(Found::NoLeader);
    }
    Ok(match idempotency::keeps_answer(call, Stage::Whole) {
        true => Found::Answer,
        false => Found::Nothing,
    })
}

/// The queue in which a command makes a task ready at once, if it does.
fn brings_task(command: &Command) -> Option<QueueName> {
    let Command::Enqueue(enqueue) = command else { return None };
    let is_due = |task: &NewTask| task.run_at_ms.is_none() && task.delay_ms == 0;
    enqueue.tasks.iter().any(is_due).then(|| enqueue.queue.parse().ok()).flatten()
}

/// Whether a command needs room on the disk. All others are small, or make room in the end.
fn adds_tasks(command: &Command) -> bool {
    match command {
        Command::Enqueue(_) => true,
        Command::Dequeue(_)
        | Command::Settle(_)
        | Command::PutQueue(_)
        | Command::DeleteQueue(_) => false,
    }
}
