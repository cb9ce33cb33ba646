//! Moments as RFC 3339 text, for `#[serde(with)]`.

use ferry_types::Timestamp;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

/// Writes UTC with milliseconds.
pub(crate) fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(at)
}

/// Reads any offset.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    let text = std::borrow::Cow::<str>::deserialize(from)?;
    Timestamp::parse_rfc3339(&text).ok_or_else(|| {
        D::Error::custom(match Timestamp::is_rfc3339_before_1970(&text) {
            true => "a time must not be before 1970",
            false => "a time must be RFC 3339 text, for example 2026-01-31T12:00:00Z",
        })
    })
}

/// The same for a moment that may be missing.
pub(crate) mod option {
    use super::{Deserialize, Deserializer, Serializer, Timestamp};

    /// A moment between its text and itself.
    #[derive(Deserialize)]
    #[serde(transparent)]
    struct At(#[serde(with = "super")] Timestamp);

    /// Writes the moment, or null.
    pub(crate) fn serialize<S: Serializer>(
        at: &Option<Timestamp>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => super::serialize(at, to),
            None => to.serialize_none(),
        }
    }

    /// Reads a moment, or null.
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        Ok(Option::<At>::deserialize(from)?.map(|At(at)| at))
    }
}
