//! Instructions, where the user asks for them: of whole processes where the processor counts them, else of one iteration,
//! counted by Valgrind.

use super::{Offer, Provider};

/// Valgrind's callgrind, the counting itself is in [`crate::measure`]'s `instructions`; the processor's counters are in
/// [`super::Counters`].
#[derive(Debug, Clone, Copy)]
pub struct Instructions;

const OFFERS: [Offer; 1] = [Offer {
    metric: "instructions",
    what: "instructions: by the processor in user space of the whole process; by Valgrind of one iteration, or of the whole \
           process where the harness lets nobody choose iterations",
    needs: "the processor's counters, or Valgrind and a harness that can be told how often to run",
    cost: "by the processor nothing; by Valgrind some processes of a benchmark and side, each some fifty times as slow",
    repeats: "within 0.1 %, by Valgrind mostly exactly",
    always: false,
}];

impl Provider for Instructions {
    fn name(&self) -> &'static str {
        "the processor's counters, or Valgrind's callgrind"
    }

    fn offers(&self) -> &'static [Offer] {
        &OFFERS
    }
}
