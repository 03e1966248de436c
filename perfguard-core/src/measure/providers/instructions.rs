//! Instructions of one iteration, counted by Valgrind where the user asks for them.

use super::{Offer, Provider};

/// Valgrind's callgrind; the counting itself is in [`crate::measure`]'s `instructions`.
#[derive(Debug, Clone, Copy)]
pub struct Instructions;

const OFFERS: [Offer; 1] = [Offer {
    metric: "instructions",
    what: "instructions of one iteration; of the whole process where the harness lets nobody choose iterations",
    needs: "Valgrind, and a harness that can be told how often to run",
    cost: "some processes of a benchmark and side under Valgrind, each some fifty times as slow",
    repeats: "within 0.1 %, mostly exactly",
    always: false,
}];

impl Provider for Instructions {
    fn name(&self) -> &'static str {
        "Valgrind's callgrind"
    }

    fn offers(&self) -> &'static [Offer] {
        &OFFERS
    }
}
