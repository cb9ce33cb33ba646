use std::fmt;

use super::*;

impl fmt::Display for Rejection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::QueueNotFound(QueueNotFound { queue }) => {
                write!(out, "the queue {queue} does not exist")
            }
            Self::QueueFull(QueueFull { queue, limit, bytes }) => {
                let unit = if *bytes { "bytes" } else { "tasks" };
                write!(out, "the queue {queue} is full at {limit} {unit}")
            }
            Self::QueueNotEmpty(QueueNotEmpty { queue, .. }) => {
                write!(out, "the queue {queue} is not empty")
            }
            Self::LeaseLost(LeaseLost { task, token, .. }) => {
                write!(out, "the lease l{task}.{token} is lost")
            }
            Self::LeaseNotFound(LeaseNotFound { task, token }) => {
                write!(out, "the lease l{task}.{token} does not exist")
            }
            Self::IdempotencyMismatch(IdempotencyMismatch { key }) => {
                write!(out, "the key {key} belongs to another request")
            }
            Self::QueueLimit(QueueLimit { limit }) => {
                write!(out, "the cluster has its limit of {limit} queues")
            }
            Self::TaskNotFound(TaskNotFound { task, .. }) => {
                write!(out, "the task t{task} does not exist")
            }
            Self::WrongState(wrong) => {
                write!(out, "the task t{} is {}", wrong.task, wrong.state())
            }
            Self::LimitNotFound(LimitNotFound { limit }) => {
                write!(out, "the limit {limit} does not exist")
            }
            Self::LimitLimit(LimitLimit { limit }) => {
                write!(out, "the cluster has its limit of {limit} named limits")
            }
            Self::TooManyKeys(TooManyKeys { queue, limit }) => {
                write!(out, "more than {limit} keys of the queue {queue} have tasks")
            }
            Self::AlreadyExists(AlreadyExists { task, unique, item, sibling }) => {
                match (sibling, item) {
                    (Some(first), Some(second)) => {
                        write!(out, "tasks {first} and {second} have the same unique key {unique}")
                    }
                    _ => write!(out, "the task t{task} has the unique key {unique}"),
                }
            }
            Self::WorkerNotFound(WorkerNotFound { worker }) => {
                write!(out, "the worker {worker} is not registered")
            }
            Self::WorkerLimit(WorkerLimit { limit }) => {
                write!(out, "the cluster has its limit of {limit} workers")
            }
            Self::ScheduleNotFound(ScheduleNotFound { schedule }) => {
                write!(out, "the schedule {schedule} does not exist")
            }
            Self::ScheduleLimit(ScheduleLimit { limit }) => {
                write!(out, "the cluster has its limit of {limit} schedules")
            }
            Self::NotToFire(NotToFire { schedule }) => {
                write!(out, "the schedule {schedule} is not to fire so")
            }
            Self::OperationRefused(refused) => {
                write!(out, "the operation {} is refused", refused.operation)?;
                match refused.reason() {
                    Some(reason) => write!(out, ": {reason}"),
                    None => Ok(()),
                }
            }
            Self::WorkflowNotFound(WorkflowNotFound { workflow }) => {
                write!(out, "the workflow w{workflow} does not exist")
            }
            Self::DependencyCycle(DependencyCycle { path, tasks }) => {
                match tasks {
                    1 => write!(out, "a task depends on itself: ")?,
                    _ => write!(out, "{tasks} tasks depend on one another: ")?,
                }
                out.write_str(&path.join(" -> "))
            }
        }
    }
}
