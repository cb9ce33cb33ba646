//! Tasks as answers show them: with their payloads and results, which are on the disk.

use bytes::Bytes;
use ferry_api::TaskDocument;
use ferry_core::{StateName, TaskView};
use ferry_types::{LogIndex, TaskId, limits};

use crate::call::Call;
use crate::problem::Failure;
use crate::translate;

/// A task as it stood at `index`.
pub(crate) async fn document(
    call: &Call,
    index: LogIndex,
    view: TaskView,
) -> Result<TaskDocument, Failure> {
    let document = documents(call, index, vec![view]).await?.pop();
    Ok(document.expect("a page shows its first task"))
}

/// The tasks as they stood at `index` with their payloads and results, as many as fit into a body,
/// and one at least.
pub(crate) async fn documents(
    call: &Call,
    index: LogIndex,
    views: Vec<TaskView>,
) -> Result<Vec<TaskDocument>, Failure> {
    let reader = call.node.replica.clone();
    // What the machine shows may be a moment ahead of the disk.
    reader.applied(index, call.patience).await?;
    // The disk is read where that holds nobody up. If it fails, the node stops anyway.
    let read = move || {
        let ids: Vec<TaskId> =
            views[..fitting(&views)].iter().map(|view| TaskId::new(view.row.id)).collect();
        let payloads = reader.payloads(&ids).ok()?;
        let mut documents = Vec::with_capacity(ids.len());
        let mut bytes = 0;
        for ((view, id), payload) in views.into_iter().zip(ids).zip(payloads) {
            let is_done = view.row.state == StateName::Succeeded as i32;
            let result = if is_done { reader.result(id).ok()? } else { None };
            bytes += payload.as_ref().map_or(0, Bytes::len) + result.as_ref().map_or(0, Bytes::len);
            if bytes > limits::BODY_BYTES_MAX && !documents.is_empty() {
                break;
            }
            documents.push(translate::document(view, payload, result));
        }
        Some(documents)
    };
    let documents = tokio::task::spawn_blocking(read).await;
    documents.ok().flatten().ok_or_else(Failure::shutting_down)
}

/// How many of the tasks fit into a body by their payloads; one always does.
fn fitting(views: &[TaskView]) -> usize {
    let mut bytes = 0;
    let too_many = views.iter().position(|view| {
        bytes += view.row.payload_bytes;
        bytes > limits::BODY_BYTES_MAX as u64
    });
    too_many.map_or(views.len(), |fitting| fitting.max(1))
}
