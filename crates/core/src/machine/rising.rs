use std::collections::BTreeMap;

/// A map whose keys are given in rising order, so that the highest is asked for most often: it is
/// at hand, whatever the size of the rest.
#[derive(Debug, PartialEq)]
pub(crate) struct Rising<V> {
    /// The entry with the highest key, which is not in the tree.
    last: Option<(u64, V)>,
    rest: BTreeMap<u64, V>,
}

impl<V> Default for Rising<V> {
    fn default() -> Self {
        Self { last: None, rest: BTreeMap::new() }
    }
}

impl<V: Default> Rising<V> {
    pub(crate) fn get(&self, key: u64) -> Option<&V> {
        match &self.last {
            Some((last, value)) if *last == key => Some(value),
            _ => self.rest.get(&key),
        }
    }

    pub(crate) fn get_mut(&mut self, key: u64) -> Option<&mut V> {
        match &mut self.last {
            Some((last, value)) if *last == key => Some(value),
            _ => self.rest.get_mut(&key),
        }
    }

    /// The value of a key, which gets one if it has none.
    pub(crate) fn get_or_default(&mut self, key: u64) -> &mut V {
        if self.last.as_ref().is_some_and(|(last, _)| key < *last) {
            return self.rest.entry(key).or_default();
        }
        if let Some((lower, value)) = self.last.take_if(|(last, _)| *last < key) {
            self.rest.insert(lower, value);
        }
        &mut self.last.get_or_insert_with(|| (key, V::default())).1
    }

    pub(crate) fn remove(&mut self, key: u64) {
        if self.last.take_if(|(last, _)| *last == key).is_some() {
            self.last = self.rest.pop_last();
        } else {
            self.rest.remove(&key);
        }
    }

    /// The entry with the lowest key.
    pub(crate) fn first(&self) -> Option<(u64, &V)> {
        let rest = self.rest.first_key_value().map(|(key, value)| (*key, value));
        rest.or_else(|| self.last.as_ref().map(|(key, value)| (*key, value)))
    }

    /// The entries from a key on, in order.
    pub(crate) fn from(&self, key: u64) -> impl Iterator<Item = (u64, &V)> {
        let rest = self.rest.range(key..).map(|(key, value)| (*key, value));
        let last = self.last.as_ref().map(|(key, value)| (*key, value));
        rest.chain(last.filter(move |(last, _)| *last >= key))
    }
}
