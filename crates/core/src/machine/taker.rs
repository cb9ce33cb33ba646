use super::Machine;
use super::needs::Needs;
use super::worker::Worker;

/// Whom a queue is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Taker<'a> {
    /// A worker that is not registered: it gets tasks without needs alone.
    Unregistered,
    /// A registered worker: it gets what it has room for.
    Registered(&'a Worker),
    /// Whoever there may be.
    Anybody,
}

impl Taker<'_> {
    /// Whether it may get any task at all.
    pub(crate) fn has_room(self) -> bool {
        match self {
            Self::Unregistered | Self::Anybody => true,
            Self::Registered(worker) => worker.free_slots() > 0,
        }
    }

    /// Whether it may get a task with needs, if it has what these are.
    pub(crate) const fn takes_needs(self) -> bool {
        match self {
            Self::Unregistered => false,
            Self::Registered(_) | Self::Anybody => true,
        }
    }

    /// Whether it has what a task needs, a slot apart.
    pub(crate) fn fits(self, needs: Option<&Needs>) -> bool {
        let Some(needs) = needs else { return true };
        match self {
            Self::Unregistered => false,
            Self::Registered(worker) => worker.fits(needs),
            Self::Anybody => true,
        }
    }
}

impl Machine {
    /// Who asks under a name, or under none.
    pub(crate) fn taker(&self, worker: Option<&str>) -> Taker<'_> {
        let worker = worker.and_then(|name| self.queues.workers.named(name));
        worker.map_or(Taker::Unregistered, Taker::Registered)
    }
}
