use crate::erlang::erlang_c;

/// A queue with servers that work alike and one task at a time: G/G/c, first come, first served.
///
/// Variability is the squared coefficient of variation, that is the variance over the square of the
/// mean: 1 for the exponential distribution (M), 0 for what is always the same (D).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Station {
    /// Arrivals per unit of time.
    pub arrival_rate: f64,
    /// Of the times between arrivals.
    pub arrival_variability: f64,
    /// Tasks that one server does per unit of time.
    pub service_rate: f64,
    /// Of the times that tasks take.
    pub service_variability: f64,
    /// How many servers there are.
    pub servers: u32,
}

impl Station {
    /// M/M/c: Poisson arrivals and exponential times.
    pub fn markovian(arrival_rate: f64, service_rate: f64, servers: u32) -> Self {
        let (arrival_variability, service_variability) = (1.0, 1.0);
        Self { arrival_rate, arrival_variability, service_rate, service_variability, servers }
    }

    /// The load in erlangs: how many servers are busy on average, if there are enough.
    pub fn offered(&self) -> f64 {
        self.arrival_rate / self.service_rate
    }

    /// The load as a share of what the servers can do; above 1 the queue grows without end.
    pub fn utilisation(&self) -> f64 {
        self.offered() / f64::from(self.servers)
    }

    /// The mean time from arrival to the start of service, or `None` if it grows without end.
    ///
    /// For M/M/c `C(c, a) / (c mu - lambda)`, which is exact (Kleinrock, "Queueing Systems", volume
    /// 1, 1975, section 3.5); times `(ca2 + cs2) / 2` for G/G/c: A. O. Allen, "Probability,
    /// Statistics, and Queueing Theory with Computer Science Applications", 2nd edition, 1990,
    /// section 5.4, after A. O. Allen and J. C. Cunneen. Exact for M/G/1, where it is the formula of
    /// Pollaczek and Khinchine.
    pub fn mean_wait(&self) -> Option<f64> {
        let variability = (self.arrival_variability + self.service_variability) / 2.0;
        let spare = f64::from(self.servers) * self.service_rate - self.arrival_rate;
        (spare > 0.0).then(|| erlang_c(self.servers, self.offered()) / spare * variability)
    }

    /// The probability that a task waits for longer than `time`.
    ///
    /// For M/M/c `C(c, a) exp(-(c mu - lambda) t)`, which is exact (Kleinrock as above). For G/G/c the
    /// share that waits is taken as that of M/M/c and the waits of those as exponential with the
    /// mean that follows from [`mean_wait`](Self::mean_wait): W. Whitt, "Approximations for the
    /// GI/G/m queue", Production and Operations Management 2(2), 1993, sections 2 and 4.
    pub fn probability_over(&self, time: f64) -> f64 {
        let Some(mean_wait) = self.mean_wait() else { return 1.0 };
        over(erlang_c(self.servers, self.offered()), mean_wait, time)
    }

    /// The mean number of tasks that wait, or `None` if it grows without end.
    ///
    /// Source: J. D. C. Little, "A proof for the queuing formula: L = lambda W", Operations Research
    /// 9(3), 1961.
    pub fn mean_length(&self) -> Option<f64> {
        Some(self.arrival_rate * self.mean_wait()?)
    }
}

/// The probability to wait for longer than `time`, of a share that waits and a mean over all.
pub(crate) fn over(waiting_share: f64, mean_wait: f64, time: f64) -> f64 {
    if mean_wait <= 0.0 {
        return 0.0;
    }
    waiting_share * (-time * waiting_share / mean_wait).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(value: f64, published: f64) {
        assert!((value - published).abs() < 0.000_6, "{value} instead of {published}");
    }

    /// F. Hillier and G. Lieberman, "Introduction to Operations Research", the table of the county
    /// hospital: two patients an hour, three treated an hour by each doctor.
    #[test]
    fn a_hospital_is_as_published() {
        let one = Station::markovian(2.0, 3.0, 1);
        is(one.utilisation(), 0.667);
        is(one.mean_wait().expect("it is stable"), 0.667);
        is(one.mean_length().expect("it is stable"), 1.333);
        is(one.probability_over(0.5), 0.404);
        is(one.probability_over(1.0), 0.245);
        let two = Station::markovian(2.0, 3.0, 2);
        is(two.utilisation(), 0.333);
        is(two.mean_wait().expect("it is stable"), 0.0417);
        is(two.mean_length().expect("it is stable"), 0.0833);
        is(two.probability_over(0.0), 0.167);
        is(two.probability_over(0.5), 0.022);
        is(two.probability_over(1.0), 0.003);
    }

    /// The call centre of the textbooks: 0.2 calls a second of 240 seconds each, 55 agents.
    #[test]
    fn a_call_centre_is_as_published() {
        let centre = Station::markovian(0.2, 1.0 / 240.0, 55);
        assert!((centre.mean_wait().expect("it is stable") - 8.2).abs() < 0.05);
        is(1.0 - centre.probability_over(15.0), 0.8457);
    }

    /// Pollaczek and Khinchine: `rho (1 + cs2) / (2 (1 - rho))` service times.
    #[test]
    fn one_server_with_poisson_arrivals_is_exact() {
        for variability in [0.0, 0.25, 1.0, 4.0] {
            let station =
                Station { service_variability: variability, ..Station::markovian(0.9, 1.0, 1) };
            is(station.mean_wait().expect("it is stable"), 4.5 * (1.0 + variability));
        }
    }

    #[test]
    fn too_few_servers_and_no_load_have_an_answer() {
        let drowning = Station::markovian(3.0, 1.0, 3);
        assert_eq!((drowning.mean_wait(), drowning.mean_length()), (None, None));
        assert_eq!(drowning.probability_over(1e9), 1.0);
        let idle = Station::markovian(0.0, 1.0, 3);
        assert_eq!((idle.mean_wait(), idle.utilisation()), (Some(0.0), 0.0));
        assert_eq!(idle.probability_over(0.0), 0.0);
        let clockwork = Station {
            arrival_variability: 0.0,
            service_variability: 0.0,
            ..Station::markovian(0.5, 1.0, 1)
        };
        assert_eq!((clockwork.mean_wait(), clockwork.probability_over(0.1)), (Some(0.0), 0.0));
    }
}
