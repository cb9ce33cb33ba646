//! Every route as a path template: the server's router, the client and the OpenAPI document share
//! these.

/// The queues: GET.
pub const QUEUES: &str = "/v1/queues";
/// A queue: PUT, GET, DELETE.
pub const QUEUE: &str = "/v1/queues/{queue}";
/// The tasks of a queue: POST enqueues.
pub const QUEUE_TASKS: &str = "/v1/queues/{queue}/tasks";
/// The queue gives no tasks for now: POST.
pub const PAUSE: &str = "/v1/queues/{queue}/pause";
/// The queue gives tasks again: POST.
pub const RESUME: &str = "/v1/queues/{queue}/resume";
/// Remove tasks of a queue: POST.
pub const PURGE: &str = "/v1/queues/{queue}/purge";
/// Give dead tasks of a queue all their attempts again: POST.
pub const REDRIVE: &str = "/v1/queues/{queue}/redrive";
/// How long its tasks will wait, and how many workers they need: GET.
pub const FORECAST: &str = "/v1/queues/{queue}/forecast";
/// Leases from one queue: POST.
pub const QUEUE_DEQUEUE: &str = "/v1/queues/{queue}/dequeue";
/// Leases from several queues: POST.
pub const DEQUEUE: &str = "/v1/dequeue";
/// The tasks: GET browses.
pub const TASKS: &str = "/v1/tasks";
/// A task: GET; DELETE cancels it.
pub const TASK: &str = "/v1/tasks/{task}";
/// Give a dead task all its attempts again: POST.
pub const RETRY: &str = "/v1/tasks/{task}/retry";
/// Have a task wait no longer: POST.
pub const RUN_NOW: &str = "/v1/tasks/{task}/run-now";
/// What has happened to a task: GET.
pub const HISTORY: &str = "/v1/tasks/{task}/history";
/// What came of a task: GET, which may wait for its end.
pub const RESULT: &str = "/v1/tasks/{task}/result";
/// A list of settlements: POST.
pub const SETTLE: &str = "/v1/leases/settle";
/// The task is done: POST.
pub const ACK: &str = "/v1/leases/{lease}/ack";
/// The attempt failed: POST.
pub const NACK: &str = "/v1/leases/{lease}/nack";
/// Keep the lease: POST.
pub const EXTEND: &str = "/v1/leases/{lease}/extend";
/// Give the task back: POST.
pub const RELEASE: &str = "/v1/leases/{lease}/release";
/// What happens to tasks, as server-sent events: GET.
pub const EVENTS: &str = "/v1/events";
/// Several things, all or none: POST.
pub const TRANSACTIONS: &str = "/v1/transactions";
/// Tasks that come after one another, all or none: POST.
pub const WORKFLOWS: &str = "/v1/workflows";
/// A workflow: GET; DELETE calls off what is left.
pub const WORKFLOW: &str = "/v1/workflows/{workflow}";
/// The named limits: GET.
pub const LIMITS: &str = "/v1/limits";
/// A named limit: PUT, GET, DELETE.
pub const LIMIT: &str = "/v1/limits/{limit}";
/// The registered workers: GET.
pub const WORKERS: &str = "/v1/workers";
/// A worker: PUT registers it, GET, DELETE.
pub const WORKER: &str = "/v1/workers/{worker}";
/// The worker lives: POST.
pub const HEARTBEAT: &str = "/v1/workers/{worker}/heartbeat";
/// The worker gets nothing new: POST.
pub const DRAIN: &str = "/v1/workers/{worker}/drain";
/// What is assigned to a worker, as a stream: GET.
pub const ASSIGNMENTS: &str = "/v1/workers/{worker}/assignments";
/// The schedules: GET.
pub const SCHEDULES: &str = "/v1/schedules";
/// A schedule: PUT, GET, DELETE.
pub const SCHEDULE: &str = "/v1/schedules/{schedule}";
/// The cluster: GET.
pub const CLUSTER: &str = "/v1/cluster";
/// The nodes: POST adds one.
pub const NODES: &str = "/v1/cluster/nodes";
/// A node: DELETE.
pub const NODE: &str = "/v1/cluster/nodes/{id}";
/// Hand leadership over: POST.
pub const TRANSFER_LEADER: &str = "/v1/cluster/transfer-leader";
/// Take a snapshot: POST.
pub const SNAPSHOT: &str = "/v1/cluster/snapshot";
/// The state of a node as one number: GET.
pub const DIGEST: &str = "/v1/cluster/digest";
/// Whether the process runs: GET.
pub const LIVEZ: &str = "/livez";
/// Whether the node can serve: GET.
pub const READYZ: &str = "/readyz";
/// Prometheus metrics: GET.
pub const METRICS: &str = "/metrics";
/// The OpenAPI document: GET.
pub const OPENAPI: &str = "/openapi.json";

/// Every route with its methods.
pub const ALL: &[(&str, &[&str])] = &[
    (QUEUES, &["get"]),
    (QUEUE, &["put", "get", "delete"]),
    (QUEUE_TASKS, &["post"]),
    (PAUSE, &["post"]),
    (RESUME, &["post"]),
    (PURGE, &["post"]),
    (REDRIVE, &["post"]),
    (FORECAST, &["get"]),
    (QUEUE_DEQUEUE, &["post"]),
    (DEQUEUE, &["post"]),
    (TASKS, &["get"]),
    (TASK, &["get", "delete"]),
    (RETRY, &["post"]),
    (RUN_NOW, &["post"]),
    (HISTORY, &["get"]),
    (RESULT, &["get"]),
    (SETTLE, &["post"]),
    (ACK, &["post"]),
    (NACK, &["post"]),
    (EXTEND, &["post"]),
    (RELEASE, &["post"]),
    (EVENTS, &["get"]),
    (TRANSACTIONS, &["post"]),
    (WORKFLOWS, &["post"]),
    (WORKFLOW, &["get", "delete"]),
    (LIMITS, &["get"]),
    (LIMIT, &["put", "get", "delete"]),
    (WORKERS, &["get"]),
    (WORKER, &["put", "get", "delete"]),
    (HEARTBEAT, &["post"]),
    (DRAIN, &["post"]),
    (ASSIGNMENTS, &["get"]),
    (SCHEDULES, &["get"]),
    (SCHEDULE, &["put", "get", "delete"]),
    (CLUSTER, &["get"]),
    (NODES, &["post"]),
    (NODE, &["delete"]),
    (TRANSFER_LEADER, &["post"]),
    (SNAPSHOT, &["post"]),
    (DIGEST, &["get"]),
    (LIVEZ, &["get"]),
    (READYZ, &["get"]),
    (METRICS, &["get"]),
    (OPENAPI, &["get"]),
];
