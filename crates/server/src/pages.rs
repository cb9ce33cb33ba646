//! Pages of lists: a token says where the next one begins, and of which list it is.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ferry_types::limits;
use sha2::{Digest, Sha256};

use crate::call::Call;
use crate::problem::Failure;

const TAG_BYTES: usize = 8;

/// Which page of which list.
pub(crate) struct Page {
    /// The most items.
    pub(crate) limit: usize,
    /// Behind which item it begins.
    pub(crate) after: Option<String>,
    tag: [u8; TAG_BYTES],
}

impl Page {
    /// The page that a request asks for.
    pub(crate) fn of(call: &Call) -> Result<Self, Failure> {
        let most = limits::PAGE_MAX;
        let limit = call.query.parsed("limit", &format!("a number from 1 to {most}"))?;
        let limit = limit.unwrap_or(limits::PAGE_DEFAULT);
        if !(1..=most).contains(&limit) {
            return Err(Failure::invalid("limit", format!("must be 1 to {most}, not {limit}")));
        }
        let filters = call.query.canonical_without(&PAGING);
        let tag = tag(call.uri.path(), &filters);
        let after = call.query.get("page_token").map(|token| open(token, tag)).transpose()?;
        Ok(Self { limit, after, tag })
    }

    /// Cuts `items`, which may be one more than [`Page::limit`], to the page, and gives the token of
    /// the next one if that one more was there; `name` is what an item is found by.
    pub(crate) fn close<T>(&self, items: &mut Vec<T>, name: impl Fn(&T) -> &str) -> Option<String> {
        let has_more = items.len() > self.limit;
        items.truncate(self.limit);
        items.last().filter(|_| has_more).map(|last| self.token(name(last)))
    }

    /// The token of the page that begins behind `last`.
    pub(crate) fn token(&self, last: &str) -> String {
        BASE64_URL_SAFE_NO_PAD.encode([&self.tag, last.as_bytes()].concat())
    }
}

/// What may change from page to page.
const PAGING: [&str; 5] = ["limit", "page_token", "consistency", "min_index", "forward"];

fn tag(path: &str, filters: &str) -> [u8; TAG_BYTES] {
    let hash = Sha256::new().chain_update(path).chain_update("\n").chain_update(filters).finalize();
    hash[..TAG_BYTES].try_into().expect("a hash is longer")
}

fn open(token: &str, tag: [u8; TAG_BYTES]) -> Result<String, Failure> {
    let invalid = || Failure::invalid("page_token", "must be next_page_token of the same query");
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
    let last = bytes.strip_prefix(&tag).ok_or_else(invalid)?;
    String::from_utf8(last.to_vec()).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_a_next_one_only_if_there_is_more() {
        let page = Page { limit: 2, after: None, tag: tag("/v1/queues", "") };
        let close = |mut items: Vec<&'static str>| {
            let token = page.close(&mut items, |item| item);
            (items, token)
        };
        assert_eq!(close(vec![]), (vec![], None));
        assert_eq!(close(vec!["a", "b"]), (vec!["a", "b"], None));
        assert_eq!(close(vec!["a", "b", "c"]), (vec!["a", "b"], Some(page.token("b"))));
    }

    #[test]
    fn a_token_belongs_to_its_query() {
        let own = tag("/v1/tasks", "state=ready\n");
        let page = Page { limit: 1, after: None, tag: own };
        let token = page.token("t42");
        assert_eq!(open(&token, own).ok().as_deref(), Some("t42"));
        assert!(open(&token, tag("/v1/tasks", "state=dead\n")).is_err());
        assert!(open(&token, tag("/v1/queues", "state=ready\n")).is_err());
        assert!(open("", own).is_err());
        assert!(open("§", own).is_err());
    }
}
