//! What came of a scenario: numbers, samples, and which limits were missed.

use std::collections::BTreeMap;
use std::time::Duration;

use super::latency::Latencies;
use super::scenario::Memory;
use super::worker::{Part, SLICES, Step};
use crate::bencher::{Bencher, number};
use crate::metric::{Metric, Unit};
use crate::sampling::Taken;
use crate::screen::amount;

/// What has to come of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Limits {
    pub(crate) p99: Option<Duration>,
    pub(crate) success_rate: Option<f64>,
    pub(crate) memory_growth: Option<f64>,
}

/// What came of one step.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// Workers, or operations a second.
    load: f64,
    latencies: Latencies,
    slices: [(u64, Duration); SLICES],
    errors: BTreeMap<String, u64>,
    /// How long was measured.
    time: Duration,
    memory: Option<Memory>,
}

impl Found {
    /// All workers' parts together.
    pub(crate) fn of(load: f64, step: &Step, parts: Vec<Part>, memory: Option<Memory>) -> Self {
        let mut all = Self {
            load,
            latencies: Latencies::new(),
            slices: [(0, Duration::ZERO); SLICES],
            errors: BTreeMap::new(),
            time: Duration::ZERO,
            memory,
        };
        let begin = step.start + step.ramp_up;
        for part in parts {
            all.latencies.add(&part.latencies);
            for ((count, total), (more, time)) in all.slices.iter_mut().zip(part.slices) {
                *count += more;
                *total += time;
            }
            for (kind, count) in part.errors {
                *all.errors.entry(kind).or_default() += count;
            }
            all.time = all.time.max(part.end.saturating_sub(begin));
        }
        all
    }

    fn succeeded(&self) -> u64 {
        self.slices.iter().map(|(count, _)| count).sum()
    }

    fn failed(&self) -> u64 {
        self.errors.values().sum()
    }

    /// Operations that went well, in a second.
    fn throughput(&self) -> f64 {
        number(self.succeeded()) / self.time.as_secs_f64().max(1e-9)
    }

    fn success_rate(&self) -> f64 {
        number(self.succeeded()) / number((self.succeeded() + self.failed()).max(1))
    }

    fn error_kinds(&self) -> String {
        let kinds: Vec<String> = self.errors.iter().map(|(kind, count)| format!("{count} × {kind}")).collect();
        kinds.join(", ")
    }
}

/// Another step must give this much more to be worth it.
const WORTH: f64 = 1.1;
/// A rate of which less than this comes through is too much.
const KEPT: f64 = 0.95;

/// The load at which more of it gives no more; `None` where no step reaches it.
fn saturation(found: &[Found], is_open: bool) -> Option<f64> {
    if is_open {
        let is_behind = |step: &&Found| step.throughput() < KEPT * step.load * step.success_rate();
        return found.iter().find(is_behind).map(|step| step.load);
    }
    let steps = found.windows(2);
    steps.filter(|pair| pair[1].throughput() < WORTH * pair[0].throughput()).map(|pair| pair[0].load).next()
}

/// Tells the bencher what came of the steps: the last one's numbers under their plain names, those of the others with their
/// load.
pub(crate) fn tell(bencher: &mut Bencher, is_open: bool, limits: &Limits, found: &[Found]) {
    let Some((last, others)) = found.split_last() else { return };
    let mut metrics = Vec::new();
    for step in others {
        let load = step.load.to_string().replace('.', "-");
        metrics.push(Metric::higher(format!("throughput-at-{load}"), step.throughput(), Unit::PerSecond));
        metrics.push(Metric::lower(format!("p99-at-{load}"), step.latencies.within_ns(0.99), Unit::Nanoseconds));
    }
    metrics.push(Metric::higher("throughput", last.throughput(), Unit::PerSecond));
    metrics.push(Metric::higher("success-rate", last.success_rate(), Unit::Ratio));
    for (name, share) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999)] {
        metrics.push(Metric::lower(name, last.latencies.within_ns(share), Unit::Nanoseconds));
    }
    if let Some(load) = saturation(found, is_open) {
        metrics.push(Metric::higher("saturation", load, if is_open { Unit::PerSecond } else { Unit::Count }));
    }
    let remarks = (last.failed() > 0).then(|| format!("failed: {}", last.error_kinds())).into_iter().collect();
    let samples = last.slices.iter().filter(|(count, _)| *count > 0).copied().collect();
    let iterations = found.iter().map(|step| step.succeeded() + step.failed()).sum();
    bencher.set_taken(Taken { samples, iterations }, metrics, remarks);

    if last.succeeded() == 0 && last.failed() > 0 {
        return bencher.fail(format!("every operation failed: {}", last.error_kinds()));
    }
    if let Some(least) = limits.success_rate.filter(|least| last.success_rate() < *least) {
        let (rate, floor) = (amount(Unit::Ratio, last.success_rate()), amount(Unit::Ratio, least));
        bencher.fail(format!("the success rate of {rate} is below {floor}: {}", last.error_kinds()));
    }
    let p99 = last.latencies.within_ns(0.99);
    #[expect(clippy::cast_precision_loss, reason = "times are below 2^53 ns")]
    if let Some(most) = limits.p99.map(|most| most.as_nanos() as f64).filter(|most| p99 > *most) {
        let (p99, most) = (amount(Unit::Nanoseconds, p99), amount(Unit::Nanoseconds, most));
        bencher.fail(format!("the p99 of {p99} is above {most}"));
    }
    if let Some(memory) = &last.memory {
        if let Some(most) = limits.memory_growth {
            bencher.max_memory_growth(most);
        }
        bencher.judge_memory(memory.live.as_deref(), &memory.resident, memory.operations_a_look);
    }
}
