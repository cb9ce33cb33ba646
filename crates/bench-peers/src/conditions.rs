use std::fmt::{self, Write};
use std::fs::{self, File};
use std::io::{self, Seek, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::arguments::Arguments;
use crate::system::System;

const FLUSHES: usize = 200;
const FLUSH_BYTES: usize = 4_096;

/// Under what conditions the systems are measured, as Markdown.
pub(crate) fn conditions(arguments: &Arguments) -> String {
    let mut text = String::new();
    write(&mut text, arguments).expect("a text takes everything");
    text
}

fn write(text: &mut String, arguments: &Arguments) -> fmt::Result {
    let known = |what: Option<String>| what.unwrap_or_else(|| "unknown".to_owned());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    writeln!(text, "- When: {}.", known(said(Command::new("date").args(["-u", "+%F"]))))?;
    writeln!(
        text,
        "- Machine: {cores} cores ({}), {} of memory, Linux {}; three nodes and the client share it, \
         on loopback.",
        known(line_of("/proc/cpuinfo", "model name")),
        known(memory()),
        known(fs::read_to_string("/proc/sys/kernel/osrelease").ok().map(|it| it.trim().to_owned())),
    )?;
    let file_system =
        said(Command::new("findmnt").args(["-n", "-o", "FSTYPE", "-T"]).arg(&arguments.folder));
    let flush = flush_time(&arguments.folder).ok();
    let flush = flush.map(|time| format!("{} us", time.as_micros()));
    writeln!(
        text,
        "- Disk: {}; writing 4 KiB in place and `fdatasync` takes {} (median of {FLUSHES}).",
        known(file_system),
        known(flush),
    )?;
    let mut ferry = Command::new(&arguments.ferry);
    let mut nats = Command::new(&arguments.nats);
    for system in arguments.systems() {
        let version = match system {
            System::Ferry => said(ferry.arg("--version")).map(|it| match &arguments.revision {
                Some(revision) => format!("{it} ({revision})"),
                None => it,
            }),
            System::Rabbitmq => rabbitmq_version(&arguments.rabbitmq),
            System::Nats | System::NatsDefault => said(nats.arg("--version")),
        };
        writeln!(text, "- {}: {}; {}.", system.title(), known(version), system.durability())?;
    }
    writeln!(
        text,
        "- Payload 256 bytes; medians of {} round(s), in which the systems alternate and run alone; {} \
         s a scenario after 1 s of warm-up.",
        arguments.rounds,
        arguments.duration().as_secs(),
    )?;
    writeln!(
        text,
        "- Client: one thread of `ferry-bench-peers` for all systems, at the node that leads. Ferry: \
         HTTP/1.1, a connection a producer or worker. RabbitMQ: AMQP 0-9-1, a channel each on one \
         connection. NATS: one connection; one message settles a task and asks for the next.",
    )
}

/// The first line that a command prints.
fn said(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().next().map(|line| line.trim().to_owned())
}

/// The version in the name of the folder that stands beside the programs: asking the program would
/// leave a name server behind.
fn rabbitmq_version(programs: &Path) -> Option<String> {
    let folders = fs::read_dir(programs.join("../lib")).ok()?;
    let names = folders.flatten().map(|folder| folder.file_name().to_string_lossy().into_owned());
    names.filter_map(|name| name.strip_prefix("rabbitmq_server-").map(str::to_owned)).max()
}

fn memory() -> Option<String> {
    let total = line_of("/proc/meminfo", "MemTotal")?;
    let kib: f64 = total.strip_suffix(" kB")?.parse().ok()?;
    Some(format!("{:.0} GiB", kib / 1_048_576.0))
}

/// What stands behind a name and a colon in a file of the kernel.
fn line_of(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_once(':').map(|(_, value)| value.trim().to_owned())
}

/// How long the disk takes to write a little and sync it: the median.
fn flush_time(folder: &Path) -> io::Result<Duration> {
    let path = folder.join("flush");
    let mut file = File::create(&path)?;
    // In place, as logs with recycled segments write: a file that grows has its size synced too.
    file.write_all(&[0; FLUSH_BYTES * FLUSHES])?;
    file.sync_all()?;
    file.rewind()?;
    let mut times = Vec::new();
    for _ in 0..FLUSHES {
        let begin = Instant::now();
        file.write_all(&[0x5A; FLUSH_BYTES])?;
        file.sync_data()?;
        times.push(begin.elapsed());
    }
    fs::remove_file(&path)?;
    times.sort();
    Ok(times[FLUSHES / 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flush_takes_time_and_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let time = flush_time(folder.path()).expect("the folder is writable");
        assert!(time > Duration::ZERO);
        assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 0);
    }

    #[test]
    fn what_a_command_says_is_its_first_line_if_it_succeeds() {
        let shell = |script: &str| said(Command::new("sh").args(["-c", script]));
        assert_eq!(shell("echo ' 1.2 '; echo more").as_deref(), Some("1.2"));
        assert_eq!(shell("echo 1.2; exit 1"), None);
        assert_eq!(said(&mut Command::new("/nowhere/program")), None);
    }
}
