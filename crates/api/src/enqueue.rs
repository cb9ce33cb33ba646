use std::fmt;

use ferry_types::{TaskId, Timestamp, limits};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::{CheckedTask, InvalidField, NewTask};

/// The body of `POST /v1/queues/{queue}/tasks`: one task, or an object with `tasks`.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum EnqueueRequest {
    /// One task; the answer is the task.
    One(Box<NewTask>),
    /// Several, all or none; the answer is their ids.
    Many(TaskBatch),
}

/// Several tasks for one queue, all or none.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskBatch {
    /// 1 to 1,000 tasks, which get rising ids in this order.
    pub tasks: Vec<NewTask>,
}

/// The answer to a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnqueuedTasks {
    /// The tasks, in the order of the request.
    pub tasks: Vec<EnqueuedTask>,
}

/// A task of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnqueuedTask {
    /// Its id.
    pub id: TaskId,
}

impl TaskBatch {
    /// The tasks, if there are 1 to 1,000 and each is in range; `now` bounds `run_at`.
    ///
    /// # Errors
    /// The first field that is not, with the item's index.
    pub fn check(self, now: Timestamp) -> Result<Vec<CheckedTask>, InvalidField> {
        InvalidField::check_range("tasks", self.tasks.len(), 1..=limits::TASKS_PER_REQUEST_MAX)
            .map_err(|invalid| InvalidField {
                detail: format!("{} items", invalid.detail),
                ..invalid
            })?;
        let check = |(index, task): (usize, NewTask)| {
            task.check(now).map_err(|invalid| invalid.within(format_args!("tasks[{index}]")))
        };
        self.tasks.into_iter().enumerate().map(check).collect()
    }
}

impl<'de> Deserialize<'de> for EnqueueRequest {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(OneOrMany)
    }
}

/// Decides by the first key, so that the body is read once and a payload stays text: `tasks` is
/// the only field of a batch.
struct OneOrMany;

impl<'de> Visitor<'de> for OneOrMany {
    type Value = EnqueueRequest;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a task, or an object with `tasks`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<EnqueueRequest, A::Error> {
        let first = map.next_key::<String>()?;
        let is_batch = first.as_deref() == Some("tasks");
        let fields = MapAccessDeserializer::new(PutBack { first, rest: map });
        if is_batch {
            return TaskBatch::deserialize(fields).map(EnqueueRequest::Many);
        }
        NewTask::deserialize(fields).map(|task| EnqueueRequest::One(Box::new(task)))
    }
}

/// An object whose first key was read and is given again.
struct PutBack<A> {
    first: Option<String>,
    rest: A,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for PutBack<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        match self.first.take() {
            Some(key) => seed.deserialize(key.into_deserializer()).map(Some),
            None => self.rest.next_key_seed(seed),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.rest.next_value_seed(seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(0);

    fn parse(json: &str) -> serde_json::Result<EnqueueRequest> {
        serde_json::from_str(json)
    }

    fn batch(json: &str) -> TaskBatch {
        match parse(json).expect("well-formed") {
            EnqueueRequest::Many(batch) => batch,
            EnqueueRequest::One(_) => panic!("{json} is a batch"),
        }
    }

    #[test]
    fn the_key_tasks_makes_a_batch() {
        let tasks = batch(r#"{"tasks": [{"payload": {"a":  1}}, {"payload_base64": ""}]}"#).tasks;
        assert_eq!(tasks.len(), 2);
        assert_eq!(tasks[0].payload.as_ref().map(|json| json.get()), Some(r#"{"a":  1}"#));
        let one = parse(r#" {"payload": [1,  2], "priority": 9} "#).expect("well-formed");
        let EnqueueRequest::One(task) = one else { panic!("one task") };
        assert_eq!(task.payload.as_ref().map(|json| json.get()), Some("[1,  2]"));
        assert_eq!(task.priority, Some(9));
        assert!(matches!(parse("{}"), Ok(EnqueueRequest::One(_))));
    }

    #[test]
    fn errors_stay_good_on_both_ways() {
        for (json, expected) in [
            (r#"{"tasks": [], "queue": "a"}"#, "unknown field `queue`, expected `tasks` at line 1"),
            (r#"{"queue": "a"}"#, "unknown field `queue`, expected one of `payload`"),
            (r#"{"tasks": [{"payload": 1, "x": 1}]}"#, "unknown field `x`, expected one of"),
            (r#"{"tasks": {}}"#, "invalid type: map, expected a sequence at line 1 column 10"),
            (r#"{"payload": 1, "payload": 1}"#, "duplicate field `payload` at line 1 column 24"),
            ("[]", "invalid type: sequence, expected a task, or an object with `tasks`"),
            (r#"{"payload": 1} x"#, "trailing characters at line 1 column 16"),
            (r#"{"payload": "#, "EOF while parsing a value at line 1 column 12"),
        ] {
            let message = parse(json).expect_err("malformed").to_string();
            assert!(message.starts_with(expected), "{json}: {message}");
        }
    }

    #[test]
    fn a_bad_item_is_told_by_its_index() {
        let json = r#"{"tasks": [{"payload": 1}, {"payload": 1, "priority": 10}]}"#;
        let refusal = batch(json).check(NOW).expect_err("out of range");
        assert_eq!(refusal.to_string(), "tasks[1].priority must be 0 to 9, not 10");
        assert_eq!(refusal.field, "tasks[1].priority");
    }

    #[test]
    fn a_batch_has_one_to_a_thousand_tasks() {
        let refusal = |tasks| TaskBatch { tasks }.check(NOW).expect_err("out of range").to_string();
        let task = NewTask::bytes(b"x");
        assert_eq!(refusal(vec![]), "tasks must be 1 to 1000, not 0 items");
        assert_eq!(refusal(vec![task.clone(); 1_001]), "tasks must be 1 to 1000, not 1001 items");
        assert_eq!(TaskBatch { tasks: vec![task; 1_000] }.check(NOW).expect("valid").len(), 1_000);
    }
}
