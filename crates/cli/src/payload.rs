//! Payloads and results between text and JSON.

use ferry_api::{NewTask, TaskDocument, raw_json};
use serde_json::value::RawValue;

/// The deepest nesting that is sent as JSON: what stands around it nests too, and nodes refuse
/// bodies that nest deeper than 64.
const DEPTH_MAX: usize = 56;

/// A task whose payload is this text: JSON as it is, other text as a JSON string, other bytes as
/// bytes.
pub(crate) fn task(bytes: &[u8]) -> NewTask {
    match std::str::from_utf8(bytes) {
        Ok(text) => NewTask::json(json(text)),
        Err(_) => NewTask::bytes(bytes),
    }
}

/// This text as JSON: as it is if it is JSON that nests within reason, as a string otherwise.
pub(crate) fn json(text: &str) -> Box<RawValue> {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(raw) if depth(text) <= DEPTH_MAX => raw.to_owned(),
        Ok(_) | Err(_) => raw_json(text).expect("text has a JSON form"),
    }
}

/// A task's payload in one line for people.
pub(crate) fn brief(task: &TaskDocument) -> String {
    const CHARACTERS_MAX: usize = 60;
    let text = match (&task.payload, &task.payload_base64) {
        (Some(json), _) => json.get(),
        (None, Some(base64)) => base64,
        (None, None) => "",
    };
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// How deep valid JSON nests.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth -= 1,
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_stays_and_text_becomes_a_string() {
        for (text, expected) in [
            (r#"{"a": 1}"#, r#"{"a": 1}"#),
            ("17", "17"),
            ("\"x\"", "\"x\""),
            ("null", "null"),
            ("hello", "\"hello\""),
            ("{\"a\":", r#""{\"a\":""#),
            ("", "\"\""),
        ] {
            assert_eq!(json(text).get(), expected);
        }
        assert!(task(b"\xff").payload_base64.is_some());
    }

    #[test]
    fn what_nests_too_deep_is_text() {
        let nested = |deep| format!("{}{}", "[".repeat(deep), "]".repeat(deep));
        assert_eq!(json(&nested(56)).get(), nested(56));
        assert_eq!(json(&nested(57)).get(), format!("\"{}\"", nested(57)));
        assert_eq!(depth(r#"["[[[\"[", {"a": []}]"#), 3);
    }
}
