//! Lists that are shown as a whole.

use ferry_api::PageQuery;
use ferry_types::limits;
use serde::Serialize;

use crate::arguments::Global;
use crate::failure::Failure;

/// Shows the items of all pages: `page` gives those of one, and where the next begins.
pub(crate) async fn show<T: Serialize>(
    page: impl AsyncFn(&PageQuery) -> Result<(Vec<T>, Option<String>), Failure>,
    table: impl FnOnce(&[T]) -> String,
    global: &Global,
) -> Result<(), Failure> {
    global.output().show_all(&all(page).await?, table)
}

async fn all<T>(
    page: impl AsyncFn(&PageQuery) -> Result<(Vec<T>, Option<String>), Failure>,
) -> Result<Vec<T>, Failure> {
    let mut query = PageQuery { limit: Some(limits::PAGE_MAX), page_token: None };
    let mut all = Vec::new();
    loop {
        let (items, next_page_token) = page(&query).await?;
        all.extend(items);
        query.page_token = next_page_token;
        if query.page_token.is_none() {
            return Ok(all);
        }
    }
}
