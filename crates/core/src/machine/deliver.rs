//! What a delivery uses up beside the task: tokens of rates, and the turn of its key.

use ferry_types::TaskId;

use super::applying::Applying;

impl Applying<'_> {
    /// Counts a delivery on every rate that binds the task, and sends its key to the back.
    pub(crate) fn count_delivery(&mut self, id: TaskId) {
        let now = self.machine.now();
        let task = self.machine.tasks.get(id).expect("the caller has seen the task");
        let number = task.queue;
        let (limits, queue) = self.machine.queues.limits_and(number);
        if queue.bucket.draw(queue.settings.rate.as_ref(), now) {
            self.dirty.queues.insert(number);
        }
        if !limits.is_empty() {
            limits.each_binding(queue.name.as_str(), task, |name, limit| {
                if limit.bucket.draw(limit.settings.rate.as_ref(), now) {
                    self.dirty.limits.insert(name.into());
                }
            });
        }
        if queue.settings.fair {
            let turn = self.machine.counters.take_turn();
            match task.key() {
                // Its lane puts up the next task, under the new turn, when this one is leased.
                Some(key) => {
                    let lane = queue.choice.lanes.get_mut(key);
                    lane.expect("a ready task has its lane").turn = Some(turn);
                    self.dirty.lanes.insert((number, key.into()));
                }
                None => {
                    queue.keyless_turn = Some(turn);
                    self.dirty.queues.insert(number);
                }
            }
        }
    }

    /// Gives the lane of a key, which has none, a turn behind all others. A lane that is gone has
    /// lost its turn.
    pub(crate) fn follow_lane(&mut self, number: u32, key: &str) {
        if self.machine.queues.any(number).choice.lanes.contains_key(key) {
            let turn = self.machine.counters.take_turn();
            let (queues, tasks) = (&mut self.machine.queues, &self.machine.tasks);
            queues.change_lane(number, key, tasks.table(), |lane| lane.turn = Some(turn));
        }
        self.dirty.lanes.insert((number, key.into()));
    }
}
