use std::fs;
use std::io;
use std::time::Duration;

use serde::Serialize;

/// The kernel's unit of CPU time in `/proc`, the same on every Linux that Ferry runs on.
const CLOCK_TICKS_PER_SECOND: u64 = 100;

/// What processes of this machine have used since they began, summed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time, of users and kernel.
    pub cpu: Duration,
    /// Context switches of their living threads, voluntary or not.
    pub context_switches: u64,
    /// Memory that is in use, at this moment.
    pub resident_bytes: u64,
    /// Bytes that were sent to disk; absent if the kernel does not tell us.
    pub disk_bytes: Option<u64>,
}

/// What a task has cost the servers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ServerCost {
    /// How many processes there are.
    pub processes: usize,
    /// Processor seconds of all of them per 1,000 tasks.
    pub cpu_seconds_per_1000: f64,
    /// Context switches of all of them per task.
    pub context_switches_per_task: f64,
    /// Memory of all of them at the end.
    pub resident_bytes: u64,
    /// Bytes sent to disk per task, by each; left out if the kernel does not tell us.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_bytes_per_task_and_node: Option<f64>,
}

impl Usage {
    /// The usage of these processes; nothing if there are none, or if one cannot be read.
    pub fn of(processes: &[u32]) -> Option<Self> {
        let mut sum = Self { disk_bytes: Some(0), ..Self::default() };
        for &process in processes {
            let one = Self::of_one(process).ok()?;
            sum.cpu += one.cpu;
            sum.context_switches += one.context_switches;
            sum.resident_bytes += one.resident_bytes;
            sum.disk_bytes = sum.disk_bytes.zip(one.disk_bytes).map(|(sum, one)| sum + one);
        }
        (!processes.is_empty()).then_some(sum)
    }

    /// The usage of this process.
    pub fn own() -> Option<Self> {
        Self::of(&[std::process::id()])
    }

    fn of_one(process: u32) -> io::Result<Self> {
        let folder = format!("/proc/{process}");
        let stat = fs::read_to_string(format!("{folder}/stat"))?;
        let status = fs::read_to_string(format!("{folder}/status"))?;
        let mut context_switches = 0;
        for thread in fs::read_dir(format!("{folder}/task"))? {
            // A thread may end while we look.
            let Ok(status) = fs::read_to_string(thread?.path().join("status")) else { continue };
            context_switches += ["voluntary_ctxt_switches:", "nonvoluntary_ctxt_switches:"]
                .iter()
                .filter_map(|name| field(&status, name))
                .sum::<u64>();
        }
        let disk = fs::read_to_string(format!("{folder}/io")).ok();
        let strange = || io::Error::new(io::ErrorKind::InvalidData, "/proc/PID/stat is strange");
        Ok(Self {
            cpu: cpu_time(&stat).ok_or_else(strange)?,
            context_switches,
            resident_bytes: field(&status, "VmRSS:").unwrap_or(0) * 1_024,
            disk_bytes: disk.and_then(|io| field(&io, "write_bytes:")),
        })
    }

    /// What was used between an earlier reading and this one, per task.
    pub fn cost_since(&self, before: &Self, processes: usize, tasks: u64) -> Option<ServerCost> {
        if tasks == 0 {
            return None;
        }
        let per_task = |amount: u64| amount as f64 / tasks as f64;
        let disk = self.disk_bytes.zip(before.disk_bytes);
        let disk = disk.map(|(now, then)| per_task(now.saturating_sub(then)) / processes as f64);
        let cpu = self.cpu.saturating_sub(before.cpu);
        let switches = self.context_switches.saturating_sub(before.context_switches);
        Some(ServerCost {
            processes,
            cpu_seconds_per_1000: cpu.as_secs_f64() * 1_000.0 / tasks as f64,
            context_switches_per_task: per_task(switches),
            resident_bytes: self.resident_bytes,
            disk_bytes_per_task_and_node: disk,
        })
    }
}

/// The sum of user and system time in `/proc/PID/stat`.
fn cpu_time(stat: &str) -> Option<Duration> {
    // The second field is the name in brackets, which may hold spaces and brackets itself.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    let total = ticks()? + ticks()?;
    Some(Duration::from_millis(total * 1_000 / CLOCK_TICKS_PER_SECOND))
}

/// The number after a name at the beginning of a line.
fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_a_name_with_brackets() {
        let stat = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0";
        assert_eq!(cpu_time(stat), Some(Duration::from_secs(3)));
        assert_eq!(cpu_time("7 (a) S 1"), None);
    }

    #[test]
    fn this_process_uses_something_and_nobody_uses_nothing() {
        let own = Usage::own().expect("this process runs");
        assert!(own.resident_bytes > 100_000, "{own:?}");
        assert_eq!(Usage::of(&[]), None);
        assert_eq!(Usage::of(&[u32::MAX]), None);
    }

    #[test]
    fn costs_are_differences_per_task() {
        let before = Usage { disk_bytes: Some(1_000), ..Usage::default() };
        let after = Usage {
            cpu: Duration::from_secs(2),
            context_switches: 500,
            resident_bytes: 77,
            disk_bytes: Some(61_000),
        };
        let cost = after.cost_since(&before, 3, 1_000).expect("there were tasks");
        assert_eq!((cost.cpu_seconds_per_1000, cost.context_switches_per_task), (2.0, 0.5));
        assert_eq!((cost.resident_bytes, cost.disk_bytes_per_task_and_node), (77, Some(20.0)));
        assert_eq!(after.cost_since(&before, 3, 0), None);
    }
}
