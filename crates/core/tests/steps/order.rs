//! What decides who may run next.

use ferry_core::Command;
use ferry_core::command::{DeleteLimit, LimitScope, LimitSettings, PutLimit, QueueSettings, Rate};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::{queue, workers};

fn one_of(names: &[&str]) -> impl Strategy<Value = String> + use<> {
    select(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
}

fn any_key() -> impl Strategy<Value = String> {
    one_of(&["x", "y", "z"])
}

fn any_type() -> impl Strategy<Value = String> {
    one_of(&["kind", "sort"])
}

pub(crate) fn key() -> impl Strategy<Value = Option<String>> {
    option::weighted(0.5, any_key())
}

pub(crate) fn task_type() -> impl Strategy<Value = Option<String>> {
    option::weighted(0.3, any_type())
}

pub(crate) fn locks() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![3 => Just(Vec::new()), 1 => vec(one_of(&["l", "m", "n"]), 1..4)]
}

/// Rates whose intervals are whole milliseconds, so that no two roundings are compared.
fn rate() -> impl Strategy<Value = Rate> {
    (select(vec![500, 1_000, 2_000]), option::of(1..4_u64))
        .prop_map(|(per_second_milli, burst)| Rate { per_second_milli, burst })
}

/// Settings that are the standard beyond the order.
pub(crate) fn settings() -> impl Strategy<Value = QueueSettings> {
    let bounds =
        (option::weighted(0.3, 1..4_u64), option::weighted(0.3, rate()), workers::policy());
    (bounds, option::weighted(0.5, 1..4_u64), any::<bool>()).prop_map(
        |((max_concurrency, rate, assign), key_concurrency, fair)| QueueSettings {
            max_concurrency,
            rate,
            key_concurrency,
            fair,
            assign,
            ..QueueSettings::standard()
        },
    )
}

/// A limit is put or removed.
pub(crate) fn of_limit() -> impl Strategy<Value = Command> {
    let name = || one_of(&["one", "two", "three"]);
    let scope = (option::of(queue()), option::of(any_key()), option::of(any_type()))
        .prop_map(|(queue, key, task_type)| LimitScope { queue, key, task_type });
    let settings = (scope, option::of(1..3_u64), option::weighted(0.4, rate()))
        .prop_map(|(scope, max_concurrency, rate)| LimitSettings { scope, max_concurrency, rate });
    prop_oneof![
        3 => (name(), settings)
            .prop_map(|(limit, settings)| Command::PutLimit(Box::new(PutLimit { limit, settings }))),
        1 => name().prop_map(|limit| Command::DeleteLimit(DeleteLimit { limit })),
    ]
}
