use ferry_types::limits;
use serde::{Deserialize, Serialize};

use crate::{InvalidField, null};

/// A key that one task of a queue has at a time: a second enqueue under it is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unique {
    /// The key, 1 to 256 bytes.
    pub key: String,
    /// How long the task has it.
    #[serde(default, deserialize_with = "null::or_default")]
    pub until: UniqueUntil,
}

/// How long a task has its unique key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Until", into = "Until")]
pub enum UniqueUntil {
    /// Until it has succeeded, is cancelled or has expired; a dead task has it still.
    #[default]
    Done,
    /// For so many milliseconds from the enqueue, whatever becomes of it. 1 to ten years.
    Millis(u64),
}

/// As it is written: `"done"`, or a number.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged, expecting = "`unique.until` must be \"done\" or a number of milliseconds")]
enum Until {
    Millis(u64),
    Word(String),
}

impl Unique {
    /// Refuses a key that is too long or empty, and a time out of range.
    ///
    /// # Errors
    /// The first field that is out of range.
    pub fn check(self) -> Result<Self, InvalidField> {
        if self.key.is_empty() {
            return Err(InvalidField::new("key", "must not be empty"));
        }
        let most = limits::UNIQUE_KEY_BYTES_MAX;
        InvalidField::check_length("key", self.key.len(), most, "bytes")?;
        if let UniqueUntil::Millis(millis) = self.until {
            InvalidField::check_millis("until", millis, 1, limits::DELAY_MAX)?;
        }
        Ok(self)
    }
}

impl TryFrom<Until> for UniqueUntil {
    type Error = InvalidField;

    fn try_from(until: Until) -> Result<Self, InvalidField> {
        match until {
            Until::Millis(millis) => Ok(Self::Millis(millis)),
            Until::Word(word) if word == "done" => Ok(Self::Done),
            Until::Word(word) => {
                let detail = format!("must be \"done\" or a number of milliseconds, not {word:?}");
                Err(InvalidField::new("unique.until", detail))
            }
        }
    }
}

impl From<UniqueUntil> for Until {
    fn from(until: UniqueUntil) -> Self {
        match until {
            UniqueUntil::Done => Self::Word("done".into()),
            UniqueUntil::Millis(millis) => Self::Millis(millis),
        }
    }
}

/// What becomes of a task when one that it depends on fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDependencyFailure {
    /// It is cancelled.
    #[default]
    Cancel,
    /// It runs.
    Run,
}

impl OnDependencyFailure {
    /// Whether it says what it would anyway.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
    pub(crate) const fn is_default(&self) -> bool {
        matches!(self, Self::Cancel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str) -> Result<Unique, String> {
        let unique: Unique = serde_json::from_str(json).map_err(|error| error.to_string())?;
        unique.check().map_err(|invalid| invalid.to_string())
    }

    #[test]
    fn it_is_until_done_or_for_a_time() {
        let until = |json| check(json).map(|unique| unique.until);
        assert_eq!(until(r#"{"key":"u"}"#), Ok(UniqueUntil::Done));
        assert_eq!(until(r#"{"key":"u","until":"done"}"#), Ok(UniqueUntil::Done));
        assert_eq!(until(r#"{"key":"u","until":5}"#), Ok(UniqueUntil::Millis(5)));
        let json = r#"{"key":"u","until":5}"#;
        assert_eq!(serde_json::to_string(&check(json).expect("valid")).expect("JSON"), json);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let starts = [
            (r#"{"key":""}"#, "key must not be empty"),
            (r#"{"key":"u","until":0}"#, "until must be 1 to 315360000000, not 0"),
            (r#"{"key":"u","until":"never"}"#, "unique.until must be \"done\""),
            (r#"{"key":"u","until":-1}"#, "`unique.until` must be \"done\""),
            (r#"{"until":5}"#, "missing field `key`"),
            (r#"{"key":"u","for":5}"#, "unknown field `for`"),
        ];
        for (json, start) in starts {
            let message = check(json).expect_err("is wrong");
            assert!(message.starts_with(start), "{message}");
        }
    }
}
