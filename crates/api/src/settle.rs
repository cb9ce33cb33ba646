use ferry_types::{LeaseId, TaskId, Timestamp, limits};
use serde::{Deserialize, Serialize};

use crate::{Code, InvalidField, Settlement, TaskState, rfc3339};

/// The body of `POST /v1/leases/settle`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettleRequest {
    /// 1 to 1,000 settlements, each on its own.
    pub settle: Vec<Settlement>,
}

impl SettleRequest {
    /// The settlements, if there are 1 to 1,000 and each is in range.
    ///
    /// # Errors
    /// The first field that is not, with the item's index.
    pub fn check(self) -> Result<Vec<Settlement>, InvalidField> {
        if self.settle.is_empty() {
            let detail = format!("must be 1 to {} items, not 0", limits::SETTLE_MAX);
            return Err(InvalidField::new("settle", detail));
        }
        Settlement::check_all(self.settle)
    }
}

/// The answer to a settle list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettleResponse {
    /// An outcome per settlement, in order.
    pub settled: Vec<SettledItem>,
}

/// The outcome of one settlement of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettledItem {
    /// The lease.
    pub lease: LeaseId,
    /// The HTTP status that the settlement would have had alone.
    pub status: u16,
    /// Why it was refused; left out if it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// Why it was refused, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The task, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskId>,
    /// The task's present state, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<TaskState>,
    /// The task's attempts so far, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// When the lease runs out, after an extend.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rfc3339::option")]
    pub expires_at: Option<Timestamp>,
    /// Whether the task was cancelled, after an extend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled: Option<bool>,
}

/// The answer to an ack, a nack or a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// The task.
    pub task: TaskId,
    /// Its state.
    pub state: TaskState,
    /// Its attempts so far.
    pub attempt: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AckRequest, Action, NackRequest};

    fn parse(items: &str) -> serde_json::Result<SettleRequest> {
        serde_json::from_str(&format!(r#"{{"settle": [{items}]}}"#))
    }

    #[test]
    fn an_item_is_written_as_it_is_read() {
        for json in [
            r#"{"lease":"l1.2","action":"ack"}"#,
            r#"{"lease":"l1.2","action":"ack","result":null}"#,
            r#"{"lease":"l1.2","action":"ack","result":[1,  2]}"#,
            r#"{"lease":"l1.2","action":"nack","error":"no route","delay_ms":0,"dead":true}"#,
            r#"{"lease":"l1.2","action":"extend","lease_ms":5}"#,
            r#"{"lease":"l1.2","action":"release"}"#,
        ] {
            let item: Settlement = serde_json::from_str(json).expect("valid");
            assert_eq!(serde_json::to_string(&item).expect("has a JSON form"), json);
        }
    }

    #[test]
    fn an_item_has_the_fields_of_its_action_alone() {
        for (json, expected) in [
            (r#"{"lease":"l1.2","action":"ack","error":"x"}"#, "error of a settlement belongs to"),
            (r#"{"lease":"l1.2","action":"nack","result":1}"#, "result of a settlement belongs to"),
            (r#"{"lease":"l1.2","action":"release","lease_ms":1}"#, "lease_ms of a settlement"),
            (
                r#"{"lease":"l1.2","action":"drop"}"#,
                "unknown variant `drop`, expected one of `ack`",
            ),
            (r#"{"lease":"l1.2"}"#, "missing field `action`"),
            (r#"{"lease":"7","action":"ack"}"#, "a lease id must be an id that a dequeue returned"),
            (r#"{"lease":"l1.2","action":"ack","when":1}"#, "unknown field `when`"),
        ] {
            let message = parse(json).expect_err("malformed").to_string();
            assert!(message.starts_with(expected), "{json}: {message}");
        }
    }

    #[test]
    fn a_list_has_one_to_a_thousand_items_in_range() {
        let refusal = |items: &str| {
            parse(items).expect("well-formed").check().expect_err("out of range").to_string()
        };
        assert_eq!(refusal(""), "settle must be 1 to 1000 items, not 0");
        let item = r#"{"lease":"l1.2","action":"release"}"#;
        let many = vec![item; 1_001].join(",");
        assert_eq!(refusal(&many), "settle must be at most 1000 items, not 1001");
        let bad = r#"{"lease":"l1.2","action":"extend","lease_ms":0}"#;
        assert_eq!(
            refusal(&format!("{item},{bad}")),
            "settle[1].lease_ms must be 1 to 43200000, not 0"
        );
        let bad = r#"{"lease":"l1.2","action":"nack","delay_ms":315360000001}"#;
        assert!(refusal(bad).starts_with("settle[0].delay_ms must be 0 to 315360000000"));
    }

    #[test]
    fn an_error_is_cut_between_characters() {
        let lease = "l1.2".parse().expect("valid");
        let nack = NackRequest { error: Some("é".repeat(3_000)), ..Default::default() };
        let checked = Settlement { lease, action: Action::Nack(nack) }.check().expect("valid");
        let Action::Nack(nack) = checked.action else { panic!("still a nack") };
        assert_eq!(nack.error.expect("kept").len(), limits::ERROR_BYTES_MAX);
        let long =
            crate::raw_json(&"x".repeat(limits::PAYLOAD_BYTES_MAX)).expect("has a JSON form");
        let refusal = AckRequest { result: Some(long) }.check().expect_err("too long");
        assert_eq!(refusal.to_string(), "result must be at most 1048576 bytes, not 1048578");
    }
}
