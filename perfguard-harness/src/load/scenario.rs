//! A load scenario: how many at a time, for how long, by which model, and what has to come of it.

use std::fmt::Display;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use super::clock::{Clock, RealClock};
use super::result::{Found, Limits, tell};
use super::worker::{Arrival, Part, Step, Until, Worker};
use crate::alloc;
use crate::bencher::Bencher;
use crate::leak::LOOKS;
use crate::resident::resident_bytes;

/// What makes operations begin.
#[derive(Debug, Clone, PartialEq)]
pub enum Model {
    /// So many workers, each of which begins when its last operation has ended; one step for each number. A system that
    /// stands still is not asked meanwhile: such a stall hides.
    Closed(Vec<u32>),
    /// So many operations in a second, whatever became of those before; one step for each rate. Latency counts from when an
    /// operation was due, so that a stall is seen by everybody who would have come.
    Open(Vec<f64>),
}

/// A load scenario, run as a benchmark.
///
/// ```
/// use std::time::Duration;
///
/// use perfguard_harness::{Bench, Model, Scenario};
///
/// fn scenarios(bench: &mut Bench) {
///     bench.bench("lookup", |bencher| {
///         let table: std::collections::HashMap<u32, u32> = (0..1000).map(|n| (n, n)).collect();
///         Scenario::new(Model::Closed(vec![1, 2]))
///             .operations(10_000)
///             .max_p99(Duration::from_millis(1))
///             .min_success_rate(0.999)
///             .run(bencher, |worker| {
///                 let mut key = worker;
///                 let table = &table;
///                 move || {
///                     key = (key + 7) % 1000;
///                     table.get(&key).ok_or("no such key")
///                 }
///             });
///     });
/// }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    model: Model,
    until: Until,
    ramp_up: Duration,
    think_time: Duration,
    workers: u32,
    limits: Limits,
    watches_memory: bool,
}

/// Workers of the open model: so many operations may be under way at a time.
const WORKERS: u32 = 16;
/// A step's length, where none is given.
const USUAL: Duration = Duration::from_secs(1);

impl Scenario {
    /// A scenario of one second a step, without ramp-up and limits.
    pub fn new(model: Model) -> Self {
        let until = Until::Time(USUAL);
        Self {
            model,
            until,
            ramp_up: Duration::ZERO,
            think_time: Duration::ZERO,
            workers: WORKERS,
            limits: Limits::default(),
            watches_memory: false,
        }
    }

    /// Each step measures so many operations.
    #[must_use]
    pub fn operations(mut self, count: u64) -> Self {
        self.until = Until::Operations(count.max(1));
        self
    }

    /// Each step measures for so long.
    #[must_use]
    pub fn duration(mut self, time: Duration) -> Self {
        self.until = Until::Time(time);
        self
    }

    /// Before measuring, each step reaches its load in this time.
    #[must_use]
    pub fn ramp_up(mut self, time: Duration) -> Self {
        self.ramp_up = time;
        self
    }

    /// How long a worker of the closed model waits between two operations.
    #[must_use]
    pub fn think_time(mut self, time: Duration) -> Self {
        self.think_time = time;
        self
    }

    /// How many operations of the open model may be under way at a time: 16 unless told. Those that find no worker wait, and
    /// that counts.
    #[must_use]
    pub fn workers(mut self, count: u32) -> Self {
        self.workers = count.max(1);
        self
    }

    /// Of a hundred operations of the last step, 99 must end within this time.
    #[must_use]
    pub fn max_p99(mut self, time: Duration) -> Self {
        self.limits.p99 = Some(time);
        self
    }

    /// At least this share of the last step's operations must go well.
    #[must_use]
    pub fn min_success_rate(mut self, share: f64) -> Self {
        self.limits.success_rate = Some(share);
        self
    }

    /// Memory may grow by so many bytes an operation over the last step; looks for a leak as
    /// [`Bencher::check_leaks`] does.
    #[must_use]
    pub fn max_memory_growth(mut self, bytes_an_operation: f64) -> Self {
        self.limits.memory_growth = Some(bytes_an_operation);
        self
    }

    /// Looks at memory over the last step without a limit here: for `max-memory-growth` in `perfguard.toml`. Gives what
    /// [`Bencher::check_leaks`] does, `memory-growth` among it.
    #[must_use]
    pub fn watch_memory(mut self) -> Self {
        self.watches_memory = true;
        self
    }

    /// Runs the scenario with threads. `worker` is called in each with its number, from 0 on, and gives its operation.
    pub fn run<O, T, E>(self, bencher: &mut Bencher, worker: impl Fn(u32) -> O + Sync)
    where
        O: FnMut() -> Result<T, E>,
        E: Display,
    {
        let clock = RealClock::start();
        self.run_steps(bencher, &clock, &|step, clock| {
            std::thread::scope(|scope| {
                let (worker, clock) = (&worker, clock);
                let threads: Vec<_> = (0..step.workers)
                    .map(|number| {
                        scope.spawn(move || {
                            let mut operation = worker(number);
                            let run = || operation().map(drop).map_err(|error| error.to_string());
                            Worker::new(step, number).run(clock, run)
                        })
                    })
                    .collect();
                threads
                    .into_iter()
                    .map(|thread| thread.join().map_err(|panic| crate::bencher::panic_text(&*panic)))
                    .collect()
            })
        });
    }

    /// Runs the scenario with tasks of one thread. `worker` is called for each with its number, and gives its operation.
    #[cfg(feature = "tokio")]
    pub fn run_async<O, F, T, E>(self, bencher: &mut Bencher, worker: impl Fn(u32) -> O)
    where
        O: FnMut() -> F,
        F: Future<Output = Result<T, E>>,
        E: Display,
    {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return bencher.fail(format!("could not start a tokio runtime: {error}")),
        };
        let clock = RealClock::start();
        self.run_steps(bencher, &clock, &|step, clock| runtime.block_on(super::tasks::run_all(step, clock, &worker)));
    }

    /// Runs all steps by what runs one.
    fn run_steps<C: Clock>(self, bencher: &mut Bencher, clock: &C, run: &RunStep<'_, C>) {
        if let Some(wrong) = self.wrong() {
            bencher.fail(wrong);
            return;
        }
        let steps: Vec<(f64, Arrival, u32)> = match &self.model {
            Model::Closed(counts) => {
                counts.iter().map(|count| (f64::from(*count), Arrival::AfterTheLast(self.think_time), *count)).collect()
            }
            Model::Open(rates) => rates.iter().map(|rate| (*rate, Arrival::AtRate(*rate), self.workers)).collect(),
        };
        let (until, ramp_up) =
            if bencher.only_tries() { (Until::Operations(1), Duration::ZERO) } else { (self.until, self.ramp_up) };
        let mut found = Vec::new();
        let last = steps.len() - 1;
        for (index, (load, arrival, workers)) in steps.into_iter().enumerate() {
            let is_watched = self.watches_memory || self.limits.memory_growth.is_some();
            let looks = index == last && is_watched && !bencher.only_tries();
            let step = Step::new(arrival, until, ramp_up, workers, clock.now());
            let (parts, memory) = if looks { looked_at(&step, clock, run) } else { (run(&step, clock), None) };
            match parts {
                Ok(parts) => found.push(Found::of(load, &step, parts, memory)),
                Err(message) => return bencher.fail(message),
            }
        }
        tell(bencher, matches!(self.model, Model::Open(_)), &self.limits, &found);
    }

    /// What makes this no scenario.
    fn wrong(&self) -> Option<String> {
        let (count, is_nothing) = match &self.model {
            Model::Closed(counts) => (counts.len(), counts.contains(&0)),
            Model::Open(rates) => (rates.len(), rates.iter().any(|rate| !(rate.is_finite() && *rate > 0.0))),
        };
        if count == 0 {
            return Some("a scenario has at least one step".to_owned());
        }
        if is_nothing {
            return Some("a step has at least one worker, or a rate above 0".to_owned());
        }
        match self.until {
            Until::Time(time) if self.ramp_up > time => {
                Some(format!("the ramp-up of {:?} is longer than what is measured, {time:?}", self.ramp_up))
            }
            Until::Time(_) | Until::Operations(_) => None,
        }
    }
}

/// What runs one step: gives each worker's part, or why one panicked.
type RunStep<'a, C> = dyn Fn(&Step, &C) -> Result<Vec<Part>, String> + 'a;

/// Memory at equal distances of a step, with how many operations lie between two looks.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Memory {
    pub(crate) live: Option<Vec<f64>>,
    pub(crate) resident: Vec<f64>,
    pub(crate) operations_a_look: f64,
}

/// Runs a step with somebody who looks at memory meanwhile.
#[expect(clippy::cast_precision_loss, reason = "counts and bytes are far below 2^53")]
fn looked_at<C: Clock>(step: &Step, clock: &C, run: &RunStep<'_, C>) -> (Result<Vec<Part>, String>, Option<Memory>) {
    let counts_live = alloc::is_installed();
    let is_over = std::sync::atomic::AtomicBool::new(false);
    let (mut live, mut resident) = (Vec::with_capacity(LOOKS), Vec::with_capacity(LOOKS));
    let mut operations = 0;
    let (parts, _) = alloc::counted(|| {
        std::thread::scope(|scope| {
            let looking = scope.spawn(|| {
                let begins = step.start + step.ramp_up;
                for look in 0..u32::try_from(LOOKS).unwrap_or(u32::MAX) {
                    let is_due = || match step.until {
                        Until::Time(time) => clock.now() >= begins + time * look / u32::try_from(LOOKS).unwrap_or(1),
                        Until::Operations(count) => step.done.load(Relaxed) >= count * u64::from(look) / LOOKS as u64,
                    };
                    while !is_due() && !is_over.load(Relaxed) {
                        std::thread::sleep(Duration::from_micros(200));
                    }
                    if is_over.load(Relaxed) {
                        break;
                    }
                    live.push(alloc::live() as f64);
                    resident.extend(resident_bytes());
                }
                operations = step.done.load(Relaxed);
            });
            let parts = run(step, clock);
            is_over.store(true, Relaxed);
            looking.join().ok();
            parts
        })
    });
    let operations_a_look = (operations as f64 / live.len().max(1) as f64).max(1.0);
    let memory = Memory { live: counts_live.then_some(live), resident, operations_a_look };
    (parts, Some(memory))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::Metric;
    use crate::sampling::Settings;

    fn bencher() -> Bencher {
        let (warm_up, time) = (Duration::from_millis(5), Duration::from_millis(10));
        Bencher::new(Settings { warm_up, time, samples: 10, iterations: None, only_try: false }, None)
    }

    fn value(metrics: &[Metric], name: &str) -> f64 {
        metrics.iter().find(|metric| metric.name == name).unwrap_or_else(|| panic!("no {name} in {metrics:?}")).value
    }

    #[test]
    fn every_step_is_told_and_every_operation_counted() {
        let mut bencher = bencher();
        Scenario::new(Model::Closed(vec![1, 2])).operations(1_000).run(&mut bencher, |worker| {
            let mut call = worker;
            move || {
                call += 1;
                if call.is_multiple_of(10) { Err("tenth") } else { Ok(call) }
            }
        });
        let outcome = bencher.finish(None);
        assert_eq!(outcome.error, None);
        let metrics = &outcome.metrics;
        assert!((value(metrics, "success-rate") - 0.9).abs() < 0.01);
        assert!(value(metrics, "throughput") > 0.0 && value(metrics, "throughput-at-1") > 0.0);
        assert!(value(metrics, "p50") <= value(metrics, "p99") && value(metrics, "p99") <= value(metrics, "p999"));
        let counted: u64 = outcome.taken.samples.iter().map(|(count, _)| count).sum();
        assert!((895..=905).contains(&counted), "{counted}");
        assert!(outcome.remarks.iter().any(|remark| remark.contains("tenth")), "{:?}", outcome.remarks);
    }

    #[test]
    fn what_cannot_be_or_misses_its_limits_is_a_failure_with_its_reason() {
        let run = |scenario: Scenario, fails: bool| {
            let mut bencher = bencher();
            scenario.run(&mut bencher, |_| move || if fails { Err("refused") } else { Ok(()) });
            bencher.finish(None).error.unwrap_or_default()
        };
        let one = || Scenario::new(Model::Closed(vec![1])).operations(100);
        let second = Duration::from_secs(1);
        for (scenario, fails, told) in [
            (one().duration(second).ramp_up(2 * second), false, "ramp-up of 2s is longer than what is measured, 1s"),
            (Scenario::new(Model::Closed(Vec::new())), false, "at least one step"),
            (Scenario::new(Model::Open(vec![f64::NAN])), false, "a rate above 0"),
            (one(), true, "every operation failed: 100 × refused"),
            (one().max_p99(Duration::ZERO), false, "p99"),
            (one().min_success_rate(1.1), false, "success"),
        ] {
            let error = run(scenario, fails);
            assert!(error.contains(told), "{error}");
        }
        assert_eq!(run(one().min_success_rate(1.0), false), "");
    }

    #[test]
    fn an_open_scenario_keeps_its_rate() {
        let mut bencher = bencher();
        let scenario = Scenario::new(Model::Open(vec![2_000.0])).operations(200).workers(2);
        scenario.run(&mut bencher, |_| || Ok::<_, String>(()));
        let outcome = bencher.finish(None);
        let counted: u64 = outcome.taken.samples.iter().map(|(count, _)| count).sum();
        assert_eq!((counted, outcome.error), (200, None));
        // Never faster than it was told; a busy machine may be slower.
        assert!(value(&outcome.metrics, "throughput") < 2_100.0);
    }
}
