//! Answers kept under idempotency keys (I9). They age by replicated time, like everything else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use ferry_types::Timestamp;

use crate::reply::Reply;
use crate::row::{IdempotencyRow, KeptAnswer};

/// All kept answers. Callers and forwarders choose their keys apart, so each have their own space.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Answers {
    callers: Space,
    forwarders: Space,
}

/// The answers under one kind of keys.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Space {
    numbers: BTreeMap<Arc<str>, u64>,
    answers: BTreeMap<u64, Answer>,
    expiries: BTreeSet<(Timestamp, u64)>,
}

/// A kept answer.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) key: Arc<str>,
    /// Copied, because a slice of the entry would keep all of the entry in memory.
    pub(crate) fingerprint: Box<[u8]>,
    pub(crate) expires_at: Timestamp,
    pub(crate) reply: Reply,
}

impl Answers {
    /// The space of a kind of keys.
    pub(crate) fn space(&self, forwarded: bool) -> &Space {
        if forwarded { &self.forwarders } else { &self.callers }
    }

    /// The space of a kind of keys, to be changed.
    pub(crate) fn space_mut(&mut self, forwarded: bool) -> &mut Space {
        if forwarded { &mut self.forwarders } else { &mut self.callers }
    }

    /// When the next answer is to be forgotten.
    pub(crate) fn next_expiry(&self) -> Option<Timestamp> {
        let next = |space: &Space| space.expiries.first().map(|(at, _)| *at);
        next(&self.callers).into_iter().chain(next(&self.forwarders)).min()
    }

    /// Forgets the answer whose time comes first, and tells its number.
    pub(crate) fn forget_next(&mut self) -> Option<u64> {
        let callers = self.callers.expiries.first();
        let forwarders = self.forwarders.expiries.first();
        let (_, number) = callers.into_iter().chain(forwarders).min().copied()?;
        self.callers.remove(number);
        self.forwarders.remove(number);
        Some(number)
    }

    /// The row of a kept answer.
    pub(crate) fn row(&self, number: u64) -> Option<IdempotencyRow> {
        let callers = self.callers.answers.get(&number).map(|answer| (answer, false));
        let forwarders = || self.forwarders.answers.get(&number).map(|answer| (answer, true));
        let (answer, forwarded) = callers.or_else(forwarders)?;
        Some(IdempotencyRow {
            id: number,
            key: answer.key.as_ref().into(),
            forwarded,
            fingerprint: Bytes::copy_from_slice(&answer.fingerprint),
            expires_at_ms: answer.expires_at.as_millis(),
            answer: KeptAnswer { reply: Some(answer.reply.clone()) },
        })
    }
}

impl Space {
    /// The answer under a key.
    pub(crate) fn find(&self, key: &str) -> Option<&Answer> {
        self.numbers.get(key).and_then(|number| self.answers.get(number))
    }

    /// How many answers are kept.
    pub(crate) fn len(&self) -> u64 {
        self.answers.len() as u64
    }

    /// The number of the answer under a key.
    pub(crate) fn number(&self, key: &str) -> Option<u64> {
        self.numbers.get(key).copied()
    }

    /// Keeps an answer; tells whether its key and number were free.
    pub(crate) fn insert(&mut self, number: u64, answer: Answer) -> bool {
        let key_is_new = self.numbers.insert(answer.key.clone(), number).is_none();
        self.expiries.insert((answer.expires_at, number));
        let number_is_new = self.answers.insert(number, answer).is_none();
        key_is_new && number_is_new
    }

    /// Forgets an answer, if it is in this space.
    pub(crate) fn remove(&mut self, number: u64) {
        if let Some(answer) = self.answers.remove(&number) {
            self.numbers.remove(&answer.key);
            self.expiries.remove(&(answer.expires_at, number));
        }
    }

    /// The number of the oldest answer, if there are more than `max`.
    pub(crate) fn oldest_above(&self, max: u64) -> Option<u64> {
        let over = self.len() > max;
        self.answers.keys().next().copied().filter(|_| over)
    }

    /// What is wrong with the indexes, for tests.
    pub(crate) fn check(&self) -> Result<(), String> {
        let expected = self.answers.iter().map(|(number, answer)| (&answer.key, number));
        let numbers: BTreeMap<_, _> = expected.collect();
        let expiries: BTreeSet<_> =
            self.answers.iter().map(|(number, answer)| (answer.expires_at, *number)).collect();
        if !self.numbers.iter().eq(numbers) || self.expiries != expiries {
            return Err("the keys or expiries of kept answers are not those of the answers".into());
        }
        Ok(())
    }

    /// The largest number given.
    pub(crate) fn last_number(&self) -> Option<u64> {
        self.answers.keys().next_back().copied()
    }
}
