use ferry_types::{LeaseId, limits};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{ExtendRequest, InvalidField, null, raw};

/// What the holder of a lease does with it: an item of a settle list.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Item", into = "Item")]
pub struct Settlement {
    /// The lease.
    pub lease: LeaseId,
    /// What is done.
    pub action: Action,
}

/// The ways to settle a lease, or to keep it.
#[derive(Clone, Debug)]
pub enum Action {
    /// Done.
    Ack(AckRequest),
    /// Failed; counts as an attempt.
    Nack(NackRequest),
    /// Keep the lease longer.
    Extend(ExtendRequest),
    /// Give the task back, to its place; counts as nothing.
    Release,
}

/// The body of `POST /v1/leases/{lease}/ack`; may be left out.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AckRequest {
    /// What came of the task: any JSON, up to 1 MiB.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "raw::present")]
    pub result: Option<Box<RawValue>>,
}

/// The body of `POST /v1/leases/{lease}/nack`; may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NackRequest {
    /// What went wrong; beyond 4,096 bytes it is cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Back off this long, in milliseconds, instead of by the retry policy; 0 is at once.
    /// 0 to ten years.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// No further attempt: the task is dead. false.
    #[serde(deserialize_with = "null::or_default")]
    pub dead: bool,
}

impl Settlement {
    /// Refuses what is out of range, and cuts what is only too long.
    ///
    /// # Errors
    /// The first field that is out of range.
    pub fn check(self) -> Result<Self, InvalidField> {
        let action = match self.action {
            Action::Ack(ack) => Action::Ack(ack.check()?),
            Action::Nack(nack) => Action::Nack(nack.check()?),
            Action::Extend(extend) => Action::Extend(extend.check()?),
            Action::Release => Action::Release,
        };
        Ok(Self { action, ..self })
    }

    /// Checks each item of the list that stands in the field `settle`.
    pub(crate) fn check_all(settle: Vec<Self>) -> Result<Vec<Self>, InvalidField> {
        InvalidField::check_length("settle", settle.len(), limits::SETTLE_MAX, "items")?;
        let check = |(index, item): (usize, Self)| {
            item.check().map_err(|invalid| invalid.within(format_args!("settle[{index}]")))
        };
        settle.into_iter().enumerate().map(check).collect()
    }
}

impl AckRequest {
    /// Refuses a result that is too long.
    ///
    /// # Errors
    /// Names `result` and the limit.
    pub fn check(self) -> Result<Self, InvalidField> {
        if let Some(result) = &self.result {
            let most = limits::PAYLOAD_BYTES_MAX;
            InvalidField::check_length("result", result.get().len(), most, "bytes")?;
        }
        Ok(self)
    }
}

impl NackRequest {
    /// Refuses a delay out of range, and cuts an error text that is too long.
    ///
    /// # Errors
    /// Names `delay_ms` and the limit.
    pub fn check(mut self) -> Result<Self, InvalidField> {
        if let Some(delay) = self.delay_ms {
            InvalidField::check_millis("delay_ms", delay, 0, limits::DELAY_MAX)?;
        }
        if let Some(error) = &mut self.error {
            cut(error, limits::ERROR_BYTES_MAX);
        }
        Ok(self)
    }
}

/// Cuts `text` to at most `bytes_max` bytes, between two characters.
fn cut(text: &mut String, bytes_max: usize) {
    if text.len() <= bytes_max {
        return;
    }
    let fits = |end: &usize| text.is_char_boundary(*end);
    let end = (0..=bytes_max).rev().find(fits).expect("0 is between two characters");
    text.truncate(end);
}

/// A settlement as it is written: one object, whose `action` says which other fields it may have.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    lease: LeaseId,
    action: ActionName,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "raw::present")]
    result: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delay_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dead: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease_ms: Option<u64>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ActionName {
    Ack,
    Nack,
    Extend,
    Release,
}

impl TryFrom<Item> for Settlement {
    type Error = InvalidField;

    fn try_from(item: Item) -> Result<Self, InvalidField> {
        let Item { lease, action, result, error, delay_ms, dead, lease_ms } = item;
        let (ack, nack, extend) = match action {
            ActionName::Ack => (true, false, false),
            ActionName::Nack => (false, true, false),
            ActionName::Extend => (false, false, true),
            ActionName::Release => (false, false, false),
        };
        for (field, given, fits, owner) in [
            ("result", result.is_some(), ack, "ack"),
            ("error", error.is_some(), nack, "nack"),
            ("delay_ms", delay_ms.is_some(), nack, "nack"),
            ("dead", dead.is_some(), nack, "nack"),
            ("lease_ms", lease_ms.is_some(), extend, "extend"),
        ] {
            if given && !fits {
                let detail = format!("of a settlement belongs to the action {owner} alone");
                return Err(InvalidField::new(field, detail));
            }
        }
        let action = match action {
            ActionName::Ack => Action::Ack(AckRequest { result }),
            ActionName::Nack => {
                Action::Nack(NackRequest { error, delay_ms, dead: dead.unwrap_or(false) })
            }
            ActionName::Extend => Action::Extend(ExtendRequest { lease_ms }),
            ActionName::Release => Action::Release,
        };
        Ok(Self { lease, action })
    }
}

impl From<Settlement> for Item {
    fn from(Settlement { lease, action }: Settlement) -> Self {
        let bare = |action| Self {
            lease,
            action,
            result: None,
            error: None,
            delay_ms: None,
            dead: None,
            lease_ms: None,
        };
        match action {
            Action::Ack(AckRequest { result }) => Self { result, ..bare(ActionName::Ack) },
            Action::Nack(NackRequest { error, delay_ms, dead }) => {
                Self { error, delay_ms, dead: dead.then_some(true), ..bare(ActionName::Nack) }
            }
            Action::Extend(ExtendRequest { lease_ms }) => {
                Self { lease_ms, ..bare(ActionName::Extend) }
            }
            Action::Release => bare(ActionName::Release),
        }
    }
}
