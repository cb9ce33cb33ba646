mod schedules;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ferry_api::{
    AckRequest, AddNode, ClusterStatus, DequeueRequest, DequeueResponse, Digest, EnqueueRequest,
    EnqueuedTasks, ExtendRequest, Extended, ForecastDocument, ForecastQuery, LimitDocument,
    LimitList, LimitSettings, NackRequest, NewTask, PageQuery, PurgeRequest, Purged, PurgedState,
    QueueDocument, QueueList, QueueSettings, RedriveRequest, Redriven, SettleRequest,
    SettleResponse, Settled, Settlement, SubmittedWorkflow, TaskBatch, TaskDocument, TaskHistory,
    TaskList, TasksQuery, TransferLeader, WorkflowDocument, WorkflowRequest, WorkflowStatus,
    routes,
};
use ferry_types::{LeaseId, LimitName, NodeId, QueueName, TaskId, WorkflowId};
use reqwest::Method;
use serde::Serialize;
use serde_json::Value;

use crate::call::{Call, Repeat};
use crate::key::Keys;
use crate::request::Answer;
use crate::servers::Servers;
use crate::{Cause, ClientBuilder, Error, Request};

/// A connection to a cluster. Cheap to clone; clones share connections and what they know of the
/// servers.
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
}

/// What clones share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) http: reqwest::Client,
    pub(crate) servers: Servers,
    pub(crate) try_timeout: Duration,
    timeout: Duration,
    keys: Keys,
}

impl Client {
    /// Begins a client.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    pub(crate) fn connect(
        servers: Servers,
        timeout: Duration,
        try_timeout: Duration,
    ) -> Result<Self, Error> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(2))
            .tcp_keepalive(Duration::from_secs(15))
            .build()
            .map_err(|error| Error::Invalid(format!("cannot make an HTTP client: {error}")))?;
        let keys = Keys::default();
        Ok(Self { shared: Arc::new(Shared { http, servers, try_timeout, timeout, keys }) })
    }

    /// Asks for the cluster's nodes, so that later calls may go to those that were not named.
    ///
    /// # Errors
    /// As [`Client::cluster`].
    pub async fn learn_servers(&self) -> Result<(), Error> {
        let status = self.cluster().await?;
        self.shared.servers.learn(status.nodes.iter().map(|node| node.http.as_str()));
        Ok(())
    }

    /// Creates a queue or replaces its settings.
    pub fn put_queue(&self, queue: &QueueName, settings: &QueueSettings) -> Request<QueueDocument> {
        self.write(Method::PUT, routes::QUEUE, &[queue.as_str()], settings)
    }

    /// Shows a queue.
    pub fn queue(&self, queue: &QueueName) -> Request<QueueDocument> {
        self.read(routes::QUEUE, &[queue.as_str()], &())
    }

    /// Tells how long a queue's tasks will wait, and how many workers they need.
    pub fn forecast(&self, queue: &QueueName, query: &ForecastQuery) -> Request<ForecastDocument> {
        self.read(routes::FORECAST, &[queue.as_str()], query)
    }

    /// Lists the queues by name.
    pub fn queues(&self, page: &PageQuery) -> Request<QueueList> {
        self.read(routes::QUEUES, &[], page)
    }

    /// Deletes a queue; with `force` even one with unfinished or dead tasks.
    pub fn delete_queue(&self, queue: &QueueName, force: bool) -> Request<()> {
        let query = force.then(|| ("force".to_owned(), "true".to_owned()));
        let call = self.call(Method::DELETE, routes::QUEUE, &[queue.as_str()]);
        let repeat = self.fresh_key();
        self.request(Call { query: query.into_iter().collect(), repeat, ..call })
    }

    /// Has a queue give no tasks until it is resumed.
    pub fn pause_queue(&self, queue: &QueueName) -> Request<QueueDocument> {
        self.act(Method::POST, routes::PAUSE, queue.as_str())
    }

    /// Has a queue give tasks again.
    pub fn resume_queue(&self, queue: &QueueName) -> Request<QueueDocument> {
        self.act(Method::POST, routes::RESUME, queue.as_str())
    }

    /// Removes tasks of a queue; leased ones stay.
    pub fn purge(&self, queue: &QueueName, state: PurgedState) -> Request<Purged> {
        self.write(Method::POST, routes::PURGE, &[queue.as_str()], &PurgeRequest { state })
    }

    /// Gives dead tasks of a queue all their attempts again.
    pub fn redrive(&self, queue: &QueueName, request: &RedriveRequest) -> Request<Redriven> {
        self.write(Method::POST, routes::REDRIVE, &[queue.as_str()], request)
    }

    /// Creates a named limit or replaces what it says.
    pub fn put_limit(&self, limit: &LimitName, settings: &LimitSettings) -> Request<LimitDocument> {
        self.write(Method::PUT, routes::LIMIT, &[limit.as_str()], settings)
    }

    /// Shows a named limit.
    pub fn limit(&self, limit: &LimitName) -> Request<LimitDocument> {
        self.read(routes::LIMIT, &[limit.as_str()], &())
    }

    /// Lists the limits by name.
    pub fn limits(&self, page: &PageQuery) -> Request<LimitList> {
        self.read(routes::LIMITS, &[], page)
    }

    /// Deletes a named limit: it binds no task any more.
    pub fn delete_limit(&self, limit: &LimitName) -> Request<()> {
        self.act(Method::DELETE, routes::LIMIT, limit.as_str())
    }

    /// Submits tasks that come after one another, all or none.
    pub fn submit_workflow(&self, request: &WorkflowRequest) -> Request<SubmittedWorkflow> {
        self.write(Method::POST, routes::WORKFLOWS, &[], request)
    }

    /// Shows how far a workflow has come, and a page of its graph.
    pub fn workflow(&self, workflow: WorkflowId, page: &PageQuery) -> Request<WorkflowDocument> {
        self.read(routes::WORKFLOW, &[&workflow.to_string()], page)
    }

    /// Calls off what is left of a workflow.
    pub fn cancel_workflow(&self, workflow: WorkflowId) -> Request<WorkflowStatus> {
        self.act(Method::DELETE, routes::WORKFLOW, &workflow.to_string())
    }

    /// Enqueues a task.
    pub fn enqueue(&self, queue: &QueueName, task: NewTask) -> Request<TaskDocument> {
        let body = EnqueueRequest::One(Box::new(task));
        self.write(Method::POST, routes::QUEUE_TASKS, &[queue.as_str()], &body)
    }

    /// Enqueues 1 to 1,000 tasks, all or none.
    pub fn enqueue_many(&self, queue: &QueueName, tasks: Vec<NewTask>) -> Request<EnqueuedTasks> {
        let body = EnqueueRequest::Many(TaskBatch { tasks });
        self.write(Method::POST, routes::QUEUE_TASKS, &[queue.as_str()], &body)
    }

    /// Shows a task.
    pub fn task(&self, task: TaskId) -> Request<TaskDocument> {
        self.read(routes::TASK, &[&task.to_string()], &())
    }

    /// Tells what happened to a task.
    pub fn task_history(&self, task: TaskId) -> Request<TaskHistory> {
        self.read(routes::HISTORY, &[&task.to_string()], &())
    }

    /// Calls a task off; who holds it learns it when it next extends or settles.
    pub fn cancel(&self, task: TaskId) -> Request<TaskDocument> {
        self.act(Method::DELETE, routes::TASK, &task.to_string())
    }

    /// Gives a dead task all its attempts again.
    pub fn retry(&self, task: TaskId) -> Request<TaskDocument> {
        self.act(Method::POST, routes::RETRY, &task.to_string())
    }

    /// Has a scheduled or retrying task wait no longer.
    pub fn run_now(&self, task: TaskId) -> Request<TaskDocument> {
        self.act(Method::POST, routes::RUN_NOW, &task.to_string())
    }

    /// Browses tasks without taking them.
    pub fn tasks(&self, query: &TasksQuery) -> Request<TaskList> {
        self.read(routes::TASKS, &[], query)
    }

    /// Leases ready tasks of `request.queues`, after settling `request.settle`.
    pub fn dequeue(&self, request: &DequeueRequest) -> Request<DequeueResponse> {
        let body = self.write(Method::POST, routes::DEQUEUE, &[], request);
        body.waiting(Duration::from_millis(request.wait_ms))
    }

    /// The task is done.
    pub fn ack(&self, lease: LeaseId, request: &AckRequest) -> Request<Settled> {
        self.write(Method::POST, routes::ACK, &[&lease.to_string()], request)
    }

    /// The attempt failed.
    pub fn nack(&self, lease: LeaseId, request: &NackRequest) -> Request<Settled> {
        self.write(Method::POST, routes::NACK, &[&lease.to_string()], request)
    }

    /// Keeps a lease longer.
    pub fn extend(&self, lease: LeaseId, request: &ExtendRequest) -> Request<Extended> {
        self.write(Method::POST, routes::EXTEND, &[&lease.to_string()], request)
    }

    /// Gives a task back, to its place.
    pub fn release(&self, lease: LeaseId) -> Request<Settled> {
        self.act(Method::POST, routes::RELEASE, &lease.to_string())
    }

    /// Settles 1 to 1,000 leases, each on its own.
    pub fn settle(&self, settle: Vec<Settlement>) -> Request<SettleResponse> {
        self.write(Method::POST, routes::SETTLE, &[], &SettleRequest { settle })
    }

    /// Shows the cluster as the asked node sees it.
    pub fn cluster(&self) -> Request<ClusterStatus> {
        self.read(routes::CLUSTER, &[], &())
    }

    /// The state of the asked node as one number: two nodes have the same at the same index.
    pub fn digest(&self) -> Request<Digest> {
        self.read(routes::DIGEST, &[], &())
    }

    /// Adds a running node; answers once it votes.
    pub fn add_node(&self, node: &AddNode) -> Request<ClusterStatus> {
        let call = self.call(Method::POST, routes::NODES, &[]);
        self.request(Call { body: Some(json(node)), ..call })
    }

    /// Removes a node for good.
    pub fn remove_node(&self, node: NodeId) -> Request<()> {
        self.request(self.call(Method::DELETE, routes::NODE, &[&node.to_string()]))
    }

    /// Hands leadership to a voter; answers once it leads.
    pub fn transfer_leader(&self, to: NodeId) -> Request<ClusterStatus> {
        let call = self.call(Method::POST, routes::TRANSFER_LEADER, &[]);
        self.request(Call { body: Some(json(&TransferLeader { to })), ..call })
    }

    /// Takes a snapshot on the asked node.
    pub fn snapshot(&self) -> Request<()> {
        self.request(self.call(Method::POST, routes::SNAPSHOT, &[]))
    }

    /// Whether a node can serve: recovered, and it knows a leader. Asks for a second at most.
    ///
    /// # Errors
    /// [`Error::NotWritten`] when no node answered; one that cannot serve is not an error.
    pub async fn ready(&self) -> Result<bool, Error> {
        let call = self.call(Method::GET, routes::READYZ, &[]);
        let (repeat, timeout) = (Repeat::Freely, Duration::from_secs(1));
        match (Call { repeat, timeout, ..call }).run(&self.shared).await {
            Ok(_) => Ok(true),
            Err(Error::Refused(_) | Error::NotWritten { cause: Cause::Problem { .. } }) => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    pub(crate) fn read<T: Answer>(
        &self,
        route: &str,
        names: &[&str],
        query: &impl Serialize,
    ) -> Request<T> {
        let call = self.call(Method::GET, route, names);
        self.request(Call { query: pairs(query), repeat: Repeat::Freely, ..call })
    }

    pub(crate) fn write<T: Answer>(
        &self,
        method: Method,
        route: &str,
        names: &[&str],
        body: &impl Serialize,
    ) -> Request<T> {
        let call = self.call(method, route, names);
        let repeat = self.fresh_key();
        self.request(Call { body: Some(json(body)), repeat, ..call })
    }

    /// A write without a body.
    pub(crate) fn act<T: Answer>(&self, method: Method, route: &str, name: &str) -> Request<T> {
        let call = self.call(method, route, &[name]);
        let repeat = self.fresh_key();
        self.request(Call { repeat, ..call })
    }

    fn fresh_key(&self) -> Repeat {
        Repeat::UnderKey(self.shared.keys.fresh())
    }

    /// A call to a route, its parameters replaced by `names` in order.
    pub(crate) fn call(&self, method: Method, route: &str, names: &[&str]) -> Call {
        let mut names = names.iter();
        let fill = |segment: &str| {
            if !segment.starts_with('{') {
                return segment.to_owned();
            }
            (*names.next().expect("the method names every parameter of its route")).to_owned()
        };
        Call {
            method,
            path: route.split('/').skip(1).map(fill).collect(),
            query: Vec::new(),
            body: None,
            repeat: Repeat::UnlessDone,
            traceparent: None,
            wait: Duration::ZERO,
            timeout: self.shared.timeout,
        }
    }

    fn request<T: Answer>(&self, call: Call) -> Request<T> {
        Request::new(self.clone(), call)
    }
}

fn json(body: &impl Serialize) -> Bytes {
    serde_json::to_vec(body).expect("every request has a JSON form").into()
}

/// The fields of a query as its parameters.
fn pairs(query: &impl Serialize) -> Vec<(String, String)> {
    let value = serde_json::to_value(query).expect("every query has a JSON form");
    let Value::Object(fields) = value else { return Vec::new() };
    let text = |value: Value| match value {
        Value::String(text) => text,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    };
    fields.into_iter().map(|(name, value)| (name, text(value))).collect()
}
