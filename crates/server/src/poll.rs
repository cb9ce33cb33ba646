//! A dequeue on its way to a task: it settles first, then takes, or lies down until a task comes.
//!
//! 1. A poll that finds nothing writes nothing to the log, unless it settles, or a task was
//!    announced that another poll took.
//! 2. Nothing is answered empty before the leader was confirmed (G7).
//! 3. A settlement is proposed once; what came of it goes into the final answer, whichever
//!    proposal brings the tasks.
//! 4. Once settlements are made, no answer says that nothing was written (G12).

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use ferry_api::{CheckedDequeue, Code, DequeueResponse, SettledItem, TaskDocument};
use ferry_core::command::{Command, Dequeue};
use ferry_core::rejection::{QueueNotFound, Rejection};
use ferry_core::{Offer, Proposal, Reply};
use ferry_replica::{Answer, LeasedTask, ProposeError};
use ferry_types::{LeaseId, LogIndex, QueueName, WorkerName};
use hyper::StatusCode;
use tokio::time::{Instant, sleep_until};

use crate::answer;
use crate::call::Call;
use crate::holders::Holders;
use crate::idempotency::{self, Stage};
use crate::problem::Failure;
use crate::relay::{Kind, Relay, Turn};
use crate::translate;
use crate::waiters::{Ticket, TooManyWaiters, Wake};

/// A dequeue under way.
pub(crate) struct Poll<'a> {
    call: &'a Call,
    request: CheckedDequeue,
    relay: Relay<'a>,
    wait_until: Instant,
    /// What came of the settlements, once they are made.
    settled: Option<Vec<SettledItem>>,
    /// Whether what this node has applied tells if an earlier asking got leases. It does for a
    /// request that was never asked before, and once the leader is confirmed.
    is_confirmed: bool,
    /// Whether any of the answer was given before.
    is_replayed: bool,
}

/// What a look at the queues found.
enum Look {
    /// There is something to take, or it was given to an earlier asking.
    Ready,
    /// There is nothing to take. A rate alone holds back the tasks of these queues, until then.
    Nothing(LogIndex, Vec<(QueueName, Instant)>),
    /// A queue does not exist.
    Unknown(LogIndex, String),
}

/// What ends the sleep of a waiter.
enum Event {
    /// A task came, or the time is up: look again.
    Look,
    /// A task is on its way to the log: what is proposed now comes behind it.
    Coming,
    /// This node leads no longer.
    LeaderLost,
    /// This node stops.
    Stopping,
}

impl<'a> Poll<'a> {
    /// A dequeue that nothing was done for yet.
    pub(crate) fn new(call: &'a Call, request: CheckedDequeue) -> Self {
        // A node that forwards a poll says how much of the wait is left.
        let left = call.forwarded.as_ref().and_then(|forwarded| forwarded.wait);
        let wait_until = call.arrived + left.map_or(request.wait, |left| left.min(request.wait));
        Self {
            call,
            request,
            relay: Relay::new(call, Kind::Write).waiting_until(wait_until),
            wait_until,
            settled: None,
            is_confirmed: !call.key.may_be_kept(),
            is_replayed: false,
        }
    }

    /// Takes tasks, here or at the leader.
    pub(crate) async fn run(mut self) -> Result<Response, Failure> {
        match self.run_anywhere().await {
            Ok(response) => Ok(response),
            Err(_) if self.settled.is_some() && !self.relay.may_be_written() => self.cut_short(),
            Err(failure) => Err(self.relay.give_up(failure)),
        }
    }

    /// An error means that the poll cannot go on; a refusal by the machine is an answer.
    async fn run_anywhere(&mut self) -> Result<Response, Failure> {
        loop {
            let turn = match self.settled.is_some() && !self.call.key.is_known() {
                false => self.relay.next().await?,
                true if self.relay.is_here() => Turn::Here,
                // Another leader would settle again.
                true => return self.cut_short(),
            };
            match turn {
                Turn::Answered(response) => return Ok(response),
                Turn::Here => {
                    if let Some(response) = self.run_here().await? {
                        return Ok(response);
                    }
                }
            }
        }
    }

    /// The answer to a poll that settled, surely took nothing, and cannot go on here.
    fn cut_short(&mut self) -> Result<Response, Failure> {
        let moves = !self.relay.is_here() || self.call.door.stopping.is_cancelled();
        if moves && self.call.forwarded.is_some() && self.call.key.is_known() {
            // The node that forwarded it goes on at the next leader, under the same key.
            return Err(Failure::outcome_unknown());
        }
        let index = self.call.node.replica.applied_index();
        Ok(self.empty(index))
    }

    /// Takes tasks as the leader; `None` once it is not.
    async fn run_here(&mut self) -> Result<Option<Response>, Failure> {
        // A leader that died may have carried it out since the last look.
        self.is_confirmed &= !self.call.key.may_be_kept();
        let registered = self.registered();
        let _present = registered
            .as_ref()
            .map(|worker| self.call.node.workers.sessions.enter(worker.as_str()));
        if self.settled.is_none() && !self.request.settle.is_empty() {
            let Some(answer) = self.propose().await? else { return Ok(None) };
            let index = answer.index;
            if let Some(response) = self.taken(answer)? {
                return Ok(Some(response));
            }
            if self.is_over() && !self.holds_answer() {
                return Ok(Some(self.empty(index)));
            }
        }
        let waiters = &self.call.node.waiters;
        let ticket = match waiters.ticket(self.request.queues.clone(), registered) {
            Ok(ticket) => ticket,
            Err(full) => return self.repeat_or_refuse(full).await,
        };
        let mut was_woken = false;
        loop {
            ticket.park();
            let look = self.look(Some(&ticket));
            if was_woken && matches!(look, Look::Nothing(..)) {
                self.hand_on(&ticket);
            }
            was_woken = false;
            let mut is_coming = false;
            if let Look::Nothing(_, rated) = &look
                && self.is_confirmed
                && !self.is_over()
            {
                match self.sleep(&ticket, rated).await {
                    Event::Look => {
                        was_woken = true;
                        continue;
                    }
                    // Nothing would come of it but an entry.
                    Event::Coming if self.is_paused() => continue,
                    Event::Coming => is_coming = true,
                    Event::LeaderLost => return Ok(None),
                    Event::Stopping => return Err(Failure::shutting_down()),
                }
            }
            if !matches!(look, Look::Ready) && !is_coming {
                if !self.confirm().await? {
                    return Ok(None);
                }
                match self.look(None) {
                    Look::Ready => {}
                    Look::Nothing(..) if !self.is_over() => continue,
                    Look::Nothing(index, _) => return Ok(Some(self.empty(index))),
                    Look::Unknown(index, queue) => return Ok(Some(self.unknown(index, queue))),
                }
            }
            ticket.stand_up();
            let Some(answer) = self.propose().await? else { return Ok(None) };
            if let Some(response) = self.taken(answer)? {
                return Ok(Some(response));
            }
        }
    }

    /// What a poll gets for which there is no place: what an earlier asking got, if anything.
    async fn repeat_or_refuse(
        &mut self,
        full: TooManyWaiters,
    ) -> Result<Option<Response>, Failure> {
        if !self.is_confirmed && !self.confirm().await? {
            return Ok(None);
        }
        if self.holds_answer() {
            let Some(answer) = self.propose().await? else { return Ok(None) };
            if let Some(response) = self.taken(answer)? {
                return Ok(Some(response));
            }
        }
        Err(too_many_waiters(full))
    }

    fn is_over(&self) -> bool {
        Instant::now() >= self.wait_until
    }

    /// Looks at the queues. Who has a ticket wakes the next waiter when it leaves a queue with a
    /// rate.
    fn look(&self, ticket: Option<&Ticket>) -> Look {
        if self.holds_answer() {
            return Look::Ready;
        }
        let replica = &self.call.node.replica;
        let worker = self.request.worker.as_ref().map(WorkerName::as_str);
        replica.view(|index, machine| {
            let (mut is_ready, mut rated) = (false, Vec::new());
            for queue in &self.request.queues {
                match machine.offers(queue.as_str(), worker) {
                    None => return Look::Unknown(index, queue.as_str().to_owned()),
                    Some(Offer::Nothing) => {}
                    Some(Offer::Ready) => is_ready = true,
                    // An entry that is proposed from then on finds the rate open.
                    Some(Offer::NotBefore(at)) => match replica.until(at) {
                        Duration::ZERO => is_ready = true,
                        left => rated.push((queue.clone(), Instant::now() + left)),
                    },
                }
                if let Some(ticket) = ticket.filter(|_| machine.may_be_rated(queue.as_str())) {
                    ticket.pass_on();
                }
            }
            if is_ready { Look::Ready } else { Look::Nothing(index, rated) }
        })
    }

    /// Wakes the next waiter of each queue whose tasks this one cannot take, but another might.
    fn hand_on(&self, ticket: &Ticket) {
        let replica = &self.call.node.replica;
        for queue in &self.request.queues {
            let offered = replica.view(|_, machine| machine.offers_anybody(queue.as_str()));
            if offered == Some(Offer::Ready) {
                ticket.hand_on(queue);
            }
        }
    }

    /// The registered worker under whose name this asks, if there is one.
    fn registered(&self) -> Option<WorkerName> {
        let worker = self.request.worker.as_ref()?;
        let is_registered =
            self.call.node.replica.view(|_, machine| machine.worker(worker.as_str()).is_some());
        is_registered.then(|| worker.clone())
    }

    /// Whether none of the queues gives tasks for now.
    fn is_paused(&self) -> bool {
        let queues = &self.request.queues;
        let replica = &self.call.node.replica;
        replica.view(|_, machine| queues.iter().all(|queue| machine.is_paused(queue.as_str())))
    }

    /// Whether the machine keeps what an earlier asking got.
    fn holds_answer(&self) -> bool {
        idempotency::keeps_answer(self.call, self.stage())
    }

    fn stage(&self) -> Stage {
        if self.settled.is_some() { Stage::Taking } else { Stage::Whole }
    }

    /// Sleeps until there may be something to take.
    async fn sleep(&self, ticket: &Ticket, rated: &[(QueueName, Instant)]) -> Event {
        let kept = rated.iter().filter(|(queue, at)| ticket.keep_watch(queue, *at));
        let look_at = kept.map(|(_, at)| *at).chain([self.wait_until]).min();
        tokio::select! {
            wake = ticket.woken() => match wake {
                Wake::There => Event::Look,
                Wake::Coming => Event::Coming,
            },
            () = sleep_until(look_at.unwrap_or(self.wait_until)) => Event::Look,
            () = self.relay.until_not_here() => Event::LeaderLost,
            () = self.call.door.stopping.cancelled() => Event::Stopping,
        }
    }

    /// Makes sure that this node leads and has applied all that was acknowledged; false if not.
    async fn confirm(&mut self) -> Result<bool, Failure> {
        match self.call.node.replica.linearize(self.relay.remaining()).await {
            Ok(_) => {
                self.is_confirmed = true;
                Ok(true)
            }
            Err(error) => {
                self.relay.read_failed(error).await?;
                Ok(false)
            }
        }
    }

    fn unknown(&mut self, index: LogIndex, queue: String) -> Response {
        if self.settled.is_some() {
            // It was there when the settlements were made, and is deleted since.
            return self.empty(index);
        }
        let rejection = Rejection::QueueNotFound(QueueNotFound { queue });
        Failure::rejected(&rejection, index).into_response()
    }

    /// Proposes; `None` if this node did not get it through and the relay is to look further.
    async fn propose(&mut self) -> Result<Option<Answer>, Failure> {
        let request = &self.request;
        let with_settlements = self.settled.is_none();
        let settle = request.settle.iter().filter(|_| with_settlements);
        let holders = Holders::of(self.call, settle.clone().map(|item| item.lease));
        let dequeue = Dequeue {
            queues: request.queues.iter().map(|queue| queue.as_str().into()).collect(),
            max: request.max,
            lease_ms: request.lease_ms,
            worker: request.worker.as_ref().map(|worker| worker.as_str().into()),
            settle: settle.cloned().map(translate::settlement).collect(),
        };
        let idempotency = idempotency::of(self.call, self.stage());
        let proposal = Proposal { command: Some(Command::Dequeue(dequeue)), idempotency };
        match self.call.node.replica.propose(proposal, self.relay.remaining()).await {
            Ok(answer) => {
                if let Ok(Reply::Dequeued(dequeued)) = &answer.outcome.result {
                    holders.sign(self.call, &dequeued.settled);
                }
                Ok(Some(answer))
            }
            Err(error) => {
                if error == ProposeError::OutcomeUnknown {
                    self.is_confirmed = false;
                }
                self.relay.proposal_failed(&error).await?;
                Ok(None)
            }
        }
    }

    /// The answer with the tasks that a proposal took, if it took any.
    fn taken(&mut self, answer: Answer) -> Result<Option<Response>, Failure> {
        let Answer { index, outcome, leased } = answer;
        self.is_replayed |= outcome.replayed;
        let dequeued = match outcome.result {
            Ok(Reply::Dequeued(dequeued)) => dequeued,
            Ok(_) => return Err(Failure::outcome_unknown()),
            Err(Rejection::QueueNotFound(_)) if self.settled.is_some() => {
                return Ok(Some(self.empty(index)));
            }
            Err(rejection) => {
                return Ok(Some(Failure::rejected(&rejection, index).into_response()));
            }
        };
        if self.settled.is_none() && !self.request.settle.is_empty() {
            let leases: Vec<LeaseId> = self.request.settle.iter().map(|item| item.lease).collect();
            let items = translate::settled_items(leases.into_iter(), dequeued.settled);
            self.settled = Some(items);
        }
        if dequeued.leases.is_empty() {
            return Ok(None);
        }
        let mut leases = dequeued.leases.iter();
        let worker = self.request.worker.as_ref();
        let document = |LeasedTask { task, payload }| {
            // The tasks stand in the order of the leases; one that is gone since is left out.
            let lease = leases.find(|lease| lease.task == task.row.id)?;
            Some(translate::leased_document(task, payload, lease, worker))
        };
        let tasks = leased.into_iter().filter_map(document).collect();
        Ok(Some(self.answer(index, tasks)))
    }

    fn empty(&mut self, index: LogIndex) -> Response {
        self.answer(index, Vec::new())
    }

    fn answer(&mut self, index: LogIndex, tasks: Vec<TaskDocument>) -> Response {
        let settled = self.settled.take().unwrap_or_default();
        let response = answer::json(StatusCode::OK, index, &DequeueResponse { tasks, settled });
        answer::replayed(response, self.is_replayed)
    }
}

fn too_many_waiters(TooManyWaiters { limit }: TooManyWaiters) -> Failure {
    let detail = format!("{limit} dequeues wait already; ask again later, or with fewer at a time");
    Failure::new(Code::TooManyWaiters, detail).retry_after_ms(1_000)
}
