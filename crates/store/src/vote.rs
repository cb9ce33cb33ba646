use ferry_types::NodeId;

/// Whom this node follows in which term.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vote {
    /// The term.
    pub term: u64,
    /// The candidate or leader.
    pub node: NodeId,
    /// Whether a majority has voted for it, so that it leads.
    pub committed: bool,
}
