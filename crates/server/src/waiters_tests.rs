use futures::FutureExt;

use super::*;

fn queue(name: &str) -> QueueName {
    name.parse().expect("valid")
}

fn sleeper(waiters: &Arc<Waiters>, queues: &[&str]) -> Ticket {
    let queues = queues.iter().map(|name| queue(name)).collect();
    let ticket = waiters.ticket(queues, None).expect("there is room");
    ticket.park();
    ticket
}

fn is_awake(ticket: &Ticket) -> bool {
    ticket.woken().now_or_never().is_some()
}

#[test]
fn as_many_wake_as_there_are_tasks_first_come_first_served() {
    let waiters = Waiters::new(10);
    let [a, b, c] = [(); 3].map(|()| sleeper(&waiters, &["q"]));
    waiters.wake(&queue("other"), 5);
    assert!(!is_awake(&a));
    waiters.wake(&queue("q"), 2);
    assert_eq!([&a, &b, &c].map(is_awake), [true, true, false]);
    waiters.wake(&queue("q"), 5);
    assert!(is_awake(&c));
}

#[test]
fn one_sleeper_hears_of_a_task_that_is_coming() {
    let waiters = Waiters::new(10);
    let [a, b] = [(); 2].map(|()| sleeper(&waiters, &["q"]));
    waiters.announce(&queue("q"));
    assert_eq!(a.woken().now_or_never(), Some(Wake::Coming));
    assert!(!is_awake(&b));
    waiters.wake(&queue("q"), 1);
    assert_eq!(b.woken().now_or_never(), Some(Wake::There));
}

#[test]
fn who_loses_the_race_parks_again_in_front() {
    let waiters = Waiters::new(10);
    let (a, b) = (sleeper(&waiters, &["q"]), sleeper(&waiters, &["q"]));
    waiters.wake(&queue("q"), 1);
    assert!(is_awake(&a));
    a.stand_up();
    a.park();
    assert!(!is_awake(&a));
    waiters.wake(&queue("q"), 1);
    assert_eq!([&a, &b].map(is_awake), [true, false]);
}

#[test]
fn who_goes_away_passes_its_wake_on() {
    let waiters = Waiters::new(10);
    let (a, b) = (sleeper(&waiters, &["p", "q"]), sleeper(&waiters, &["q"]));
    waiters.wake(&queue("q"), 1);
    drop(a);
    assert!(is_awake(&b));
    assert_eq!(waiters.len(), 1);
}

#[test]
fn who_used_its_wake_has_none_to_pass_on() {
    let waiters = Waiters::new(10);
    let (a, b) = (sleeper(&waiters, &["q"]), sleeper(&waiters, &["q"]));
    waiters.wake(&queue("q"), 1);
    a.stand_up();
    drop(a);
    assert!(!is_awake(&b));
}

#[test]
fn a_wake_between_parking_and_waiting_is_neither_lost_nor_kept() {
    let waiters = Waiters::new(10);
    let a = sleeper(&waiters, &["q"]);
    waiters.wake(&queue("q"), 1);
    assert!(is_awake(&a));
    a.stand_up();
    a.park();
    assert!(!is_awake(&a));
}

#[test]
fn who_cannot_take_what_is_there_hands_the_wake_on() {
    let waiters = Waiters::new(10);
    let [a, b, c] = [(); 3].map(|()| sleeper(&waiters, &["q"]));
    waiters.wake(&queue("q"), 1);
    assert!(is_awake(&a));
    a.park();
    a.hand_on(&queue("q"));
    assert_eq!([&a, &b, &c].map(is_awake), [false, true, false]);
    c.hand_on(&queue("q"));
    assert_eq!([&a, &c].map(is_awake), [false, false], "nobody is behind the last");
}

#[test]
fn a_worker_with_room_wakes_all_that_ask_under_its_name() {
    let waiters = Waiters::new(10);
    let name = |name: &str| Some(name.parse::<WorkerName>().expect("valid"));
    let asking = |worker| {
        let ticket = waiters.ticket(vec![queue("q")], name(worker)).expect("there is room");
        ticket.park();
        ticket
    };
    let (a, b, c) = (asking("w"), asking("w"), asking("v"));
    waiters.wake_worker("w");
    assert_eq!([&a, &b, &c].map(is_awake), [true, true, false]);
    drop((a, b));
    assert!(is_awake(&c), "who leaves unserved passes its wake on");
}

#[test]
fn one_keeps_watch_for_all_of_a_queue() {
    let waiters = Waiters::new(10);
    let [a, b] = [(); 2].map(|()| sleeper(&waiters, &["q"]));
    let (soon, late) = (Instant::now(), Instant::now() + std::time::Duration::from_secs(1));
    assert!(a.keep_watch(&queue("q"), late) && a.keep_watch(&queue("q"), late));
    assert!(!b.keep_watch(&queue("q"), late));
    assert!(b.keep_watch(&queue("other"), late));
    assert!(b.keep_watch(&queue("q"), soon), "not for longer than the next task takes");
    b.stand_up();
    assert!(a.keep_watch(&queue("q"), late));
}

#[test]
fn who_leaves_a_queue_with_a_rate_wakes_the_next() {
    let waiters = Waiters::new(10);
    let [a, b] = [(); 2].map(|()| sleeper(&waiters, &["q"]));
    a.pass_on();
    assert!(a.keep_watch(&queue("q"), Instant::now()));
    drop(a);
    assert!(is_awake(&b) && b.keep_watch(&queue("q"), Instant::now()));
}

#[test]
fn the_number_of_waiters_is_bounded() {
    let waiters = Waiters::new(1);
    let a = sleeper(&waiters, &["q"]);
    let refused = waiters.ticket(vec![queue("q")], None).err();
    assert_eq!(refused, Some(TooManyWaiters { limit: 1 }));
    drop(a);
    assert!(waiters.ticket(vec![queue("q")], None).is_ok());
    assert_eq!(waiters.len(), 0);
}
