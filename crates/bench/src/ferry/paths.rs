/// A route with the queue's name in it.
pub(super) fn queue_path(route: &str, queue: &str) -> String {
    route.replace("{queue}", queue)
}

/// A route with the worker's name in it.
pub(super) fn worker_path(route: &str, worker: &str) -> String {
    route.replace("{worker}", worker)
}
