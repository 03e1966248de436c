//! A limit of time for links, and two of them at once where there is a core for each.

use std::sync::mpsc;
use std::time::Duration;

use crate::cancel::CancellationToken;
use crate::clock::Clock;
use crate::process::CANCEL_CHECK;

/// What a link is allowed.
pub(super) struct Watch<'a> {
    pub(super) clock: &'a dyn Clock,
    pub(super) cancel: &'a CancellationToken,
    /// For one link.
    pub(super) limit: Duration,
}

/// Work that ends soon after its token is cancelled.
pub(super) type Work<'a, T> = Box<dyn FnOnce(&CancellationToken) -> T + Send + 'a>;

/// How some work ended.
pub(super) struct Ended<T> {
    /// What each piece gave, in their order.
    pub(super) results: Vec<T>,
    /// Whether one was cancelled because it took too long.
    pub(super) overran: bool,
    /// From the start of the first to the end of the last.
    pub(super) took: Duration,
}

impl Watch<'_> {
    /// Does all work, side by side where there are cores for it.
    pub(super) fn run<T: Send>(&self, works: Vec<Work<'_, T>>) -> Ended<T> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let start = self.clock.monotonic();
        let mut ended = Ended { results: Vec::new(), overran: false, took: Duration::ZERO };
        let mut works = works.into_iter().peekable();
        while works.peek().is_some() {
            let batch: Vec<_> = works.by_ref().take(cores).collect();
            self.run_batch(batch, &mut ended);
        }
        ended.took = self.clock.monotonic().saturating_sub(start);
        ended
    }

    fn run_batch<T: Send>(&self, batch: Vec<Work<'_, T>>, ended: &mut Ended<T>) {
        let token = CancellationToken::new();
        let start = self.clock.monotonic();
        std::thread::scope(|scope| {
            let (sender, done) = mpsc::channel::<()>();
            let threads: Vec<_> = batch
                .into_iter()
                .map(|work| {
                    let (token, sender) = (&token, sender.clone());
                    scope.spawn(move || {
                        let result = work(token);
                        drop(sender);
                        result
                    })
                })
                .collect();
            drop(sender);
            // Nobody sends: the channel closes when the last piece is done.
            while done.recv_timeout(CANCEL_CHECK) == Err(mpsc::RecvTimeoutError::Timeout) {
                if self.clock.monotonic().saturating_sub(start) > self.limit {
                    ended.overran = true;
                }
                if ended.overran || self.cancel.is_cancelled() {
                    token.cancel();
                }
            }
            for thread in threads {
                ended.results.push(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every look is an hour later.
    #[derive(Default)]
    struct Hours(std::cell::Cell<u64>);

    impl Clock for Hours {
        fn monotonic(&self) -> Duration {
            self.0.set(self.0.get() + 1);
            Duration::from_hours(self.0.get())
        }

        fn unix_ns(&self) -> i64 {
            0
        }
    }

    fn until_cancelled(token: &CancellationToken) -> &'static str {
        while !token.is_cancelled() {
            std::thread::yield_now();
        }
        "cancelled"
    }

    #[test]
    fn what_takes_too_long_is_cancelled_and_what_is_done_is_kept() {
        let (clock, cancel) = (Hours::default(), CancellationToken::new());
        let watch = Watch { clock: &clock, cancel: &cancel, limit: Duration::from_hours(2) };
        let ended = watch.run(vec![Box::new(|_: &CancellationToken| "done") as Work<'_, _>, Box::new(until_cancelled)]);
        assert_eq!((ended.results, ended.overran), (vec!["done", "cancelled"], true));
    }

    #[test]
    fn the_user_ends_it_without_blaming_the_link() {
        let (clock, cancel) = (Hours::default(), CancellationToken::new());
        cancel.cancel();
        let watch = Watch { clock: &clock, cancel: &cancel, limit: Duration::from_hours(1_000_000) };
        let ended = watch.run(vec![Box::new(until_cancelled) as Work<'_, _>]);
        assert_eq!((ended.results, ended.overran), (vec!["cancelled"], false));
    }
}
