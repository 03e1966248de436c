//! What a benchmark allocates: by the bench itself, and where it does not say, by Valgrind.

use super::{Offer, Provider};

/// The bench's own allocator, or Valgrind's DHAT; the counting itself is in [`crate::measure`]'s `instructions`.
#[derive(Debug, Clone, Copy)]
pub struct Allocations;

const fn offer(metric: &'static str, what: &'static str) -> Offer {
    Offer {
        metric,
        what,
        needs: "an allocator that counts (perfguard-harness's `Alloc`, divan's `AllocProfiler`), or Valgrind and a harness \
                that can be told how often to run",
        cost: "by the bench what its allocator costs; by Valgrind two processes of a benchmark and side, each some twenty \
               times as slow",
        repeats: "exactly, where the code does; divan prints four digits of bytes",
        always: false,
    }
}

const OFFERS: [Offer; 3] = [
    offer("allocations", "blocks that one iteration allocates, and those that it makes larger"),
    offer(
        "allocated-bytes",
        "bytes of these: of one that is made larger, by the bench the bytes that are added, by Valgrind all",
    ),
    offer(
        "peak-allocated",
        "most bytes at once: of the counted iterations by perfguard-harness, of a whole process, harness included, by \
         Valgrind; not by divan, whose number depends on its sample's size",
    ),
];

impl Provider for Allocations {
    fn name(&self) -> &'static str {
        "the bench's allocator, or Valgrind's DHAT"
    }

    fn offers(&self) -> &'static [Offer] {
        &OFFERS
    }
}
