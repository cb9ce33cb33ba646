use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::time::{Duration, Instant};

use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::RequestError;

/// Even moments of one of several producers. The kernel wakes it: the runtime's own timers are
/// only good to a millisecond, which is as long as what is measured.
#[derive(Debug)]
pub(super) struct Pacer {
    timer: AsyncFd<Timer>,
    next: Instant,
    step: Duration,
}

#[derive(Debug)]
struct Timer(TimerFd);

impl AsRawFd for Timer {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

impl Pacer {
    /// Producer `index` of `count`, which together have `rate` moments a second from `begin` on.
    pub(super) fn new(
        begin: Instant,
        index: usize,
        count: usize,
        rate: f64,
    ) -> Result<Self, RequestError> {
        let step = Duration::from_secs_f64(1.0 / rate);
        let offset = Duration::from_secs_f64(index as f64 / rate);
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags).map_err(RequestError::new)?;
        let timer = register(Timer(timer))?;
        Ok(Self { timer, next: begin + offset, step: step.mul_f64(count as f64) })
    }

    /// Waits for the next moment and answers it; one that has passed is answered at once.
    pub(super) async fn next(&mut self) -> Result<Instant, RequestError> {
        let moment = self.next;
        self.next += self.step;
        let wait = moment.saturating_duration_since(Instant::now());
        if wait.is_zero() {
            return Ok(moment);
        }
        let alarm = Expiration::OneShot(TimeSpec::from_duration(wait));
        let set = self.timer.get_ref().0.set(alarm, TimerSetTimeFlags::empty());
        set.map_err(RequestError::new)?;
        let mut ready = self.timer.readable().await.map_err(RequestError::new)?;
        // Reading takes the expiry away, so that the next one is an event again.
        self.timer.get_ref().0.wait().map_err(RequestError::new)?;
        ready.clear_ready();
        Ok(moment)
    }
}

#[expect(unsafe_code, reason = "the runtime wants our word that the descriptor stays open")]
fn register(timer: Timer) -> Result<AsyncFd<Timer>, RequestError> {
    // SAFETY: the timer owns its descriptor, never hands it out to be closed, and has only one.
    let registered = unsafe { AsyncFd::register_with_interest(timer, Interest::READABLE) };
    registered.map_err(RequestError::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn moments_are_even_and_never_early() {
        let begin = Instant::now();
        let mut pacer = Pacer::new(begin, 1, 2, 2_000.0).expect("there are timers");
        for turn in 0..20 {
            let moment = pacer.next().await.expect("the timer works");
            assert!(Instant::now() >= moment, "moment {turn} came early");
            let expected = Duration::from_micros(500 + turn * 1_000);
            let off = (moment - begin).abs_diff(expected);
            assert!(off < Duration::from_micros(1), "moment {turn} is off by {off:?}");
        }
    }

    #[tokio::test]
    async fn a_late_producer_catches_up() {
        let begin = Instant::now() - Duration::from_secs(1);
        let mut pacer = Pacer::new(begin, 0, 1, 100.0).expect("there are timers");
        for _ in 0..100 {
            let moment = pacer.next().await.expect("the timer works");
            assert!(moment < begin + Duration::from_secs(1));
        }
        let after = begin.elapsed();
        assert!(after < Duration::from_secs(30), "catching up took {after:?}");
    }
}
