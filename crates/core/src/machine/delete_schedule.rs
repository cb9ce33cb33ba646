use super::applying::Applying;
use crate::Rejection;
use crate::command::DeleteSchedule;
use crate::rejection::ScheduleNotFound;
use crate::reply::ScheduleDeleted;

impl Applying<'_> {
    /// Removes a schedule. What it has enqueued stays.
    pub(crate) fn delete_schedule(
        &mut self,
        command: DeleteSchedule,
    ) -> Result<ScheduleDeleted, Rejection> {
        let DeleteSchedule { schedule: name } = command;
        if self.machine.schedules.remove(&name).is_none() {
            return Err(Rejection::ScheduleNotFound(ScheduleNotFound { schedule: name }));
        }
        self.dirty.schedules.insert(name.into());
        Ok(ScheduleDeleted {})
    }
}
