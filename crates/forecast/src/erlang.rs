/// The share of arrivals that find all of `servers` busy and are turned away, at `offered` erlangs:
/// the Erlang B formula for M/M/c/c.
///
/// Source: A. K. Erlang, "Solution of some problems in the theory of probabilities of significance
/// in automatic telephone exchanges", 1917; by the recursion in V. B. Iversen, "Teletraffic
/// Engineering Handbook", ITU-D, section 4.5, on the inverse, which neither overflows nor cancels.
pub fn erlang_b(servers: u32, offered: f64) -> f64 {
    let inverse =
        (1..=servers).fold(1.0, |inverse, servers| next_inverse(inverse, servers, offered));
    1.0 / inverse
}

/// The inverse of Erlang B with one server more, which is the one with this number.
pub(crate) fn next_inverse(inverse: f64, servers: u32, offered: f64) -> f64 {
    1.0 + f64::from(servers) / offered * inverse
}

/// The share of arrivals that have to wait, at `offered` erlangs: the Erlang C formula for M/M/c.
/// 1 where the load is more than the servers can do.
///
/// Source: Erlang as above; in terms of Erlang B as in L. Kleinrock, "Queueing Systems", volume 1,
/// 1975, section 3.5, and Iversen, section 9.2.
pub fn erlang_c(servers: u32, offered: f64) -> f64 {
    waiting_share(erlang_b(servers, offered), servers, offered)
}

/// Erlang C from Erlang B.
pub(crate) fn waiting_share(blocked: f64, servers: u32, offered: f64) -> f64 {
    let utilisation = offered / f64::from(servers);
    if utilisation < 1.0 { blocked / (1.0 - utilisation * (1.0 - blocked)) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Erlang B tables, as in Iversen's handbook: the load that is blocked in one case of a hundred.
    #[test]
    fn erlang_b_is_that_of_the_tables() {
        let rows = [(1, 0.0101), (2, 0.153), (5, 1.361), (10, 4.461), (20, 12.031), (100, 84.064)];
        for (servers, offered) in rows {
            let blocked = erlang_b(servers, offered);
            assert!((blocked - 0.01).abs() < 0.000_05, "{servers} servers: {blocked}");
        }
    }

    /// D. Gross and C. Harris, "Fundamentals of Queueing Theory", the eye clinic: two erlangs at
    /// three servers. F. Hillier and G. Lieberman, "Introduction to Operations Research", the
    /// county hospital. And the call centre that textbooks of staffing use: 48 erlangs, 55 agents.
    #[test]
    fn erlang_c_is_that_of_the_textbooks() {
        let cases =
            [(3, 2.0, 4.0 / 9.0), (1, 2.0 / 3.0, 0.667), (2, 2.0 / 3.0, 0.167), (55, 48.0, 0.239)];
        for (servers, offered, published) in cases {
            let waits = erlang_c(servers, offered);
            assert!((waits - published).abs() < 0.000_5, "{servers} servers: {waits}");
        }
    }

    #[test]
    fn the_ends_of_the_range_have_an_answer() {
        assert_eq!(erlang_c(5, 0.0), 0.0);
        assert_eq!((erlang_c(5, 5.0), erlang_c(5, 9.0), erlang_c(0, 1.0)), (1.0, 1.0, 1.0));
        let large = erlang_c(100_000, 99_000.0);
        assert!(large > 0.0 && large < 0.01, "{large}");
        assert_eq!(erlang_c(100_000, 0.001), 0.0);
    }
}
