use std::sync::Arc;

use super::needs::Needs;
use super::rank::By;

/// Tasks that the same limits bind, and that need the same of their worker.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Class {
    pub(crate) task_type: Option<Box<str>>,
    /// Their key, if a limit names it.
    pub(crate) limited_key: Option<Box<str>>,
    pub(crate) needs: Option<Arc<Needs>>,
}

/// Which line of a queue: the tasks of a class that may be taken, or that wait for a lock alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LineName {
    pub(crate) by: By,
    pub(crate) class: Class,
}
