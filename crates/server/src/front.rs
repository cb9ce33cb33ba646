//! The first and the last hand on every request: limits on its head before any handler sees it,
//! Ferry's headers and the counters after.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use ferry_api::Code;
use futures::StreamExt;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONNECTION, HOST, HeaderValue};
use hyper::{Method, Request, Version};
use tower::Service;

use crate::answer;
use crate::door::Door;
use crate::problem::Failure;
use crate::wire::Phase;

/// The longest URI.
const URI_BYTES_MAX: usize = 8 << 10;
/// The most headers.
pub(crate) const HEADERS_MAX: usize = 64;
/// The longest header.
const HEADER_BYTES_MAX: usize = 16 << 10;

/// What serves the requests of one connection.
#[derive(Clone)]
pub(crate) struct Front {
    pub(crate) door: Arc<Door>,
    pub(crate) router: Router,
    pub(crate) phase: Arc<Phase>,
}

impl hyper::service::Service<Request<Incoming>> for Front {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.phase.enter();
        let front = self.clone();
        Box::pin(async move {
            let busy = Busy::new(front);
            let mut response = busy.0.serve(request).await;
            Ok(match response.extensions_mut().remove::<Streams>() {
                Some(Streams) => response.map(|body| hold(body, busy)),
                None => response,
            })
        })
    }
}

impl Front {
    async fn serve(&self, request: Request<Incoming>) -> Response {
        let started = Instant::now();
        let path = request.uri().path().to_owned();
        let is_http1 = request.version() < Version::HTTP_2;
        let mut response = match check_head(&request) {
            Err(failure) => failure.into_response(),
            Ok(()) => match self.router.clone().call(request.map(Body::new)).await {
                Ok(response) => response,
                Err(never) => match never {},
            },
        };
        self.stamp(&mut response, is_http1);
        self.door.metrics.answered(&path, response.status().as_u16(), started.elapsed());
        response
    }

    /// Puts Ferry's headers on an answer that does not have them from another node.
    fn stamp(&self, response: &mut Response, is_http1: bool) {
        let headers = response.headers_mut();
        headers.entry(answer::NODE).or_insert_with(|| self.door.id_header.clone());
        if let Some(node) = self.door.try_node() {
            let index = || node.replica.applied_index().get().into();
            headers.entry(answer::INDEX).or_insert_with(index);
        }
        if is_http1 && self.door.stopping.is_cancelled() {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

/// Marks an answer whose body goes on and on: its request is under way until the body ends, so that
/// nobody takes the connection for idle.
#[derive(Clone)]
pub(crate) struct Streams;

/// The same body, which keeps the request under way.
fn hold(body: Body, busy: Busy) -> Body {
    Body::from_stream(body.into_data_stream().inspect(move |_| {
        let _: &Busy = &busy;
    }))
}

/// A request under way, however it ends.
struct Busy(Front);

impl Busy {
    fn new(front: Front) -> Self {
        front.door.metrics.in_flight.fetch_add(1, Ordering::Relaxed);
        Self(front)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.door.metrics.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.0.phase.leave();
    }
}

fn check_head<B>(request: &Request<B>) -> Result<(), Failure> {
    let uri_bytes = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
    if uri_bytes > URI_BYTES_MAX {
        let detail = format!("the URI has {uri_bytes} bytes; {URI_BYTES_MAX} are allowed");
        return Err(Failure::new(Code::UriTooLong, detail));
    }
    let headers = request.headers();
    let longest = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).max();
    if headers.len() > HEADERS_MAX || longest.is_some_and(|bytes| bytes > HEADER_BYTES_MAX) {
        let detail = "the headers are too large; 64 are allowed, each up to 16 KiB";
        return Err(Failure::new(Code::HeadersTooLarge, detail));
    }
    if matches!(*request.method(), Method::TRACE | Method::CONNECT) {
        let detail = "the method is not served; use GET, PUT, POST or DELETE";
        return Err(Failure::new(Code::MethodNotAllowed, detail)
            .header(ALLOW, HeaderValue::from_static("GET,HEAD,PUT,POST,DELETE")));
    }
    if request.version() == Version::HTTP_11 && headers.get_all(HOST).iter().count() != 1 {
        return Err(Failure::invalid("host", "must be given once in a request of HTTP/1.1"));
    }
    Ok(())
}
