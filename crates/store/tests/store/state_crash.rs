//! A process that is killed between commits: rows, index and membership are of one moment.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use ferry_store::{State, StateOptions};

use crate::history::History;
use crate::{child, state};

#[test]
fn a_killed_process_leaves_the_state_of_one_entry() {
    if let Some(dir) = child::part() {
        return commit_until_killed(&dir);
    }
    let mut reached = Vec::new();
    for kill_after in [150, 700, 1600] {
        let dir = tempfile::tempdir().expect("a directory");
        let name = "state_crash::a_killed_process_leaves_the_state_of_one_entry";
        let mut command = child::command(name, dir.path(), "");
        let mut child = command.stdout(Stdio::piped()).spawn().expect("start the child");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let committed = lines.map_while(Result::ok).filter(|line| line.starts_with("committed"));
        assert_eq!(committed.take(kill_after).count(), kill_after, "the child ended by itself");
        child.kill().expect("kill the child");
        child.wait().expect("the child ends");
        let history = state::check(dir.path());
        reached.push(history.applied);
    }
    assert!(reached.last() > Some(&None), "nothing ever reached the disk: {reached:?}");
}

fn commit_until_killed(dir: &Path) {
    // So small that rows are written out all the time, in the background.
    let options = StateOptions { write_buffer_bytes: 64 << 10, block_cache_bytes: 1 << 20 };
    let state = State::open(dir, options).expect("open").state;
    let mut history = History::default();
    loop {
        history.commit(&state);
        println!("committed {:?}", history.applied);
    }
}
