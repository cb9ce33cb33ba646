//! Parts of random transactions.

use ferry_core::StateName;
use ferry_core::command as transact;
use ferry_core::command::{Ack, Action, Cancel, Enqueue, LeaseAck, LeaseNack, Require, Settlement};
use proptest::prelude::*;
use proptest::sample::select;

use super::past::Past;
use super::{Choice, choice, complete, enqueue};

/// A part of a transaction.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    Enqueue(Enqueue, Vec<usize>),
    /// An ack or a nack, or else an ack.
    Settle(Choice),
    Cancel(u64),
    Require(u64, StateName),
}

impl Part {
    pub(crate) fn step(&self, past: &Past) -> Option<transact::Step> {
        Some(match self {
            Self::Enqueue(enqueue, sizes) => {
                transact::Step::Enqueue(complete(enqueue, sizes, past.tasks))
            }
            Self::Settle(choice) => {
                let Settlement { task, token, action } = choice.settlement(past)?;
                match action {
                    Some(Action::Ack(ack)) => transact::Step::Ack(LeaseAck { task, token, ack }),
                    Some(Action::Nack(nack)) => {
                        transact::Step::Nack(LeaseNack { task, token, nack })
                    }
                    _ => transact::Step::Ack(LeaseAck { task, token, ack: Ack::default() }),
                }
            }
            Self::Cancel(back) => {
                transact::Step::Cancel(Cancel { task: past.tasks.saturating_sub(*back) })
            }
            Self::Require(back, state) => transact::Step::Require(Require {
                task: past.tasks.saturating_sub(*back),
                state: (*state).into(),
            }),
        })
    }
}

pub(crate) fn part() -> impl Strategy<Value = Part> {
    let states = select(vec![StateName::Ready, StateName::Leased, StateName::Succeeded]);
    prop_oneof![
        2 => enqueue().prop_map(|(enqueue, sizes)| Part::Enqueue(enqueue, sizes)),
        4 => choice().prop_map(Part::Settle),
        1 => (0..8_u64).prop_map(Part::Cancel),
        1 => (0..8_u64, states).prop_map(|(back, state)| Part::Require(back, state)),
    ]
}
