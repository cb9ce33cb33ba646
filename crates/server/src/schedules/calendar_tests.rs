use super::*;

/// The firings after `from`, in the zone's time with its offset.
fn firings(expression: &str, timezone: &str, from: &str, count: usize) -> Vec<String> {
    let calendar = Calendar::new(expression, timezone).expect("valid");
    let mut at = Timestamp::parse_rfc3339(from).expect("valid");
    let next = || {
        at = calendar.next_after(at)?;
        let moment: jiff::Timestamp = at.to_string().parse().expect("valid");
        Some(moment.to_zoned(calendar.zone.clone()).strftime("%m-%d %H:%M:%S %:z").to_string())
    };
    std::iter::from_fn(next).take(count).collect()
}

fn berlin(expression: &str, from: &str) -> [String; 3] {
    let firings = firings(expression, "Europe/Berlin", from, 3);
    firings.try_into().expect("it goes on")
}

#[test]
fn a_time_that_the_clocks_skip_fires_at_the_end_of_the_gap() {
    let gap = "2026-03-28T12:00:00Z";
    assert_eq!(
        berlin("30 2 * * *", gap),
        ["03-29 03:00:00 +02:00", "03-30 02:30:00 +02:00", "03-31 02:30:00 +02:00"]
    );
    assert_eq!(
        berlin("15,45 2,3 * * *", gap),
        ["03-29 03:00:00 +02:00", "03-29 03:15:00 +02:00", "03-29 03:45:00 +02:00"]
    );
    assert_eq!(
        berlin("0 */2 * * *", "2026-03-28T23:30:00Z"),
        ["03-29 03:00:00 +02:00", "03-29 04:00:00 +02:00", "03-29 06:00:00 +02:00"]
    );
}

#[test]
fn a_time_that_the_clocks_show_twice_fires_the_first_time() {
    let fold = "2026-10-24T12:00:00Z";
    assert_eq!(
        berlin("30 2 * * *", fold),
        ["10-25 02:30:00 +02:00", "10-26 02:30:00 +01:00", "10-27 02:30:00 +01:00"]
    );
    assert_eq!(
        berlin("15,45 2 * * *", fold),
        ["10-25 02:15:00 +02:00", "10-25 02:45:00 +02:00", "10-26 02:15:00 +01:00"]
    );
    // Whoever asks in the second hour is not told of the first.
    assert_eq!(
        berlin("15,45 2,3 * * *", "2026-10-25T01:20:00Z"),
        ["10-25 03:15:00 +01:00", "10-25 03:45:00 +01:00", "10-26 02:15:00 +01:00"]
    );
}

#[test]
fn every_hour_means_time_as_it_passes() {
    assert_eq!(
        berlin("30 * * * *", "2026-03-29T00:00:00Z"),
        ["03-29 01:30:00 +01:00", "03-29 03:30:00 +02:00", "03-29 04:30:00 +02:00"]
    );
    assert_eq!(
        berlin("30 * * * *", "2026-10-25T00:00:00Z"),
        ["10-25 02:30:00 +02:00", "10-25 02:30:00 +01:00", "10-25 03:30:00 +01:00"]
    );
    assert_eq!(
        berlin("*/20 59 * * * *", "2026-10-25T00:59:20Z"),
        ["10-25 02:59:40 +02:00", "10-25 02:59:00 +01:00", "10-25 02:59:20 +01:00"]
    );
}

#[test]
fn gaps_of_other_lengths_and_whole_days_are_no_different() {
    // Lord Howe puts its clocks forward by half an hour; Samoa skipped the 30th of December 2011.
    let lord_howe = firings("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", 2);
    assert_eq!(lord_howe, ["10-04 02:30:00 +11:00", "10-05 02:15:00 +11:00"]);
    let apia = firings("0 9 * * *", "Pacific/Apia", "2011-12-29T00:00:00Z", 3);
    assert_eq!(apia, ["12-29 09:00:00 -10:00", "12-31 00:00:00 +14:00", "12-31 09:00:00 +14:00"]);
}

#[test]
fn either_of_both_days_fits() {
    assert_eq!(
        berlin("0 0 13 * FRI", "2026-12-05T00:00:00Z"),
        ["12-11 00:00:00 +01:00", "12-13 00:00:00 +01:00", "12-18 00:00:00 +01:00"]
    );
}

#[test]
fn a_day_that_begins_with_a_star_has_to_fit_as_well() {
    // The 2nd of November 2026 is a Monday, as the 9th, 16th, 23rd and 30th are.
    let mondays = ["11-09 00:00:00", "11-23 00:00:00", "12-07 00:00:00"];
    let days = |expression| {
        let days = firings(expression, "UTC", "2026-11-02T00:00:00Z", 3);
        days.iter().map(|day| day.replace(" +00:00", "")).collect::<Vec<_>>()
    };
    assert_eq!(days("0 0 */2 * MON"), mondays, "on odd days alone");
    assert_eq!(days("0 0 1-31/2 * MON"), ["11-03 00:00:00", "11-05 00:00:00", "11-07 00:00:00"]);
    // On the first, if it is a Sunday, a Tuesday, a Thursday or a Saturday.
    assert_eq!(days("0 0 1 * */2"), ["12-01 00:00:00", "04-01 00:00:00", "05-01 00:00:00"]);
    assert_eq!(days("0 0 * * MON")[0], "11-09 00:00:00");
    assert_eq!(days("0 0 5 * ?")[0], "11-05 00:00:00");
}

#[test]
fn the_examples_of_the_manual_fire_as_it_says() {
    // crontab(5) of Vixie cron; the 1st of January 2026 is a Thursday.
    let first = |expression| firings(expression, "UTC", "2026-01-01T00:00:00Z", 3);
    let cases = [
        ("5 0 * * *", ["01-01 00:05:00", "01-02 00:05:00", "01-03 00:05:00"]),
        ("15 14 1 * *", ["01-01 14:15:00", "02-01 14:15:00", "03-01 14:15:00"]),
        ("0 22 * * 1-5", ["01-01 22:00:00", "01-02 22:00:00", "01-05 22:00:00"]),
        ("23 0-23/2 * * *", ["01-01 00:23:00", "01-01 02:23:00", "01-01 04:23:00"]),
        ("5 4 * * sun", ["01-04 04:05:00", "01-11 04:05:00", "01-18 04:05:00"]),
        ("30 4 1,15 * 5", ["01-01 04:30:00", "01-02 04:30:00", "01-09 04:30:00"]),
    ];
    for (expression, expected) in cases {
        assert_eq!(first(expression), expected.map(|at| format!("{at} +00:00")), "{expression}");
    }
}

#[test]
fn a_step_or_a_word_that_no_such_field_has_is_refused() {
    for (expression, detail, position) in [
        (
            "*/61 * * * *",
            r#""*/61" for its minute at character 1; a step of its minute is 1 to 59"#,
            1,
        ),
        ("0 */25 * * *", r#""*/25" for its hour at character 3; a step of its hour is 1 to 23"#, 3),
        ("0 0 1,*/32 * *", r#""1,*/32" for its day of month at character 5; a step of its"#, 5),
        ("0 24 * * *", r#""24" for its hour at character 3; an hour is 0 to 23"#, 3),
        ("0 DEC * * *", r#""DEC" for its hour at character 3; an hour is 0 to 23"#, 3),
        ("*/0 * * * *", r#""*/0" for its minute at character 1; a minute is 0 to 59"#, 1),
        ("0 9 * * FRX", r#""FRX" for its day of week at character 9; a day of week is"#, 9),
    ] {
        let refusal = Calendar::new(expression, "UTC").err().expect("out of range");
        assert_eq!(refusal.position, Some(position), "{expression}");
        let detail = format!("cron has {detail}");
        assert!(refusal.to_string().starts_with(&detail), "{refusal}");
    }
    for expression in ["*/59 * * * *", "0 */23 * * *", "0 0 */31 */12 *", "0 0 L * *"] {
        assert!(Calendar::new(expression, "UTC").is_ok(), "{expression}");
    }
}

#[test]
fn a_leap_day_is_waited_for() {
    let firings = firings("0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", 1);
    assert_eq!(firings, ["02-29 00:00:00 +00:00"]);
    let calendar = Calendar::new("0 0 30 2 *", "UTC").expect("well-formed");
    assert_eq!(calendar.next_after(Timestamp::from_millis(0)), None);
}

#[test]
fn what_is_wrong_is_told_with_its_position() {
    let refused = |expression: &str| {
        let refusal = Calendar::new(expression, "UTC").err().expect("not valid");
        (refusal.to_string(), refusal.position)
    };
    let minute = r#"cron has "61" for its minute at character 1; a minute is 0 to 59"#;
    assert_eq!(refused("61 * * * *"), (minute.into(), Some(1)));
    let month = r#"cron has "FEV" for its month at character 9; a month is 1 to 12, or JAN to DEC"#;
    assert_eq!(refused("0  9 * * FEV *").1, Some(10));
    assert_eq!(refused("0 9 * * FEV * ").1, Some(9));
    assert_eq!(refused("0 0 9 * FEV *"), (month.into(), Some(9)));
    assert_eq!(refused("* * * *").1, Some(8));
    assert_eq!(refused("* * * * * * 2030").1, Some(13));
    assert_eq!(refused("@daily").1, Some(7));
    assert_eq!(refused("").1, Some(1));
    let never = "cron never fires: no month of it has the day at character 5";
    assert_eq!(never_fires("0 0 30 2 *").to_string(), never);
}
