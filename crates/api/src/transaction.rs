use ferry_types::{LeaseId, QueueName, TaskId, Timestamp, limits};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    AckRequest, CheckedTask, EnqueuedTask, InvalidField, NackRequest, NewTask, Settled, TaskState,
    null, raw,
};

/// The body of `POST /v1/transactions`: several things in order, each of which sees the earlier
/// ones; all or none.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransactionRequest {
    /// 1 to 1,000 operations.
    pub operations: Vec<Operation>,
}

/// A thing that a transaction does: an object with one field, which names it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Adds a task to a queue.
    Enqueue(Box<EnqueueOperation>),
    /// Ends a task well.
    Ack(AckOperation),
    /// Gives a failed task back.
    Nack(NackOperation),
    /// Calls a task off.
    Cancel(CancelOperation),
    /// Goes on only if a task is in a state.
    Require(RequireOperation),
}

/// A task with its queue: the fields of a new task, and `queue`.
#[derive(Clone, Debug, Serialize)]
pub struct EnqueueOperation {
    /// The queue.
    pub queue: QueueName,
    /// The task.
    #[serde(flatten)]
    pub task: NewTask,
}

/// An ack in a transaction.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AckOperation {
    /// The lease.
    pub lease: LeaseId,
    /// What came of the task: any JSON, up to 1 MiB.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "raw::present")]
    pub result: Option<Box<RawValue>>,
}

/// A nack in a transaction.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NackOperation {
    /// The lease.
    pub lease: LeaseId,
    /// What went wrong; beyond 4,096 bytes it is cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Back off this long, in milliseconds, instead of by the retry policy; 0 is at once.
    /// 0 to ten years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// No further attempt: the task is dead. false.
    #[serde(default, deserialize_with = "null::or_default")]
    pub dead: bool,
}

/// A cancel in a transaction.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelOperation {
    /// The task.
    pub task: TaskId,
}

/// A condition of a transaction.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequireOperation {
    /// The task.
    pub task: TaskId,
    /// The state that it has to be in.
    pub state: TaskState,
}

/// An operation that has passed the border.
#[derive(Clone, Debug)]
pub enum CheckedOperation {
    /// Adds a task to a queue.
    Enqueue(QueueName, Box<CheckedTask>),
    /// Ends a task well.
    Ack(LeaseId, AckRequest),
    /// Gives a failed task back.
    Nack(LeaseId, NackRequest),
    /// Calls a task off.
    Cancel(TaskId),
    /// Goes on only if a task is in a state.
    Require(TaskId, TaskState),
}

/// The answer to a transaction that was done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionResponse {
    /// What each operation gave, in order.
    pub results: Vec<OperationResult>,
}

/// What an operation gave: the id of an enqueued task, or how the task stands that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OperationResult {
    /// Of an ack, a nack, a cancel or a requirement.
    Task(Settled),
    /// Of an enqueue.
    Enqueued(EnqueuedTask),
}

impl TransactionRequest {
    /// The operations, if there are 1 to 1,000 and each is in range; `now` bounds `run_at`.
    ///
    /// # Errors
    /// The first field that is not, with the operation's place.
    pub fn check(self, now: Timestamp) -> Result<Vec<CheckedOperation>, InvalidField> {
        InvalidField::check_range("operations", self.operations.len(), 1..=limits::OPERATIONS_MAX)?;
        let check = |(index, operation): (usize, Operation)| {
            let name = operation.name();
            operation
                .check(now)
                .map_err(|invalid| invalid.within(format_args!("operations[{index}].{name}")))
        };
        self.operations.into_iter().enumerate().map(check).collect()
    }
}

impl Operation {
    fn name(&self) -> &'static str {
        match self {
            Self::Enqueue(_) => "enqueue",
            Self::Ack(_) => "ack",
            Self::Nack(_) => "nack",
            Self::Cancel(_) => "cancel",
            Self::Require(_) => "require",
        }
    }

    fn check(self, now: Timestamp) -> Result<CheckedOperation, InvalidField> {
        Ok(match self {
            Self::Enqueue(enqueue) => {
                let EnqueueOperation { queue, task } = *enqueue;
                CheckedOperation::Enqueue(queue, Box::new(task.check(now)?))
            }
            Self::Ack(AckOperation { lease, result }) => {
                CheckedOperation::Ack(lease, AckRequest { result }.check()?)
            }
            Self::Nack(NackOperation { lease, error, delay_ms, dead }) => {
                CheckedOperation::Nack(lease, NackRequest { error, delay_ms, dead }.check()?)
            }
            Self::Cancel(CancelOperation { task }) => CheckedOperation::Cancel(task),
            Self::Require(RequireOperation { task, state }) => {
                CheckedOperation::Require(task, state)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> serde_json::Result<TransactionRequest> {
        serde_json::from_str(json)
    }

    #[test]
    fn a_payload_stays_as_it_came() {
        let json = r#"{"operations":[{"enqueue":{"queue":"mail","payload":{"b":1,  "a":2},"priority":3}},{"ack":{"lease":"l1.2","result":[1]}},{"nack":{"lease":"l1.2","dead":true}},{"cancel":{"task":"t4"}},{"require":{"task":"t4","state":"ready"}}]}"#;
        let request = parse(json).expect("valid");
        assert_eq!(serde_json::to_string(&request).expect("has a JSON form"), json);
        let checked = request.check(Timestamp::from_millis(0)).expect("in range");
        assert_eq!(checked.len(), 5);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let wrong = |json: &str| match parse(json) {
            Err(error) => error.to_string(),
            Ok(request) => {
                request.check(Timestamp::from_millis(0)).expect_err("is wrong").to_string()
            }
        };
        let starts = [
            (r#"{"operations":[]}"#, "operations must be 1 to 1000, not 0"),
            (r#"{"operations":[{"enqueue":{"payload":1}}]}"#, "missing field `queue`"),
            (
                r#"{"operations":[{"enqueue":{"queue":"q","payload":1,"colour":2}}]}"#,
                "unknown field `colour`",
            ),
            (
                r#"{"operations":[{"enqueue":{"queue":"a","payload":1,"queue":"b"}}]}"#,
                "duplicate field `queue`",
            ),
            (
                r#"{"operations":[{"enqueue":{"payload":1,"colour":2}}]}"#,
                "unknown field `colour`, expected one of `queue`, `payload`, ",
            ),
            (
                r#"{"operations":[{"dequeue":{}}]}"#,
                "unknown field `dequeue`, expected one of `enqueue`, ",
            ),
            (
                r#"{"operations":[{"cancel":{"task":"t1"},"cancel":{"task":"t2"}}]}"#,
                "duplicate field `cancel`",
            ),
            (r#"{"operations":[{}]}"#, "an operation has one field, which says what it does"),
            (
                r#"{"operations":[{"cancel":{"task":"t1"},"ack":{"lease":"l1.1"}}]}"#,
                "an operation has one field, which says what it does",
            ),
            (r#"{"operations":["ack"]}"#, "invalid type: string \"ack\", expected an object"),
            (r#"{"operations":[{"cancel":{"task":"t1","x":1}}]}"#, "unknown field `x`"),
            (
                r#"{"operations":[{"cancel":{"task":"t1"}},{"enqueue":{"queue":"q"}}]}"#,
                "operations[1].enqueue.payload is missing",
            ),
        ];
        for (json, start) in starts {
            let message = wrong(json);
            assert!(message.starts_with(start), "{message}");
        }
    }
}
