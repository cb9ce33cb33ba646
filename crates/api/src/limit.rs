use ferry_types::{LimitName, QueueName, limits};
use serde::{Deserialize, Serialize};

use crate::new_task::{check_key, check_type};
use crate::{InvalidField, Rate, null};

/// What a named limit says: the body of `PUT /v1/limits/{limit}`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitSettings {
    /// Which tasks it binds.
    #[serde(rename = "match", deserialize_with = "null::or_default")]
    pub scope: LimitMatch,
    /// The most of them that may be leased at a time, over all queues. 1 to 1,000,000,000; none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_concurrency: Option<u64>,
    /// How often they may be delivered; without end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
}

/// Which tasks a limit binds: those that fit all that is given, which is one field at least.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitMatch {
    /// Only of this queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueName>,
    /// Only with this ordering key, 1 to 256 bytes. Without it all keys count together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Only of this type, 1 to 256 bytes.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub task_type: Option<String>,
}

impl LimitSettings {
    /// Refuses what is out of range.
    ///
    /// # Errors
    /// The first such field.
    pub fn check(&self) -> Result<(), InvalidField> {
        let LimitMatch { queue, key, task_type } = &self.scope;
        if queue.is_none() && key.is_none() && task_type.is_none() {
            let detail = "must name a queue, a key or a type; an empty one binds nothing";
            return Err(InvalidField::new("match", detail));
        }
        let key = key.as_deref().map_or(Ok(()), |key| check_key("key", key));
        key.map_err(|invalid| invalid.within("match"))?;
        let kind = task_type.as_deref().map_or(Ok(()), check_type);
        kind.map_err(|invalid| invalid.within("match"))?;
        if let Some(most) = self.max_concurrency {
            InvalidField::check_range("max_concurrency", most, 1..=limits::CONCURRENCY_MAX)?;
        }
        let rate = self.rate.as_ref().map(Rate::check).transpose();
        rate.map_err(|invalid| invalid.within("rate"))?;
        if self.max_concurrency.is_none() && self.rate.is_none() {
            let detail = "is missing; give it or rate, or the limit limits nothing";
            return Err(InvalidField::new("max_concurrency", detail));
        }
        Ok(())
    }
}

/// A named limit as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LimitDocument {
    /// Its name.
    pub limit: LimitName,
    /// Which tasks it binds.
    #[serde(rename = "match")]
    pub scope: LimitMatch,
    /// The most of them that may be leased at a time, over all queues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_concurrency: Option<u64>,
    /// How often they may be delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// How many of them are leased.
    pub leased: u64,
}

/// A page of limits, by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LimitList {
    /// The limits.
    pub limits: Vec<LimitDocument>,
    /// Where the next page begins; left out on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(json: &str) -> String {
        let settings: LimitSettings = serde_json::from_str(json).expect("well-formed");
        settings.check().expect_err("out of range").to_string()
    }

    #[test]
    fn what_is_out_of_range_is_named_with_its_limit() {
        let empty = "match must name a queue, a key or a type; an empty one binds nothing";
        assert_eq!(refusal("{}"), empty);
        assert_eq!(refusal(r#"{"match": {}, "max_concurrency": 1}"#), empty);
        assert_eq!(refusal(r#"{"match": {"key": ""}}"#), "match.key must not be empty");
        assert_eq!(refusal(r#"{"match": {"type": ""}}"#), "match.type must not be empty");
        assert_eq!(
            refusal(r#"{"match": {"key": "a"}}"#),
            "max_concurrency is missing; give it or rate, or the limit limits nothing"
        );
        assert_eq!(
            refusal(r#"{"match": {"key": "a"}, "max_concurrency": 0}"#),
            "max_concurrency must be 1 to 1000000000, not 0"
        );
        assert_eq!(
            refusal(r#"{"match": {"key": "a"}, "rate": {"per_second": 0}}"#),
            "rate.per_second must be 0.001 to 1000000, not 0"
        );
    }
}
