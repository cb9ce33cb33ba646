//! Every cap in one place: what the doors check and the machine asserts.
//!
//! A limit that an operator may change is the default of the setting of the same name.

use std::time::Duration;

/// Bytes of a request body.
pub const BODY_BYTES_MAX: usize = 4 << 20;
/// Bytes of a task's payload, and of a result.
pub const PAYLOAD_BYTES_MAX: usize = 1 << 20;
/// Tasks in one enqueue.
pub const TASKS_PER_REQUEST_MAX: usize = 1_000;
/// Tasks in one dequeue.
pub const DEQUEUE_MAX: u32 = 1_000;
/// Payload bytes after which a dequeue takes no further task. One task may be larger.
pub const DEQUEUE_BYTES_MAX: u64 = 4 << 20;
/// Queues in one dequeue.
pub const DEQUEUE_QUEUES_MAX: usize = 100;
/// Items in one settle list.
pub const SETTLE_MAX: usize = 1_000;
/// Bytes of the error text that a nack keeps; the rest is cut.
pub const ERROR_BYTES_MAX: usize = 4_096;
/// Operations of a transaction.
pub const OPERATIONS_MAX: usize = 1_000;
/// Tasks that one task depends on, outside of a workflow.
pub const DEPENDENCIES_MAX: usize = 100;
/// Tasks of a workflow.
pub const WORKFLOW_TASKS_MAX: usize = 20_000;
/// Dependencies of a workflow, all its tasks together.
pub const WORKFLOW_DEPENDENCIES_MAX: usize = 100_000;
/// Tasks that the report of a cycle names.
pub const CYCLE_PATH_MAX: usize = 100;
/// Bytes of a unique key.
pub const UNIQUE_KEY_BYTES_MAX: usize = 256;
/// Labels of a task.
pub const LABELS_MAX: usize = 64;
/// Bytes of a label's key.
pub const LABEL_KEY_BYTES_MAX: usize = 128;
/// Bytes of a label's value, and of a task's type.
pub const LABEL_VALUE_BYTES_MAX: usize = 256;
/// The longest lease, and the longest extension of one.
pub const LEASE_MAX: Duration = Duration::from_secs(12 * 3_600);
/// The longest delay, retention or backoff: ten years.
pub const DELAY_MAX: Duration = Duration::from_secs(10 * 365 * 86_400);
/// The largest `max_attempts`.
pub const ATTEMPTS_MAX: u32 = 1_000_000;
/// How long a dequeue may wait for a task.
pub const DEQUEUE_WAIT_MAX: Duration = Duration::from_secs(60);
/// How long a request for a result may wait for the task's end.
pub const RESULT_WAIT_MAX: Duration = Duration::from_secs(60);
/// Parked dequeues on a leader, and waits for results on a node.
pub const WAITERS_MAX: usize = 20_000;
/// How long a request may take unless it says otherwise in `Ferry-Timeout-Ms`.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// The largest `Ferry-Timeout-Ms`.
pub const REQUEST_TIMEOUT_MAX: Duration = Duration::from_secs(60);
/// Items on a page of a list, unless `limit` says otherwise.
pub const PAGE_DEFAULT: usize = 100;
/// The largest `limit` of a list.
pub const PAGE_MAX: usize = 1_000;
/// How long the answer to an `Idempotency-Key` is kept.
pub const IDEMPOTENCY_RETENTION: Duration = Duration::from_secs(600);
/// How long the answer to a write that a follower forwarded under a key of its own is kept: more
/// than twice the longest time such a write may be repeated, which is a wait and a timeout.
pub const FORWARDED_RETENTION: Duration = Duration::from_secs(300);
/// Answers kept for callers' keys; and as many again for forwarders'. The oldest go first.
pub const IDEMPOTENCY_KEYS_MAX: u64 = 1_000_000;
/// Succeeded, cancelled and expired tasks kept for those who ask. The oldest go first.
pub const FINISHED_TASKS_MAX: u64 = 1_000_000;
/// Entries whose events are kept for the change feed. The oldest go first.
pub const EVENTS_MAX: u64 = 100_000;
/// Events of a task's history. Its enqueue stays; of the others the oldest go first.
pub const HISTORY_MAX: usize = 100;
/// Changes of the leader that histories can tell. The oldest go first.
pub const LEADERS_MAX: usize = 1_000;
/// Workers of a queue whose names its measurements remember; those beyond are counted by what they
/// hold.
pub const WORKERS_SEEN_MAX: usize = 1_000;
/// How long a task should wait at most, unless the one who asks for a forecast says otherwise.
pub const FORECAST_SLO: Duration = Duration::from_secs(30);
/// The most workers that a forecast is made for.
pub const FORECAST_WORKERS_MAX: u32 = 100_000;
/// Queues of a cluster.
pub const QUEUES_MAX: usize = 10_000;
/// Keys with unfinished tasks that a queue may have when `fair` or `key_concurrency` changes, since
/// the entry of the change settles all of them.
pub const KEYS_SETTLED_MAX: usize = 100_000;
/// Named limits of a cluster.
pub const LIMITS_MAX: usize = 1_000;
/// Workers of a cluster.
pub const WORKERS_MAX: usize = 20_000;
/// Slots of a worker: leases that it holds at a time.
pub const WORKER_SLOTS_MAX: u32 = 1_000;
/// Queues that a worker serves.
pub const WORKER_QUEUES_MAX: usize = 100;
/// Kinds of resources of a worker, and of a task.
pub const RESOURCES_MAX: usize = 16;
/// Bytes of a resource's name.
pub const RESOURCE_NAME_BYTES_MAX: usize = 128;
/// The most of a resource that a worker has, or that a task needs.
pub const RESOURCE_AMOUNT_MAX: u64 = 1_000_000_000_000_000;
/// The shortest session of a worker.
pub const SESSION_MIN: Duration = Duration::from_secs(1);
/// The longest session of a worker.
pub const SESSION_MAX: Duration = Duration::from_secs(600);
/// The session of a worker that does not say how long it lasts.
pub const SESSION_DEFAULT: Duration = Duration::from_secs(10);
/// Leases given back after which one command ends no further session. One worker may have more.
pub const LEASES_ENDED_PER_ENTRY_MAX: u64 = 1_000;
/// Assignments in one command.
pub const ASSIGNMENTS_MAX: usize = 1_000;
/// Lines of tasks with needs that a pick looks at.
pub const LINES_PER_PICK_MAX: usize = 1_000;
/// Lines of tasks with needs that the picks of a dequeue look at together.
pub const LINES_PER_DEQUEUE_MAX: usize = 10_000;
/// Ready tasks that one look of the scheduler at a queue shows.
pub const TASKS_PER_LOOK_MAX: usize = 2_000;
/// Schedules of a cluster.
pub const SCHEDULES_MAX: usize = 10_000;
/// Bytes of the payload of a schedule's task, which every node has in memory.
pub const SCHEDULE_PAYLOAD_BYTES_MAX: usize = 64 << 10;
/// The shortest interval of a schedule.
pub const SCHEDULE_EVERY_MIN: Duration = Duration::from_secs(1);
/// The longest jitter of a schedule.
pub const SCHEDULE_JITTER_MAX: Duration = Duration::from_secs(86_400);
/// Bytes of a cron expression.
pub const CRON_BYTES_MAX: usize = 256;
/// How late a firing may be without being missed: more than the change of a leader takes.
pub const FIRING_LATENESS_MAX: Duration = Duration::from_secs(30);
/// Firings that the leader proposes at a time.
pub const FIRINGS_PER_LOOK_MAX: usize = 1_000;
/// Firings of one schedule among them.
pub const FIRINGS_PER_SCHEDULE_MAX: usize = 100;
/// Locks of a task.
pub const LOCKS_MAX: usize = 100;
/// Bytes of an ordering key, and of a lock's name.
pub const KEY_BYTES_MAX: usize = 256;
/// The largest number of tasks that a setting lets be leased at a time.
pub const CONCURRENCY_MAX: u64 = 1_000_000_000;
/// The highest rate, in deliveries per second.
pub const RATE_PER_SECOND_MAX: u64 = 1_000_000;
/// The largest burst of a rate.
pub const BURST_MAX: u64 = 1_000_000;
/// Commands that one log entry may hold.
pub const ENTRY_COMMANDS_MAX: usize = 1_000;
/// Bytes after which a log entry takes no further command. One command may be larger.
pub const ENTRY_BYTES_MAX: usize = 256 << 10;
/// Due tasks that one log entry moves, and as many of those that they wait for; what is left waits for
/// the next entry.
pub const DUE_PER_ENTRY_MAX: usize = 1_000;
/// Tasks that one log entry of a purge, a redrive or the cancel of a workflow changes. What they wait
/// for ends the part likewise; the last task may wait for more.
pub const SWEPT_TASKS_PER_ENTRY_MAX: usize = 1_000;
/// Tasks that one log entry of a purge or a redrive looks at.
pub const SWEPT_PER_ENTRY_MAX: usize = 10_000;
/// Kept answers, ended tasks, or entries of the change feed that one more may push out.
pub const EVICTIONS_PER_INSERT_MAX: usize = 2;
/// Tasks that a browse looks at for one page.
pub const BROWSE_SCAN_MAX: usize = 10_000;
/// Bytes of a frame between nodes.
pub const FRAME_BYTES_MAX: usize = 64 << 20;
/// Connections that a node's HTTP port serves at a time: more than [`WAITERS_MAX`], because each
/// dequeue that another node forwards holds one while it waits.
pub const CONNECTIONS_MAX: usize = 30_000;
