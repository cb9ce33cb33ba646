//! What is counted instead of timed, and so is the same on a busy machine.
//!
//! - Without arguments: resident bytes per waiting task, in a process that has done nothing else.
//! - `list`: the scenarios.
//! - `<scenario> <waiting>`: applies a few entries of the scenario and prints how many operations
//!   that were. `scripts/instructions` has callgrind count inside [`counted`] alone.

mod backlog;

use std::fs;

use backlog::Backlog;
use backlog::scenario::{Scenario, Wish};
use ferry_core::Entry;

const WAITING: u64 = 1_000_000;
const WARM_UP_ENTRIES: usize = 20;
const ENTRIES: usize = 50;

fn main() {
    // Cargo adds a flag of its own.
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => print_resident_bytes(WAITING),
        ["list"] => Scenario::ALL.iter().for_each(|scenario| println!("{}", scenario.name)),
        [name, waiting] => {
            let scenario = Scenario::ALL.into_iter().find(|scenario| scenario.name == *name);
            let scenario = scenario.expect("`list` names the scenarios");
            run(&scenario, waiting.parse().expect("the number of waiting tasks"));
        }
        _ => panic!("expected nothing, `list`, or a scenario and a number of waiting tasks"),
    }
}

fn run(scenario: &Scenario, waiting: u64) {
    let mut backlog = Backlog::new(waiting, scenario.wish);
    for _ in 0..WARM_UP_ENTRIES {
        let entry = scenario.prepare(&mut backlog);
        backlog.apply(entry);
    }
    for _ in 0..ENTRIES {
        let entry = scenario.prepare(&mut backlog);
        counted(&mut backlog, entry);
    }
    println!("{}", ENTRIES * scenario.operations);
}

#[inline(never)]
fn counted(backlog: &mut Backlog, entry: Entry) {
    backlog.apply(entry);
}

fn print_resident_bytes(waiting: u64) {
    let before = resident_bytes();
    let backlog = Backlog::new(waiting, Wish::Nothing);
    let per_task = (resident_bytes() - before) as f64 / waiting as f64;
    println!("{per_task:.1} resident bytes per waiting task, of {waiting}");
    drop(backlog);
}

/// What the kernel counts for this process.
fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux tells");
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = kilobytes.and_then(|rest| rest.split_whitespace().next());
    number.and_then(|number| number.parse::<u64>().ok()).expect("a number of kilobytes") * 1_024
}
