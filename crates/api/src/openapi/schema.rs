//! The building blocks of schemas.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::invalid_field::millis;

/// Properties with their schemas, in order.
pub(super) type Properties = Vec<(&'static str, Value)>;

/// An object of a request: nothing else is allowed in it.
pub(super) fn request(description: &str, required: &[&str], properties: Properties) -> Value {
    let mut schema = answer(description, required, properties);
    schema["additionalProperties"] = Value::Bool(false);
    schema
}

/// An object of an answer: a newer node may add to it.
pub(super) fn answer(description: &str, required: &[&str], properties: Properties) -> Value {
    let properties: Map<String, Value> =
        properties.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    json!({
        "type": "object",
        "description": description,
        "required": required,
        "properties": properties,
    })
}

/// A length of time in milliseconds.
pub(super) fn duration(description: &str, least: u64, most: Duration) -> Value {
    integer(&format!("{description} Milliseconds."), least, millis(most))
}

/// A whole number in a range.
pub(super) fn integer(description: &str, least: u64, most: u64) -> Value {
    json!({ "type": "integer", "description": description, "minimum": least, "maximum": most })
}

/// A whole number from 0.
pub(super) fn count(description: &str) -> Value {
    json!({ "type": "integer", "description": description, "minimum": 0 })
}

/// A number in a range.
pub(super) fn number(description: &str, least: f64, most: f64) -> Value {
    json!({ "type": "number", "description": description, "minimum": least, "maximum": most })
}

/// A text.
pub(super) fn text(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

/// A text that is bounded in bytes: JSON Schema counts characters, of which there are no more.
pub(super) fn bounded(description: &str, most: usize) -> Value {
    let mut schema = text(&format!("{description} 1 to {most} bytes of UTF-8."));
    schema["minLength"] = json!(1);
    schema["maxLength"] = json!(most);
    schema
}

/// A text that matches a pattern.
pub(super) fn pattern(description: &str, pattern: &str) -> Value {
    json!({ "type": "string", "description": description, "pattern": pattern })
}

/// A moment.
pub(super) fn moment(description: &str) -> Value {
    json!({ "type": "string", "format": "date-time", "description": description })
}

/// Yes or no.
pub(super) fn flag(description: &str) -> Value {
    json!({ "type": "boolean", "description": description })
}

/// Any JSON.
pub(super) fn any(description: &str) -> Value {
    json!({ "description": description })
}

/// Another schema.
pub(super) fn of(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// Another schema, with words of its own.
pub(super) fn described(description: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}"), "description": description })
}

/// A list.
pub(super) fn list(description: &str, items: Value, least: usize, most: usize) -> Value {
    json!({
        "type": "array",
        "description": description,
        "items": items,
        "minItems": least,
        "maxItems": most,
    })
}

/// One of some words.
pub(super) fn words(description: &str, words: &[&str]) -> Value {
    json!({ "type": "string", "description": description, "enum": words })
}

/// The same schema with a default.
pub(super) fn or(mut schema: Value, default: impl Into<Value>) -> Value {
    schema["default"] = default.into();
    schema
}

/// The same schema, where null is allowed.
pub(super) fn or_null(mut schema: Value) -> Value {
    let kind = schema["type"].take();
    schema["type"] = json!([kind, "null"]);
    schema
}

/// The same schema, where null is allowed and the default: none.
pub(super) fn or_none(schema: Value) -> Value {
    let mut schema = or_null(schema);
    schema["default"] = Value::Null;
    schema
}
