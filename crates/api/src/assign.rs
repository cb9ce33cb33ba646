use std::fmt;

use ferry_types::limits;
use serde::de::{Error, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::InvalidField;

/// How the tasks of a queue come to workers: `"pull"`, `"least_loaded"`, `"best_fit"`, or
/// `{"spread": "label"}`. Workers may ask for tasks whatever it says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignPolicy {
    /// Workers ask for them, and nothing is assigned.
    #[default]
    Pull,
    /// Each is assigned to the worker that is then the least loaded.
    LeastLoaded,
    /// Each is assigned to the worker that it fills the most, so that large ones still find room.
    BestFit,
    /// They are spread evenly over the values that workers have for this label.
    Spread(String),
}

impl AssignPolicy {
    /// Refuses a label that no worker can have.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), InvalidField> {
        let Self::Spread(label) = self else { return Ok(()) };
        if label.is_empty() {
            return Err(InvalidField::new("assign.spread", "must not be empty"));
        }
        let most = limits::LABEL_KEY_BYTES_MAX;
        InvalidField::check_length("assign.spread", label.len(), most, "bytes")
    }
}

impl<'de> Deserialize<'de> for AssignPolicy {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(WordOrSpread)
    }
}

/// Reads a policy. An enum that is derived would call an object with a second field broken JSON,
/// and speak of variants to who forgets the label.
struct WordOrSpread;

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Field {
    Spread,
}

impl<'de> Visitor<'de> for WordOrSpread {
    type Value = AssignPolicy;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(r#""pull", "least_loaded", "best_fit" or {"spread": "a worker's label"}"#)
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<AssignPolicy, E> {
        match word {
            "pull" => Ok(AssignPolicy::Pull),
            "least_loaded" => Ok(AssignPolicy::LeastLoaded),
            "best_fit" => Ok(AssignPolicy::BestFit),
            _ => Err(E::invalid_value(Unexpected::Str(word), &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<AssignPolicy, A::Error> {
        let mut label = None;
        while let Some(Field::Spread) = map.next_key()? {
            if label.replace(map.next_value()?).is_some() {
                return Err(A::Error::duplicate_field("spread"));
            }
        }
        label.map(AssignPolicy::Spread).ok_or_else(|| A::Error::missing_field("spread"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_a_word_or_a_spread_over_a_label() {
        let read = |json| serde_json::from_str::<AssignPolicy>(json);
        for (json, policy) in [
            (r#""pull""#, AssignPolicy::Pull),
            (r#""least_loaded""#, AssignPolicy::LeastLoaded),
            (r#""best_fit""#, AssignPolicy::BestFit),
            (r#"{"spread":"zone"}"#, AssignPolicy::Spread("zone".into())),
        ] {
            assert_eq!(read(json).expect("valid"), policy);
            assert_eq!(serde_json::to_string(&policy).expect("JSON"), json);
        }
        for json in [r#""spread""#, r#""push""#, r#"{"spread":1}"#, r#"{"pull":"a"}"#, "[]", "{}"] {
            assert!(read(json).is_err(), "{json}");
        }
        let refusal = |label: String| AssignPolicy::Spread(label).check().expect_err("is wrong");
        assert_eq!(refusal(String::new()).to_string(), "assign.spread must not be empty");
        assert!(refusal("x".repeat(129)).to_string().contains("at most 128 bytes"));
    }
}
