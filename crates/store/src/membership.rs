use std::collections::{BTreeMap, BTreeSet};

use ferry_types::{NodeAddress, NodeId};

/// Who belongs to a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Membership {
    /// The voters; two sets while the membership changes, each of which must agree.
    pub configs: Vec<BTreeSet<NodeId>>,
    /// All members, voters or not, and where they are reached.
    pub nodes: BTreeMap<NodeId, NodeAddress>,
}
