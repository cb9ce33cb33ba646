//! What has happened to a task beyond its enqueue. Hardly one is ever asked for it, so the last
//! event, most of which the task itself tells, waits for the next before it is written down: as
//! bytes of a [`HistoryRow`], which are only appended to.

use ferry_types::limits::HISTORY_MAX;
use ferry_types::{LogIndex, Timestamp};
use prost::{Message, decode_length_delimiter};

use super::task::{Task, TaskState};
use crate::event::EventName;
use crate::row::{HistoryEvent, HistoryRow, TaskRow};
use crate::state::StateName;

/// No event takes less.
const EVENT_BYTES_MIN: usize = 8;
/// Bytes of the key and the length of most events.
const HEAD_BYTES: usize = 2;
/// Key and wire type of a field that has a length: an event of a row.
const EVENT_KEY: u8 = 1 << 3 | 2;
/// The same of an event's worker.
const WORKER_KEY: u8 = 6 << 3 | 2;

/// The events of a task.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct History {
    /// Of its enqueue; nothing for a task to which nothing else has happened.
    index: LogIndex,
    /// Those between the enqueue and the last, encoded.
    written: Box<[u8]>,
    /// When the last was.
    last_at: Timestamp,
    /// The last; unknown if it is written already.
    last: EventName,
    /// After its enqueue.
    state: StateName,
}

impl Default for History {
    fn default() -> Self {
        Self {
            index: LogIndex::default(),
            written: Box::default(),
            last_at: Timestamp::default(),
            last: EventName::Unknown,
            state: StateName::Unknown,
        }
    }
}

impl Task {
    /// What has happened to it, if anything since its enqueue.
    pub(crate) fn history(&self) -> Option<&History> {
        self.story.as_ref().map(|story| &story.history).filter(|history| !history.is_empty())
    }

    /// The events between its enqueue and the present.
    pub(crate) fn later_events(&self) -> Vec<HistoryEvent> {
        let Some(history) = self.history() else { return Vec::new() };
        let row = HistoryRow::decode(&*history.written);
        let mut events = row.expect("it was encoded here, or decoded before").events;
        if history.last != EventName::Unknown {
            events.push(HistoryEvent {
                event: history.last.into(),
                state: self.state().name().into(),
                index: self.index.get(),
                later_ms: self.later_ms(history.last_at),
                attempt: self.attempt,
                worker: self.holder().unwrap_or_default().into(),
            });
        }
        events
    }

    /// The index of its enqueue, and its state after that.
    pub(crate) fn enqueued(&self) -> (LogIndex, StateName) {
        let present = || (self.index, self.state().name());
        self.history().map_or_else(present, |history| (history.index, history.state))
    }

    /// Writes down what only a task that is about to change still tells.
    pub(crate) fn keep_history(&mut self) {
        let (index, state, attempt) = (self.index, self.state().name(), self.attempt);
        let history = &mut self.story_mut().history;
        if history.is_empty() {
            (history.index, history.state) = (index, state);
        }
        if history.last == EventName::Unknown {
            return;
        }
        let mut fields = Fields::default();
        fields.number(1, history.last as u64);
        fields.number(2, state as u64);
        fields.number(3, index.get());
        let last_at = history.last_at;
        fields.number(4, self.later_ms(last_at));
        fields.number(5, u64::from(attempt));
        let mut written = std::mem::take(&mut self.story_mut().history.written).into_vec();
        fields.append(self.holder(), &mut written);
        if written.len() > HISTORY_MAX * EVENT_BYTES_MIN {
            trim(&mut written);
        }
        self.story_mut().history.written = written.into();
    }

    /// Notes what the entry that changed it last did, unless it stays in its state: of that there
    /// may be so much that it would drown all else.
    pub(crate) fn note_event(&mut self, event: EventName, now: Timestamp) {
        let is_small = matches!(event, EventName::Extended | EventName::DependencyEnded);
        let history = &mut self.story_mut().history;
        history.last = if is_small { EventName::Unknown } else { event };
        history.last_at = if is_small { Timestamp::default() } else { now };
    }

    fn later_ms(&self, at: Timestamp) -> u64 {
        at.as_millis().saturating_sub(self.enqueued_at.as_millis())
    }

    fn holder(&self) -> Option<&str> {
        if let TaskState::Leased(held) = self.state() { held.worker.as_deref() } else { None }
    }
}

impl History {
    pub(crate) fn is_empty(&self) -> bool {
        self.index == LogIndex::default()
    }

    /// Writes it into the row of its task.
    pub(crate) fn fill(&self, row: &mut TaskRow) {
        row.enqueued_index = self.index.get();
        row.enqueued_state = self.state.into();
        row.last_event = self.last.into();
        row.last_event_at_ms = self.last_at.as_millis();
        if !self.written.is_empty() {
            row.history = self.written.to_vec();
        }
    }

    /// The history that a row holds, or nothing if it cannot be read.
    pub(crate) fn from_row(row: &TaskRow) -> Option<Self> {
        HistoryRow::decode(row.history.as_slice()).ok()?;
        Some(Self {
            index: LogIndex::new(row.enqueued_index),
            written: row.history.as_slice().into(),
            last_at: Timestamp::from_millis(row.last_event_at_ms),
            last: EventName::try_from(row.last_event).ok()?,
            state: StateName::try_from(row.enqueued_state).ok()?,
        })
    }
}

/// Drops the first event of many: with the enqueue and the one to come there are as many as may be.
fn trim(written: &mut Vec<u8>) {
    let (mut events, mut first, mut rest) = (0, 0, written.as_slice());
    while let Some((_, mut after)) = rest.split_first() {
        let length = decode_length_delimiter(&mut after).expect("it was encoded here");
        rest = &after[length..];
        events += 1;
        if events == 1 {
            first = written.len() - rest.len();
        }
    }
    if events > HISTORY_MAX - 2 {
        written.drain(..first);
    }
}

/// The fields of an event as they are encoded, behind room for its key and length.
struct Fields {
    bytes: [u8; 40],
    used: usize,
}

impl Default for Fields {
    fn default() -> Self {
        Self { bytes: [0; 40], used: HEAD_BYTES }
    }
}

impl Fields {
    fn number(&mut self, tag: u8, number: u64) {
        if number != 0 {
            self.byte(tag << 3);
            self.varint(number);
        }
    }

    /// Appends them to a row, with the worker.
    fn append(mut self, worker: Option<&str>, row: &mut Vec<u8>) {
        let worker = worker.unwrap_or_default();
        if !worker.is_empty() {
            self.byte(WORKER_KEY);
            self.varint(worker.len() as u64);
        }
        let length = self.used - HEAD_BYTES + worker.len();
        // So that no room is left over, mostly.
        row.reserve_exact(HEAD_BYTES + length);
        if let Ok(length @ ..0x80) = u8::try_from(length) {
            self.bytes[..HEAD_BYTES].copy_from_slice(&[EVENT_KEY, length]);
            row.extend_from_slice(&self.bytes[..self.used]);
        } else {
            let mut head = Self { used: 0, ..Self::default() };
            head.byte(EVENT_KEY);
            head.varint(length as u64);
            row.extend_from_slice(&head.bytes[..head.used]);
            row.extend_from_slice(&self.bytes[HEAD_BYTES..self.used]);
        }
        row.extend_from_slice(worker.as_bytes());
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(index: u64, worker: &str) -> HistoryEvent {
        HistoryEvent {
            event: EventName::Leased.into(),
            state: StateName::Leased.into(),
            index,
            later_ms: u64::MAX,
            attempt: u32::MAX,
            worker: worker.into(),
        }
    }

    fn append(event: &HistoryEvent, row: &mut Vec<u8>) {
        let mut fields = Fields::default();
        fields.number(1, EventName::Leased as u64);
        fields.number(2, StateName::Leased as u64);
        fields.number(3, event.index);
        fields.number(4, event.later_ms);
        fields.number(5, u64::from(event.attempt));
        fields.append(Some(event.worker.as_str()), row);
    }

    #[test]
    fn the_bytes_are_those_of_the_message() {
        let long = "w".repeat(300);
        let (mut written, mut row) = (Vec::new(), HistoryRow::default());
        for (index, worker) in [(1, ""), (u64::MAX, "w"), (300, &long), (7, &long[..90])] {
            append(&event(index, worker), &mut written);
            row.events.push(event(index, worker));
            assert_eq!(written, row.encode_to_vec());
        }
    }

    #[test]
    fn the_newest_events_stay() {
        let (mut written, most) = (Vec::new(), HISTORY_MAX as u64 - 2);
        for index in 1..=250 {
            append(&event(index, "w"), &mut written);
            trim(&mut written);
            let row = HistoryRow::decode(written.as_slice()).expect("it is a row");
            let first = (index + 1).saturating_sub(most).max(1);
            assert!(row.events.iter().map(|event| event.index).eq(first..=index), "{index}");
        }
    }
}
