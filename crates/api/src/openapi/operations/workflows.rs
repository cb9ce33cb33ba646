//! Workflows.

use super::{Body, Operation};
use crate::routes;

pub(super) fn operation(path: &str, method: &str) -> Option<Operation> {
    Some(match (path, method) {
        (routes::WORKFLOWS, "post") => Operation::write(
            "submitWorkflow",
            "workflows",
            "Adds tasks to several queues that come after one another, all or none.",
            &["traceparent"],
            Some(Body::Needed("WorkflowRequest")),
            &[(201, Some("SubmittedWorkflow"))],
        ),
        (routes::WORKFLOW, "get") => Operation::read(
            "getWorkflow",
            "workflows",
            "Shows how far a workflow has come, and a page of its graph.",
            &["workflow", "limit", "page_token"],
            &[(200, Some("WorkflowDocument"))],
        ),
        (routes::WORKFLOW, "delete") => Operation::write(
            "cancelWorkflow",
            "workflows",
            "Calls off what is left of a workflow, and shows how far it had come.",
            &["workflow"],
            None,
            &[(200, Some("WorkflowStatus"))],
        ),
        _ => return None,
    })
}
