//! What a node tells Prometheus about its HTTP side and its queues; the replica adds its own.

mod histogram;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ferry_api::routes;
use ferry_core::QueueView;
use ferry_replica::Replica;

use crate::door::Door;
use crate::node::Node;
use crate::translate;
pub(crate) use histogram::Histogram;

/// The names, each with its unit and meaning.
pub(crate) mod metric {
    /// Requests answered, by route and status. Counter.
    pub(crate) const REQUESTS: &str = "ferry_http_requests_total";
    /// Requests under way. Gauge.
    pub(crate) const IN_FLIGHT: &str = "ferry_http_requests_in_flight";
    /// Seconds from a request's head to its answer, by route; waiting included. Histogram.
    pub(crate) const SECONDS: &str = "ferry_http_request_seconds";
    /// Open connections. Gauge.
    pub(crate) const CONNECTIONS: &str = "ferry_http_connections";
    /// Bytes that may still be written on the disk of the data directory. Gauge.
    pub(crate) const DISK_FREE: &str = "ferry_disk_free_bytes";
    /// Dequeues that wait for a task on this node. Gauge.
    pub(crate) const WAITERS: &str = "ferry_waiters";
    /// Registered workers. Gauge.
    pub(crate) const WORKERS: &str = "ferry_workers";
    /// Slots of registered workers, by whether a lease has them. Gauge.
    pub(crate) const SLOTS: &str = "ferry_worker_slots";
    /// Open streams of assignments at this node, which leads. Gauge.
    pub(crate) const STREAMS: &str = "ferry_assignment_streams";
    /// Assignments that this node proposed as the leader, by what became of them. Counter.
    pub(crate) const ASSIGNMENTS: &str = "ferry_assignments_total";
    /// Sessions of workers that this node ended as the leader. Counter.
    pub(crate) const SESSIONS_ENDED: &str = "ferry_worker_sessions_ended_total";
    /// Schedules, paused ones too. Gauge.
    pub(crate) const SCHEDULES: &str = "ferry_schedules";
    /// Firings that this node had done as the leader, by what became of them. Counter.
    pub(crate) const FIRINGS: &str = "ferry_schedule_firings_total";
    /// Seconds by which firings were done late that gave a task. Histogram.
    pub(crate) const FIRING_LAG: &str = "ferry_schedule_firing_lag_seconds";
    /// Seconds by which the next firing of all schedules is late, or 0. Gauge.
    pub(crate) const OVERDUE: &str = "ferry_schedule_overdue_seconds";
    /// Tasks, by queue and state. Gauge.
    pub(crate) const TASKS: &str = "ferry_queue_tasks";
    /// Payload bytes of unfinished tasks, by queue. Gauge.
    pub(crate) const BYTES: &str = "ferry_queue_bytes";
    /// Whether a queue is paused, 1 or 0, by queue. Gauge.
    pub(crate) const PAUSED: &str = "ferry_queue_paused";
    /// Workers with which at most one task in twenty waits for longer than 30 seconds, by queue. Gauge.
    pub(crate) const WORKERS_NEEDED: &str = "ferry_queue_workers_needed";
    /// Queues that those above leave out, because there are too many. Gauge.
    pub(crate) const QUEUES_LEFT_OUT: &str = "ferry_queues_left_out";
    /// Answers kept under idempotency keys, by whose keys they are. Gauge.
    pub(crate) const KEPT_ANSWERS: &str = "ferry_idempotency_answers";
    /// Such answers that this node forgot before their time, because there were too many. Counter.
    pub(crate) const EVICTED_ANSWERS: &str = "ferry_idempotency_answers_evicted_total";
}

/// Queues that get labels of their own, in the order of their names.
const QUEUES_SHOWN_MAX: usize = 200;

/// What the HTTP side counts.
pub(crate) struct HttpMetrics {
    /// Requests under way.
    pub(crate) in_flight: AtomicU64,
    /// Open connections.
    pub(crate) connections: AtomicU64,
    routes: [RouteMetrics; routes::ALL.len() + 1],
}

/// What is counted of one route.
#[derive(Default)]
struct RouteMetrics {
    /// By status. Few: the lock is held for one increment.
    statuses: Mutex<BTreeMap<u16, u64>>,
    seconds: Histogram,
}

impl Default for HttpMetrics {
    fn default() -> Self {
        Self {
            in_flight: AtomicU64::default(),
            connections: AtomicU64::default(),
            routes: std::array::from_fn(|_| RouteMetrics::default()),
        }
    }
}

impl HttpMetrics {
    /// Counts a request that was answered.
    pub(crate) fn answered(&self, path: &str, status: u16, took: Duration) {
        let route = routes::ALL.iter().position(|(template, _)| fits(template, path));
        let route = &self.routes[route.unwrap_or(routes::ALL.len())];
        let mut statuses = route.statuses.lock().unwrap_or_else(PoisonError::into_inner);
        *statuses.entry(status).or_default() += 1;
        drop(statuses);
        route.seconds.note(took);
    }

    fn write(&self, out: &mut String) {
        head(out, metric::REQUESTS, "counter", "Requests answered.");
        for (name, route) in self.by_name() {
            let statuses = route.statuses.lock().unwrap_or_else(PoisonError::into_inner);
            for (status, count) in statuses.iter() {
                let labels = format!("route=\"{name}\",status=\"{status}\"");
                line(out, metric::REQUESTS, &labels, *count);
            }
        }
        let help = "Seconds from a request's head to its answer, waiting included.";
        head(out, metric::SECONDS, "histogram", help);
        for (name, route) in self.by_name() {
            route.seconds.write(out, metric::SECONDS, &format!("route=\"{name}\""));
        }
        head(out, metric::IN_FLIGHT, "gauge", "Requests under way.");
        line(out, metric::IN_FLIGHT, "", self.in_flight.load(Ordering::Relaxed));
        head(out, metric::CONNECTIONS, "gauge", "Open HTTP connections.");
        line(out, metric::CONNECTIONS, "", self.connections.load(Ordering::Relaxed));
    }

    fn by_name(&self) -> impl Iterator<Item = (&'static str, &RouteMetrics)> {
        let names = routes::ALL.iter().map(|(template, _)| *template).chain(["other"]);
        names.zip(&self.routes)
    }
}

/// Everything, in the text format of Prometheus.
pub(crate) fn text(door: &Door) -> String {
    let mut out = String::new();
    door.metrics.write(&mut out);
    let Some(node) = door.try_node() else { return out };
    if let Some(free) = node.disk_room.free_bytes() {
        head(&mut out, metric::DISK_FREE, "gauge", "Free bytes of the data directory's disk.");
        line(&mut out, metric::DISK_FREE, "", free);
    }
    head(&mut out, metric::WAITERS, "gauge", "Dequeues that wait for a task on this node.");
    line(&mut out, metric::WAITERS, "", node.waiters.len());
    write_workers(&mut out, node);
    write_schedules(&mut out, node);
    let (queues, kept, evicted) = node.replica.view(|_, machine| {
        let queues = machine.queues(None, ferry_types::limits::QUEUES_MAX);
        (queues, machine.kept_answers(), machine.evicted_answers())
    });
    write_queues(&mut out, &queues);
    write_forecasts(&mut out, &queues, &node.replica);
    head(&mut out, metric::KEPT_ANSWERS, "gauge", "Answers kept under idempotency keys.");
    line(&mut out, metric::KEPT_ANSWERS, "keys=\"callers\"", kept.0);
    line(&mut out, metric::KEPT_ANSWERS, "keys=\"forwarders\"", kept.1);
    head(&mut out, metric::EVICTED_ANSWERS, "counter", "Answers forgotten before their time.");
    line(&mut out, metric::EVICTED_ANSWERS, "", evicted);
    out.push_str(&node.replica.metrics());
    out
}

fn write_workers(out: &mut String, node: &Node) {
    let (workers, slots, used) = node.replica.view(|_, machine| {
        machine.workers(None).fold((0, 0, 0), |(workers, slots, used), worker| {
            (workers + 1, slots + u64::from(worker.settings.slots), used + worker.held.len() as u64)
        })
    });
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    head(out, metric::WORKERS, "gauge", "Registered workers.");
    line(out, metric::WORKERS, "", workers);
    head(out, metric::SLOTS, "gauge", "Slots of registered workers.");
    line(out, metric::SLOTS, "state=\"used\"", used);
    line(out, metric::SLOTS, "state=\"free\"", slots.saturating_sub(used));
    head(out, metric::STREAMS, "gauge", "Open streams of assignments at this node.");
    line(out, metric::STREAMS, "", node.workers.streams.len());
    head(out, metric::ASSIGNMENTS, "counter", "Assignments that this node proposed.");
    line(out, metric::ASSIGNMENTS, "outcome=\"leased\"", count(&node.workers.assigned));
    line(out, metric::ASSIGNMENTS, "outcome=\"refused\"", count(&node.workers.refused));
    head(out, metric::SESSIONS_ENDED, "counter", "Sessions of workers that this node ended.");
    line(out, metric::SESSIONS_ENDED, "", count(&node.workers.ended));
}

fn write_schedules(out: &mut String, node: &Node) {
    let now = node.replica.now();
    let (schedules, overdue) = node.replica.view(|_, machine| {
        let late = |at| now.saturating_since(at);
        (machine.schedule_count(), machine.next_firing().map(late).unwrap_or_default())
    });
    head(out, metric::SCHEDULES, "gauge", "Schedules, paused ones too.");
    line(out, metric::SCHEDULES, "", schedules);
    head(out, metric::FIRINGS, "counter", "Firings that this node had done.");
    for (outcome, count) in node.firings.by_outcome() {
        line(out, metric::FIRINGS, &format!("outcome=\"{outcome}\""), count);
    }
    let help = "Seconds by which firings were done late that gave a task.";
    head(out, metric::FIRING_LAG, "histogram", help);
    node.firings.lag.write(out, metric::FIRING_LAG, "");
    let help = "Seconds by which the next firing of all schedules is late.";
    head(out, metric::OVERDUE, "gauge", help);
    line(out, metric::OVERDUE, "", overdue.as_secs_f64());
}

fn write_queues(out: &mut String, queues: &[QueueView]) {
    let shown = &queues[..queues.len().min(QUEUES_SHOWN_MAX)];
    head(out, metric::TASKS, "gauge", "Tasks, as this node has applied them.");
    for queue in shown {
        let counts = translate::counts(&queue.counts);
        for (state, count) in [
            ("scheduled", counts.scheduled),
            ("blocked", counts.blocked),
            ("ready", counts.ready),
            ("leased", counts.leased),
            ("retrying", counts.retrying),
            ("succeeded", counts.succeeded),
            ("dead", counts.dead),
            ("cancelled", counts.cancelled),
            ("expired", counts.expired),
        ] {
            let labels = format!("queue=\"{}\",state=\"{state}\"", queue.name);
            line(out, metric::TASKS, &labels, count);
        }
    }
    head(out, metric::BYTES, "gauge", "Payload bytes of unfinished tasks.");
    for queue in shown {
        line(out, metric::BYTES, &format!("queue=\"{}\"", queue.name), queue.bytes);
    }
    head(out, metric::PAUSED, "gauge", "1 while the queue gives no tasks.");
    for queue in shown {
        let labels = format!("queue=\"{}\"", queue.name);
        line(out, metric::PAUSED, &labels, u8::from(queue.paused));
    }
    head(out, metric::QUEUES_LEFT_OUT, "gauge", "Queues that are not shown: there are too many.");
    line(out, metric::QUEUES_LEFT_OUT, "", queues.len() - shown.len());
}

fn write_forecasts(out: &mut String, queues: &[QueueView], replica: &Replica) {
    let help = "Workers with which at most one task in twenty waits for longer than 30 seconds.";
    head(out, metric::WORKERS_NEEDED, "gauge", help);
    for queue in queues.iter().take(QUEUES_SHOWN_MAX) {
        // Queue by queue, so that nothing is held up for long.
        let now = replica.now();
        let traffic = replica.view(|_, machine| machine.traffic(queue.name.as_str(), now));
        let needed = traffic.and_then(|traffic| translate::workers_needed(queue, &traffic, now));
        if let Some(needed) = needed {
            line(out, metric::WORKERS_NEEDED, &format!("queue=\"{}\"", queue.name), needed);
        }
    }
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn line(out: &mut String, name: &str, labels: &str, value: impl std::fmt::Display) {
    let _ = match labels {
        "" => writeln!(out, "{name} {value}"),
        labels => writeln!(out, "{name}{{{labels}}} {value}"),
    };
}

/// Whether a path is of this template's form.
fn fits(template: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    template.split('/').all(|part| match segments.next() {
        Some(segment) => part.starts_with('{') || part == segment,
        None => false,
    }) && segments.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_counts_for_its_route() {
        let metrics = HttpMetrics::default();
        metrics.answered("/v1/queues/mail/tasks", 201, Duration::from_millis(2));
        metrics.answered("/v1/queues/mail/tasks", 201, Duration::from_millis(30));
        metrics.answered("/v1/leases/settle", 200, Duration::ZERO);
        metrics.answered("/nowhere", 404, Duration::from_secs(61));
        let mut text = String::new();
        metrics.write(&mut text);
        let tasks = "route=\"/v1/queues/{queue}/tasks\"";
        for expected in [
            format!("ferry_http_requests_total{{{tasks},status=\"201\"}} 2\n"),
            format!("ferry_http_request_seconds_bucket{{{tasks},le=\"0.002\"}} 1\n"),
            format!("ferry_http_request_seconds_bucket{{{tasks},le=\"+Inf\"}} 2\n"),
            "ferry_http_requests_total{route=\"/v1/leases/settle\",status=\"200\"} 1\n".into(),
            "ferry_http_requests_total{route=\"other\",status=\"404\"} 1\n".into(),
        ] {
            assert!(text.contains(&expected), "{expected} is not in\n{text}");
        }
    }
}
