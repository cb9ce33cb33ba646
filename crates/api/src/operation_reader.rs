//! Reads the operations of a transaction.

use std::fmt;

use ferry_types::QueueName;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Error, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::{EnqueueOperation, NewTask, Operation};

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

/// Takes `queue` out on the way, so that the body is read once and a payload stays text.
struct TaskWithQueue;

impl<'de> Visitor<'de> for TaskWithQueue {
    type Value = EnqueueOperation;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object: a task with its queue")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<EnqueueOperation, A::Error> {
        let mut queue = None;
        let rest = WithoutQueue { queue: &mut queue, rest: map };
        let task = NewTask::deserialize(MapAccessDeserializer::new(rest))?;
        let queue = queue.ok_or_else(|| A::Error::missing_field("queue"))?;
        Ok(EnqueueOperation { queue, task })
    }
}

/// The fields of an object but `queue`, which is put aside.
struct WithoutQueue<'a, A> {
    queue: &'a mut Option<QueueName>,
    rest: A,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for WithoutQueue<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        mut seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        loop {
            match self.rest.next_key_seed(OrQueue(seed))? {
                None => return Ok(None),
                Some(Key::OfTask(key)) => return Ok(Some(key)),
                Some(Key::Queue(_)) if self.queue.is_some() => {
                    return Err(A::Error::duplicate_field("queue"));
                }
                Some(Key::Queue(unused)) => {
                    *self.queue = Some(self.rest.next_value()?);
                    seed = unused;
                }
            }
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.rest.next_value_seed(seed)
    }
}

/// A key that is `queue` or one of a task's.
struct OrQueue<K>(K);

enum Key<K, V> {
    /// The seed has not been used.
    Queue(K),
    OfTask(V),
}

impl<'de, K: DeserializeSeed<'de>> DeserializeSeed<'de> for OrQueue<K> {
    type Value = Key<K, K::Value>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        let key = String::deserialize(from)?;
        if key == "queue" {
            return Ok(Key::Queue(self.0));
        }
        let of_task = self.0.deserialize(key.into_deserializer());
        of_task.map(Key::OfTask).map_err(|unknown: D::Error| {
            let known = "expected one of `queue`, ";
            D::Error::custom(unknown.to_string().replacen("expected one of ", known, 1))
        })
    }
}
