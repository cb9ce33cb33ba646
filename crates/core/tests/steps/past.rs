use ferry_core::{Applied, Reply, ScheduleView};

/// What has come of the steps so far, for those that say whom they mean by place.
#[derive(Default)]
pub(crate) struct Past {
    /// Tasks and tokens of the leases.
    pub(crate) granted: Vec<(u64, u64)>,
    /// How many tasks were enqueued.
    pub(crate) tasks: u64,
    /// Workers with the numbers of their sessions.
    pub(crate) sessions: Vec<(String, u64)>,
    /// The schedules, by name.
    pub(crate) schedules: Vec<ScheduleView>,
}

impl Past {
    /// Takes in what came of one more; `asked` has the names of the workers that were put, or
    /// nothing for other proposals.
    pub(crate) fn go_on(&mut self, applied: &Applied, asked: &[Option<String>]) {
        for (outcome, worker) in applied.outcomes.iter().zip(asked) {
            match (&outcome.result, outcome.replayed, worker) {
                (Ok(Reply::Dequeued(dequeued)), false, _) => {
                    let leases = dequeued.leases.iter();
                    self.granted.extend(leases.map(|lease| (lease.task, lease.token)));
                }
                (Ok(Reply::Assigned(assigned)), false, _) => {
                    let leases = assigned.items.iter().filter_map(|item| item.lease());
                    self.granted.extend(leases.map(|lease| (lease.task, lease.token)));
                }
                (Ok(Reply::WorkerPut(put)), false, Some(worker)) if put.created => {
                    self.sessions.push((worker.clone(), put.session));
                }
                (_, _, _) => {}
            }
        }
    }
}
