//! Metrics for Prometheus.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};

use crate::door::Door;
use crate::metrics;
use crate::probe::Probe;
use crate::problem::Failure;

/// `GET /metrics`: of this node, from its first moment on.
pub(crate) async fn text(State(door): State<Arc<Door>>, probe: Probe) -> Result<Response, Failure> {
    probe.check("text/plain")?;
    Ok(([("content-type", "text/plain; version=0.0.4")], metrics::text(&door)).into_response())
}
