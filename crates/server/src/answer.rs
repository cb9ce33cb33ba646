//! Good answers and their headers.

use axum::response::{IntoResponse, Response};
use ferry_api::headers;
use ferry_types::LogIndex;
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use serde::Serialize;

/// What good answers are made of.
pub(crate) const JSON: &str = "application/json";
/// The log index that an answer reflects.
pub(crate) const INDEX: HeaderName = HeaderName::from_static(headers::FERRY_INDEX);
/// The node that served the request.
pub(crate) const NODE: HeaderName = HeaderName::from_static(headers::FERRY_NODE);
/// Whether the answer is a repeated one.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static(headers::FERRY_REPLAYED);
/// How old a stale answer may be.
pub(crate) const STALE_MS: HeaderName = HeaderName::from_static(headers::FERRY_STALE_MS);

/// A JSON answer that reflects the state at `index`.
pub(crate) fn json<T: Serialize>(status: StatusCode, index: LogIndex, body: &T) -> Response {
    let body = serde_json::to_vec(body).expect("an answer has a JSON form");
    let json = HeaderValue::from_static(JSON);
    (status, [(CONTENT_TYPE, json), (INDEX, index.get().into())], body).into_response()
}

/// An answer without a body.
pub(crate) fn no_content(index: LogIndex) -> Response {
    (StatusCode::NO_CONTENT, [(INDEX, HeaderValue::from(index.get()))]).into_response()
}

/// The same answer, marked if it is a repeated one.
pub(crate) fn replayed(mut response: Response, replayed: bool) -> Response {
    if replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}
