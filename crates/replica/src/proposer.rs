//! Room 2: many proposals become one log entry. What queues while an entry is in flight is the next
//! one, as in Nagle's algorithm (RFC 896): nothing waits for a timer, and the busier the leader is,
//! the more an entry holds.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ferry_core::command::TableLimits;
use ferry_core::{Entry, Proposal};
use ferry_types::NodeId;
use ferry_types::limits::{ENTRY_BYTES_MAX, ENTRY_COMMANDS_MAX};
use openraft::errors::ClientWriteError;
use openraft::raft::ClientWriteResult;
use prost::Message;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::yield_now;

use crate::clock::{SharedClock, tell};
use crate::raft::{Callback, Commands, Config, Raft};
use crate::{Answer, ProposeError};

/// Proposals that may queue; further ones are refused as overload.
const QUEUE_MAX: usize = 65_536;

/// Entries that are proposed and not yet applied: one, and others only if they are full. An entry
/// costs as much as many commands do.
const IN_FLIGHT_MAX: u32 = 3;

type Answered = Result<Answer, ProposeError>;
type Ticked = Result<(), ProposeError>;

enum Queued {
    Proposal(Proposal, oneshot::Sender<Answered>),
    Tick(oneshot::Sender<Ticked>),
}

/// Those who wait for one entry.
#[derive(Default)]
struct Waiting {
    answers: Vec<oneshot::Sender<Answered>>,
    ticks: Vec<oneshot::Sender<Ticked>>,
}

/// The queue before the leader's log.
#[derive(Clone)]
pub(crate) struct Proposer {
    queue: mpsc::Sender<Queued>,
}

impl Proposer {
    /// A proposer and the loop behind it.
    pub(crate) fn new(
        raft: Raft,
        clock: SharedClock,
        limits: TableLimits,
        node: NodeId,
    ) -> (Self, impl Future<Output = ()>) {
        let (queue, queued) = mpsc::channel(QUEUE_MAX);
        (Self { queue }, run(raft, clock, limits, node, queued))
    }

    /// Proposes and waits for the answer, `patience` at most.
    pub(crate) async fn propose(&self, proposal: Proposal, patience: Duration) -> Answered {
        let (answer, answered) = oneshot::channel();
        self.put(Queued::Proposal(proposal, answer), answered, patience).await
    }

    /// Has an entry carry the time on, with or without commands.
    pub(crate) async fn tick(&self, patience: Duration) -> Ticked {
        let (answer, answered) = oneshot::channel();
        self.put(Queued::Tick(answer), answered, patience).await
    }

    async fn put<T>(
        &self,
        queued: Queued,
        answered: oneshot::Receiver<Result<T, ProposeError>>,
        patience: Duration,
    ) -> Result<T, ProposeError> {
        self.queue.try_send(queued).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => ProposeError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => ProposeError::Stopped,
        })?;
        match tokio::time::timeout(patience, answered).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(_dropped)) => Err(ProposeError::Stopped),
            Err(_elapsed) => Err(ProposeError::OutcomeUnknown),
        }
    }
}

async fn run(
    raft: Raft,
    clock: SharedClock,
    limits: TableLimits,
    node: NodeId,
    mut queued: mpsc::Receiver<Queued>,
) {
    let in_flight = Arc::new(Semaphore::new(IN_FLIGHT_MAX as usize));
    let mut next = None;
    loop {
        let is_full = next.is_some() || queued.len() >= ENTRY_COMMANDS_MAX;
        let needed = if is_full { 1 } else { IN_FLIGHT_MAX };
        let mut permits = in_flight.clone().acquire_many_owned(needed).await.expect("never closed");
        let first = match next.take() {
            Some(first) => first,
            None => match queued.recv().await {
                Some(first) => first,
                None => return,
            },
        };
        // Who is ready to run may have more to propose.
        yield_now().await;
        let (proposals, waiting) = fill(first, &mut queued, &mut next);
        let permit = permits.split(1).expect("it has at least one");
        drop(permits);
        let at = tell(&clock);
        let entry = Entry { at_ms: at.as_millis(), limits, proposals, node: node.get() };
        let encoded = Commands(Bytes::from(entry.encode_to_vec()));
        if raft.client_write_ff(encoded, Some(waiting.into_callback(permit))).await.is_err() {
            return;
        }
    }
}

/// Takes what is queued, up to one entry's worth; what does not fit becomes `next`.
fn fill(
    first: Queued,
    queued: &mut mpsc::Receiver<Queued>,
    next: &mut Option<Queued>,
) -> (Vec<Proposal>, Waiting) {
    let (mut proposals, mut waiting) = (Vec::new(), Waiting::default());
    let (mut bytes, mut more) = (0, Some(first));
    while let Some(queued_now) = more {
        match queued_now {
            Queued::Tick(answer) => waiting.ticks.push(answer),
            // Whoever asked has gone: a task leased now would be leased to nobody.
            Queued::Proposal(_, answer) if answer.is_closed() => {}
            Queued::Proposal(proposal, answer) => {
                bytes += proposal.encoded_len();
                if bytes > ENTRY_BYTES_MAX && !proposals.is_empty() {
                    *next = Some(Queued::Proposal(proposal, answer));
                    break;
                }
                proposals.push(proposal);
                waiting.answers.push(answer);
            }
        }
        more = if proposals.len() < ENTRY_COMMANDS_MAX { queued.try_recv().ok() } else { None };
    }
    (proposals, waiting)
}

impl Waiting {
    /// Hands each proposal its answer, from wherever the entry's outcome becomes known.
    fn into_callback(self, permit: OwnedSemaphorePermit) -> Callback<ClientWriteResult<Config>> {
        Callback(Box::new(move |result| {
            drop(permit);
            // Whoever asked may have gone away, so no send can fail us.
            match result {
                Ok(response) => {
                    for (answer, answered) in self.answers.into_iter().zip(response.data) {
                        let _ = answer.send(Ok(answered));
                    }
                    for tick in self.ticks {
                        let _ = tick.send(Ok(()));
                    }
                }
                Err(error) => {
                    let error = propose_error(&error);
                    for answer in self.answers {
                        let _ = answer.send(Err(error.clone()));
                    }
                    for tick in self.ticks {
                        let _ = tick.send(Err(error.clone()));
                    }
                }
            }
        }))
    }
}

/// G12: refused before it was written, or perhaps written.
fn propose_error(error: &ClientWriteError<Config>) -> ProposeError {
    match error {
        ClientWriteError::ForwardToLeader(forward) => {
            ProposeError::NotLeader { leader: forward.leader_id.map(NodeId::new) }
        }
        ClientWriteError::LogEntryDiscarded(_)
        | ClientWriteError::ChangeMembershipError(_)
        | ClientWriteError::PreconditionFailed(_) => ProposeError::OutcomeUnknown,
    }
}
