//! JSON bodies: what is wrong with one is told with its place and its field.

use ferry_api::{Code, Problem};
use hyper::HeaderMap;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::json_scan;
use crate::nearest::nearest;
use crate::problem::Failure;
use crate::strict::Strict;

/// Reads a body that has to be there.
pub(crate) fn required<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: &[u8],
) -> Result<T, Failure> {
    check_media_type(headers)?;
    if body.is_empty() {
        return Err(Failure::new(Code::MalformedJson, "the body is empty; send a JSON object"));
    }
    parse(body)
}

/// Reads a body that may be left out.
pub(crate) fn optional<T: DeserializeOwned + Default>(
    headers: &HeaderMap,
    body: &[u8],
) -> Result<T, Failure> {
    if body.is_empty() { Ok(T::default()) } else { required(headers, body) }
}

/// Refuses a body that no route reads, whether the route asked for would read one or not.
pub(crate) fn check_form(headers: &HeaderMap, body: &[u8]) -> Result<(), Failure> {
    let encoding = headers.get(CONTENT_ENCODING).map(|value| value.as_bytes());
    if encoding.is_some_and(|encoding| !encoding.eq_ignore_ascii_case(b"identity")) {
        return unsupported("a Content-Encoding is not supported; send the body as it is");
    }
    if body.is_empty() { Ok(()) } else { check_media_type(headers) }
}

fn unsupported(detail: &str) -> Result<(), Failure> {
    Err(Failure::new(Code::UnsupportedMediaType, detail))
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Failure> {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = media_type.map(|value| value.split(';').next().unwrap_or(value).trim());
    if essence.is_some_and(|essence| essence.eq_ignore_ascii_case("application/json")) {
        return Ok(());
    }
    unsupported("the body must be JSON; send Content-Type: application/json")
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    if body.starts_with(b"\xef\xbb\xbf") {
        return Err(malformed(1, 1, "a byte-order mark is not allowed"));
    }
    let text = std::str::from_utf8(body).map_err(|error| {
        let (line, column) = place(body, error.valid_up_to());
        malformed(line, column, "invalid UTF-8")
    })?;
    if let Err(flaw) = json_scan::check(body) {
        let (line, column) = place(body, flaw.at);
        return Err(malformed(line, column, flaw.what));
    }
    let reader = &mut serde_json::Deserializer::from_str(text);
    let parsed = T::deserialize(Strict(&mut *reader));
    let parsed = parsed.and_then(|parsed| reader.end().map(|()| parsed));
    parsed.map_err(|error| explain::<T>(text, &error))
}

fn malformed(line: usize, column: usize, what: &str) -> Failure {
    let detail = format!("the body is not valid JSON at line {line} column {column}: {what}");
    Failure::new(Code::MalformedJson, detail)
}

/// Line and column of a byte, both from 1.
fn place(body: &[u8], at: usize) -> (usize, usize) {
    let before = &body[..at];
    let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
    (before.iter().filter(|&&byte| byte == b'\n').count() + 1, at - line_start + 1)
}

fn explain<T: DeserializeOwned>(text: &str, error: &serde_json::Error) -> Failure {
    let message = error.to_string();
    let what = message.rsplit_once(" at line ").map_or(message.as_str(), |(what, _)| what);
    let (line, column) = (error.line(), error.column());
    match error.classify() {
        Category::Syntax | Category::Eof | Category::Io if what == "number out of range" => {
            wrong(&path::<T>(text), line, column, what)
        }
        Category::Syntax | Category::Eof | Category::Io => malformed(line, column, what),
        Category::Data => match what.strip_prefix("unknown field ") {
            Some(rest) => unknown_field(&path::<T>(text), rest),
            None if what.starts_with("duplicate field ") => malformed(line, column, what),
            None => wrong(&path::<T>(text), line, column, what),
        },
    }
}

/// A field that is not known: `rest` is "`x`, expected one of `a`, `b`". The path is known unless
/// the field decides what the body is, and may end at the object that the field is in.
fn unknown_field(path: &str, rest: &str) -> Failure {
    let mut names = rest.split('`').skip(1).step_by(2);
    let wrong = names.next().unwrap_or(rest);
    let known: Vec<&str> = names.collect();
    let hint = match nearest(wrong, known.iter().copied()) {
        Some(known) => format!("did you mean {known}?"),
        None if known.is_empty() => "the body has no fields".to_owned(),
        None => format!("known are {}", known.join(", ")),
    };
    let is_whole = path.rsplit('.').next() == Some(wrong);
    let field = match path {
        "" => wrong.to_owned(),
        _ if is_whole => path.to_owned(),
        _ => format!("{path}.{wrong}"),
    };
    let detail = format!("the field {field:?} is not known; {hint}");
    let problem = Problem::new(Code::UnknownField, detail);
    Problem { field: Some(field), ..problem }.into()
}

/// The path of the value that is refused, for example `tasks[3].priority`. Reads the text again,
/// slower, so that bodies without a fault are read fast.
fn path<T: DeserializeOwned>(text: &str) -> String {
    let again = &mut serde_json::Deserializer::from_str(text);
    match serde_path_to_error::deserialize::<_, T>(Strict(again)) {
        Err(error) if error.path().iter().len() > 0 => error.path().to_string(),
        _ => String::new(),
    }
}

/// A value of the wrong type or out of its type's range, or one that is missing.
fn wrong(path: &str, line: usize, column: usize, what: &str) -> Failure {
    let missing = what.strip_prefix("missing field `").map(|rest| rest.trim_end_matches('`'));
    let field = match (missing, path) {
        (Some(name), "") => name.to_owned(),
        (Some(name), path) => format!("{path}.{name}"),
        (None, "") => "body".to_owned(),
        (None, path) => path.to_owned(),
    };
    let detail = format!("{field} at line {line} column {column}: {what}");
    let problem = Problem::new(Code::InvalidArgument, detail);
    Problem { field: Some(field), ..problem }.into()
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;
    use ferry_api::{
        DequeueRequest, EnqueueRequest, LimitSettings, QueueSettings, RedriveRequest,
        SettleRequest, TransactionRequest, WorkflowRequest,
    };
    use futures::FutureExt;
    use hyper::header::HeaderValue;

    use super::*;

    /// The code, the field and the detail of the refusal of `body`.
    fn refusal<T: DeserializeOwned>(body: &[u8]) -> (Code, String, String) {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        let failure = required::<T>(&headers, body).err().expect("the body is refused");
        let body = axum::body::to_bytes(failure.into_response().into_body(), usize::MAX);
        let body = body.now_or_never().expect("it is there").expect("it is whole");
        let problem: Problem = serde_json::from_slice(&body).expect("a problem");
        (problem.code, problem.field.unwrap_or_default(), problem.detail)
    }

    #[test]
    fn broken_json_is_told_with_its_place() {
        let deep = format!("{{\"payload\": {}1{}}}", "[".repeat(64), "]".repeat(64));
        let cases: [(&[u8], &str); 10] = [
            (b"", "the body is empty"),
            (b"\xef\xbb\xbf{}", "line 1 column 1: a byte-order mark"),
            (b"{\"payload\":\n \"\xff\"}", "line 2 column 3: invalid UTF-8"),
            (b"{\"payload\": 1} x", "line 1 column 16: trailing characters"),
            (b"{\"payload\": ", "line 1 column 12: EOF"),
            (b"{\"payload\": 1,}", "line 1 column 15: trailing comma"),
            (b"{\"payload\": 1, \"payload\": 2}", "duplicate field `payload`"),
            (b"{\"payload\": \"\\ud800\"}", "a lone surrogate"),
            (b"{\"payload\": \"\\ud800\\u0041\"}", "a lone surrogate"),
            (deep.as_bytes(), "line 1 column 76: more than 64 levels"),
        ];
        for (body, expected) in cases {
            let (code, _, detail) = refusal::<EnqueueRequest>(body);
            assert_eq!(code, Code::MalformedJson, "{detail}");
            assert!(detail.contains(expected), "{detail:?} does not say {expected:?}");
        }
    }

    #[test]
    fn an_unknown_field_is_told_with_the_nearest() {
        let (code, field, detail) = refusal::<EnqueueRequest>(b"{\"pritority\": 1}");
        assert_eq!((code, field.as_str()), (Code::UnknownField, "pritority"));
        assert!(detail.ends_with("did you mean priority?"), "{detail}");
        let (code, field, detail) = refusal::<QueueSettings>(b"{\"colour\": 1}");
        assert_eq!((code, field.as_str()), (Code::UnknownField, "colour"));
        assert!(detail.contains("known are lease_ms, max_attempts"), "{detail}");
        let (_, _, detail) = refusal::<crate::routes::leases::NoFields>(b"{\"colour\": 1}");
        assert!(detail.ends_with("the body has no fields"), "{detail}");
    }

    #[test]
    fn an_unknown_field_inside_is_told_with_its_path() {
        let unknown =
            |(code, field, detail): (Code, String, String), expected: &str, hint: &str| {
                assert_eq!((code, field.as_str()), (Code::UnknownField, expected), "{detail}");
                assert!(detail.contains(expected) && detail.contains(hint), "{detail}");
            };
        let tasks = br#"{"tasks": [{"payload": 1}, {"payload": 1, "prioritty": 1}]}"#;
        unknown(refusal::<EnqueueRequest>(tasks), "tasks[1].prioritty", "mean priority?");
        let unique = br#"{"tasks": [{"payload": 1, "unique": {"key": "k", "util": 1}}]}"#;
        unknown(refusal::<EnqueueRequest>(unique), "tasks[0].unique.util", "mean until?");
        let operations =
            br#"{"operations": [{"cancel": {"task": "t1"}}, {"enqueue": {"queu": "q"}}]}"#;
        let refusal = refusal::<TransactionRequest>;
        unknown(refusal(operations), "operations[1].enqueue.queu", "mean queue?");
        let assign = br#"{"assign": {"spread": "zone", "x": 1}}"#;
        unknown(self::refusal::<QueueSettings>(assign), "assign.x", "known are spread");
        let kind = br#"{"operations": [{"cancle": {}}]}"#;
        unknown(refusal(kind), "operations[0].cancle", "mean cancel?");
        for (wrong, meant) in [("reff", "ref"), ("qeue", "queue"), ("depend_on", "depends_on")] {
            let workflow = format!(r#"{{"tasks": [{{"{wrong}": "a", "payload": 1}}]}}"#);
            let refusal = self::refusal::<WorkflowRequest>(workflow.as_bytes());
            unknown(refusal, &format!("tasks[0].{wrong}"), &format!("mean {meant}?"));
        }
    }

    #[test]
    fn no_list_passes_for_an_object() {
        let lists = |(code, field, detail): (Code, String, String), expected| {
            assert_eq!((code, field.as_str()), (Code::InvalidArgument, expected), "{detail}");
            assert!(detail.ends_with(": invalid type: sequence, expected an object"), "{detail}");
        };
        let retry = br#"{"payload": 1, "retry": [5, 2.0, 100, 0.1]}"#;
        lists(refusal::<EnqueueRequest>(retry), "retry");
        let unique = br#"{"tasks": [{"payload": 1, "unique": ["k", "done"]}]}"#;
        lists(refusal::<EnqueueRequest>(unique), "tasks[0].unique");
        lists(refusal::<EnqueueRequest>(br#"{"tasks": [[1]]}"#), "tasks[0]");
        lists(refusal::<QueueSettings>(br#"{"rate": [5, 2]}"#), "rate");
        lists(refusal::<LimitSettings>(br#"{"match": ["q"]}"#), "match");
        lists(refusal::<RedriveRequest>(br#"{"filter": []}"#), "filter");
        lists(refusal::<SettleRequest>(br#"{"settle": [["l1.1", "ack"]]}"#), "settle[0]");
        let cancel = br#"{"operations": [{"cancel": ["t1"]}]}"#;
        lists(refusal::<TransactionRequest>(cancel), "operations[0].cancel");
    }

    #[test]
    fn a_policy_without_its_label_is_told_how_to_write_it() {
        for (assign, given) in
            [(r#""spread""#, "string"), (r#""push""#, "string"), ("1", "integer")]
        {
            let body = format!(r#"{{"assign": {assign}}}"#);
            let (code, field, detail) = refusal::<QueueSettings>(body.as_bytes());
            assert_eq!((code, field.as_str()), (Code::InvalidArgument, "assign"), "{detail}");
            let policies =
                r#""pull", "least_loaded", "best_fit" or {"spread": "a worker's label"}"#;
            assert!(detail.contains(given) && detail.ends_with(policies), "{detail}");
        }
        let (code, field, _) = refusal::<QueueSettings>(br#"{"assign": {}}"#);
        assert_eq!((code, field.as_str()), (Code::InvalidArgument, "assign.spread"));
    }

    #[test]
    fn an_operation_does_one_thing() {
        for operation in ["{}", r#"{"cancel": {"task": "t1"}, "ack": {"lease": "l1.1"}}"#] {
            let body = format!(r#"{{"operations": [{operation}]}}"#);
            let (code, field, detail) = refusal::<TransactionRequest>(body.as_bytes());
            assert_eq!((code, field.as_str()), (Code::InvalidArgument, "operations[0]"));
            assert!(detail.contains("one field"), "{detail}");
        }
        let twice = br#"{"operations": [{"enqueue": {"queue": "a", "payload": 1, "queue": "b"}}]}"#;
        let (code, _, detail) = refusal::<TransactionRequest>(twice);
        assert_eq!(code, Code::MalformedJson, "{detail}");
    }

    #[test]
    fn a_wrong_value_is_told_with_its_field() {
        let enqueue: [(&str, &str); 5] = [
            (r#"{"payload": {"priority": 2}, "priority": "high"}"#, "priority"),
            (r#"{"payload": 1, "priority": 300}"#, "priority"),
            (r#"{"payload": 1, "retry": {"multiplier": 1e400}}"#, "retry.multiplier"),
            (
                r#"{"tasks": [{"payload": 1}, {"payload": 1, "labels": {"a": 1}}]}"#,
                "tasks[1].labels.a",
            ),
            (r#"[1]"#, "body"),
        ];
        for (body, expected) in enqueue {
            let (code, field, detail) = refusal::<EnqueueRequest>(body.as_bytes());
            assert_eq!((code, field.as_str()), (Code::InvalidArgument, expected), "{detail}");
        }
        let (code, field, detail) = refusal::<QueueSettings>(b"\n []");
        assert_eq!((code, field.as_str()), (Code::InvalidArgument, "body"));
        assert!(detail.contains("line 2 column"), "{detail}");
        let (code, field, _) = refusal::<DequeueRequest>(br#"{"queues": ["a", "../b"]}"#);
        assert_eq!((code, field.as_str()), (Code::InvalidArgument, "queues[1]"));
        let (code, field, _) = refusal::<SettleRequest>(br#"{"settle": [{"lease": "l1.1"}]}"#);
        assert_eq!((code, field.as_str()), (Code::InvalidArgument, "settle[0].action"));
    }

    #[test]
    fn only_plain_json_is_read() {
        let none = required::<QueueSettings>(&HeaderMap::new(), b"{}");
        assert!(none.is_err());
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        assert!(required::<QueueSettings>(&headers, b"{}").is_ok());
        assert!(check_form(&headers, b"{}").is_ok());
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        assert!(check_form(&headers, b"{}").is_err());
        assert!(check_form(&headers, b"").is_err());
        headers.remove(CONTENT_ENCODING);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        assert!(check_form(&headers, b"").is_ok());
        assert!(check_form(&headers, b"{}").is_err());
        assert!(optional::<QueueSettings>(&HeaderMap::new(), b"").is_ok());
    }
}
