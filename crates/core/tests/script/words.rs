use std::collections::VecDeque;
use std::str::FromStr;

use ferry_core::StateName;
use ferry_types::TaskId;

/// The words of a line, which must all be understood.
pub(crate) struct Words {
    place: String,
    words: VecDeque<String>,
}

impl Words {
    /// Splits a line.
    pub(crate) fn new(name: &str, line: &str) -> Self {
        let words = line.split_whitespace().map(Into::into).collect();
        Self { place: format!("{name}: {line}"), words }
    }

    /// The next word, which must be there.
    pub(crate) fn next(&mut self) -> String {
        self.words.pop_front().unwrap_or_else(|| panic!("a word is missing in {}", self.place))
    }

    /// All words that are left.
    pub(crate) fn rest(&mut self) -> String {
        Vec::from(std::mem::take(&mut self.words)).join(" ")
    }

    /// The next word as a task's id.
    pub(crate) fn id(&mut self) -> TaskId {
        let word = self.next();
        word.parse().unwrap_or_else(|_| panic!("{word} is no id in {}", self.place))
    }

    /// The next word, read.
    pub(crate) fn parsed_next<T: FromStr>(&mut self) -> T {
        let word = self.next();
        word.parse().unwrap_or_else(|_| panic!("{word} is not valid in {}", self.place))
    }

    /// What the next `name=` says.
    pub(crate) fn option(&mut self, name: &str) -> Option<String> {
        let value =
            |word: &String| word.split_once('=').filter(|(left, _)| *left == name).is_some();
        let place = self.words.iter().position(value)?;
        let word = self.words.remove(place)?;
        word.split_once('=').map(|(_, right)| right.into())
    }

    /// The first word that is `name=` for any of the names, with what it says.
    pub(crate) fn first_of(&mut self, names: &[&str]) -> Option<(String, String)> {
        let split = |word: &String| {
            let (left, right) = word.split_once('=')?;
            names.contains(&left).then(|| (left.into(), right.into()))
        };
        let place = self.words.iter().position(|word| split(word).is_some())?;
        self.words.remove(place).as_ref().and_then(split)
    }

    /// What `name=` says, read.
    pub(crate) fn parsed<T: FromStr>(&mut self, name: &str) -> Option<T> {
        let place = self.place.clone();
        let read = |text: String| {
            text.parse().unwrap_or_else(|_| panic!("{name}={text} is not valid in {place}"))
        };
        self.option(name).map(read)
    }

    /// What `name=` says, in milliseconds.
    pub(crate) fn duration(&mut self, name: &str) -> Option<u64> {
        self.option(name).map(|text| duration(&text))
    }

    /// The state that `name=` names.
    pub(crate) fn state(&mut self, name: &str) -> Option<StateName> {
        let word = self.option(name)?;
        StateName::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether the word stands there.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let place = self.words.iter().position(|word| word == name);
        place.and_then(|place| self.words.remove(place)).is_some()
    }

    /// The next `label.` word: a label's key and value.
    pub(crate) fn label(&mut self) -> Option<(String, String)> {
        let place = self.words.iter().position(|word| word.starts_with("label."))?;
        let word = self.words.remove(place)?;
        let (key, value) = word.strip_prefix("label.")?.split_once('=')?;
        Some((key.into(), value.into()))
    }

    /// Nothing may be left.
    pub(crate) fn done(&self) {
        assert!(self.words.is_empty(), "{:?} means nothing in {}", self.words, self.place);
    }
}

/// Milliseconds from `250ms`, `30s`, `10m`, `1h` or `0`.
pub(crate) fn duration(text: &str) -> u64 {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let unit = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "" if number == "0" => 0,
        other => panic!("{text}: {other:?} is no unit of time"),
    };
    number.parse::<u64>().unwrap_or_else(|_| panic!("{text} is no time")) * unit
}
