//! Rooms 5 and 6: the thread that applies committed entries to the machine and writes what
//! changed, as one batch, before anybody hears of it.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, RwLock};
use std::thread::JoinHandle;
use std::time::Instant;

use bytes::Bytes;
use ferry_core::{Change, Effect, Entry, Machine, Outcome, Reply};
use ferry_store::{LogEntry, LogId, Membership, Opened, Payload, Snapshot, State};
use ferry_types::{LogIndex, TaskId, Timestamp};
use prost::Message;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

use crate::clock::SharedClock;
use crate::digest::{Ask, DIGESTS_MAX, Digested, Digests};
use crate::follow::Followed;
use crate::{Answer, LeasedTask};

/// Takes the answers to an entry's proposals.
pub(crate) type AnswerWith = Box<dyn FnOnce(Vec<Answer>) + Send>;

/// A committed entry, and who waits for it here.
pub(crate) struct Applying {
    pub(crate) entry: LogEntry,
    pub(crate) answer: Option<AnswerWith>,
}

/// What readers of the machine see: all of an apply batch or nothing of it. Its rows may reach the
/// shelf a moment later: whoever reads payloads of what it shows waits for that index first.
pub(crate) struct Stage {
    pub(crate) machine: Machine,
    pub(crate) applied: Option<LogId>,
    membership: (Option<LogId>, Membership),
}

enum Job {
    Apply(Vec<Applying>, oneshot::Sender<io::Result<()>>),
    Install(Snapshot, oneshot::Sender<io::Result<()>>),
    Digest(Ask),
    Stop,
}

/// The handle of the apply thread. The thread ends when it is told to, or with the last handle.
#[derive(Clone)]
pub(crate) struct Applier {
    jobs: Sender<Job>,
    stage: Arc<RwLock<Stage>>,
    progress: watch::Receiver<Progress>,
    alarm: watch::Receiver<Option<Timestamp>>,
    followed: Followed,
    digests: Arc<Semaphore>,
}

/// How far the applier has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// The last applied entry.
    pub(crate) index: LogIndex,
    /// Bytes of entries applied since the node started.
    pub(crate) bytes: u64,
}

impl Applier {
    /// Starts the thread. `effects` gets the effects of each batch, `clock` the times.
    pub(crate) fn start(
        opened: Opened,
        clock: SharedClock,
        effects: mpsc::UnboundedSender<Vec<Effect>>,
    ) -> io::Result<(Self, JoinHandle<()>)> {
        let Opened { state, machine, applied, membership } = opened;
        let index = applied.map_or(LogIndex::default(), |id| id.index);
        let (ring, alarm) = watch::channel(machine.next_alarm());
        let stage = Arc::new(RwLock::new(Stage { machine, applied, membership }));
        let (publish, progress) = watch::channel(Progress { index, bytes: 0 });
        let (jobs, queue) = channel();
        let followed = Followed::default();
        let work = Work {
            digests: Digests::new(state.clone()),
            state,
            stage: stage.clone(),
            clock,
            publish,
            ring,
            effects,
            followed: followed.clone(),
        };
        let thread =
            std::thread::Builder::new().name("apply".into()).spawn(move || work.run(queue))?;
        let digests = Arc::new(Semaphore::new(DIGESTS_MAX));
        Ok((Self { jobs, stage, progress, alarm, followed, digests }, thread))
    }

    pub(crate) fn applied_state(&self) -> (Option<LogId>, (Option<LogId>, Membership)) {
        self.view(|stage| (stage.applied, stage.membership.clone()))
    }

    pub(crate) fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }

    /// When the machine's nearest deadline is. A change to a later one is not announced: whoever
    /// wakes too early looks again.
    pub(crate) fn alarm(&self) -> watch::Receiver<Option<Timestamp>> {
        self.alarm.clone()
    }

    /// Who waits for tasks to end.
    pub(crate) fn followed(&self) -> &Followed {
        &self.followed
    }

    /// Shows the stage. Holds up the apply thread meanwhile.
    pub(crate) fn view<R>(&self, look: impl FnOnce(&Stage) -> R) -> R {
        look(&self.stage.read().expect("the apply thread ends the process when it panics"))
    }

    pub(crate) async fn apply(&self, entries: Vec<Applying>) -> io::Result<()> {
        self.ask(|done| Job::Apply(entries, done)).await
    }

    pub(crate) async fn install(&self, snapshot: Snapshot) -> io::Result<()> {
        self.ask(|done| Job::Install(snapshot, done)).await
    }

    /// Has the state hashed at `index`, or at once; `None` while too many are waited for. The answer
    /// fails if the thread ends before.
    pub(crate) fn digest(&self, index: Option<LogIndex>) -> Option<oneshot::Receiver<Digested>> {
        let permit = self.digests.clone().try_acquire_owned().ok()?;
        let (answer, answered) = oneshot::channel();
        // If the thread has ended, the answer is dropped with the job.
        let _ = self.jobs.send(Job::Digest(Ask { index, answer, permit }));
        Some(answered)
    }

    /// Ends the thread after what it was given before.
    pub(crate) fn stop(&self) {
        // It has ended already if nobody listens.
        let _ = self.jobs.send(Job::Stop);
    }

    async fn ask(
        &self,
        job: impl FnOnce(oneshot::Sender<io::Result<()>>) -> Job,
    ) -> io::Result<()> {
        let stopped = || io::Error::other("the apply thread has stopped");
        let (done, result) = oneshot::channel();
        self.jobs.send(job(done)).map_err(|_| stopped())?;
        result.await.map_err(|_| stopped())?
    }
}

/// What the thread owns.
struct Work {
    state: State,
    stage: Arc<RwLock<Stage>>,
    clock: SharedClock,
    publish: watch::Sender<Progress>,
    ring: watch::Sender<Option<Timestamp>>,
    effects: mpsc::UnboundedSender<Vec<Effect>>,
    followed: Followed,
    digests: Digests,
}

/// What an apply batch did to the machine, and is still to do elsewhere.
#[derive(Default)]
struct Stepped {
    answers: Vec<(AnswerWith, LogIndex, Vec<Outcome>)>,
    effects: Vec<Effect>,
    changes: Vec<Change>,
    membership: Option<(Option<LogId>, Membership)>,
    bytes: u64,
}

impl Work {
    fn run(mut self, jobs: Receiver<Job>) {
        for job in jobs {
            match job {
                Job::Apply(entries, done) => {
                    let result = self.apply(entries);
                    // openraft goes away first when the node stops.
                    let _ = done.send(result);
                }
                Job::Install(snapshot, done) => {
                    let _ = done.send(self.install(&snapshot));
                }
                Job::Digest(ask) => self.digests.ask(ask, self.publish.borrow().index),
                Job::Stop => return,
            }
        }
    }

    /// Applies entries as one batch, or as several where the state is to be hashed in between.
    fn apply(&mut self, mut entries: Vec<Applying>) -> io::Result<()> {
        let Some(last) = entries.last().map(|applying| applying.entry.id.index) else {
            return Ok(());
        };
        while let Some(index) = self.digests.next(last) {
            let behind = entries.partition_point(|applying| applying.entry.id.index <= index);
            let rest = entries.split_off(behind);
            self.apply_batch(std::mem::replace(&mut entries, rest))?;
            self.digests.reached(index);
        }
        self.apply_batch(entries)
    }

    fn apply_batch(&self, entries: Vec<Applying>) -> io::Result<()> {
        let Some(last) = entries.last().map(|applying| applying.entry.id) else { return Ok(()) };
        let Stepped { answers, effects, changes, membership, bytes } = self.step_all(entries)?;
        self.state.commit(last, membership.as_ref(), &changes).map_err(io::Error::other)?;
        self.answer(answers)?;
        self.publish.send_modify(|progress| {
            progress.index = last.index;
            progress.bytes += bytes;
        });
        self.followed.tell(&changes);
        if !effects.is_empty() {
            // The leader's shell goes away first when the node stops.
            let _ = self.effects.send(effects);
        }
        Ok(())
    }

    /// Room 5. Readers of the stage see what is committed, a moment before it is on the shelf.
    fn step_all(&self, entries: Vec<Applying>) -> io::Result<Stepped> {
        let mut stepped = Stepped::default();
        let mut stage = self.stage.write().expect("only this thread writes, and it ends with it");
        for Applying { entry, answer } in entries {
            let outcomes = match entry.payload {
                Payload::Blank => Vec::new(),
                Payload::Membership(membership) => {
                    stage.membership = (Some(entry.id), membership);
                    stepped.membership = Some(stage.membership.clone());
                    Vec::new()
                }
                Payload::Commands(encoded) => {
                    stepped.bytes += encoded.len() as u64;
                    step(&mut stage.machine, entry.id.index, encoded, &mut stepped)?
                }
            };
            stage.applied = Some(entry.id);
            if let Some(answer) = answer {
                stepped.answers.push((answer, entry.id.index, outcomes));
            }
        }
        self.tell_time(&stage.machine);
        Ok(stepped)
    }

    fn tell_time(&self, machine: &Machine) {
        self.clock.lock().expect("no holder panics").observe(machine.now(), Instant::now());
        let next = machine.next_alarm();
        self.ring.send_if_modified(|alarm| {
            let earlier = next.is_some_and(|next| alarm.is_none_or(|alarm| next < alarm));
            *alarm = next;
            earlier
        });
    }

    /// Room 8's beginning: answers with what workers need, read once for the whole batch.
    fn answer(&self, answers: Vec<(AnswerWith, LogIndex, Vec<Outcome>)>) -> io::Result<()> {
        let outcomes = || answers.iter().flat_map(|(_, _, outcomes)| outcomes);
        let ids: Vec<TaskId> = outcomes().flat_map(leased_ids).collect();
        let mut tasks = self.leased_tasks(&ids)?.into_iter();
        for (answer, index, outcomes) in answers {
            let build = |outcome: Outcome| {
                let leases = leased_ids(&outcome).count();
                let leased = tasks.by_ref().take(leases).flatten().collect();
                Answer { index, outcome, leased }
            };
            answer(outcomes.into_iter().map(build).collect());
        }
        Ok(())
    }

    fn leased_tasks(&self, ids: &[TaskId]) -> io::Result<Vec<Option<LeasedTask>>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let payloads = self.state.payloads(ids).map_err(io::Error::other)?;
        let stage = self.stage.read().expect("only this thread writes");
        let leased = |(id, payload): (&TaskId, Option<Bytes>)| {
            Some(LeasedTask { task: stage.machine.task(*id)?, payload: payload? })
        };
        Ok(ids.iter().zip(payloads).map(leased).collect())
    }

    fn install(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        let installed = self.state.install(snapshot).map_err(io::Error::other)?;
        let index = installed.applied.map_or(LogIndex::default(), |id| id.index);
        let mut stage = self.stage.write().expect("only this thread writes");
        *stage = Stage {
            machine: installed.machine,
            applied: installed.applied,
            membership: installed.membership,
        };
        self.tell_time(&stage.machine);
        self.publish.send_modify(|progress| progress.index = index);
        drop(stage);
        self.followed.tell_all();
        self.digests.reached(index);
        Ok(())
    }
}

/// Applies one entry.
fn step(
    machine: &mut Machine,
    index: LogIndex,
    encoded: Bytes,
    stepped: &mut Stepped,
) -> io::Result<Vec<Outcome>> {
    let entry = Entry::decode(encoded).map_err(|error| {
        io::Error::other(format!("entry {index} of the log cannot be decoded: {error}"))
    })?;
    let applied = machine.apply(index, entry);
    stepped.changes.extend(applied.changes);
    stepped.effects.extend(applied.effects);
    Ok(applied.outcomes)
}

/// The tasks whose payloads an outcome hands out.
fn leased_ids(outcome: &Outcome) -> impl Iterator<Item = TaskId> {
    let (mut leases, mut assigned) = ([].as_slice(), [].as_slice());
    if let Ok(Reply::Dequeued(dequeued)) = &outcome.result {
        leases = &dequeued.leases;
    } else if let Ok(Reply::Assigned(done)) = &outcome.result {
        assigned = &done.items;
    }
    let assigned = assigned.iter().filter_map(|item| item.lease());
    leases.iter().chain(assigned).map(|lease| TaskId::new(lease.task))
}
