use ferry_types::limits::LIMITS_MAX;

use super::applying::Applying;
use super::bucket::Bucket;
use super::limits::Limit;
use crate::Rejection;
use crate::command::{LimitScope, PutLimit};
use crate::rejection::LimitLimit;
use crate::reply::LimitPut;

impl Applying<'_> {
    /// Creates a limit or replaces what it says. The leases that stand count at once, and what was
    /// drawn from its bucket stays drawn.
    pub(crate) fn put_limit(&mut self, command: PutLimit) -> Result<LimitPut, Rejection> {
        let PutLimit { limit: name, settings } = command;
        let now = self.machine.now();
        let queues = &mut self.machine.queues;
        let old = queues.limits.get(&name);
        let created = old.is_none();
        if created && queues.limits.len() >= LIMITS_MAX {
            return Err(Rejection::LimitLimit(LimitLimit { limit: LIMITS_MAX as u64 }));
        }
        let (mut bucket, mut scopes) = (Bucket::default(), vec![settings.scope.clone()]);
        if let Some(old) = old {
            bucket = old.bucket;
            bucket.change_rate(old.settings.rate.as_ref(), settings.rate.as_ref(), now);
            scopes.push(old.settings.scope.clone());
        }
        let table = self.machine.tasks.table();
        let held = queues.held_within(&settings.scope, table);
        let keys = scopes.iter().filter_map(|scope| scope.key.clone()).collect();
        queues.change_limits(&keys, table, |limits| {
            limits.insert(&name, Limit { settings, bucket, held });
        });
        scopes.iter().for_each(|scope| self.stir_scope(scope));
        self.dirty.limits.insert(name.into());
        Ok(LimitPut { created, leased: held })
    }

    /// Notes that all tasks that a limit of this scope may bind may be let through. One that names a
    /// key has set its tasks apart from others in every queue.
    pub(crate) fn stir_scope(&mut self, scope: &LimitScope) {
        let queue = scope.queue.clone().filter(|_| scope.key.is_none());
        let scope = LimitScope { queue, ..scope.clone() };
        let numbers: Vec<u32> = self.machine.queues.bound_by(&scope).collect();
        numbers.into_iter().for_each(|number| self.stir_all(number));
    }
}
