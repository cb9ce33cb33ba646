//! Reads the operations of a transaction.

use std::fmt;

use ferry_types::QueueName;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::task_reader::{self, Aside};
use crate::{EnqueueOperation, Operation};

impl<'de> Deserialize<'de> for Operation {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(OneField)
    }
}

/// Reads an object whose one field names the operation. An enum that is derived would call an
/// object of none or two of them broken JSON.
struct OneField;

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Kind {
    Enqueue,
    Ack,
    Nack,
    Cancel,
    Require,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Enqueue => "enqueue",
            Self::Ack => "ack",
            Self::Nack => "nack",
            Self::Cancel => "cancel",
            Self::Require => "require",
        }
    }
}

impl<'de> Visitor<'de> for OneField {
    type Value = Operation;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object with the field enqueue, ack, nack, cancel or require")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Operation, A::Error> {
        let not_one = || {
            A::Error::custom(
                "an operation has one field, which says what it does: enqueue, ack, nack, cancel \
                 or require",
            )
        };
        let kind: Kind = map.next_key()?.ok_or_else(not_one)?;
        let operation = match kind {
            Kind::Enqueue => Operation::Enqueue(map.next_value()?),
            Kind::Ack => Operation::Ack(map.next_value()?),
            Kind::Nack => Operation::Nack(map.next_value()?),
            Kind::Cancel => Operation::Cancel(map.next_value()?),
            Kind::Require => Operation::Require(map.next_value()?),
        };
        match map.next_key::<Kind>()? {
            None => Ok(operation),
            Some(again) if again == kind => Err(A::Error::duplicate_field(kind.name())),
            Some(_) => Err(not_one()),
        }
    }
}

impl<'de> Deserialize<'de> for EnqueueOperation {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(TaskWithQueue)
    }
}

struct TaskWithQueue;

impl<'de> Visitor<'de> for TaskWithQueue {
    type Value = EnqueueOperation;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object: a task with its queue")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<EnqueueOperation, A::Error> {
        let mut queue = Queue(None);
        let task = task_reader::read(&mut queue, map)?;
        let queue = queue.0.ok_or_else(|| A::Error::missing_field("queue"))?;
        Ok(EnqueueOperation { queue, task })
    }
}

struct Queue(Option<QueueName>);

impl<'de> Aside<'de> for Queue {
    const NAMES: &'static [&'static str] = &["queue"];

    fn put<A: MapAccess<'de>>(&mut self, _: &str, map: &mut A) -> Result<(), A::Error> {
        task_reader::once("queue", &mut self.0, map)
    }
}
