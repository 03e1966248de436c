//! What a benchmark's closure is given: ways to run a routine, and to say other numbers.

use std::fmt::{Debug, Display};
use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::alloc::{self, Counts};
use crate::clock::read;
use crate::leak::{Growth, LOOKS, growth};
use crate::metric::{Direction, Metric, Unit};
use crate::resident::resident_bytes;
use crate::sampling::{Settings, Taken, observe};

/// What an iteration works through, for a throughput.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Throughput {
    /// So many bytes.
    Bytes(u64),
    /// So many items.
    Items(u64),
}

/// How many inputs of [`Bencher::iter_batched`] are there at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Batch {
    /// Inputs are small: a thousand at a time.
    Small,
    /// Inputs are large: ten at a time.
    Large,
    /// One at a time; the clock is looked at for each, which costs some twenty nanoseconds.
    One,
}

impl Batch {
    fn size(self) -> u64 {
        match self {
            Self::Small => 1_000,
            Self::Large => 10,
            Self::One => 1,
        }
    }
}

/// Iterations over which allocations are counted: always as many, so that the count an iteration repeats exactly.
const COUNTED: u64 = 16;
/// Where those would take longer, one is counted, nanoseconds.
const COUNTED_AT_MOST_NS: f64 = 20e6;
/// A leak check runs so many operations, unless it is told another number.
const LEAK_OPERATIONS: u64 = 18_000;
/// Live bytes that grow by less than this over a whole check are none of a leak.
const LEAST_LIVE: f64 = 64.0;
/// Resident memory moves in larger steps.
const LEAST_RESIDENT: f64 = 65_536.0;

/// Runs one benchmark once: its closure sets things up, calls one of the `iter` methods, and takes things down.
#[derive(Debug)]
pub struct Bencher {
    settings: Settings,
    taken: Option<Taken>,
    metrics: Vec<Metric>,
    throughput: Option<Throughput>,
    error: Option<String>,
    most_growth: Option<f64>,
    remarks: Vec<String>,
}

/// What came of one benchmark.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) taken: Taken,
    pub(crate) metrics: Vec<Metric>,
    pub(crate) error: Option<String>,
    /// For people.
    pub(crate) remarks: Vec<String>,
}

impl Bencher {
    pub(crate) fn new(settings: Settings, throughput: Option<Throughput>) -> Self {
        Self {
            settings,
            taken: None,
            metrics: Vec::new(),
            throughput,
            error: None,
            most_growth: None,
            remarks: Vec::new(),
        }
    }

    /// Times a routine. What it gives is dropped on the clock; [`iter_batched`](Self::iter_batched) drops it off the clock.
    #[expect(clippy::iter_not_returning_iterator, reason = "the name that every harness has for it")]
    pub fn iter<O>(&mut self, mut routine: impl FnMut() -> O) {
        self.take(&mut |count| {
            let start = begin();
            for _ in 0..count {
                black_box(routine());
            }
            end(start)
        });
    }

    /// Times a routine on inputs that are made, and outputs that are dropped, off the clock.
    pub fn iter_batched<I, O>(&mut self, mut set_up: impl FnMut() -> I, mut routine: impl FnMut(I) -> O, batch: Batch) {
        self.take(&mut |count| {
            let (mut left, mut total) = (count, Duration::ZERO);
            while left > 0 {
                let size = left.min(batch.size());
                let inputs: Vec<I> = (0..size).map(|_| set_up()).collect();
                let mut outputs = Vec::with_capacity(inputs.len());
                let start = begin();
                for input in inputs {
                    outputs.push(black_box(routine(black_box(input))));
                }
                total += end(start);
                drop(black_box(outputs));
                left -= size;
            }
            total
        });
    }

    /// Lets the benchmark time itself: `routine` runs so many iterations and gives what they took.
    pub fn iter_custom(&mut self, mut routine: impl FnMut(u64) -> Duration) {
        self.take(&mut |count| {
            alloc::enter();
            let took = routine(count);
            alloc::leave();
            took
        });
    }

    /// Times an operation that may fail. The share that did not is the metric `success-rate`; where all fail, so does the
    /// benchmark, with the first error.
    pub fn try_iter<T, E: Display>(&mut self, mut operation: impl FnMut() -> Result<T, E>) {
        let (mut failed, mut ran, mut first) = (0_u64, 0_u64, None);
        self.take(&mut |count| {
            let mut failed_now = 0;
            let start = begin();
            for _ in 0..count {
                match black_box(operation()) {
                    Ok(value) => drop(value),
                    Err(error) => {
                        failed_now += 1;
                        if first.is_none() {
                            first = Some(error.to_string());
                        }
                    }
                }
            }
            let took = end(start);
            failed += failed_now;
            ran += count;
            took
        });
        if ran > 0 {
            self.metrics.push(Metric::higher("success-rate", 1.0 - number(failed) / number(ran), Unit::Ratio));
        }
        if failed == ran
            && let Some(error) = first
        {
            self.fail(format!("every operation failed: {error}"));
        }
    }

    /// Times async code on a runtime of one thread.
    #[cfg(feature = "tokio")]
    pub fn iter_async<F: Future>(&mut self, routine: impl FnMut() -> F) {
        match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => self.iter_async_on(&runtime, routine),
            Err(error) => self.fail(format!("could not start a tokio runtime: {error}")),
        }
    }

    /// Times async code on a runtime of yours: one future after the other.
    #[cfg(feature = "tokio")]
    pub fn iter_async_on<F: Future>(&mut self, runtime: &tokio::runtime::Runtime, mut routine: impl FnMut() -> F) {
        self.take(&mut |count| {
            runtime.block_on(async {
                let start = begin();
                for _ in 0..count {
                    black_box(routine().await);
                }
                end(start)
            })
        });
    }

    /// What an iteration works through: gives the metric `throughput`.
    pub fn throughput(&mut self, throughput: Throughput) {
        self.throughput = Some(throughput);
    }

    /// Says another number of this benchmark. `name` has lower-case letters, digits and `-`; a name that is said again has
    /// the last value.
    pub fn metric(&mut self, name: impl Into<String>, value: f64, unit: Unit, direction: Direction) {
        let metric = Metric { name: name.into(), value, unit, direction };
        self.metrics.retain(|known| known.name != metric.name);
        if metric.value.is_finite() {
            self.metrics.push(metric);
        } else {
            self.fail(format!("the metric `{}` is {}, which is no number", metric.name, metric.value));
        }
    }

    /// Says that this benchmark failed. The first reason counts.
    pub fn fail(&mut self, message: impl Into<String>) {
        self.error.get_or_insert(message.into());
    }

    /// Live memory may grow by so many bytes an operation: more, shown in [`check_leaks`](Self::check_leaks), is a failure.
    pub fn max_memory_growth(&mut self, bytes_an_operation: f64) {
        self.most_growth = Some(bytes_an_operation);
    }

    /// Runs an operation 18,000 times and looks whether memory grows without end: live bytes where the program's allocator is
    /// [`Alloc`](crate::Alloc), and resident memory where the system tells it. The first third is warm-up. Gives the
    /// metrics `live-growth` and `resident-growth` (bytes an operation), `leaks` (1 where the better one of them has no end),
    /// and `memory-growth` (bytes an operation of it, 0 where it has an end).
    pub fn check_leaks<O>(&mut self, operation: impl FnMut() -> O) {
        self.check_leaks_over(LEAK_OPERATIONS, operation);
    }

    /// The same with another number of operations.
    pub fn check_leaks_over<O>(&mut self, operations: u64, mut operation: impl FnMut() -> O) {
        let looks = if self.settings.only_try { 1 } else { LOOKS };
        let step = if self.settings.only_try { 1 } else { (operations / number_of(looks)).max(1) };
        // Made before anything is counted: what is written down is not what grows.
        let (mut live, mut resident) = (Vec::with_capacity(looks), Vec::with_capacity(looks));
        let mut taken = Taken { samples: Vec::with_capacity(looks), iterations: 0 };
        let counts_live = alloc::is_installed();
        alloc::counted(|| {
            for _ in 0..looks {
                let start = read();
                for _ in 0..step {
                    drop(black_box(operation()));
                }
                taken.samples.push((step, start.elapsed()));
                taken.iterations += step;
                live.push(signed_number(alloc::live()));
                // Reading it allocates for a moment, after live bytes were read.
                resident.extend(resident_bytes());
            }
        });
        self.taken = Some(taken);
        self.judge_memory(counts_live.then_some(&*live), &resident, number(step));
    }

    /// Says what memory did over operations, at equal distances of so many.
    pub(crate) fn judge_memory(&mut self, live: Option<&[f64]>, resident: &[f64], operations_a_look: f64) {
        let live = live.and_then(|live| growth(live, LEAST_LIVE));
        let resident = growth(resident, LEAST_RESIDENT);
        // Live bytes are the better evidence: resident memory counts where there are none.
        let (mut leaks, mut lasting) = (None, 0.0);
        for (name, found) in [("live-growth", live), ("resident-growth", resident)] {
            let Some(Growth { slope, is_leak }) = found else { continue };
            let [each, low, high] = [slope.middle, slope.low, slope.high].map(|slope| slope / operations_a_look);
            self.metrics.push(Metric::lower(name, each, Unit::Bytes));
            let verdict = if is_leak { "grows without end" } else { "no leak" };
            self.remarks.push(format!("{name} {each:.2} bytes an operation ({low:.2} … {high:.2}): {verdict}"));
            if leaks.is_none() {
                leaks = Some(is_leak);
                lasting = each;
                if let Some(most) = self.most_growth.filter(|most| is_leak && low > *most) {
                    self.fail(format!("memory grows by {each:.2} bytes an operation; {most} were allowed"));
                }
            }
        }
        if let Some(is_leak) = leaks {
            // What a limit in `perfguard.toml` is held against: a cache that fills grows, and is no leak.
            let lasting = if is_leak { lasting } else { 0.0 };
            self.metrics.push(Metric::lower("memory-growth", lasting, Unit::Bytes));
            self.metrics.push(Metric::lower("leaks", f64::from(u8::from(is_leak)), Unit::Count));
        }
    }

    /// Takes an observation, and counts allocations beside it.
    fn take(&mut self, run: &mut dyn FnMut(u64) -> Duration) {
        if self.taken.is_some() {
            self.fail("a benchmark may call one of the `iter` methods once");
            return;
        }
        let taken = observe(&self.settings, run);
        if !self.settings.only_try && alloc::is_installed() {
            let each = taken.fastest_ns().unwrap_or(0.0);
            let count = if each * number(COUNTED) > COUNTED_AT_MOST_NS { 1 } else { COUNTED };
            let (_, counts) = alloc::counted(|| run(count));
            self.say_allocations(&counts, count);
        }
        self.taken = Some(taken);
    }

    fn say_allocations(&mut self, counts: &Counts, iterations: u64) {
        let each = |count: f64| count / number(iterations);
        self.metrics.extend([
            Metric::lower("allocations", each(number(counts.allocations)), Unit::Count),
            Metric::lower("allocated-bytes", each(number(counts.allocated)), Unit::Bytes),
            Metric::lower("peak-allocated", signed_number(counts.peak), Unit::Bytes),
            Metric::lower("live-at-end", signed_number(counts.live), Unit::Bytes),
        ]);
    }

    /// What came of it.
    pub(crate) fn finish(mut self, panicked: Option<String>) -> Outcome {
        if let Some(message) = panicked {
            self.fail(message);
        }
        if self.taken.is_none() {
            self.fail("it ran nothing: call one of the `iter` methods");
        }
        let taken = self.taken.unwrap_or_default();
        if let (Some(throughput), Some(fastest)) =
            (self.throughput, taken.fastest_ns().filter(|fastest| *fastest > 0.0))
        {
            let (amount, unit) = match throughput {
                Throughput::Bytes(bytes) => (bytes, Unit::BytesPerSecond),
                Throughput::Items(items) => (items, Unit::PerSecond),
            };
            if self.metrics.iter().all(|known| known.name != "throughput") {
                self.metrics.push(Metric::higher("throughput", number(amount) * 1e9 / fastest, unit));
            }
        }
        Outcome { taken, metrics: self.metrics, error: self.error, remarks: self.remarks }
    }

    /// Whether the routine is only tried.
    #[cfg(feature = "load")]
    pub(crate) fn only_tries(&self) -> bool {
        self.settings.only_try
    }

    /// What a scenario took.
    #[cfg(feature = "load")]
    pub(crate) fn set_taken(&mut self, taken: Taken, metrics: Vec<Metric>, remarks: Vec<String>) {
        self.taken = Some(taken);
        self.metrics.extend(metrics);
        self.remarks.extend(remarks);
    }
}

/// The routine begins. Counting is turned on before the clock is read.
#[inline]
fn begin() -> Instant {
    alloc::enter();
    read()
}

/// The routine ended.
#[inline]
fn end(start: Instant) -> Duration {
    let took = start.elapsed();
    alloc::leave();
    took
}

/// A count as a number.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub(crate) fn number(count: u64) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn signed_number(count: i64) -> f64 {
    count as f64
}

fn number_of(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// What a panic said.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.map_or_else(|| "panicked".to_owned(), |text| format!("panicked: {text}"))
}
