use reqwest::header::HeaderMap;
use serde_json::Value;

/// An HTTP answer as it came, the body read as JSON if it is JSON.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub text: String,
    /// The body, or null if it is not JSON.
    pub body: Value,
}

impl Answer {
    pub(crate) fn new(status: u16, headers: HeaderMap, text: String) -> Self {
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self { status, headers, text, body }
    }

    /// The body of an answer that must have this status.
    ///
    /// # Panics
    /// If it has another.
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "the answer was {}", self.text);
        self.body
    }

    /// Checks that this is a problem document with this status and code, whose detail says
    /// something.
    ///
    /// # Panics
    /// If it is not.
    pub fn expect_problem(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.code()), (status, code), "the answer was {}", self.text);
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(self.body["status"], status, "the answer was {}", self.text);
        for field in ["type", "title", "detail"] {
            let text = self.body[field].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{field} is missing in {}", self.text);
        }
        self.body
    }

    /// The code of a problem document, or nothing.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// A header that is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The log index that the answer reflects.
    ///
    /// # Panics
    /// If the answer does not say.
    pub fn index(&self) -> u64 {
        let text = self.header("ferry-index").expect("every answer bears Ferry-Index");
        text.parse().expect("Ferry-Index is a number")
    }

    /// The node that served the request in the end.
    ///
    /// # Panics
    /// If the answer does not say.
    pub fn node(&self) -> u64 {
        let text = self.header("ferry-node").expect("every answer bears Ferry-Node");
        text.parse().expect("Ferry-Node is a number")
    }
}
