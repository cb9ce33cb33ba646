use super::{NewTask, Sweep};

/// Adds tasks to several queues that come after one another, all or none.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SubmitWorkflow {
    /// 1 to 20,000 tasks, which get rising ids in this order.
    #[prost(message, repeated, tag = "1")]
    pub tasks: Vec<WorkflowTask>,
    /// Whether unknown queues are created with the default settings, or refused.
    #[prost(bool, tag = "2")]
    pub create_queues: bool,
}

/// A task of a workflow.
#[derive(Clone, PartialEq, prost::Message)]
pub struct WorkflowTask {
    /// Its name in the workflow, which no other of its tasks has.
    #[prost(string, tag = "1")]
    pub task_ref: String,
    /// Its queue's name.
    #[prost(string, tag = "2")]
    pub queue: String,
    /// All else. What it depends on here was there before the workflow.
    #[prost(message, required, tag = "3")]
    pub task: NewTask,
    /// The places in the workflow, from 0, of the tasks that it comes after. A place beyond the
    /// last means nothing.
    #[prost(uint32, repeated, tag = "4")]
    pub after: Vec<u32>,
}

/// Calls off what is left of a workflow, some tasks at a time.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct CancelWorkflow {
    /// The number of its first task.
    #[prost(uint64, tag = "1")]
    pub workflow: u64,
    /// Where to go on; at the beginning without it.
    #[prost(message, optional, tag = "2")]
    pub from: Option<Sweep>,
}
