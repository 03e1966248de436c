//! From executables to observations: detect the harness, drive it, repeat until the numbers are good enough.
//!
//! Nothing here prints, and nothing here decides what a number means.

mod detect;
mod driver;
mod drivers;
mod executor;
mod instructions;
mod kernel;
mod pair_executor;
mod pairs;
mod providers;
mod rounds;
#[cfg(test)]
mod simulated;

pub use detect::detect_file;
pub use driver::{Counting, Driver, Listing, NotListed, Reading, Session, Sharing, Told, Wanted, Yield};
pub use drivers::driver_for;
pub use executor::{Executor, Job, Outcome, ProcessExecutor};
pub use instructions::{
    CallgrindDumps, Counted, CountedHeap, CountedPair, INSTALL_VALGRIND, NotCounted, count_alone, count_heap,
    count_instructions, dump_calls, find_valgrind, time_of_iteration,
};
pub use kernel::{FIRST_ITERATIONS, KERNEL_ARGUMENT, KernelRun, kernel_main, run_kernel};
pub use pair_executor::{PairExecutor, PairJob, PairTarget, ProcessPairs, Seater, SideProgram, Slowed};
pub use pairs::{
    Costs, Hear, Heard, Next, Pair, PairSettings, PairSurroundings, PairsEnd, PlannedPairs, measure_pairs,
};
pub use providers::{
    Allocations, BY_COMMAND, COUNTER_EVENTS, Command, Counters, Executable, Instructions, Observed, Offer, PROVIDERS,
    Process, Provider, VARIABLES, offer_of,
};
pub use rounds::{Planned, Recorded, Surroundings, measure_rounds};
