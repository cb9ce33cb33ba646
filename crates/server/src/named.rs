//! A name or an id in the path, parsed at the door.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Path};
use ferry_types::{
    Invalid, LeaseId, LimitName, NodeId, QueueName, ScheduleName, TaskId, WorkerName, WorkflowId,
};
use hyper::http::request::Parts;

use crate::problem::Failure;

/// The one parameter of a path.
pub(crate) struct Named<T>(pub(crate) T);

/// What may stand in a path.
pub(crate) trait PathName: Sized {
    /// The parameter's name in answers.
    const FIELD: &'static str;

    /// Parses it.
    fn parse(text: &str) -> Result<Self, Invalid>;
}

macro_rules! path_name {
    ($type:ty, $field:literal) => {
        impl PathName for $type {
            const FIELD: &'static str = $field;

            fn parse(text: &str) -> Result<Self, Invalid> {
                Self::from_str(text)
            }
        }
    };
}

path_name!(QueueName, "queue");
path_name!(TaskId, "task");
path_name!(LeaseId, "lease");
path_name!(LimitName, "limit");
path_name!(WorkflowId, "workflow");
path_name!(WorkerName, "worker");
path_name!(ScheduleName, "schedule");

impl PathName for NodeId {
    const FIELD: &'static str = "id";

    fn parse(text: &str) -> Result<Self, Invalid> {
        let number = text.parse::<u64>().ok().filter(|&number| number > 0);
        let invalid = Invalid { what: "a node id", grammar: "a number from 1" };
        number.map(Self::new).ok_or(invalid)
    }
}

impl<T: PathName, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| Failure::invalid(T::FIELD, "must be percent-encoded UTF-8"))?;
        T::parse(&text).map(Self).map_err(|invalid| Failure::invalid_name(T::FIELD, &invalid))
    }
}
