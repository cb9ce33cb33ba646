//! The handlers, a file per resource. They translate and decide nothing.

pub(crate) mod assignments;
pub(crate) mod cluster;
pub(crate) mod dequeue;
pub(crate) mod events;
pub(crate) mod forecast;
pub(crate) mod health;
pub(crate) mod history;
pub(crate) mod leases;
pub(crate) mod limits;
pub(crate) mod metrics;
pub(crate) mod openapi;
pub(crate) mod queues;
pub(crate) mod results;
pub(crate) mod schedules;
pub(crate) mod sweeps;
pub(crate) mod task_changes;
pub(crate) mod tasks;
pub(crate) mod transactions;
pub(crate) mod workers;
pub(crate) mod workflows;
