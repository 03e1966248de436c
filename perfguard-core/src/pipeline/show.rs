//! What the store holds of a run, with estimates and the difference to a baseline.

use std::collections::BTreeMap;

use super::PipelineError;
use crate::analyse::{estimate, unpaired_difference};
use crate::config::Tables;
use crate::judge::{Rules, missed_limits};
use crate::model::{Baseline, BenchmarkId, Measurement, MetricId, RunId, Unit, built_in_metrics};
use crate::report::format::amount;
use crate::report::{BenchmarkRow, ChangeRow, NotMeasuredRow, RunView};
use crate::store::Store;

/// How much of a run is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Estimates; the rows have no observations.
    Estimates,
    /// Every observation too.
    Observations,
}

/// Reads a run back from the store and holds it against a baseline's run.
///
/// # Errors
/// When the store cannot be read or the run is not in it.
pub fn report_run(
    store: &Store,
    id: RunId,
    baseline: Option<&Baseline>,
    detail: Detail,
) -> Result<RunView, PipelineError> {
    let run = store.run(id)?.ok_or_else(|| PipelineError::unknown_run(&id.to_string()))?;
    let mut base: BTreeMap<BenchmarkId, Vec<f64>> = BTreeMap::new();
    if let Some(baseline) = baseline {
        store.each_measurement(baseline.run, &mut |known| {
            base.insert(known.id.clone(), deciding(&known));
        })?;
    }
    let mut rows = Vec::new();
    store.each_measurement(id, &mut |mut measurement| {
        let change = baseline.zip(base.get(&measurement.id)).and_then(|(baseline, base)| {
            let difference = unpaired_difference(base, &deciding(&measurement))?;
            Some(ChangeRow::new(baseline, estimate(base)?, difference))
        });
        let estimates = measurement
            .metrics()
            .into_iter()
            .filter_map(|metric| Some((metric.id.clone(), estimate(&values(&measurement, &metric.id))?)));
        let estimates = estimates.collect();
        let own_metrics = measurement.own_metrics();
        let timelines = measurement.observations.iter().filter_map(|observation| observation.timeline.as_ref());
        let timeline = timelines.max_by_key(|timeline| timeline.points.last().map(|point| point.at_ns)).cloned();
        if detail == Detail::Estimates {
            measurement.observations = Vec::new();
        }
        rows.push(BenchmarkRow::new(measurement, own_metrics, estimates, change, timeline));
    })?;
    let not_measured = store.not_measured(id)?;
    let not_measured = not_measured
        .into_iter()
        .map(|(target, harness, reason)| NotMeasuredRow::new(target, harness, reason))
        .collect();
    Ok(RunView::new(run, rows, not_measured))
}

/// Holds a run's benchmarks against the limits that the project gives: what is missed becomes a finding of its row. Those that
/// failed are left as they are.
pub fn judge_limits(view: &mut RunView, tables: &Tables) {
    /// Limits have none.
    const NO_THRESHOLD: f64 = 0.0;
    for row in view.benchmarks.iter_mut().filter(|row| row.failure.is_none() && !row.estimates.is_empty()) {
        let rules = Rules::of(tables, &row.id, NO_THRESHOLD);
        let own = &row.own_metrics;
        let shown = |metric: &MetricId, value: f64| {
            let known = built_in_metrics().into_iter().chain(own.iter().cloned()).find(|known| known.id == *metric);
            amount(known.map_or(Unit::Count, |known| known.unit), value)
        };
        row.findings = missed_limits(&rules, &row.estimates, &shown);
    }
}

/// The values that decide.
fn deciding(measurement: &Measurement) -> Vec<f64> {
    measurement.observations.iter().map(|observation| observation.value).collect()
}

fn values(measurement: &Measurement, metric: &MetricId) -> Vec<f64> {
    let decides = measurement.harness.kind.decides();
    measurement.observations.iter().filter_map(|observation| observation.metric(metric, &decides)).collect()
}
