use std::collections::{BTreeSet, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ferry_api::{Code, Settlement, TaskDocument, WorkerSettings};
use ferry_types::{LeaseId, WorkerName};
use tokio::task::JoinSet;

use super::{Event, Outcome, Worker, hold};
use crate::{Assignments, Error};

/// The pause before a stream is opened again.
const PAUSE: Duration = Duration::from_millis(100);
/// How often a worker that ends with the last task looks whether there is one left.
const LOOK: Duration = Duration::from_millis(500);

/// Settled leases that are kept in mind: ten times as many as a worker may have live ones.
const SETTLED_KEPT: usize = 10_000;

/// A worker's registration.
#[derive(Clone, Debug)]
pub(super) struct Registration {
    pub(super) name: WorkerName,
    pub(super) settings: WorkerSettings,
}

/// A registered worker at work: it takes what it is assigned.
pub(super) struct Push<H> {
    worker: Arc<Worker>,
    handler: Arc<H>,
    registration: Registration,
    /// Assignments that are under way, and the last of those that are settled: one that was live
    /// when a stream began may come over it after it was settled.
    known: BTreeSet<LeaseId>,
    /// The settled ones, in order.
    settled: VecDeque<LeaseId>,
    handlers: JoinSet<LeaseId>,
    /// Whether the cluster knows what this worker has. A session that is there already may be that
    /// of an earlier process of its name, which had something else.
    is_registered: bool,
    is_stopped: bool,
}

/// What a worker waits for.
enum Next {
    Stop,
    Assigned(Box<TaskDocument>),
    Broken(Error),
    Ended,
    Handled(LeaseId),
    Look,
}

impl<H, F> Push<H>
where
    H: Fn(TaskDocument) -> F + Send + Sync + 'static,
    F: Future<Output = Outcome> + Send + 'static,
{
    pub(super) fn new(worker: Worker, handler: H, registration: Registration) -> Self {
        Self {
            worker: Arc::new(worker),
            handler: Arc::new(handler),
            registration,
            known: BTreeSet::new(),
            settled: VecDeque::new(),
            handlers: JoinSet::new(),
            is_registered: false,
            is_stopped: false,
        }
    }

    /// Works until `stop`, or until the queues are empty if asked for; then finishes what it has
    /// and leaves.
    pub(super) async fn run(mut self, stop: impl Future<Output = ()>) -> Result<(), Error> {
        let mut stop = std::pin::pin!(stop);
        let mut stream = None;
        while !self.is_stopped {
            if stream.is_none() {
                stream = tokio::select! {
                    () = &mut stop => break,
                    opened = self.open() => opened?,
                };
                continue;
            }
            match self.next(&mut stream, &mut stop).await {
                Next::Stop => self.is_stopped = true,
                Next::Assigned(task) => self.begin(*task),
                Next::Handled(lease) => self.remember(lease),
                Next::Look => self.is_stopped = self.is_drained().await,
                Next::Ended => stream = None,
                Next::Broken(error) => {
                    (self.worker.listener)(Event::Trouble(&error));
                    stream = None;
                }
            }
        }
        self.leave().await
    }

    async fn next(
        &mut self,
        stream: &mut Option<Assignments>,
        stop: &mut Pin<&mut impl Future<Output = ()>>,
    ) -> Next {
        let Some(stream) = stream else { return Next::Ended };
        tokio::select! {
            () = stop => Next::Stop,
            item = stream.next() => match item {
                Ok(Some(task)) => Next::Assigned(Box::new(task)),
                Ok(None) => Next::Ended,
                Err(error) => Next::Broken(error),
            },
            Some(handled) = self.handlers.join_next() => match handled {
                Ok(lease) => Next::Handled(lease),
                Err(panic) => std::panic::resume_unwind(panic.into_panic()),
            },
            () = tokio::time::sleep(LOOK), if self.worker.until_empty => Next::Look,
        }
    }

    /// Registers where that is needed and opens the stream; none after trouble, which passes.
    async fn open(&mut self) -> Result<Option<Assignments>, Error> {
        match self.try_open().await {
            Ok(stream) => Ok(Some(stream)),
            // The session ended.
            Err(Error::Refused(problem)) if problem.code == Code::WorkerNotFound => {
                self.is_registered = false;
                Ok(None)
            }
            Err(error @ (Error::Refused(_) | Error::Invalid(_))) => Err(error),
            Err(error @ (Error::NotWritten { .. } | Error::Unknown { .. })) => {
                (self.worker.listener)(Event::Trouble(&error));
                tokio::time::sleep(PAUSE).await;
                Ok(None)
            }
        }
    }

    async fn try_open(&mut self) -> Result<Assignments, Error> {
        let Registration { name, settings } = &self.registration;
        if !self.is_registered {
            self.worker.client.put_worker(name, settings).await?;
            self.is_registered = true;
        }
        self.worker.client.assignments(name).await
    }

    /// Handles an assignment, unless it is known: live ones come again on every connection.
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

    /// Takes nothing new, finishes what it has, and ends the session.
    async fn leave(mut self) -> Result<(), Error> {
        let (client, name) = (&self.worker.client, &self.registration.name);
        if let Err(error) = client.drain_worker(name).await {
            (self.worker.listener)(Event::Trouble(&error));
        }
        while let Some(handled) = self.handlers.join_next().await {
            if let Err(panic) = handled {
                std::panic::resume_unwind(panic.into_panic());
            }
        }
        match client.delete_worker(name).await {
            Err(Error::Refused(problem)) if problem.code == Code::WorkerNotFound => Ok(()),
            other => other,
        }
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

    async fn is_drained(&self) -> bool {
        for queue in &self.worker.queues {
            match self.worker.client.queue(queue).await {
                Ok(document) if document.counts.unfinished() == 0 => {}
                Ok(_) | Err(_) => return false,
            }
        }
        true
    }
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
                (worker.listener)(Event::Trouble(&error));
                if matches!(error, Error::Refused(_) | Error::Invalid(_)) {
                    return;
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}
