use std::collections::{BTreeSet, VecDeque};
use std::pin::Pin;
use std::sync::Arc;

use ferry_api::{DequeueRequest, Settlement, TaskDocument};
use ferry_types::{LeaseId, QueueName};
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};

use super::follow::Follow;
use super::look::Look;
use super::registration::{self, Registration};
use super::{Event, Outcome, Worker, hold};
use crate::Error;

/// Settled leases that are kept in mind: ten times as many as a worker may have live ones.
const SETTLED_KEPT: usize = 10_000;

/// A registered worker at work: it takes what it is assigned, and asks under its name for tasks of
/// queues that assign none. The cluster counts both against its slots.
pub(super) struct Registered<H> {
    worker: Arc<Worker>,
    handler: Arc<H>,
    registration: Arc<Registration>,
    /// Leases that are under way, and the last of those that are settled: one that was live when a
    /// stream began may come over it after it was settled.
    known: BTreeSet<LeaseId>,
    /// The settled ones, in order.
    settled: VecDeque<LeaseId>,
    handlers: JoinSet<LeaseId>,
    /// The queues that assign nothing.
    pull: Vec<QueueName>,
    /// The dequeue under way, if there is one.
    asking: JoinSet<Result<Vec<TaskDocument>, Error>>,
    /// The next look at the queues.
    looking: JoinSet<Result<Look, Error>>,
    following: JoinSet<Error>,
}

/// What a worker waits for.
enum Next {
    Stop,
    Tasks(Vec<TaskDocument>),
    Looked(Look),
    Handled(LeaseId),
    Refused(Error),
}

impl<H, F> Registered<H>
where
    H: Fn(TaskDocument) -> F + Send + Sync + 'static,
    F: Future<Output = Outcome> + Send + 'static,
{
    pub(super) fn new(worker: Worker, handler: H, registration: Registration) -> Self {
        Self {
            worker: Arc::new(worker),
            handler: Arc::new(handler),
            registration: Arc::new(registration),
            known: BTreeSet::new(),
            settled: VecDeque::new(),
            handlers: JoinSet::new(),
            pull: Vec::new(),
            asking: JoinSet::new(),
            looking: JoinSet::new(),
            following: JoinSet::new(),
        }
    }

    /// Works until `stop`, or until the queues are empty if asked for; then finishes what it has
    /// and leaves.
    pub(super) async fn run(mut self, stop: impl Future<Output = ()>) -> Result<(), Error> {
        let mut stop = std::pin::pin!(stop);
        let look = tokio::select! {
            () = &mut stop => return self.leave().await,
            entered = self.enter() => entered?,
        };
        self.looked(look);
        let (assigned, mut arrivals) = mpsc::channel(1);
        let (worker, registration) = (self.worker.clone(), self.registration.clone());
        self.following.spawn(Follow { worker, registration, assigned }.run());
        let outcome = loop {
            self.ask();
            match self.next(&mut arrivals, &mut stop).await {
                Next::Stop => break Ok(()),
                Next::Tasks(tasks) => tasks.into_iter().for_each(|task| self.begin(task)),
                Next::Looked(look) if self.worker.until_empty && look.is_drained => break Ok(()),
                Next::Looked(look) => self.looked(look),
                Next::Handled(lease) => self.remember(lease),
                Next::Refused(error) => break Err(error),
            }
        };
        let left = self.leave().await;
        outcome.and(left)
    }

    async fn next(
        &mut self,
        arrivals: &mut mpsc::Receiver<TaskDocument>,
        stop: &mut Pin<&mut impl Future<Output = ()>>,
    ) -> Next {
        tokio::select! {
            () = stop => Next::Stop,
            Some(task) = arrivals.recv() => Next::Tasks(vec![task]),
            Some(asked) = self.asking.join_next() => match joined(asked) {
                Ok(tasks) => Next::Tasks(tasks),
                Err(error) => Next::Refused(error),
            },
            Some(looked) = self.looking.join_next() => match joined(looked) {
                Ok(look) => Next::Looked(look),
                Err(error) => Next::Refused(error),
            },
            Some(handled) = self.handlers.join_next() => Next::Handled(joined(handled)),
            Some(refusal) = self.following.join_next() => Next::Refused(joined(refusal)),
        }
    }

    /// Registers, with the settings of today, once all queues are known to exist.
    async fn enter(&self) -> Result<Look, Error> {
        let client = &self.worker.client;
        loop {
            let entered = match self.worker.look().await {
                Ok(look) => self.registration.enter(client).await.map(|()| look),
                Err(error) => Err(error),
            };
            match entered {
                Ok(look) => return Ok(look),
                Err(error) => self.worker.wait_out(error).await?,
            }
        }
    }

    /// Notes what a look has found, and plans the next.
    fn looked(&mut self, look: Look) {
        self.pull = look.pull;
        let worker = self.worker.clone();
        self.looking.spawn(async move {
            loop {
                tokio::time::sleep(worker.look_every()).await;
                match worker.look().await {
                    Ok(look) => return Ok(look),
                    Err(error) => worker.tell_trouble(error)?,
                }
            }
        });
    }

    /// Asks for tasks, if any are to be asked for, nobody does, and there is room.
    fn ask(&mut self) {
        let slots = usize::try_from(self.registration.settings.slots).unwrap_or(usize::MAX);
        let room = slots.saturating_sub(self.handlers.len());
        if self.pull.is_empty() || room == 0 || !self.asking.is_empty() {
            return;
        }
        let request = DequeueRequest {
            queues: self.pull.clone(),
            max: u32::try_from(room).unwrap_or(u32::MAX),
            wait_ms: self.worker.wait_ms(),
            worker: Some(self.registration.name.clone()),
            ..DequeueRequest::default()
        };
        let worker = self.worker.clone();
        self.asking.spawn(async move {
            match worker.client.dequeue(&request).await {
                Ok(answer) => Ok(answer.tasks),
                Err(error) => worker.wait_out(error).await.map(|()| Vec::new()),
            }
        });
    }

    /// Handles a task, unless it is known: live ones come again on every connection.
    fn begin(&mut self, task: TaskDocument) {
        let Some(lease) = task.lease.as_ref().map(|lease| lease.id) else { return };
        if !self.known.insert(lease) {
            return;
        }
        let (worker, handler) = (self.worker.clone(), self.handler.clone());
        self.handlers.spawn(async move {
            (worker.listener)(Event::Taken(&task));
            let handled = handler(task.clone());
            match hold::while_held(&worker.client, &task, handled).await {
                None => (worker.listener)(Event::Lost(&task)),
                Some(outcome) => {
                    (worker.listener)(Event::Handled(&task, &outcome));
                    settle(&worker, Settlement { lease, action: outcome.into() }).await;
                }
            }
            lease
        });
    }

    /// Takes nothing new, gives back what has not begun, finishes the rest in its session, and ends
    /// that.
    async fn leave(mut self) -> Result<(), Error> {
        self.following.shutdown().await;
        let (worker, registration) = (self.worker.clone(), self.registration.clone());
        let mut keeping = JoinSet::new();
        keeping.spawn(async move { registration.keep(&worker.client).await });
        let is_drained = self.drain().await;
        while let Some(handled) = self.handlers.join_next().await {
            joined(handled);
        }
        // What nobody could be asked about before is asked about once more.
        if !is_drained {
            self.drain().await;
        }
        self.registration.leave(&self.worker.client).await
    }

    /// Has what has not begun given back, and nothing follow it; false after trouble.
    async fn drain(&mut self) -> bool {
        let client = &self.worker.client;
        let mut given_back = self.registration.drain(client, &mut self.known).await;
        // Its answer is waited for: without the session, it would be nobody's.
        while let Some(asked) = self.asking.join_next().await {
            let tasks = joined(asked).unwrap_or_default();
            let leases = tasks.iter().filter_map(|task| Some(task.lease.as_ref()?.id)).collect();
            let released = registration::release(client, leases, &mut self.known).await;
            given_back = given_back.and(released);
        }
        if let Err(error) = &given_back {
            (self.worker.listener)(Event::Trouble(error));
        }
        given_back.is_ok()
    }

    /// Keeps a settled lease in mind, and forgets one that was settled long ago.
    fn remember(&mut self, lease: LeaseId) {
        self.settled.push_back(lease);
        if self.settled.len() > SETTLED_KEPT
            && let Some(oldest) = self.settled.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

/// What a loop of the worker came to; its panic is the worker's.
fn joined<T>(ended: Result<T, JoinError>) -> T {
    ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}

/// Settles until the cluster answers, one way or the other.
async fn settle(worker: &Worker, settlement: Settlement) {
    loop {
        match worker.client.settle(vec![settlement.clone()]).await {
            Ok(answer) => {
                answer.settled.iter().for_each(|item| (worker.listener)(Event::Settled(item)));
                return;
            }
            Err(error) => {
                if let Err(refusal) = worker.wait_out(error).await {
                    (worker.listener)(Event::Trouble(&refusal));
                    return;
                }
            }
        }
    }
}
