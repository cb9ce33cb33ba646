use std::time::Duration;

use bytes::Bytes;

use crate::{Load, RequestError};

/// A system under load. Scenarios know nothing else of it, so they are the same for every system.
///
/// Names of queues are `bench-` and up to 32 of `a-z 0-9 -`. Payloads are printable ASCII without
/// quotes and backslashes, so that they are their own JSON text.
pub trait Target: Send + Sync + 'static {
    /// What enqueues.
    type Producer: Producer;
    /// What takes tasks.
    type Worker: Worker;

    /// The system's name, for tables.
    fn name(&self) -> &str;

    /// Makes a queue as durable as the system can: replicated to all nodes, and synced before the
    /// answer if it can do that.
    fn create_queue(&self, queue: &str) -> impl Future<Output = Result<(), RequestError>> + Send;

    /// Deletes a queue with all its tasks.
    fn delete_queue(&self, queue: &str) -> impl Future<Output = Result<(), RequestError>> + Send;

    /// A producer with a connection of its own to the node that leads, or to one that lives.
    fn producer(
        &self,
        queue: &str,
    ) -> impl Future<Output = Result<Self::Producer, RequestError>> + Send;

    /// A worker with a connection of its own that takes up to `max` tasks in a step.
    fn worker(
        &self,
        queue: &str,
        max: usize,
    ) -> impl Future<Output = Result<Self::Worker, RequestError>> + Send;

    /// The servers' processes on this machine; empty if they are not known or elsewhere.
    fn processes(&self) -> impl Future<Output = Vec<u32>> + Send;

    /// Kills (SIGKILL) the process of the node that leads the queue, and returns without waiting
    /// for what follows.
    ///
    /// # Errors
    /// Also if the servers are not the bench's own to kill.
    fn kill_leader(&self, queue: &str) -> impl Future<Output = Result<(), RequestError>> + Send;

    /// Starts the killed node again and waits until it has caught up.
    fn heal(&self, queue: &str) -> impl Future<Output = Result<(), RequestError>> + Send;
}

/// A client that enqueues, over a connection of its own.
pub trait Producer: Send + 'static {
    /// Enqueues one task and waits for the answer that it is durable.
    fn enqueue(&mut self, payload: &Bytes)
    -> impl Future<Output = Result<(), RequestError>> + Send;

    /// Enqueues one task under a key, and waits for the answer that it is durable. A call whose
    /// outcome is not known is repeated with the same key, perhaps by another producer: systems
    /// that can tell make one task of it.
    fn enqueue_keyed(
        &mut self,
        key: &str,
        payload: &Bytes,
    ) -> impl Future<Output = Result<(), RequestError>> + Send;

    /// Enqueues as fast as the protocol can from one connection, by batches or by a window of
    /// unconfirmed tasks, until `load` hands out nothing more and everything sent is answered.
    ///
    /// # Errors
    /// If the connection is of no more use. What failed singly goes to [`Load::failed`].
    fn flood(&mut self, load: &Load) -> impl Future<Output = Result<(), RequestError>> + Send;
}

/// A client that takes tasks, over a connection of its own.
pub trait Worker: Send + 'static {
    /// Settles as done all that it took in the last step, and takes more in the same step if the
    /// protocol can; `seen` gets each new payload. Waits up to `wait` for the first task. Answers
    /// how many it took; 0 if none came.
    ///
    /// # Errors
    /// Also if a settlement was refused, where the system says so.
    fn take(
        &mut self,
        wait: Duration,
        seen: &mut (dyn FnMut(&[u8]) + Send),
    ) -> impl Future<Output = Result<usize, RequestError>> + Send;

    /// Settles what it took last and takes nothing more.
    fn finish(self) -> impl Future<Output = Result<(), RequestError>> + Send;
}
