//! A real machine under simulated load: what is forecast of its measurements against its waits.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use bytes::Bytes;
use ferry_core::command::{
    Ack, Action, Command, Dequeue, Enqueue, NewTask, Settlement, TableLimits,
};
use ferry_core::{Entry, Machine, Proposal, Reply};

use super::*;

const WORKERS: u32 = 4;
const SERVICE_MS: f64 = 100.0;
const BEGIN_MS: u64 = 1_700_000_000_000;

/// A machine with one queue, Poisson arrivals and workers that take exponential times.
struct Load {
    machine: Machine,
    index: u64,
    now_ms: f64,
    chance: u64,
    idle: Vec<u32>,
    /// When, who, and with which task and token.
    busy: BinaryHeap<Reverse<(u64, u32, u64, u64)>>,
}

impl Load {
    fn new(seed: u64) -> Self {
        println!("seed {seed}");
        Self {
            machine: Machine::default(),
            index: 0,
            now_ms: BEGIN_MS as f64,
            chance: seed,
            idle: (0..WORKERS).collect(),
            busy: BinaryHeap::new(),
        }
    }

    /// An exponential time, by the generator `splitmix64`.
    fn time(&mut self, mean: f64) -> f64 {
        self.chance = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.chance;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let share = ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64;
        -mean * (1.0 - share).ln()
    }

    fn apply(&mut self, at_ms: u64, command: Command) -> Option<Reply> {
        self.index += 1;
        let limits = TableLimits { idempotency_keys_max: 1, finished_tasks_max: 1, events_max: 1 };
        let proposals = vec![Proposal { command: Some(command), idempotency: None }];
        let entry = Entry { at_ms, limits, proposals, node: 1 };
        let applied = self.machine.apply(LogIndex::new(self.index), entry);
        applied.outcomes.into_iter().next().and_then(|outcome| outcome.result.ok())
    }

    /// A worker settles what it had, if it had something, and asks for more.
    fn ask(&mut self, at_ms: u64, worker: u32, settle: Vec<Settlement>) {
        let (queues, name) = (vec!["mail".to_owned()], Some(format!("worker-{worker}")));
        let dequeue = Dequeue { queues, max: 1, lease_ms: None, worker: name, settle };
        let reply = self.apply(at_ms, Command::Dequeue(dequeue));
        let Some(Reply::Dequeued(dequeued)) = reply else { panic!("{reply:?}") };
        match dequeued.leases.first() {
            Some(lease) => {
                let done_ms = at_ms as f64 + self.time(SERVICE_MS);
                self.busy.push(Reverse((done_ms as u64, worker, lease.task, lease.token)));
            }
            None => self.idle.push(worker),
        }
    }

    /// Lets so much time pass.
    fn run(&mut self, utilisation: f64, millis: u64) {
        let gap = SERVICE_MS / f64::from(WORKERS) / utilisation;
        let end = self.now_ms + millis as f64;
        while self.now_ms < end {
            self.now_ms += self.time(gap);
            let now = self.now_ms as u64;
            while let Some(Reverse((at, worker, task, token))) = self.busy.peek().copied() {
                if at > now {
                    break;
                }
                self.busy.pop();
                let action = Some(Action::Ack(Ack { result: Bytes::new() }));
                self.ask(at, worker, vec![Settlement { task, token, action }]);
            }
            let tasks = vec![NewTask { payload: Bytes::from_static(b"1"), ..NewTask::default() }];
            let enqueue = Enqueue { queue: "mail".into(), tasks, create_queue: true };
            self.apply(now, Command::Enqueue(enqueue));
            if let Some(worker) = self.idle.pop() {
                self.ask(now, worker, Vec::new());
            }
        }
    }

    /// The forecast, and the mean wait that was observed in its window.
    fn forecast(&self) -> (api::ForecastDocument, f64) {
        let now = self.machine.now();
        let view = self.machine.queue("mail").expect("it is there");
        let traffic = self.machine.traffic("mail", now).expect("it is there");
        let oldest = traffic.buckets.len().saturating_sub(TrafficView::WINDOW as usize);
        let waits = traffic.buckets[oldest..].iter().map(|bucket| bucket.waits);
        let (sum, count) = waits.fold((0, 0), |(sum, count), at| (sum + at.sum, count + at.count));
        let query = api::ForecastQuery::default();
        (forecast(view, &traffic, now, query), sum as f64 / count as f64)
    }
}

/// Chance moves the mean of a single window by more than that, so many windows are looked at.
fn forecasts_are_near(utilisation: f64, windows: u32) {
    let mut load = Load::new(11);
    let window = TrafficView::BUCKET.as_millis() as u64 * TrafficView::WINDOW;
    load.run(utilisation, 2 * window);
    let (mut forecasts, mut observed) = (0.0, 0.0);
    for _ in 0..windows {
        load.run(utilisation, window);
        let (forecast, wait) = load.forecast();
        assert_eq!(forecast.workers, WORKERS);
        assert!(forecast.past_error.is_some(), "{forecast:?}");
        let share = forecast.utilisation.expect("tasks were done");
        assert!((share - utilisation).abs() < 0.1 * utilisation, "{forecast:?}");
        forecasts += forecast.expected_wait_ms.expect("it is stable") as f64;
        observed += wait;
    }
    let error = (forecasts - observed).abs() / observed;
    println!("at {utilisation}: forecast {forecasts}, observed {observed}, error {error:.3}");
    assert!(error < 0.15, "at {utilisation}: forecast {forecasts}, observed {observed}");
}

#[test]
fn the_mean_wait_at_half_load_is_forecast_within_15_percent() {
    forecasts_are_near(0.5, 6);
}

#[test]
fn the_mean_wait_at_high_load_is_forecast_within_15_percent() {
    forecasts_are_near(0.7, 6);
    forecasts_are_near(0.8, 6);
}

#[test]
fn the_mean_wait_near_saturation_is_forecast_within_15_percent() {
    forecasts_are_near(0.9, 16);
}

#[test]
fn more_load_than_the_workers_can_do_is_said_to_be_so() {
    let mut load = Load::new(12);
    load.run(1.5, 300_000);
    let (forecast, _) = load.forecast();
    assert_eq!((forecast.expected_wait_ms, forecast.time_to_empty_ms), (None, None));
    assert_eq!(forecast.probability_over_slo, Some(1.0));
    // Six would just bear the load; what waits already has to be done within the 30 seconds too.
    assert!(forecast.workers_needed > Some(6), "{forecast:?}");
}
