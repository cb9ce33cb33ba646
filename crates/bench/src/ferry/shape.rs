use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{BufMut, BytesMut};
use ferry_api::{NewTask, QueueSettings};
use serde_json::{Map, Value};

use crate::RequestError;

/// What stands for a number in a task's fields.
const NUMBER: &str = "{n}";
/// Numbers there are: `{n}` is one of 0 to 999, in turn.
const NUMBERS: u64 = 1_000;

/// What the queues of a run are told, and what their tasks bear besides a payload.
#[derive(Debug, Default)]
pub struct Shape {
    settings: QueueSettings,
    /// The text of the further fields, cut where a number belongs.
    fields: Vec<String>,
    next: AtomicU64,
}

impl Shape {
    /// The shape by a queue's settings and a task's fields, both JSON objects as the API takes
    /// them. `{n}` in a text of the task is replaced by a number, so that tasks differ.
    ///
    /// # Errors
    /// If one of them is not what the API takes.
    pub fn new(queue: Option<&str>, task: Option<&str>) -> Result<Self, RequestError> {
        let settings: QueueSettings = match queue {
            Some(json) => serde_json::from_str(json).map_err(|error| wrong("queue", &error))?,
            None => QueueSettings::default(),
        };
        settings.check().map_err(|error| wrong("queue", &error))?;
        let Some(json) = task else { return Ok(Self { settings, ..Self::default() }) };
        let fields: Map<String, Value> =
            serde_json::from_str(json).map_err(|error| wrong("task", &error))?;
        if fields.contains_key("payload") || fields.contains_key("payload_base64") {
            return Err(wrong("task", &"the payload is the bench's own"));
        }
        let known: Result<NewTask, _> = serde_json::from_value(Value::Object(fields.clone()));
        known.map_err(|error| wrong("task", &error))?;
        let text = Value::Object(fields).to_string();
        let inside = text.trim_start_matches('{').trim_end_matches('}');
        let fields = if inside.is_empty() { Vec::new() } else { cut(inside) };
        Ok(Self { settings, fields, next: AtomicU64::new(0) })
    }

    /// The settings of a queue.
    pub(super) fn settings(&self) -> QueueSettings {
        self.settings.clone()
    }

    /// Writes the further fields of a task behind its payload.
    pub(super) fn put_fields(&self, body: &mut BytesMut) {
        let Some((first, others)) = self.fields.split_first() else { return };
        body.put_u8(b',');
        body.put_slice(first.as_bytes());
        if others.is_empty() {
            return;
        }
        let number = (self.next.fetch_add(1, Ordering::Relaxed) % NUMBERS).to_string();
        for text in others {
            body.put_slice(number.as_bytes());
            body.put_slice(text.as_bytes());
        }
    }
}

fn cut(text: &str) -> Vec<String> {
    text.split(NUMBER).map(Into::into).collect()
}

fn wrong(what: &str, why: &dyn std::fmt::Display) -> RequestError {
    RequestError::new(format!("--{what} is not what the API takes: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(shape: &Shape) -> String {
        let mut body = BytesMut::new();
        shape.put_fields(&mut body);
        String::from_utf8(body.to_vec()).expect("text")
    }

    #[test]
    fn tasks_differ_by_their_number() {
        let shape = Shape::new(None, Some(r#"{"key":"k{n}","locks":["l{n}"]}"#)).expect("valid");
        assert_eq!(written(&shape), r#","key":"k0","locks":["l0"]"#);
        assert_eq!(written(&shape), r#","key":"k1","locks":["l1"]"#);
        let same = Shape::new(None, Some(r#"{"type":"send"}"#)).expect("valid");
        assert_eq!(written(&same), r#","type":"send""#);
        for nothing in [None, Some("{}")] {
            assert_eq!(written(&Shape::new(None, nothing).expect("valid")), "");
        }
    }

    #[test]
    fn what_the_api_does_not_take_is_refused() {
        let cases = [
            (Some(r#"{"colour":1}"#), None),
            (Some(r#"{"lease_ms":0}"#), None),
            (None, Some(r#"{"colour":1}"#)),
            (None, Some(r#"{"payload":1}"#)),
            (None, Some("[]")),
        ];
        for (queue, task) in cases {
            assert!(Shape::new(queue, task).is_err(), "{queue:?} {task:?}");
        }
    }
}
