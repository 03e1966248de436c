//! A light benchmark harness on stable Rust. It runs under plain `cargo bench`, and `cargo perfguard` drives it over its
//! own protocol: exact iterations, allocations, leaks, load, success and failure, and numbers of your own.
//!
//! ```toml
//! [dev-dependencies]
//! perfguard-harness = "0.1"
//!
//! [[bench]]
//! name = "sums"
//! harness = false
//! ```
//!
//! ```
//! use perfguard_harness::{Bench, Direction, Throughput, Unit};
//!
//! // Counts allocations; costs one look at a flag while a routine is timed.
//! #[global_allocator]
//! static ALLOCATOR: perfguard_harness::Alloc = perfguard_harness::Alloc;
//!
//! fn sums(bench: &mut Bench) {
//!     let mut group = bench.group("sum");
//!     for size in [10_u64, 1_000] {
//!         group.throughput(Throughput::Items(size)).bench(size, |bencher| {
//!             let numbers: Vec<u64> = (0..size).collect();
//!             bencher.iter(|| numbers.iter().sum::<u64>());
//!             bencher.metric("hit-rate", 0.97, Unit::Ratio, Direction::Higher);
//!         });
//!     }
//! }
//!
//! perfguard_harness::main!(sums);
//! ```
//!
//! Features: `load` (scenarios with latency percentiles), `tokio` (async benchmarks and scenarios).

mod alloc;
mod arguments;
mod bench;
mod bencher;
mod clock;
mod leak;
#[cfg(feature = "load")]
mod load;
mod metric;
mod protocol;
mod resident;
mod run;
mod sampling;
mod screen;
mod statistics;

pub use std::hint::black_box;

pub use alloc::Alloc;
pub use bench::{Bench, Group};
pub use bencher::{Batch, Bencher, Throughput};
#[cfg(feature = "load")]
pub use load::{Model, Scenario};
pub use metric::{Direction, Unit};
#[doc(hidden)]
pub use run::run_main;

/// The `main` of a bench program: the functions that name its benchmarks.
///
/// ```
/// fn sums(bench: &mut perfguard_harness::Bench) {
///     bench.bench("sum", |bencher| bencher.iter(|| (0..100).sum::<u64>()));
/// }
///
/// perfguard_harness::main!(sums);
/// ```
#[macro_export]
macro_rules! main {
    ($($function:path),+ $(,)?) => {
        fn main() -> ::std::process::ExitCode {
            $crate::run_main(&[$($function),+])
        }
    };
}
