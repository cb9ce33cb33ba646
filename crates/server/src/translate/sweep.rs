use super::*;

/// The machine's word for which tasks are purged.
pub(crate) fn purged_state(state: api::PurgedState) -> command::PurgedState {
    match state {
        api::PurgedState::Ready => command::PurgedState::Ready,
        api::PurgedState::Dead => command::PurgedState::Dead,
        api::PurgedState::All => command::PurgedState::All,
    }
}

/// Which dead tasks are meant, for the machine.
pub(crate) fn dead_filter(filter: api::DeadFilter) -> command::DeadFilter {
    let api::DeadFilter { task_type, key, labels, error } = filter;
    command::DeadFilter { task_type, key, labels, error }
}
