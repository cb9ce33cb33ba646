//! The guarantees of Ferry (G1 to G12), the pains of its peers and the shape of its house, one
//! topic a file. Clusters are real: processes, disks and sockets on loopback.

mod architecture;
mod judges;

mod bad_input;
mod bad_operations;
mod cancel;
mod change_feed;
mod consistency;
mod dead_tasks;
mod dequeue_wait;
mod digest;
mod forecast;
mod forwarding;
mod history_api;
mod idempotency;
mod lease_api;
mod limits;
mod makespan;
mod order;
mod pause;
mod purge;
mod queue_api;
mod schedule_cli;
mod schedule_metrics;
mod schedules;
mod task_api;
mod ties;
mod transactions;
mod ttl;
mod vanished_client;
mod worker_api;
mod worker_capacity;
mod worker_cli;
mod worker_process;
mod worker_sessions;
mod worker_stream;
mod workers;
mod workflows;

mod all_killed;
mod backlog;
mod dead_peer;
mod disk_full;
mod due_at_once;
mod fail_stop;
mod failing_disk;
mod failover;
mod graceful;
mod keyless_failover;
mod lease_time;
mod log_not_pinned;
mod membership;
mod paused_leader;

mod bench;
mod cli;
mod docs;
mod documented;
