//! One rule for every request: `null` in place of a field that may be left out is as leaving it
//! out. An `Option` reads it so anyway; this is for all other fields.
//!
//! Where `null` is a value, as in a payload or a result, it is kept: see [`raw`](crate::raw).

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::{DequeueRequest, QueueSettings, RetryPolicy, WorkerSettings, labels, resources};

/// Reads a field whose default is that of its type.
pub(crate) fn or_default<'de, T, D>(from: D) -> Result<T, D::Error>
where
    T: Deserialize<'de> + Default,
    D: Deserializer<'de>,
{
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// Reads labels, or none.
pub(crate) fn or_labels<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    #[derive(Default, Deserialize)]
    #[serde(transparent)]
    struct Labels(#[serde(deserialize_with = "labels::deserialize")] BTreeMap<String, String>);

    or_default(from).map(|Labels(labels)| labels)
}

/// Reads amounts of resources, or none.
pub(crate) fn or_resources<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<BTreeMap<String, u64>, D::Error> {
    #[derive(Default, Deserialize)]
    #[serde(transparent)]
    struct Amounts(#[serde(deserialize_with = "resources::deserialize")] BTreeMap<String, u64>);

    or_default(from).map(|Amounts(amounts)| amounts)
}

/// Reads fields whose defaults are those of what they stand in.
macro_rules! or_of {
    ($($name:ident: $type:ty = $whole:ident.$field:ident;)*) => {$(
        pub(crate) fn $name<'de, D: Deserializer<'de>>(from: D) -> Result<$type, D::Error> {
            let given = Option::deserialize(from)?;
            Ok(given.unwrap_or_else(|| $whole::default().$field))
        }
    )*};
}

or_of! {
    or_queue_lease: u64 = QueueSettings.lease_ms;
    or_queue_attempts: u32 = QueueSettings.max_attempts;
    or_result_retention: u64 = QueueSettings.result_retention_ms;
    or_initial_backoff: u64 = RetryPolicy.initial_ms;
    or_multiplier: f64 = RetryPolicy.multiplier;
    or_longest_backoff: u64 = RetryPolicy.max_ms;
    or_jitter: f64 = RetryPolicy.jitter;
    or_worker_slots: u32 = WorkerSettings.slots;
    or_session: u64 = WorkerSettings.session_ms;
    or_dequeue_max: u32 = DequeueRequest.max;
}
