use std::collections::BTreeMap;

use ferry_types::limits;
use serde::{Deserialize, Serialize};

use crate::new_task::{check_key, check_type};
use crate::{Code, InvalidField, labels, null};

/// The body of `POST /v1/queues/{queue}/redrive`; may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RedriveRequest {
    /// Which dead tasks; all.
    #[serde(deserialize_with = "null::or_default")]
    pub filter: DeadFilter,
    /// How many at most. 1 or more; all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<u64>,
    /// Count them and change nothing. false.
    #[serde(deserialize_with = "null::or_default")]
    pub dry_run: bool,
}

/// Which dead tasks are meant: those that everything fits which is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeadFilter {
    /// Only of this type, 1 to 256 bytes.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub task_type: Option<String>,
    /// Only with this ordering key, 1 to 256 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Only with all of these labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null::or_labels")]
    pub labels: BTreeMap<String, String>,
    /// Only those whose last error contains this text, 1 to 4,096 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The answer to a redrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redriven {
    /// How many tasks were redriven, or would be.
    pub redriven: u64,
    /// Why it ended before the last of them: `queue_full`; left out if it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Code>,
}

impl RedriveRequest {
    /// Refuses what is out of range.
    ///
    /// # Errors
    /// The first such field.
    pub fn check(self) -> Result<Self, InvalidField> {
        if self.max == Some(0) {
            return Err(InvalidField::new("max", "must be at least 1, or null for all"));
        }
        self.filter.check().map_err(|invalid| invalid.within("filter"))?;
        Ok(self)
    }
}

impl DeadFilter {
    fn check(&self) -> Result<(), InvalidField> {
        self.task_type.as_deref().map_or(Ok(()), check_type)?;
        self.key.as_deref().map_or(Ok(()), |key| check_key("key", key))?;
        labels::check("labels", &self.labels)?;
        let Some(error) = &self.error else { return Ok(()) };
        if error.is_empty() {
            return Err(InvalidField::new("error", "must not be empty"));
        }
        InvalidField::check_length("error", error.len(), limits::ERROR_BYTES_MAX, "bytes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> serde_json::Result<RedriveRequest> {
        serde_json::from_str(json)
    }

    #[test]
    fn what_is_left_out_does_not_matter() {
        assert_eq!(parse("{}").expect("valid"), RedriveRequest::default());
        let json = r#"{"filter":{"type":"t","key":"k","labels":{"k":"v"},"error":"e"},"max":1,"dry_run":true}"#;
        let request = parse(json).expect("valid").check().expect("in range");
        assert_eq!(serde_json::to_string(&request).expect("has a JSON form"), json);
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        for (json, expected) in [
            (r#"{"max": 0}"#, "max must be at least 1, or null for all"),
            (r#"{"filter": {"type": ""}}"#, "filter.type must not be empty"),
            (r#"{"filter": {"key": ""}}"#, "filter.key must not be empty"),
            (r#"{"filter": {"error": ""}}"#, "filter.error must not be empty"),
            (r#"{"filter": {"labels": {"": ""}}}"#, "filter.labels must not have an empty key"),
        ] {
            let refusal = parse(json).expect("well-formed").check().expect_err("out of range");
            assert_eq!(refusal.to_string(), expected);
        }
        let message = parse(r#"{"filter": {"colour": 1}}"#).expect_err("unknown").to_string();
        assert!(message.starts_with("unknown field `colour`, expected one of"), "{message}");
    }
}
