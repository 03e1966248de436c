//! Where metrics beside the deciding one come from: a file a provider, behind one trait.
//!
//! A provider says of each of its metrics what it needs, what it costs and how well it repeats; `docs/metrics.md` is
//! made from that. There are three moments at which something can be taken: when a process has ended, from an executable
//! that has yet to run, and when all observations of a benchmark are there.

mod allocations;
mod command;
mod counters;
mod executable;
mod instructions;
mod process;

use std::path::Path;

use crate::cancel::CancellationToken;
use crate::model::{Artifact, BenchmarkId, MetricId, Observation};
use crate::process::{Launcher, Limits, Usage};

pub use allocations::Allocations;
pub use command::{BY_COMMAND, Command, VARIABLES};
pub use counters::{COUNTER_EVENTS, Counters};
pub use executable::Executable;
pub use instructions::Instructions;
pub use process::Process;

pub(super) use counters::remarks as counter_remarks;

/// One metric of a provider, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// Its id, as [`crate::model::built_in_metrics`] has it.
    pub metric: &'static str,
    /// What it is of, without unit.
    pub what: &'static str,
    /// What it needs, in words that follow "it needs".
    pub needs: &'static str,
    /// What taking it costs.
    pub cost: &'static str,
    /// How well it repeats.
    pub repeats: &'static str,
    /// Whether it is taken unasked.
    pub always: bool,
}

/// A benchmark whose observations are all there.
pub struct Observed<'a> {
    /// Starts processes.
    pub launcher: &'a mut Launcher,
    /// The benchmark.
    pub id: &'a BenchmarkId,
    /// The executable as it was built.
    pub artifact: &'a Artifact,
    /// The root of the workspace that was measured, where every path leads now.
    pub root: &'a Path,
    /// An existing folder of perfguard's own.
    pub scratch: &'a Path,
    /// Its observations, at least one.
    pub observations: &'a [Observation],
    /// Limits of one process.
    pub limits: Limits,
    /// Ends the process that runs.
    pub cancel: &'a CancellationToken,
}

/// Takes metrics at the moments at which it can.
pub trait Provider: Sync {
    /// What gives the metrics, in words.
    fn name(&self) -> &'static str;

    /// Its metrics.
    fn offers(&self) -> &'static [Offer];

    /// From what the kernel counted of a process that ran one benchmark.
    fn of_process(&self, _: &Usage) -> Vec<(MetricId, f64)> {
        Vec::new()
    }

    /// From an executable's file. What cannot be read of it is left out.
    fn of_executable(&self, _: &Path) -> Vec<(MetricId, f64)> {
        Vec::new()
    }

    /// After a benchmark's last observation: values of one metric, at least one, in its unit, each finite.
    ///
    /// # Errors
    /// Why there are none, in words without final period; `None` where this provider takes nothing at that moment.
    fn of_benchmark(&self, _: &mut Observed<'_>) -> Result<Vec<f64>, Option<String>> {
        Err(None)
    }
}

/// All that perfguard has itself, in the order in which their metrics are shown.
pub static PROVIDERS: [&dyn Provider; 5] = [&Instructions, &Counters, &Allocations, &Process, &Executable];

/// The offer of a metric; `None` for those that a bench or the user defines, and for `wall-time`, which every
/// observation has.
pub fn offer_of(metric: &MetricId) -> Option<&'static Offer> {
    PROVIDERS.iter().flat_map(|provider| provider.offers()).find(|offer| *offer.metric == *metric.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::built_in_metrics;

    #[test]
    fn every_built_in_metric_has_one_provider_but_wall_time() {
        for metric in built_in_metrics() {
            let offers = PROVIDERS.iter().flat_map(|provider| provider.offers());
            let count = offers.filter(|offer| *offer.metric == *metric.id.0).count();
            assert_eq!(count, usize::from(metric.id != MetricId::WALL_TIME), "{}", metric.id);
        }
        for offer in PROVIDERS.iter().flat_map(|provider| provider.offers()) {
            let is_built_in = built_in_metrics().iter().any(|metric| *metric.id.0 == *offer.metric);
            assert!(is_built_in, "{}", offer.metric);
        }
    }
}
