use std::collections::BTreeMap;

use crate::{Amounts, Policy};

/// A task that may be leased at once.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its queue.
    pub queue: String,
    /// How its queue chooses.
    pub policy: Policy,
    /// What it takes of a worker besides a slot.
    pub resources: Amounts,
    /// The labels that a worker must have.
    pub selector: BTreeMap<String, String>,
    /// The producer's word for its kind, by which its time is told in advance.
    pub kind: Option<String>,
}
