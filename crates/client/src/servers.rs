use std::sync::{Mutex, PoisonError};

use reqwest::Url;

use crate::Error;

/// The nodes that may be asked, and which of them answered last.
#[derive(Debug)]
pub(crate) struct Servers {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    urls: Vec<Url>,
    /// Where the next call begins.
    good: usize,
}

impl Servers {
    /// The servers that the user named, at least one.
    pub(crate) fn new(texts: &[String]) -> Result<Self, Error> {
        let urls: Vec<Url> = texts.iter().map(|text| parse(text)).collect::<Result<_, _>>()?;
        if urls.is_empty() {
            return Err(Error::Invalid("no server is given".to_owned()));
        }
        Ok(Self { state: Mutex::new(State { urls, good: 0 }) })
    }

    /// The server to ask first.
    pub(crate) fn good(&self) -> usize {
        self.lock().good
    }

    /// The server at a place, counted round and round.
    pub(crate) fn at(&self, place: usize) -> Url {
        let state = self.lock();
        state.urls[place % state.urls.len()].clone()
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.lock().urls.len()
    }

    /// The server at this place answered: begin with it the next time.
    pub(crate) fn remember(&self, place: usize) {
        let mut state = self.lock();
        state.good = place % state.urls.len();
    }

    /// Adds the servers that are new. A text that is no URL is left out: it is another node's word.
    pub(crate) fn learn<'a>(&self, texts: impl Iterator<Item = &'a str>) {
        let mut state = self.lock();
        for url in texts.filter_map(|text| parse(text).ok()) {
            if !state.urls.contains(&url) {
                state.urls.push(url);
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // A list of URLs is whole between any two statements.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn parse(text: &str) -> Result<Url, Error> {
    let refuse = |why: &str| Error::Invalid(format!("the server {text:?} {why}"));
    let url: Url = text.parse().map_err(|error| refuse(&format!("is not a URL: {error}")))?;
    if url.scheme() != "http" || url.host_str().is_none() {
        return Err(refuse("must be an http URL, for example http://127.0.0.1:7101"));
    }
    if url.path() != "/" || url.query().is_some() {
        return Err(refuse("must not have a path or a query"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_server_is_refused_in_words() {
        for (text, expected) in [
            ("127.0.0.1:7101", "is not a URL"),
            ("https://a", "must be an http URL"),
            ("http://a/v1", "must not have a path or a query"),
            ("", "is not a URL"),
        ] {
            let error = Servers::new(&[text.to_owned()]).expect_err("no server").to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
        assert!(Servers::new(&[]).is_err());
    }

    #[test]
    fn learning_adds_what_is_new() {
        let servers = Servers::new(&["http://a:1".to_owned()]).expect("valid");
        servers.learn(["http://a:1/", "http://b:2", "nonsense"].into_iter());
        assert_eq!(servers.count(), 2);
        servers.remember(3);
        assert_eq!(servers.at(servers.good()).as_str(), "http://b:2/");
    }
}
