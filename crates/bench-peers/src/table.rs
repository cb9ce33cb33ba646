use std::collections::BTreeSet;
use std::fmt::{self, Write};

use crate::case::Case;
use crate::figure::Figure;
use crate::results::Results;
use crate::row::{ROWS, Row};
use crate::system::System;

/// The comparison as Markdown: a line for each row that was run, and notes on what is missing.
pub(crate) fn table(results: &Results, systems: &[System], cases: &[Case]) -> String {
    let mut text = String::new();
    write(&mut text, results, systems, cases).expect("a text takes everything");
    text
}

fn write(text: &mut String, results: &Results, systems: &[System], cases: &[Case]) -> fmt::Result {
    let is_peer = |system: &&System| **system != System::Ferry;
    let has_ferry = systems.contains(&System::Ferry);
    let peers: Vec<_> = systems.iter().filter(is_peer).filter(|_| has_ferry).collect();
    write!(text, "| |")?;
    systems.iter().try_for_each(|system| write!(text, " {} |", system.title()))?;
    peers.iter().try_for_each(|peer| write!(text, " Ferry / {} |", peer.title()))?;
    writeln!(text, " bar |")?;
    writeln!(text, "|---|{}---|", "---:|".repeat(systems.len() + peers.len()))?;
    for row in ROWS.iter().filter(|row| row.was_run(results)) {
        write!(text, "| {} |", row.title)?;
        for &system in systems {
            write!(text, " {} |", cell(row.value(results, system)))?;
        }
        for &&peer in &peers {
            write!(text, " {} |", ratio(row, results, peer))?;
        }
        let bars: Vec<_> = row.bars.iter().map(|bar| bar.judge(row, results)).collect();
        writeln!(text, " {} |", if bars.is_empty() { "–".to_owned() } else { bars.join("; ") })?;
    }
    let notes = notes(results, systems, cases);
    if !notes.is_empty() {
        writeln!(text)?;
        notes.iter().try_for_each(|note| writeln!(text, "- {note}"))?;
    }
    Ok(())
}

fn cell(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), number)
}

fn ratio(row: &Row, results: &Results, peer: System) -> String {
    let values = row.value(results, System::Ferry).zip(row.value(results, peer));
    let ratio = values.filter(|(_, peer)| *peer != 0.0).map(|(ferry, peer)| ferry / peer);
    ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}"))
}

/// Why cells are empty, and which runs had failures.
fn notes(results: &Results, systems: &[System], cases: &[Case]) -> BTreeSet<String> {
    let mut notes = BTreeSet::new();
    for &system in systems {
        for &case in cases {
            if let Some(reason) = results.refusal(system, case) {
                notes.insert(format!("{}, {}: not run: {reason}", system.title(), case.name()));
            }
            let errors = results.sum(system, case, Figure::Errors).unwrap_or(0.0);
            if errors > 0.0 {
                let (title, name) = (system.title(), case.name());
                notes.insert(format!("{title}, {name}: {} requests failed", number(errors)));
            }
        }
    }
    notes
}

/// A number with three digits that matter, and its thousands apart.
fn number(value: f64) -> String {
    if value < 100.0 && value.fract() != 0.0 {
        let digits = if value < 1.0 { 3 } else { 2 - usize::from(value >= 10.0) };
        return format!("{value:.digits$}");
    }
    let digits = format!("{value:.0}");
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use ferry_bench::RequestError;

    use super::*;
    use crate::figure::Figures;

    #[test]
    fn numbers_show_what_matters() {
        let shown = [0.0, 0.0221, 4.336, 43.36, 433.6, 1_234.5, 1_234_567.0].map(number);
        assert_eq!(shown, ["0", "0.022", "4.34", "43.4", "434", "1,234", "1,234,567"]);
    }

    #[test]
    fn a_table_has_medians_ratios_bars_and_reasons() {
        let systems = [System::Ferry, System::Rabbitmq, System::Nats];
        let mut results = Results::default();
        for (round, rate) in [(1, 90_000.0), (2, 100_000.0), (3, 110_000.0)] {
            let told = |rate| Figures::from([(Figure::Rate, rate), (Figure::Errors, 1.0)]);
            results.add(round, System::Ferry, Case::Batch, told(rate));
            results.add(round, System::Rabbitmq, Case::Batch, told(rate / 8.0));
        }
        results.refuse(1, System::Nats, Case::Batch, &RequestError::new("no leader"));
        let text = table(&results, &systems, &[Case::Batch]);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines[2],
            "| batch or pipeline, C = 16, tasks/s | 100,000 | 12,500 | – | 8.00 | – | ≥ 5 × RabbitMQ: met |"
        );
        let columns = |line: &str| line.matches('|').count();
        assert!(lines[..3].iter().all(|line| columns(line) == 8), "{text}");
        assert_eq!(
            lines[4..],
            [
                "- Ferry, batch: 3 requests failed",
                "- NATS, sync always, batch: not run: no leader",
                "- RabbitMQ, batch: 3 requests failed",
            ]
        );
    }
}
