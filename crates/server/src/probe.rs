//! A request to a route of the process alone: served from its first moment on, without a node
//! behind it, and without anything that a request could choose.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use hyper::http::request::Parts;
use hyper::{HeaderMap, Uri};

use crate::accept;
use crate::problem::Failure;
use crate::query::Query;

/// The request.
pub(crate) struct Probe {
    uri: Uri,
    headers: HeaderMap,
}

impl Probe {
    /// Refuses what the route does not have: parameters, and answers but of this type.
    pub(crate) fn check(&self, media_type: &str) -> Result<(), Failure> {
        Query::parse(self.uri.query().unwrap_or(""))?.allow_none()?;
        accept::check(&self.headers, &[media_type])
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Probe {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self { uri: parts.uri.clone(), headers: parts.headers.clone() })
    }
}
