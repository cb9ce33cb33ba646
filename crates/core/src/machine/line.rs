use super::rank::By;

/// Tasks that the same limits bind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Class {
    pub(crate) task_type: Option<Box<str>>,
    /// Their key, if a limit names it.
    pub(crate) limited_key: Option<Box<str>>,
}

/// Which line of a queue: the tasks of a class that may be taken, or that wait for a lock alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LineName {
    pub(crate) by: By,
    pub(crate) class: Class,
}
