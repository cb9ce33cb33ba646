//! A test that plays a second part in a process of its own, to be killed or starved.

use std::path::{Path, PathBuf};
use std::process::Command;

const PART: &str = "FERRY_STORE_TEST_CHILD";

/// The directory to work in, if this process is the child.
pub(crate) fn part() -> Option<PathBuf> {
    std::env::var_os(PART).map(PathBuf::from)
}

/// Runs only the test `name` again, as the child, in `dir`. `prelude` is shell that runs before.
pub(crate) fn command(name: &str, dir: &Path, prelude: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(format!("{prelude} exec \"$0\" \"$@\""));
    command.arg(std::env::current_exe().expect("the path of this test"));
    command.args(["--exact", "--nocapture", "--test-threads=1", name]).env(PART, dir);
    command
}
