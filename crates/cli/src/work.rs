//! Commands that work on tasks.

mod program;

pub(crate) use program::{Program, Ran};
