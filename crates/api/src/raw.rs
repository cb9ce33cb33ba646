//! JSON that is carried as its text.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// The JSON text of `value`.
///
/// # Errors
/// When the value has no JSON form, for example a map whose keys are not texts.
pub fn raw_json<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<Box<RawValue>> {
    serde_json::value::to_raw_value(value)
}

/// Reads a field that is there, so that an explicit `null` is JSON's null and not a missing field.
pub(crate) fn present<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(from).map(Some)
}
