//! Amounts of resources on the command line.

/// Reads NAME=AMOUNT.
pub(crate) fn parse(text: &str) -> Result<(String, u64), String> {
    let (name, amount) = text.split_once('=').ok_or("a resource is NAME=AMOUNT")?;
    let amount = amount.parse().map_err(|_| "an amount is a whole number from 0")?;
    Ok((name.to_owned(), amount))
}
