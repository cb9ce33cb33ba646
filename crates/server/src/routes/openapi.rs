//! The contract for programs.

use axum::response::{IntoResponse, Response};

/// `GET /openapi.json`.
pub(crate) async fn document() -> Response {
    ([("content-type", "application/json")], ferry_api::openapi::document().to_string())
        .into_response()
}
