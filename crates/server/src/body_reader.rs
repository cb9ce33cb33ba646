//! Reads a request's body: bounded in size, and in time by what has come so far.

use std::time::Duration;

use axum::Error;
use bytes::{Bytes, BytesMut};
use ferry_api::Code;
use futures::{Stream, StreamExt};
use hyper::HeaderMap;
use hyper::header::CONTENT_LENGTH;
use tokio::time::{Instant, timeout_at};

use crate::problem::Failure;

/// How long a body may take before its first byte; each KiB that has come gives a second more.
const PATIENCE: Duration = Duration::from_secs(5);
/// The slowest pace of a body.
const BYTES_PER_SECOND_MIN: usize = 1 << 10;
/// How much of a body that is too large is read and thrown away, so that its sender gets to read
/// the answer.
const DISCARDED_MAX: usize = 16 << 20;

/// The whole body.
pub(crate) async fn read<S>(
    headers: &HeaderMap,
    mut chunks: S,
    bytes_max: usize,
) -> Result<Bytes, Failure>
where
    S: Stream<Item = Result<Bytes, Error>> + Unpin,
{
    let started = Instant::now();
    if declared(headers).is_some_and(|bytes| bytes > bytes_max) {
        if !expects_continue(headers) {
            discard(chunks, started).await;
        }
        return Err(too_large(bytes_max));
    }
    let Some(first) = next(&mut chunks, started, 0).await? else { return Ok(Bytes::new()) };
    let mut read = first.len();
    let mut whole: Option<BytesMut> = None;
    while read <= bytes_max {
        let Some(chunk) = next(&mut chunks, started, read).await? else {
            // Most bodies come in one piece, which is not copied.
            return Ok(whole.map_or(first, BytesMut::freeze));
        };
        read += chunk.len();
        whole.get_or_insert_with(|| BytesMut::from(&first[..])).extend_from_slice(&chunk);
    }
    discard(chunks, started).await;
    Err(too_large(bytes_max))
}

async fn next<S>(chunks: &mut S, started: Instant, read: usize) -> Result<Option<Bytes>, Failure>
where
    S: Stream<Item = Result<Bytes, Error>> + Unpin,
{
    let earned = Duration::from_secs((read / BYTES_PER_SECOND_MIN) as u64);
    match timeout_at(started + PATIENCE + earned, chunks.next()).await {
        Ok(None) => Ok(None),
        Ok(Some(Ok(chunk))) => Ok(Some(chunk)),
        Ok(Some(Err(_))) => {
            let detail = "the body ended before its end; send all of it";
            Err(Failure::new(Code::InvalidArgument, detail))
        }
        Err(_) => {
            let detail = "the body came too slowly; send it in one go";
            Err(Failure::new(Code::RequestTimeout, detail))
        }
    }
}

async fn discard<S>(mut chunks: S, started: Instant)
where
    S: Stream<Item = Result<Bytes, Error>> + Unpin,
{
    let mut discarded = 0;
    while discarded < DISCARDED_MAX
        && let Ok(Some(Ok(chunk))) = timeout_at(started + PATIENCE, chunks.next()).await
    {
        discarded += chunk.len();
    }
}

fn declared(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn expects_continue(headers: &HeaderMap) -> bool {
    headers.contains_key(hyper::header::EXPECT)
}

fn too_large(bytes_max: usize) -> Failure {
    let detail = format!("the body is larger than {bytes_max} bytes; send less at a time");
    Failure::new(Code::BodyTooLarge, detail)
}
