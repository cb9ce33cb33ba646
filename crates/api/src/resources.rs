//! Amounts of resources: what a worker has, and what a task takes of it.

use std::collections::BTreeMap;
use std::fmt;

use ferry_types::limits;
use serde::Deserializer;
use serde::de::{Error, MapAccess, Visitor};

use crate::InvalidField;

/// Reads amounts and refuses a resource that stands there twice.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<BTreeMap<String, u64>, D::Error> {
    from.deserialize_map(Resources)
}

struct Resources;

impl<'de> Visitor<'de> for Resources {
    type Value = BTreeMap<String, u64>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object of whole numbers")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut resources = BTreeMap::new();
        while let Some((name, amount)) = map.next_entry::<String, u64>()? {
            if resources.contains_key(&name) {
                return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
            }
            resources.insert(name, amount);
        }
        Ok(resources)
    }
}

/// Refuses too many kinds, names that are empty or too long, and too large amounts.
pub(crate) fn check(resources: &BTreeMap<String, u64>) -> Result<(), InvalidField> {
    InvalidField::check_length("resources", resources.len(), limits::RESOURCES_MAX, "kinds")?;
    for (name, amount) in resources {
        if name.is_empty() {
            return Err(InvalidField::new("resources", "must not have an empty name"));
        }
        let most = limits::RESOURCE_NAME_BYTES_MAX;
        if name.len() > most {
            let detail = format!("must have names of at most {most} bytes, not {}", name.len());
            return Err(InvalidField::new("resources", detail));
        }
        let field = format!("resources.{name}");
        InvalidField::check_range(&field, *amount, 0..=limits::RESOURCE_AMOUNT_MAX)?;
    }
    Ok(())
}
