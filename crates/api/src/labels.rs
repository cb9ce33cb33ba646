//! Labels: a producer's of a task, a worker's, and those that a task selects its worker by.

use std::collections::BTreeMap;
use std::fmt;

use ferry_types::limits;
use serde::Deserializer;
use serde::de::{Error, MapAccess, Visitor};

use crate::InvalidField;

/// Reads labels and refuses a key that stands there twice.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    from.deserialize_map(Labels)
}

struct Labels;

impl<'de> Visitor<'de> for Labels {
    type Value = BTreeMap<String, String>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object of strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut labels = BTreeMap::new();
        while let Some((key, value)) = map.next_entry::<String, String>()? {
            if labels.contains_key(&key) {
                return Err(A::Error::custom(format_args!("duplicate field `{key}`")));
            }
            labels.insert(key, value);
        }
        Ok(labels)
    }
}

/// Refuses too many labels, and too long ones, in this field.
pub(crate) fn check(field: &str, labels: &BTreeMap<String, String>) -> Result<(), InvalidField> {
    InvalidField::check_length(field, labels.len(), limits::LABELS_MAX, "labels")?;
    for (key, value) in labels {
        if key.is_empty() {
            return Err(InvalidField::new(field, "must not have an empty key"));
        }
        if key.len() > limits::LABEL_KEY_BYTES_MAX {
            let most = limits::LABEL_KEY_BYTES_MAX;
            let detail = format!("must have keys of at most {most} bytes, not {}", key.len());
            return Err(InvalidField::new(field, detail));
        }
        let (field, most) = (format!("{field}.{key}"), limits::LABEL_VALUE_BYTES_MAX);
        InvalidField::check_length(&field, value.len(), most, "bytes")?;
    }
    Ok(())
}
