use ferry_types::{LogIndex, QueueName, TaskId};
use serde::{Deserialize, Serialize};

use crate::{Code, InvalidField, StateCounts, TaskState};

/// Why a request was refused: RFC 9457, sent as `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// A URI for the kind of problem, one per code.
    #[serde(rename = "type")]
    pub kind: String,
    /// What went wrong, the same for every problem of this kind.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong here, and what to do about it.
    pub detail: String,
    /// The kind of problem, for programs.
    pub code: Code,
    /// The field or parameter at fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Which character of the field's text is at fault, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u32>,
    /// The queue that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueName>,
    /// The task that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskId>,
    /// The task's present state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<TaskState>,
    /// The task's present attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// How many tasks are in which state, where a queue is not empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<StateCounts>,
    /// Which operation of a transaction was refused, from 0; none was carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<u32>,
    /// Tasks of a workflow, by their refs, each of which depends on the next. The last is the first
    /// once more, unless there are too many to tell all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<String>,
    /// The limit that would be passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// The oldest log index whose events are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_index: Option<LogIndex>,
    /// Ask again after this long, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

impl Problem {
    /// The media type of a problem.
    pub const CONTENT_TYPE: &str = "application/problem+json";

    /// A problem of this kind; `detail` is a sentence that says what to do.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:ferry:problem:{code}"),
            title: code.title().to_owned(),
            status: code.status().unwrap_or(500),
            detail: detail.into(),
            code,
            field: None,
            position: None,
            queue: None,
            task: None,
            state: None,
            attempt: None,
            counts: None,
            operation: None,
            path: Vec::new(),
            limit: None,
            oldest_index: None,
            retry_after_ms: None,
        }
    }
}

impl From<InvalidField> for Problem {
    fn from(invalid: InvalidField) -> Self {
        let detail = invalid.to_string();
        Self {
            field: Some(invalid.field),
            position: invalid.position,
            ..Self::new(Code::InvalidArgument, detail)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_field_is_a_problem_that_names_it() {
        let problem = Problem::from(InvalidField::new("max", "must be 1 to 1000, not 0"));
        let json = serde_json::to_string(&problem).expect("has a JSON form");
        assert_eq!(
            json,
            r#"{"type":"urn:ferry:problem:invalid_argument","title":"a value is not valid","status":400,"detail":"max must be 1 to 1000, not 0","code":"invalid_argument","field":"max"}"#
        );
        assert_eq!(serde_json::from_str::<Problem>(&json).expect("valid"), problem);
    }
}
