//! What consensus and disk tell Prometheus. Names are fixed: dashboards are built on them.

use std::fmt::Write;

use ferry_types::GroupId;

/// A gauge or counter with its meaning.
pub(crate) struct Metric {
    pub(crate) name: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) meaning: &'static str,
    pub(crate) value: u64,
}

/// The Raft term.
pub(crate) const TERM: &str = "ferry_raft_term";
/// Whether this node leads.
pub(crate) const IS_LEADER: &str = "ferry_raft_is_leader";
/// The last entry of the log.
pub(crate) const LAST_LOG_INDEX: &str = "ferry_raft_last_log_index";
/// The last entry that is applied.
pub(crate) const APPLIED_INDEX: &str = "ferry_raft_applied_index";
/// The last entry of the last snapshot.
pub(crate) const SNAPSHOT_INDEX: &str = "ferry_raft_snapshot_index";
/// The last entry that is purged from the log.
pub(crate) const PURGED_INDEX: &str = "ferry_raft_purged_index";
/// Bytes of the log on disk.
pub(crate) const LOG_BYTES: &str = "ferry_log_bytes";

/// The text exposition format.
pub(crate) fn render(group: GroupId, metrics: &[Metric]) -> String {
    let mut out = String::new();
    for Metric { name, kind, meaning, value } in metrics {
        let written = writeln!(
            out,
            "# HELP {name} {meaning}\n# TYPE {name} {kind}\n{name}{{group=\"{group}\"}} {value}"
        );
        written.expect("a string takes all");
    }
    out
}
