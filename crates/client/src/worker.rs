//! A worker: takes tasks, runs a handler for each, and settles them. It asks for tasks, or is
//! registered: then it takes what the cluster assigns to it, and asks for tasks of those queues that
//! assign none.
//!
//! 1. The outcome of a task of a worker that is not registered travels with its next dequeue: one
//!    round trip per task while it is busy.
//! 2. While the handler runs, the lease is extended at every third of its length. Once the lease is
//!    lost the handler is dropped: somebody else may run the task by then.
//! 3. A registered worker knows an assignment by its lease, so one that comes again after it has
//!    connected again is not run twice.
//! 4. When asked to stop, the worker takes nothing more, gives back what it has not begun, finishes
//!    what it has, and settles it. A registered one keeps its session until then.
//! 5. A registered worker's name is its own: the cluster sends what it assigns to the newest stream
//!    of that name alone, and sends it what is live first, whoever runs it already.

mod follow;
mod hold;
mod look;
mod registered;
mod registration;
mod slot;
mod trouble;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ferry_api::{AckRequest, Action, NackRequest, SettledItem, TaskDocument, WorkerSettings};
use ferry_types::{QueueName, WorkerName};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::{Client, Error};
use registered::Registered;
use registration::Registration;
use slot::Slot;

/// What a handler made of a task.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Done.
    Done(AckRequest),
    /// Failed; counts as an attempt.
    Failed(NackRequest),
    /// Not tried; counts as nothing.
    Released,
}

impl From<Outcome> for Action {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done(ack) => Self::Ack(ack),
            Outcome::Failed(nack) => Self::Nack(nack),
            Outcome::Released => Self::Release,
        }
    }
}

/// What a worker tells while it runs.
#[derive(Debug)]
pub enum Event<'a> {
    /// A handler begins.
    Taken(&'a TaskDocument),
    /// A handler came to an end.
    Handled(&'a TaskDocument, &'a Outcome),
    /// A settlement was answered; refused if the item has a code.
    Settled(&'a SettledItem),
    /// A lease was lost while its handler ran, which was dropped.
    Lost(&'a TaskDocument),
    /// The cluster could not be asked; the worker goes on trying.
    Trouble(&'a Error),
    /// The streams of a registered worker end soon after they begin, again and again: another
    /// process may use its name.
    Contested(&'a WorkerName),
}

/// A worker of some queues, before it runs.
#[derive(Clone)]
pub struct Worker {
    client: Client,
    queues: Vec<QueueName>,
    name: Option<WorkerName>,
    registration: Option<Registration>,
    concurrency: usize,
    lease: Option<Duration>,
    wait: Duration,
    until_empty: bool,
    listener: Arc<dyn Fn(Event<'_>) + Send + Sync>,
}

impl Worker {
    /// A worker that takes from these queues, tried in order, one task at a time.
    pub fn new(client: Client, queues: Vec<QueueName>) -> Self {
        Self {
            client,
            queues,
            name: None,
            registration: None,
            concurrency: 1,
            lease: None,
            wait: Duration::from_secs(3),
            until_empty: false,
            listener: Arc::new(|_| {}),
        }
    }

    /// The name that its leases show.
    #[must_use]
    pub fn name(self, name: WorkerName) -> Self {
        Self { name: Some(name), ..self }
    }

    /// Registers the worker under a name with its slots, resources and labels. It takes what it is
    /// assigned, and asks for tasks of those of its queues that assign none; how many handlers run
    /// at a time is then the number of its slots. No other process may use the name meanwhile. A
    /// registration that an earlier one has left is replaced, and its leases are gone on with.
    #[must_use]
    pub fn registered(self, name: WorkerName, settings: WorkerSettings) -> Self {
        let settings = WorkerSettings { queues: self.queues.clone(), ..settings };
        Self { registration: Some(Registration { name, settings }), ..self }
    }

    /// How many handlers run at a time, at least 1; 1.
    #[must_use]
    pub fn concurrency(self, concurrency: usize) -> Self {
        Self { concurrency: concurrency.max(1), ..self }
    }

    /// How long a lease lasts unless it is extended; the task's or the queue's.
    #[must_use]
    pub fn lease(self, lease: Duration) -> Self {
        Self { lease: Some(lease), ..self }
    }

    /// How long a dequeue waits, and so how long a stop may take; 3 s, at most 60 s.
    #[must_use]
    pub fn wait(self, wait: Duration) -> Self {
        Self { wait, ..self }
    }

    /// Ends once the queues have no unfinished task: none ready, scheduled, leased or retrying.
    #[must_use]
    pub fn until_empty(self) -> Self {
        Self { until_empty: true, ..self }
    }

    /// Is told what happens. Called from the worker's loops: it must not block.
    #[must_use]
    pub fn listener(self, listener: impl Fn(Event<'_>) + Send + Sync + 'static) -> Self {
        Self { listener: Arc::new(listener), ..self }
    }

    /// Works until `stop` is ready, or until the queues are empty if asked for. Dropping this
    /// future drops the handlers; their leases run out by themselves.
    ///
    /// # Errors
    /// The first refusal, for example of a queue that does not exist. Trouble with the cluster is
    /// told to the listener and waited out.
    pub async fn run<H, F>(self, handler: H, stop: impl Future<Output = ()>) -> Result<(), Error>
    where
        H: Fn(TaskDocument) -> F + Send + Sync + 'static,
        F: Future<Output = Outcome> + Send + 'static,
    {
        if let Some(registration) = self.registration.clone() {
            return Registered::new(self, handler, registration).run(stop).await;
        }
        let (stopping, stopped) = watch::channel(false);
        let (worker, handler) = (Arc::new(self), Arc::new(handler));
        let mut slots = JoinSet::new();
        for _ in 0..worker.concurrency {
            let slot = Slot::new(worker.clone(), handler.clone(), stopped.clone());
            slots.spawn(slot.run());
        }
        let mut stop = std::pin::pin!(stop);
        let mut outcome = Ok(());
        let mut open = true;
        loop {
            tokio::select! {
                () = &mut stop, if open => {
                    open = false;
                    stopping.send_replace(true);
                }
                ended = slots.join_next() => match ended {
                    None => return outcome,
                    Some(Ok(Ok(()))) => {}
                    Some(Ok(Err(error))) => {
                        stopping.send_replace(true);
                        outcome = outcome.and(Err(error));
                    }
                    Some(Err(panic)) => std::panic::resume_unwind(panic.into_panic()),
                }
            }
        }
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Worker")
            .field("queues", &self.queues)
            .field("name", &self.name)
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}
