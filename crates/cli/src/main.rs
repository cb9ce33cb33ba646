//! The `ferry` command: it runs a node, a cluster on a laptop, and every user and operator command.
//!
//! 1. Data goes to stdout, talk to stderr; with `--json` stdout is one JSON document a line.
//! 2. The exit code is 0 when it is done, 1 when it was refused or failed, 2 when the command line
//!    is wrong, 3 when the outcome is not known.

mod arguments;
mod bench;
mod command;
mod dev;
mod failure;
mod interrupts;
mod labels;
mod output;
mod pages;
mod payload;
mod resources;
mod table;
mod work;

use std::io::Write;

use clap::Parser;

use arguments::{Arguments, Command};
use failure::Failure;

/// RocksDB's allocations too: the crate's `malloc` takes the place of the C library's.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() {
    let arguments = Arguments::parse();
    let code = match run(arguments) {
        Ok(()) => 0,
        Err(failure) => {
            if let Some(line) = failure.line() {
                eprintln!("ferry: {line}");
            }
            failure.exit_code()
        }
    };
    end(code);
}

/// Ends the process without the destructors of RocksDB's statics: a thread that still waits for a
/// slow disk when a node gives up would use them after they are gone.
#[expect(unsafe_code, reason = "the standard library has no exit without exit handlers")]
fn end(code: u8) -> ! {
    // Whoever reads it may be gone, which is no reason to say anything now.
    let _ = std::io::stdout().flush();
    // SAFETY: it takes a number, and nothing runs in this process afterwards.
    unsafe { nix::libc::_exit(code.into()) }
}

fn run(Arguments { global, command }: Arguments) -> Result<(), Failure> {
    let command = match command {
        Command::Serve(serve) => return serve.run(),
        Command::User(command) => command,
    };
    // One thread is all that a command needs, and the main thread is one that lives as long as
    // the process: children that are to die with it are bound to the thread.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(format!("cannot start: {error}")))?;
    let outcome = runtime.block_on(Box::pin(command.run(&global)));
    // A thread that reads stdin may never come back.
    runtime.shutdown_background();
    outcome
}
