use std::collections::BTreeSet;
use std::sync::Mutex;

use crate::wire::{Greeting, Refusal};

/// Strangers that are remembered, so that a flood of made-up names takes no memory.
const STRANGERS_MAX: usize = 100;

/// Who was refused: told once, however often they knock.
#[derive(Default)]
pub(crate) struct Strangers {
    told: Mutex<BTreeSet<(String, u64)>>,
}

impl Strangers {
    /// Says in the log that the sender of `greeting` was refused, if that is news.
    pub(crate) fn tell(&self, greeting: &Greeting, refusal: Refusal) {
        let stranger = (greeting.cluster.clone(), greeting.node);
        let mut told = self.told.lock().expect("no holder panics");
        if told.len() < STRANGERS_MAX && told.insert(stranger) {
            let Greeting { cluster, node, .. } = greeting;
            tracing::warn!(node, cluster, ?refusal, "a peer was refused");
        }
    }
}
