use clap::Args;
use ferry_api::{ForecastDocument, ForecastQuery};
use ferry_types::QueueName;

use crate::arguments::Global;
use crate::failure::Failure;

/// Tell how long a queue's tasks will wait, and how many workers they need
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  ferry forecast mail
  ferry forecast mail --slo-ms 5000
  ferry forecast mail --workers 12")]
pub(crate) struct Forecast {
    /// Its name
    queue: QueueName,
    /// How long a task should wait at most [default: 30000]
    #[arg(long, value_name = "MS")]
    slo_ms: Option<u64>,
    /// How many workers there will be, if other than those seen
    #[arg(long, value_name = "N")]
    workers: Option<u32>,
}

impl Forecast {
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        let Self { queue, slo_ms, workers } = self;
        let query = ForecastQuery { slo_ms, workers };
        let forecast = global.client()?.forecast(&queue, &query).await?;
        global.output().show(&forecast, text)
    }
}

fn text(forecast: &ForecastDocument) -> String {
    let variability = |value| known(value, |v| format!("variability {v:.2}"));
    let over = format!("over {}", time(forecast.slo_ms));
    let rows = [
        ("measured", format!("{} of {}", time(forecast.window_ms), forecast.queue)),
        (
            "arrivals",
            format!(
                "{}, {}",
                per_second(forecast.arrival_rate_per_second),
                variability(Some(forecast.arrival_variability))
            ),
        ),
        (
            "one worker",
            known(forecast.service_rate_per_second, |rate| {
                format!("{}, {}", per_second(rate), variability(forecast.service_variability))
            }),
        ),
        ("workers", forecast.workers.to_string()),
        ("utilisation", known(forecast.utilisation, percent)),
        ("mean wait", known(forecast.expected_wait_ms, time)),
        ("mean length", known(forecast.expected_length, |length| format!("{length:.1} tasks"))),
        (
            &over,
            known(forecast.probability_over_slo, |share| format!("{} of tasks", percent(share))),
        ),
        ("workers needed", known(forecast.workers_needed, |workers| workers.to_string())),
        ("empty in", known(forecast.time_to_empty_ms, time)),
        ("past error", known(forecast.past_error, percent)),
    ];
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let line = |(name, value): &(&str, String)| format!("{name:width$}  {value}\n");
    rows.iter().map(line).collect()
}

/// A value, or a dash for one that is not known or grows without end.
fn known<T>(value: Option<T>, show: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| "-".to_owned(), show)
}

fn per_second(rate: f64) -> String {
    format!("{rate:.2} tasks/s")
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn time(millis: u64) -> String {
    if millis < 10_000 { format!("{millis} ms") } else { format!("{:.1} s", millis as f64 / 1e3) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_a_dash() {
        let json = r#"{"queue":"mail","slo_ms":5000,"workers":3,"arrival_rate_per_second":1.5,
            "arrival_variability":1,"service_rate_per_second":0.4,"service_variability":null,
            "utilisation":1.25,"expected_wait_ms":null,"expected_length":null,
            "probability_over_slo":1,"workers_needed":5,"time_to_empty_ms":61500,
            "window_ms":300000,"past_error":null}"#;
        let forecast = serde_json::from_str(json).expect("valid");
        let expected = "measured        300.0 s of mail\n\
                        arrivals        1.50 tasks/s, variability 1.00\n\
                        one worker      0.40 tasks/s, -\n\
                        workers         3\n\
                        utilisation     125.0 %\n\
                        mean wait       -\n\
                        mean length     -\n\
                        over 5000 ms    100.0 % of tasks\n\
                        workers needed  5\n\
                        empty in        61.5 s\n\
                        past error      -\n";
        assert_eq!(text(&forecast), expected);
    }
}
