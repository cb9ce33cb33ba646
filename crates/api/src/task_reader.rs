//! Reads an object that is a new task and has a few fields more, so that the body is read once and
//! a payload stays text.

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Error, IntoDeserializer, MapAccess};
use serde::{Deserialize, Deserializer};

use crate::NewTask;

/// What takes the fields that are not the task's.
pub(crate) trait Aside<'de> {
    /// Their names.
    const NAMES: &'static [&'static str];

    /// Takes the value of the field of this name, one of the names.
    fn put<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error>;
}

/// Reads the task, and has `aside` take the rest.
pub(crate) fn read<'de, T: Aside<'de>, A: MapAccess<'de>>(
    aside: &mut T,
    map: A,
) -> Result<NewTask, A::Error> {
    NewTask::deserialize(MapAccessDeserializer::new(Rest { aside, map }))
}

/// Reads the value of a field, which may stand once.
pub(crate) fn once<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    name: &'static str,
    field: &mut Option<T>,
    map: &mut A,
) -> Result<(), A::Error> {
    match field.replace(map.next_value()?) {
        Some(_) => Err(A::Error::duplicate_field(name)),
        None => Ok(()),
    }
}

/// The fields of an object but those that are put aside.
struct Rest<'a, T, A> {
    aside: &'a mut T,
    map: A,
}

impl<'de, T: Aside<'de>, A: MapAccess<'de>> MapAccess<'de> for Rest<'_, T, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        mut seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        loop {
            match self.map.next_key_seed(OrAside { seed, names: T::NAMES })? {
                None => return Ok(None),
                Some(Key::OfTask(key)) => return Ok(Some(key)),
                Some(Key::Aside(name, unused)) => {
                    self.aside.put(&name, &mut self.map)?;
                    seed = unused;
                }
            }
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

/// A key that is to be put aside, or one of a task's.
struct OrAside<K> {
    seed: K,
    names: &'static [&'static str],
}

enum Key<K, V> {
    /// The seed has not been used.
    Aside(String, K),
    OfTask(V),
}

impl<'de, K: DeserializeSeed<'de>> DeserializeSeed<'de> for OrAside<K> {
    type Value = Key<K, K::Value>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        let key = String::deserialize(from)?;
        if self.names.contains(&key.as_str()) {
            return Ok(Key::Aside(key, self.seed));
        }
        let of_task = self.seed.deserialize(key.into_deserializer());
        of_task.map(Key::OfTask).map_err(|unknown: D::Error| {
            D::Error::custom(with_names(&unknown.to_string(), self.names))
        })
    }
}

/// What is said of an unknown field, with the names among the known ones.
fn with_names(unknown: &str, names: &[&str]) -> String {
    let unnamed = names.iter().filter(|name| !unknown.contains(&format!("`{name}`")));
    let further: String = unnamed.map(|name| format!("`{name}`, ")).collect();
    unknown.replacen("expected one of ", &format!("expected one of {further}"), 1)
}
