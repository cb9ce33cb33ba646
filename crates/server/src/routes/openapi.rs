//! The contract for programs.

use axum::response::{IntoResponse, Response};

use crate::answer::JSON;
use crate::probe::Probe;
use crate::problem::Failure;

/// `GET /openapi.json`.
pub(crate) async fn document(probe: Probe) -> Result<Response, Failure> {
    probe.check(JSON)?;
    Ok(([("content-type", JSON)], ferry_api::openapi::document().to_string()).into_response())
}
