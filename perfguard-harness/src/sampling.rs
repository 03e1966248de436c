//! How often a routine runs: warm-up, iterations in a sample, samples.
//!
//! A sample is one batch of iterations between two looks at the clock. What a look costs is then spread over thousands of
//! iterations, and an iteration costs what the routine costs and the step of a counted loop.

use std::time::Duration;

/// What is asked of one observation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    /// How long to run before the first sample.
    pub(crate) warm_up: Duration,
    /// How long all samples take together.
    pub(crate) time: Duration,
    /// How many.
    pub(crate) samples: u32,
    /// So many iterations in each, whatever that takes; the times decide where it is `None`.
    pub(crate) iterations: Option<u64>,
    /// Each routine once, to see whether it works.
    pub(crate) only_try: bool,
}

/// What one observation took.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Taken {
    /// Iterations and their total.
    pub(crate) samples: Vec<(u64, Duration)>,
    /// Iterations in all, warm-up included.
    pub(crate) iterations: u64,
}

/// A routine that takes longer than this has one sample of one iteration, nanoseconds.
const SLOW_NS: f64 = 100e6;
/// No sample has more iterations.
const MOST_ITERATIONS: u64 = 1 << 40;

impl Taken {
    /// The fastest sample's time an iteration, nanoseconds.
    pub(crate) fn fastest_ns(&self) -> Option<f64> {
        self.each_ns().into_iter().min_by(f64::total_cmp)
    }

    /// Each sample's time an iteration, nanoseconds.
    #[expect(clippy::cast_precision_loss, reason = "iterations are far below 2^53")]
    pub(crate) fn each_ns(&self) -> Vec<f64> {
        self.samples.iter().map(|(iterations, total)| total.as_secs_f64() * 1e9 / (*iterations).max(1) as f64).collect()
    }
}

/// Takes one observation. `run` runs so many iterations and gives the time that counts; what else it does takes no part.
pub(crate) fn observe(settings: &Settings, run: &mut dyn FnMut(u64) -> Duration) -> Taken {
    let mut taken = Taken::default();
    if settings.only_try {
        taken.samples.push((1, run(1)));
        taken.iterations = 1;
        return taken;
    }
    let (count, iterations) = if let Some(iterations) = settings.iterations {
        run(iterations);
        taken.iterations += iterations;
        (settings.samples, iterations)
    } else {
        let each_ns = warm_up(settings.warm_up, &mut taken.iterations, run);
        let share = settings.time / settings.samples.max(1);
        if each_ns > SLOW_NS { (1, 1) } else { (settings.samples, fitting(share, each_ns)) }
    };
    for _ in 0..count.max(1) {
        taken.samples.push((iterations, run(iterations)));
        taken.iterations += iterations;
    }
    taken
}

/// Runs ever larger batches until the time is over. Gives what an iteration of the last one took, nanoseconds.
#[expect(clippy::cast_precision_loss, reason = "iterations are far below 2^53")]
fn warm_up(time: Duration, ran: &mut u64, run: &mut dyn FnMut(u64) -> Duration) -> f64 {
    let (mut batch, mut spent) = (1_u64, Duration::ZERO);
    loop {
        let took = run(batch);
        *ran += batch;
        spent += took;
        if spent >= time || batch >= MOST_ITERATIONS {
            return took.as_secs_f64() * 1e9 / batch as f64;
        }
        batch *= 2;
    }
}

/// How many iterations fit a time.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "casts saturate, and what comes out is clamped"
)]
fn fitting(time: Duration, each_ns: f64) -> u64 {
    // A hundredth of a nanosecond is below what any iteration takes.
    ((time.as_nanos() as f64 / each_ns.max(0.01)) as u64).clamp(1, MOST_ITERATIONS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            warm_up: Duration::from_millis(5),
            time: Duration::from_millis(10),
            samples: 10,
            iterations: None,
            only_try: false,
        }
    }

    /// A routine that takes so long, and writes down its batches.
    fn observe_routine(settings: &Settings, each: Duration) -> (Taken, Vec<u64>) {
        let mut batches = Vec::new();
        let taken = observe(settings, &mut |count| {
            batches.push(count);
            each * u32::try_from(count).unwrap()
        });
        (taken, batches)
    }

    #[test]
    fn the_times_decide_the_iterations() {
        let (taken, batches) = observe_routine(&settings(), Duration::from_micros(10));
        assert_eq!(batches[..9], [1, 2, 4, 8, 16, 32, 64, 128, 256], "5 ms of warm-up");
        assert_eq!(batches[9..], [100; 10], "10 samples of 1 ms");
        assert_eq!(taken.iterations, batches.iter().sum::<u64>());
        assert!((taken.fastest_ns().unwrap() - 10_000.0).abs() < 1e-6);
    }

    #[test]
    fn exact_iterations_are_just_these_and_one_sample_more() {
        let exact = Settings { iterations: Some(7), ..settings() };
        let (taken, batches) = observe_routine(&exact, Duration::from_millis(1));
        assert_eq!((batches, taken.iterations, taken.samples.len()), (vec![7; 11], 77, 10));
    }

    #[test]
    fn a_slow_routine_runs_twice_and_one_that_is_tried_once() {
        assert_eq!(observe_routine(&settings(), Duration::from_secs(2)).1, [1, 1]);
        let tried = Settings { only_try: true, ..settings() };
        assert_eq!(observe_routine(&tried, Duration::from_secs(2)).1, [1]);
        let (taken, _) = observe_routine(&settings(), Duration::from_millis(50));
        assert_eq!(taken.samples, vec![(1, Duration::from_millis(50)); 10]);
    }
}
