use super::applying::Applying;
use crate::Rejection;
use crate::command::DeleteLimit;
use crate::rejection::LimitNotFound;
use crate::reply::LimitDeleted;

impl Applying<'_> {
    /// Removes a limit. Who waits for what it held back is woken.
    pub(crate) fn delete_limit(
        &mut self,
        command: &DeleteLimit,
    ) -> Result<LimitDeleted, Rejection> {
        let DeleteLimit { limit: name } = command;
        let queues = &mut self.machine.queues;
        let Some(limit) = queues.limits.get(name) else {
            return Err(Rejection::LimitNotFound(LimitNotFound { limit: name.clone() }));
        };
        let scope = limit.settings.scope.clone();
        let keys = scope.key.iter().cloned().collect();
        queues.change_limits(&keys, self.machine.tasks.table(), |limits| {
            limits.remove(name);
        });
        self.stir_scope(&scope);
        self.dirty.limits.insert(name.as_str().into());
        Ok(LimitDeleted {})
    }
}
