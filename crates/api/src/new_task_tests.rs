use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_767_323_045_678);

fn check(json: &str) -> Result<CheckedTask, InvalidField> {
    serde_json::from_str::<NewTask>(json).expect("well-formed").check(NOW)
}

fn refusal(json: &str) -> String {
    check(json).expect_err("out of range").to_string()
}

#[test]
fn a_payload_is_kept_as_its_text() {
    for text in ["null", r#"{"a" : [1.0,  1e400, "\u00e9"]}"#, "0", r#""x""#] {
        let task = check(&format!(r#"{{"payload": {text}}}"#)).expect("valid");
        assert!(matches!(task.payload, Payload::Json(json) if json.get() == text), "{text}");
        assert_eq!(task.due, Due::After(Duration::ZERO));
        assert_eq!(task.priority, Priority::default());
    }
    let task = check(r#"{"payload_base64": "AAH/"}"#).expect("valid");
    assert!(matches!(task.payload, Payload::Bytes(bytes) if bytes == [0, 1, 255]));
}

#[test]
fn one_payload_and_one_time_at_most() {
    assert_eq!(refusal("{}"), "payload is missing; give it or payload_base64");
    assert_eq!(
        refusal(r#"{"payload": 1, "payload_base64": ""}"#),
        "payload cannot be combined with payload_base64; give one of them"
    );
    assert_eq!(
        refusal(r#"{"payload": 1, "run_at": "2026-01-02T03:04:05Z", "delay_ms": 0}"#),
        "run_at cannot be combined with delay_ms; give one of them"
    );
}

#[test]
fn what_is_out_of_range_is_named_with_its_limit() {
    let cases = [
        (r#""priority": 10"#, "priority must be 0 to 9, not 10"),
        (r#""lease_ms": 0"#, "lease_ms must be 1 to 43200000, not 0"),
        (r#""lease_ms": 43200001"#, "lease_ms must be 1 to 43200000, not 43200001"),
        (r#""ttl_ms": 0"#, "ttl_ms must be 1 to 315360000000, not 0"),
        (r#""ttl_ms": 315360000001"#, "ttl_ms must be 1 to 315360000000, not 315360000001"),
        (r#""max_attempts": 1000001"#, "max_attempts must be 0 to 1000000, not 1000001"),
        (r#""delay_ms": 315360000001"#, "delay_ms must be 0 to 315360000000, not 315360000001"),
        (r#""retry": {"multiplier": 101}"#, "retry.multiplier must be 1 to 100, not 101"),
        (r#""type": """#, "type must not be empty"),
        (r#""labels": {"": "x"}"#, "labels must not have an empty key"),
        (
            r#""run_at": "2036-01-02T03:04:05Z""#,
            "run_at must be at most ten years ahead (2035-12-31T03:04:05.678Z), \
             not 2036-01-02T03:04:05.000Z",
        ),
    ];
    for (field, expected) in cases {
        assert_eq!(refusal(&format!(r#"{{"payload": 1, {field}}}"#)), expected);
    }
    for bad in ["@@@@", "AAA", "AAH_", "A A="] {
        let message = refusal(&format!(r#"{{"payload_base64": "{bad}"}}"#));
        assert!(message.starts_with("payload_base64 must be base64 with padding: "), "{message}");
    }
}

#[test]
fn texts_and_payloads_are_bounded() {
    let long = "x".repeat(257);
    assert_eq!(
        refusal(&format!(r#"{{"payload": 1, "type": "{long}"}}"#)),
        "type must be at most 256 bytes, not 257"
    );
    assert_eq!(
        refusal(&format!(r#"{{"payload": 1, "labels": {{"k": "{long}"}}}}"#)),
        "labels.k must be at most 256 bytes, not 257"
    );
    assert_eq!(
        refusal(&format!(r#"{{"payload": 1, "labels": {{"{}": ""}}}}"#, &long[..129])),
        "labels must have keys of at most 128 bytes, not 129"
    );
    let labels: Vec<String> = (0..65).map(|n| format!(r#""k{n}": """#)).collect();
    assert_eq!(
        refusal(&format!(r#"{{"payload": 1, "labels": {{{}}}}}"#, labels.join(","))),
        "labels must be at most 64 labels, not 65"
    );
    let most = limits::PAYLOAD_BYTES_MAX;
    assert!(check(&format!(r#"{{"payload": "{}"}}"#, "x".repeat(most - 2))).is_ok());
    assert_eq!(
        refusal(&format!(r#"{{"payload": "{}"}}"#, "x".repeat(most - 1))),
        "payload must be at most 1048576 bytes, not 1048577"
    );
    let bytes = NewTask::bytes(&vec![0; most + 1]).check(NOW).expect_err("too long");
    assert_eq!(bytes.to_string(), "payload_base64 must be at most 1048576 bytes, not 1048577");
}

#[test]
fn what_is_not_of_the_form_is_refused() {
    for (json, expected) in [
        (r#"{"payload": 1, "prioritty": 1}"#, "unknown field `prioritty`, expected one of"),
        (r#"{"payload": 1, "payload": 2}"#, "duplicate field `payload`"),
        (r#"{"labels": {"a": "1", "a": "2"}}"#, "duplicate field `a`"),
        (r#"{"labels": {"a": 1}}"#, "invalid type: integer `1`, expected a string"),
        (r#"{"priority": -1}"#, "invalid value: integer `-1`, expected u8"),
        (r#"{"run_at": "tomorrow"}"#, "a time must be RFC 3339 text"),
        (r#"{"run_at": 5}"#, "invalid type: integer `5`, expected a string"),
        (r#"{"delay_ms": 1.5}"#, "invalid type: floating point `1.5`, expected u64"),
        (r#"{"ttl": 5}"#, "unknown field `ttl`"),
    ] {
        let message = serde_json::from_str::<NewTask>(json).expect_err("malformed").to_string();
        assert!(message.starts_with(expected), "{json}: {message}");
    }
}
