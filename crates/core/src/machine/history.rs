//! What has happened to a task beyond its enqueue. It is kept as the bytes of a [`HistoryRow`],
//! which are only appended to: many tasks have one, and hardly one is ever asked for.

use ferry_types::limits::HISTORY_MAX;
use ferry_types::{LogIndex, Timestamp};
use prost::{Message, decode_length_delimiter};

use super::task::{Story, Task, TaskState};
use crate::event::EventName;
use crate::row::HistoryRow;
use crate::state::StateName;

/// Room for the events of a task that the first worker acks.
const BYTES: usize = 80;
/// No event takes less.
const EVENT_BYTES_MIN: usize = 8;

/// The bytes of a history; none for a task to which nothing has happened since its enqueue.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct History(Vec<u8>);

/// What is to be remembered.
pub(crate) struct Remembered<'a> {
    pub(crate) event: EventName,
    pub(crate) state: StateName,
    pub(crate) index: LogIndex,
    pub(crate) later_ms: u64,
    pub(crate) attempt: u32,
    pub(crate) worker: Option<&'a str>,
}

impl Task {
    /// What has happened to it, if anything since its enqueue.
    pub(crate) fn history(&self) -> Option<&History> {
        self.story.as_ref().map(|story| &story.history).filter(|history| !history.is_empty())
    }

    /// Remembers the enqueue of a task that is about to change for the first time.
    pub(crate) fn begin_history(&mut self) {
        let (index, state) = (self.index, self.state().name());
        let history = &mut self.story_mut().history;
        if history.is_empty() {
            history.begin(index, state);
        }
    }

    /// Remembers what the entry that changed it last did, unless it stays in its state: of that
    /// there may be so much that it would drown all else.
    pub(crate) fn add_to_history(&mut self, event: EventName, now: Timestamp) {
        if matches!(event, EventName::Extended | EventName::DependencyEnded) {
            return;
        }
        let (index, attempt) = (self.index, self.attempt);
        let later_ms = now.as_millis().saturating_sub(self.enqueued_at.as_millis());
        let Story { state, history, .. } = self.story_mut();
        let (name, state) = (state.name(), &*state);
        let worker =
            if let TaskState::Leased(held) = state { held.worker.as_deref() } else { None };
        history.push(&Remembered { event, state: name, index, later_ms, attempt, worker });
    }
}

impl History {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Begins with the enqueue, which the task itself told so far.
    pub(crate) fn begin(&mut self, index: LogIndex, state: StateName) {
        let mut fields = Fields::default();
        fields.number(1, index.get());
        fields.number(2, state as u64);
        self.0.reserve_exact(BYTES);
        self.0.extend_from_slice(fields.written());
    }

    /// Appends an event, and drops the one after the enqueue where there are too many.
    pub(crate) fn push(&mut self, remembered: &Remembered<'_>) {
        let Remembered { event, state, index, later_ms, attempt, worker } = remembered;
        // Key and length come before, where the length takes one byte.
        let mut fields = Fields { used: HEAD_BYTES, ..Fields::default() };
        fields.number(1, *event as u64);
        fields.number(2, *state as u64);
        fields.number(3, index.get());
        fields.number(4, *later_ms);
        fields.number(5, u64::from(*attempt));
        let worker = worker.unwrap_or_default();
        if !worker.is_empty() {
            fields.length(6, worker.len());
        }
        let length = fields.used - HEAD_BYTES + worker.len();
        if let Ok(length @ ..0x80) = u8::try_from(length) {
            fields.bytes[..HEAD_BYTES].copy_from_slice(&[3 << 3 | LENGTH, length]);
            self.0.extend_from_slice(fields.written());
        } else {
            let mut head = Fields::default();
            head.length(3, length);
            self.0.extend_from_slice(head.written());
            self.0.extend_from_slice(&fields.written()[HEAD_BYTES..]);
        }
        self.0.extend_from_slice(worker.as_bytes());
        if self.0.len() > HISTORY_MAX * EVENT_BYTES_MIN {
            self.trim();
        }
    }

    /// The history that a row holds, or nothing if it cannot be read.
    pub(crate) fn from_row(bytes: Vec<u8>) -> Option<Self> {
        HistoryRow::decode(bytes.as_slice()).ok()?;
        Some(Self(bytes))
    }

    /// The bytes for the row.
    pub(crate) fn to_row(&self) -> Vec<u8> {
        self.0.clone()
    }

    /// The history in words.
    pub(crate) fn read(&self) -> HistoryRow {
        HistoryRow::decode(self.0.as_slice()).expect("it was encoded here, or decoded before")
    }

    fn trim(&mut self) {
        let later = self.later();
        // The enqueue is one of them.
        if later.len() >= HISTORY_MAX {
            self.0.drain(later[0].clone());
        }
    }

    /// Where the events after the enqueue stand.
    fn later(&self) -> Vec<std::ops::Range<usize>> {
        let mut rest = self.0.as_slice();
        let mut later = Vec::with_capacity(HISTORY_MAX);
        while let Some((key, mut after)) = rest.split_first() {
            let begin = self.0.len() - rest.len();
            // Lengths and the numbers of the head are written alike.
            let number = decode_length_delimiter(&mut after).expect("it was encoded here");
            if key & 7 == LENGTH {
                after = &after[number..];
                later.push(begin..self.0.len() - after.len());
            }
            rest = after;
        }
        later
    }
}

/// Bytes of the key and the length of most events.
const HEAD_BYTES: usize = 2;

/// Protobuf's wire types.
const NUMBER: u8 = 0;
const LENGTH: u8 = 2;

/// Fields of a message as they are encoded, on the stack.
struct Fields {
    bytes: [u8; 48],
    used: usize,
}

impl Default for Fields {
    fn default() -> Self {
        Self { bytes: [0; 48], used: 0 }
    }
}

impl Fields {
    fn number(&mut self, tag: u8, number: u64) {
        if number != 0 {
            self.byte(tag << 3 | NUMBER);
            self.varint(number);
        }
    }

    fn length(&mut self, tag: u8, length: usize) {
        self.byte(tag << 3 | LENGTH);
        self.varint(length as u64);
    }

    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.byte(number as u8 | 0x80);
            number >>= 7;
        }
        self.byte(number as u8);
    }

    fn byte(&mut self, byte: u8) {
        self.bytes[self.used] = byte;
        self.used += 1;
    }

    fn written(&self) -> &[u8] {
        &self.bytes[..self.used]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::HistoryEvent;

    fn remembered(index: u64, worker: Option<&str>) -> Remembered<'_> {
        let (event, state) = (EventName::Leased, StateName::Leased);
        let index = LogIndex::new(index);
        Remembered { event, state, index, later_ms: u64::MAX, attempt: u32::MAX, worker }
    }

    #[test]
    fn the_bytes_are_those_of_the_message() {
        let long = "w".repeat(300);
        let mut history = History::default();
        history.begin(LogIndex::new(u64::MAX), StateName::Ready);
        let mut row = HistoryRow {
            enqueued_index: u64::MAX,
            enqueued_state: StateName::Ready.into(),
            later: Vec::new(),
        };
        for (index, worker) in [(1, None), (u64::MAX, Some("w")), (300, Some(long.as_str()))] {
            history.push(&remembered(index, worker));
            row.later.push(HistoryEvent {
                event: EventName::Leased.into(),
                state: StateName::Leased.into(),
                index,
                later_ms: u64::MAX,
                attempt: u32::MAX,
                worker: worker.unwrap_or_default().into(),
            });
            assert_eq!(history.to_row(), row.encode_to_vec());
            assert_eq!(history.read(), row);
        }
        assert_eq!(History::from_row(row.encode_to_vec()), Some(history));
        assert_eq!(History::from_row(vec![0xff]), None);
    }

    #[test]
    fn the_enqueue_and_the_newest_events_stay() {
        let mut history = History::default();
        history.begin(LogIndex::new(7), StateName::Ready);
        for index in 1..=250 {
            let event = Remembered { later_ms: 0, attempt: 0, ..remembered(index, None) };
            history.push(&event);
            let row = history.read();
            assert_eq!(row.enqueued_index, 7);
            let first = (index + 2).saturating_sub(HISTORY_MAX as u64).max(1);
            assert!(row.later.iter().map(|event| event.index).eq(first..=index), "{index}");
        }
    }
}
