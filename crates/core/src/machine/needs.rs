use std::collections::BTreeMap;
use std::sync::Arc;

/// What a task needs of its worker.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Needs {
    /// How much it takes of each resource.
    pub(crate) resources: BTreeMap<String, u64>,
    /// The labels that the worker must have.
    pub(crate) selector: BTreeMap<String, String>,
}

impl Needs {
    /// The needs, to be shared, or nothing if any worker will do.
    pub(crate) fn shared(
        resources: BTreeMap<String, u64>,
        selector: BTreeMap<String, String>,
    ) -> Option<Arc<Self>> {
        let some = !(resources.is_empty() && selector.is_empty());
        some.then(|| Arc::new(Self { resources, selector }))
    }
}
