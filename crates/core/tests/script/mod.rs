//! The language of the scripts.
//!
//! ```text
//! at 0s   enqueue mail attempts=2 -> t1; wake mail 1 | mail, t1 ready, payload t1
//! ```
//!
//! A line is an entry: its time, its commands (`&` between them), and after the arrow what came of
//! it: an answer per command, effects after `;`, stored rows after `|` (all but the counters, the
//! leaders and the change feed, which the witness accounts for). A line without a time asks something or sets the stage; a line that
//! begins with `#`, or an empty one, is for the reader. `fresh` begins with a new machine.

mod parse;
mod print;
mod schedule;
mod traffic;
mod words;
mod workers;
mod workflows;

use ferry_core::command::{Entry, TableLimits};
use ferry_core::{Proposal, TaskFilter};

use crate::witness::Witness;
use words::{Words, duration};

struct Stage {
    witness: Witness,
    limits: TableLimits,
    leader: u64,
}

impl Stage {
    fn new() -> Self {
        let limits = TableLimits {
            idempotency_keys_max: 1_000,
            finished_tasks_max: 1_000,
            events_max: 1_000,
        };
        Self { witness: Witness::default(), limits, leader: 1 }
    }
}

/// The script with the machine's answers in it.
pub(crate) fn run(name: &str, text: &str) -> String {
    let mut stage = Stage::new();
    let mut answered = String::new();
    for paragraph in text.trim_end().split("\n\n") {
        let lines: Vec<&str> = paragraph.lines().collect();
        let asked = lines.iter().map(|line| line.split(" -> ").next().unwrap_or(line).trim_end());
        let is_said = |line: &&str| !line.starts_with('#') && !line.is_empty();
        let width = asked.clone().filter(is_said).map(str::len).max().unwrap_or(0);
        for line in asked {
            if !is_said(&line) {
                answered.push_str(line);
            } else if let Some(answer) = step(&mut stage, name, line) {
                answered.push_str(&format!("{line:width$} -> {answer}"));
            } else {
                answered.push_str(line);
            }
            answered.push('\n');
        }
        answered.push('\n');
    }
    answered.truncate(answered.trim_end().len() + 1);
    answered
}

/// The lines that differ, side by side.
pub(crate) fn difference(name: &str, text: &str, answered: &str) -> String {
    let mut lines = text.lines();
    let mut wrong = String::new();
    for (number, is) in answered.lines().enumerate() {
        let said = lines.next().unwrap_or("");
        if said != is {
            wrong.push_str(&format!("{name}:{}\n  said {said}\n  is   {is}\n", number + 1));
        }
    }
    wrong
}

fn step(stage: &mut Stage, name: &str, line: &str) -> Option<String> {
    let mut words = Words::new(name, line);
    let answer = match words.next().as_str() {
        "at" => {
            let at_ms = duration(&words.next());
            let mut proposals: Vec<Proposal> = Vec::new();
            for command in words.rest().split(" & ") {
                proposals.extend(parse::proposal(name, command));
            }
            let entry = Entry { at_ms, limits: stage.limits, proposals, node: stage.leader };
            Some(print::applied(&stage.witness.apply(entry)))
        }
        "show" => Some(print::shown(&stage.witness, words.id())),
        "history" => Some(print::history(&stage.witness.machine, words.id())),
        "events" => Some(print::events(stage.witness.events())),
        "workflow" => Some(workflows::shown(&stage.witness.machine, words.parsed_next())),
        "graph" => Some(workflows::graph(&stage.witness.machine, words.parsed_next())),
        "count" => Some(print::counted(&stage.witness.machine, &words.next())),
        "traffic" => {
            let (queue, until) = (words.next(), words.duration("until"));
            Some(traffic::seen(&stage.witness.machine, &queue, until))
        }
        "offers" => {
            let queue = words.next();
            let worker = words.option("worker");
            Some(print::offered(&stage.witness.machine, &queue, worker.as_deref()))
        }
        "worker" => Some(workers::shown(&stage.witness.machine, &words.next())),
        "look" => Some(workers::looked(&stage.witness.machine, &mut words)),
        "plan" => Some(schedule::planned(&stage.witness.machine, &words.next())),
        "browse" => {
            let filter = TaskFilter {
                queue: words.parsed("queue"),
                state: words.state("state"),
                worker: words.option("worker"),
                task_type: words.option("type"),
                key: words.option("for"),
            };
            let after = words.parsed("after");
            let limit = words.parsed("limit").unwrap_or(100);
            Some(print::page(stage.witness.machine.tasks(&filter, after, limit)))
        }
        "restart" => {
            stage.witness.restart();
            None
        }
        "limits" => {
            let TableLimits { idempotency_keys_max, finished_tasks_max, events_max } = stage.limits;
            stage.limits.idempotency_keys_max =
                words.parsed("keys").unwrap_or(idempotency_keys_max);
            stage.limits.finished_tasks_max =
                words.parsed("finished").unwrap_or(finished_tasks_max);
            stage.limits.events_max = words.parsed("events").unwrap_or(events_max);
            None
        }
        "leader" => {
            stage.leader = words.parsed("node").expect("a leader is a node");
            None
        }
        "fresh" => {
            *stage = Stage::new();
            None
        }
        other => panic!("{name}: {other:?} is no step: {line}"),
    };
    words.done();
    answer
}
