use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::Failure;

/// A lease as a dequeue's answer told it.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    /// The task's id.
    pub task: String,
    /// The task's payload.
    pub payload: String,
    /// The fencing token.
    pub token: u64,
    /// Which attempt this is.
    pub attempt: u64,
    /// Replicated time at the grant, in milliseconds.
    pub granted_ms: u64,
    /// The deadline in replicated time, in milliseconds.
    pub expires_ms: u64,
}

/// What a client asked for, and what it was told if it was told.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// An enqueue.
    Enqueue {
        /// What was enqueued; no other call uses it.
        payload: String,
        /// The task's id, if the call succeeded.
        task: Option<String>,
    },
    /// A dequeue.
    Dequeue {
        /// Its leases, if the call succeeded.
        grants: Vec<Grant>,
    },
    /// An ack.
    Ack {
        /// The task's id.
        task: String,
        /// The token that was shown.
        token: u64,
    },
}

/// How a call ended, as far as the client can know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Ok,
    /// It was certainly not done: the status of the refusal.
    Fail(u16),
    /// Nobody told.
    Info,
}

/// What one attempt of a call met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Met {
    /// An answer with this status.
    Status(u16),
    /// No answer.
    Failure(Failure),
}

/// One HTTP request of a call that may take several.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// The node that was asked.
    pub node: u64,
    /// What it answered.
    pub met: Met,
    /// When it was asked and when the answer or the failure came.
    pub span: (Duration, Duration),
}

/// One call of a client: from its first attempt to its last under one idempotency key.
#[derive(Clone, Debug)]
pub struct Call {
    /// Which client.
    pub client: String,
    /// What was asked for.
    pub op: Op,
    /// How it ended.
    pub outcome: Outcome,
    /// When it was made.
    pub called: Duration,
    /// When it ended.
    pub returned: Duration,
    /// The log index of the answer, if there was one.
    pub index: Option<u64>,
    /// Its requests, in order.
    pub attempts: Vec<Attempt>,
}

/// What was done to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// SIGKILL.
    Killed,
    /// SIGTERM.
    Terminated,
    /// SIGSTOP.
    Paused,
}

/// A fault and how long it lasted.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// What was done.
    pub kind: FaultKind,
    /// To which node.
    pub node: u64,
    /// When it began.
    pub from: Duration,
    /// When the node was ready again; none while it lasts.
    pub until: Option<Duration>,
}

/// Everything that the clients of one run saw, on one clock.
pub struct History {
    origin: Instant,
    calls: Mutex<Vec<Call>>,
    faults: Mutex<Vec<Fault>>,
}

impl Default for History {
    fn default() -> Self {
        Self { origin: Instant::now(), calls: Mutex::default(), faults: Mutex::default() }
    }
}

impl History {
    /// Time since the run began.
    pub fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    /// Adds a finished call.
    pub fn record(&self, call: Call) {
        lock(&self.calls).push(call);
    }

    /// All finished calls in the order of their return.
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.calls).clone()
    }

    /// How many enqueues were acknowledged.
    pub fn accepted(&self) -> usize {
        let is_accepted =
            |call: &&Call| matches!(call.op, Op::Enqueue { .. }) && call.outcome == Outcome::Ok;
        lock(&self.calls).iter().filter(is_accepted).count()
    }

    /// Notes that a fault begins.
    pub fn fault_begins(&self, kind: FaultKind, node: u64) {
        lock(&self.faults).push(Fault { kind, node, from: self.now(), until: None });
    }

    /// Notes that the node of the last fault serves again.
    pub fn fault_ends(&self, node: u64) {
        let now = self.now();
        let mut faults = lock(&self.faults);
        let last = faults.iter_mut().rev().find(|fault| fault.node == node);
        last.expect("a fault ends that began").until = Some(now);
    }

    /// All faults, in the order of their beginning.
    pub fn faults(&self) -> Vec<Fault> {
        lock(&self.faults).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nobody panics while recording")
}
