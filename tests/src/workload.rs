use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::running::{Running, Shared};
use crate::{
    Answer, Attempt, Call, Client, Cluster, Failure, Grant, History, Lease, Met, Op, Outcome, wait,
};

/// How long a call is repeated under its key before its outcome counts as unknown.
const CALL_PATIENCE: Duration = Duration::from_secs(40);

/// Producers and workers that use a cluster as a careful client should: each call has an
/// idempotency key and is repeated under it, at the next node, until somebody answers.
pub struct Workload {
    queue: String,
    servers: Vec<(u64, Client)>,
    producers: usize,
    workers: usize,
    lease_ms: u64,
    pace: Duration,
    request_patience: Duration,
}

impl Workload {
    /// A workload on `queue` that may use all nodes of the cluster.
    pub fn new(cluster: &Cluster, queue: &str) -> Self {
        Self {
            queue: queue.to_owned(),
            servers: cluster.ids().into_iter().map(|id| (id, cluster.client(id))).collect(),
            producers: 4,
            workers: 4,
            lease_ms: 30_000,
            pace: Duration::from_millis(20),
            request_patience: Duration::from_secs(15),
        }
    }

    /// How many producers there are.
    pub fn producers(self, producers: usize) -> Self {
        Self { producers, ..self }
    }

    /// How many workers there are.
    pub fn workers(self, workers: usize) -> Self {
        Self { workers, ..self }
    }

    /// Uses only these nodes.
    pub fn only_at(mut self, nodes: &[u64]) -> Self {
        self.servers.retain(|(id, _)| nodes.contains(id));
        self
    }

    /// How long a lease lasts.
    pub fn lease_ms(self, lease_ms: u64) -> Self {
        Self { lease_ms, ..self }
    }

    /// How long a client waits for one answer before it asks the next node.
    pub fn request_patience(self, request_patience: Duration) -> Self {
        Self { request_patience, ..self }
    }

    /// Starts all clients.
    pub fn start(self) -> Running {
        let shared = Arc::new(Shared::default());
        let (mut producers, mut workers) = (JoinSet::new(), JoinSet::new());
        for number in 0..self.producers {
            producers.spawn(self.caller("p", number, &shared).produce(self.pace));
        }
        for number in 0..self.workers {
            workers.spawn(self.caller("w", number, &shared).work(self.lease_ms));
        }
        Running::new(self.queue, shared, producers, workers)
    }

    fn caller(&self, kind: &str, number: usize, shared: &Arc<Shared>) -> Caller {
        Caller {
            name: format!("{kind}{number}"),
            queue: self.queue.clone(),
            servers: self.servers.clone(),
            at: number % self.servers.len(),
            patience: self.request_patience,
            calls: 0,
            shared: Arc::clone(shared),
        }
    }
}

/// One client of the workload.
struct Caller {
    name: String,
    queue: String,
    servers: Vec<(u64, Client)>,
    at: usize,
    patience: Duration,
    calls: u64,
    shared: Arc<Shared>,
}

impl Caller {
    async fn produce(mut self, pace: Duration) {
        let mut ticks = ticks(pace);
        while !self.shared.stop_producing.load(Ordering::Relaxed) {
            ticks.tick().await;
            let payload = format!("{}-{}", self.name, self.calls);
            let path = format!("/v1/queues/{}/tasks", self.queue);
            let read = |answer: Option<&Value>| {
                let task = answer.and_then(|task| task["id"].as_str()).map(str::to_owned);
                Op::Enqueue { payload: payload.clone(), task }
            };
            self.call(&path, json!({"payload": payload}), 201, read).await;
        }
    }

    async fn work(mut self, lease_ms: u64) {
        while !self.shared.stop_working.load(Ordering::Relaxed) {
            let path = format!("/v1/queues/{}/dequeue", self.queue);
            let body = json!(
                {"max": 10, "wait_ms": 500, "lease_ms": lease_ms, "worker": self.name}
            );
            let read = |answer: Option<&Value>| Op::Dequeue { grants: grants(answer, lease_ms) };
            let Op::Dequeue { grants } = self.call(&path, body, 200, read).await else { continue };
            for Grant { task, token, .. } in grants {
                let path = format!("/v1/leases/{}/ack", lease_id(&task, token));
                let read = |_: Option<&Value>| Op::Ack { task: task.clone(), token };
                self.call(&path, json!({}), 200, read).await;
            }
        }
    }

    /// Makes one call, repeats it until it is answered, and records it.
    async fn call(
        &mut self,
        path: &str,
        body: Value,
        success: u16,
        read: impl Fn(Option<&Value>) -> Op,
    ) -> Op {
        let key = format!("{}-{}-{}", self.queue, self.name, self.calls);
        self.calls += 1;
        let shared = Arc::clone(&self.shared);
        let history = &shared.history;
        let (called, mut attempts) = (history.now(), Vec::new());
        let answer = self.answer(history, &mut attempts, called, path, &body, &key).await;
        let (outcome, index) = match &answer {
            Some(answer) if answer.status == success => (Outcome::Ok, Some(answer.index())),
            Some(answer) => (Outcome::Fail(answer.status), Some(answer.index())),
            None => (Outcome::Info, None),
        };
        let is_ok = outcome == Outcome::Ok;
        let op = read(answer.as_ref().filter(|_| is_ok).map(|answer| &answer.body));
        history.record(Call {
            client: self.name.clone(),
            op: op.clone(),
            outcome,
            called,
            returned: history.now(),
            index,
            attempts,
        });
        op
    }

    /// The first answer that settles the matter; none when patience ends.
    async fn answer(
        &mut self,
        history: &History,
        attempts: &mut Vec<Attempt>,
        called: Duration,
        path: &str,
        body: &Value,
        key: &str,
    ) -> Option<Answer> {
        while history.now() - called < CALL_PATIENCE {
            let (node, client) = &self.servers[self.at];
            let request = client.request("POST", path).json(body).key(key).patience(self.patience);
            let from = history.now();
            let answer = request.attempt().await;
            let met = match &answer {
                Ok(answer) => Met::Status(answer.status),
                Err(failure) => Met::Failure(*failure),
            };
            attempts.push(Attempt { node: *node, met, span: (from, history.now()) });
            match answer {
                Ok(answer) if answer.status < 500 => return Some(answer),
                Ok(_) | Err(Failure::NotSent | Failure::Unknown) => {
                    self.at = (self.at + 1) % self.servers.len();
                    wait::breathe().await;
                }
            }
        }
        None
    }
}

fn grants(answer: Option<&Value>, lease_ms: u64) -> Vec<Grant> {
    let tasks = answer.and_then(|answer| answer["tasks"].as_array());
    let grant = |task: &Value| {
        let lease = Lease::read(task);
        Grant {
            task: lease.task,
            payload: lease.payload.as_str().unwrap_or_default().to_owned(),
            token: lease.token,
            attempt: lease.attempt,
            granted_ms: lease.expires_ms - lease_ms,
            expires_ms: lease.expires_ms,
        }
    };
    tasks.map(|tasks| tasks.iter().map(grant).collect()).unwrap_or_default()
}

/// The lease id of a task and a token, as a dequeue spells it.
fn lease_id(task: &str, token: u64) -> String {
    format!("l{}.{token}", task.trim_start_matches('t'))
}

fn ticks(pace: Duration) -> Interval {
    let mut ticks = interval(pace);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
