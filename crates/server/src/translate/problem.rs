use ferry_api::{Code, Problem};
use ferry_core::rejection::{
    AlreadyExists, DependencyCycle, LeaseLost, LimitLimit, QueueFull, QueueNotEmpty, QueueNotFound,
    ScheduleLimit, TaskNotFound, TooManyKeys, WorkerLimit, WrongState,
};

use super::*;

/// What the caller is told of a refusal, and what to do about it.
pub(crate) fn problem(rejection: &Rejection) -> Problem {
    let with = |code, advice: &str| Problem::new(code, format!("{rejection}; {advice}"));
    match rejection {
        Rejection::QueueNotFound(QueueNotFound { queue }) => {
            let problem = with(Code::QueueNotFound, "create it or correct its name");
            Problem { queue: queue.parse().ok(), ..problem }
        }
        Rejection::QueueFull(QueueFull { queue, limit, .. }) => {
            let problem = with(Code::QueueFull, "enqueue later, or raise the bound");
            let retry_after_ms = Some(1_000);
            Problem { queue: queue.parse().ok(), limit: Some(*limit), retry_after_ms, ..problem }
        }
        Rejection::QueueNotEmpty(QueueNotEmpty { queue, counts: tasks }) => {
            let problem = with(Code::NotEmpty, "drain it first, or delete it with force=true");
            Problem { queue: queue.parse().ok(), counts: Some(counts(tasks)), ..problem }
        }
        Rejection::LeaseLost(LeaseLost { task, state, attempt, .. }) => {
            let problem = with(Code::LeaseLost, "drop the work, it may be someone else's by now");
            Problem {
                task: Some(TaskId::new(*task)),
                state: Some(state_of(*state)),
                attempt: Some(*attempt),
                ..problem
            }
        }
        Rejection::LeaseNotFound(_) => {
            with(Code::LeaseNotFound, "its task is no longer kept, or the id is wrong")
        }
        Rejection::IdempotencyMismatch(_) => {
            with(Code::IdempotencyMismatch, "use a new key for a new request")
        }
        Rejection::AlreadyExists(AlreadyExists { task, item, sibling, .. }) => {
            let field = item.map(|item| format!("tasks[{item}].unique"));
            match sibling {
                Some(_) => {
                    let problem = with(Code::AlreadyExists, "leave one out, or give it another");
                    Problem { field, ..problem }
                }
                None => {
                    let advice = "leave it to that task, or take another key";
                    let problem = with(Code::AlreadyExists, advice);
                    Problem { field, task: Some(TaskId::new(*task)), ..problem }
                }
            }
        }
        Rejection::OperationRefused(refused) => {
            let place = refused.operation;
            let Some(reason) = refused.reason() else {
                return with(Code::InvalidArgument, "say what the operation does");
            };
            let problem = problem(reason);
            let detail = format!("operations[{place}]: {}; nothing was done", problem.detail);
            Problem { detail, operation: Some(place), ..problem }
        }
        Rejection::QueueLimit(limit) => {
            let problem = with(Code::QuotaExceeded, "delete a queue first");
            Problem { limit: Some(limit.limit), retry_after_ms: Some(1_000), ..problem }
        }
        Rejection::LimitNotFound(_) => {
            with(Code::LimitNotFound, "put it first or correct its name")
        }
        Rejection::WorkflowNotFound(_) => {
            with(Code::WorkflowNotFound, "none of its tasks is kept any longer, or the id is wrong")
        }
        Rejection::DependencyCycle(DependencyCycle { path, .. }) => {
            let problem = with(Code::DependencyCycle, "take out one of these dependencies");
            Problem { path: path.clone(), ..problem }
        }
        Rejection::ScheduleNotFound(_) => {
            with(Code::ScheduleNotFound, "put it first or correct its name")
        }
        Rejection::ScheduleLimit(ScheduleLimit { limit }) => {
            let problem = with(Code::QuotaExceeded, "delete a schedule first");
            Problem { limit: Some(*limit), retry_after_ms: Some(1_000), ..problem }
        }
        // Only leaders have schedules fire, and nobody is told.
        Rejection::NotToFire(_) => with(Code::WrongState, "look at its next firing"),
        Rejection::WorkerNotFound(_) => {
            with(Code::WorkerNotFound, "register it first or correct its name")
        }
        Rejection::WorkerLimit(WorkerLimit { limit }) => {
            let problem = with(Code::QuotaExceeded, "delete a worker first");
            Problem { limit: Some(*limit), retry_after_ms: Some(1_000), ..problem }
        }
        Rejection::TooManyKeys(TooManyKeys { limit, .. }) => {
            let problem = with(
                Code::PreconditionFailed,
                "change fair or key_concurrency while fewer have, or use another queue",
            );
            Problem { limit: Some(*limit), ..problem }
        }
        Rejection::LimitLimit(LimitLimit { limit }) => {
            let problem = with(Code::QuotaExceeded, "delete a limit first");
            Problem { limit: Some(*limit), retry_after_ms: Some(1_000), ..problem }
        }
        Rejection::TaskNotFound(TaskNotFound { task, item }) => {
            let problem = with(Code::TaskNotFound, "it is no longer kept, or the id is wrong");
            let field = item.map(|item| format!("tasks[{item}].depends_on"));
            Problem { field, task: Some(TaskId::new(*task)), ..problem }
        }
        Rejection::WrongState(WrongState { task, state }) => {
            let problem = with(Code::WrongState, "its state does not allow it");
            let state = Some(state_of(*state));
            Problem { task: Some(TaskId::new(*task)), state, ..problem }
        }
    }
}

#[cfg(test)]
mod tests {
    use ferry_core::rejection::{OperationRefused, QueueLimit};
    use ferry_core::reply::Refused;

    use super::*;

    #[test]
    fn a_table_of_the_cluster_that_is_full_is_a_quota() {
        for (rejection, limit) in [
            (Rejection::QueueLimit(QueueLimit { limit: 7 }), 7),
            (Rejection::LimitLimit(LimitLimit { limit: 8 }), 8),
        ] {
            let problem = problem(&rejection);
            assert_eq!((problem.code, problem.limit), (Code::QuotaExceeded, Some(limit)));
        }
    }

    #[test]
    fn a_refused_operation_says_once_that_nothing_was_done() {
        let wrong = WrongState { task: 7, state: StateName::Dead.into() };
        let refused = Refused { rejection: Some(Rejection::WrongState(wrong)) };
        let refused = OperationRefused { operation: 2, refused: Some(Box::new(refused)) };
        let problem = problem(&Rejection::OperationRefused(refused));
        assert_eq!((problem.code, problem.operation), (Code::WrongState, Some(2)));
        let expected = "operations[2]: the task t7 is dead; its state does not allow it; \
                        nothing was done";
        assert_eq!(problem.detail, expected);
    }
}
