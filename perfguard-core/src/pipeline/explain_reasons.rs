//! What else may be why a benchmark changed: sizes, memory, dependencies, whatever differs besides the code.

use std::path::Path;

use super::compare::{LOCK_CHANGED, differences};
use super::explain_sides::newest;
use super::matching::Both;
use super::sides::PreparedSide;
use super::{PipelineError, Place};
use crate::analyse::estimate;
use crate::explain::dependency_changes;
use crate::measure::{Executable, Provider};
use crate::model::{
    Artifact, BenchmarkId, DependencyChange, MetricChange, MetricId, Sides, Source, Unit, built_in_metrics,
};
use crate::store::Store;

/// What differs besides the code of the benchmark.
pub(super) struct Reasons {
    pub(super) metrics: Vec<MetricChange>,
    pub(super) dependencies: Vec<DependencyChange>,
    pub(super) differences: Vec<String>,
}

/// Collects them.
///
/// # Errors
/// When the store or a tree cannot be read.
pub(super) fn reasons(
    place: &Place,
    (base, head): (&PreparedSide, &PreparedSide),
    both: &Both,
    store: &Store,
) -> Result<Reasons, PipelineError> {
    let mut metrics = measured(store, base, head, &both.id)?;
    metrics.extend(sizes(base.artifact(both.base), head.artifact(both.head)));
    let mut differences = differences(base, head);
    let dependencies = match dependencies(place, base, head)? {
        Ok(changes) => changes,
        Err(message) => {
            differences.push(message);
            Vec::new()
        }
    };
    if !dependencies.is_empty() {
        // They are named: that there are some need not be said.
        differences.retain(|text| text != LOCK_CHANGED);
    }
    Ok(Reasons { metrics, dependencies, differences })
}

impl PreparedSide {
    /// The executable of one of its targets that has benchmarks.
    pub(super) fn artifact(&self, target: usize) -> &Artifact {
        self.prepared.targets[target].artifact.as_ref().expect("a listed benchmark has an executable")
    }
}

/// Sizes of the executables as they are built ordinarily.
fn sizes(base: &Artifact, head: &Artifact) -> Vec<MetricChange> {
    let of = |artifact: &Artifact| Executable.of_executable(&artifact.program);
    let (base, head) = (of(base), of(head));
    let row = |(id, base): (MetricId, f64)| {
        let head = head.iter().find(|(known, _)| *known == id)?.1;
        Some(MetricChange { metric: id.to_string(), unit: Unit::Bytes, sides: Sides { base, head } })
    };
    base.into_iter().filter_map(row).collect()
}

/// Metrics that a comparison shows beside instructions, where it took them.
const MEASURED: [&str; 4] = ["wall-time", "peak-memory", "allocations", "allocated-bytes"];

/// What the newest comparison of these two sides measured of the benchmark, by the medians; nothing where there is none.
fn measured(
    store: &Store,
    base: &PreparedSide,
    head: &PreparedSide,
    id: &BenchmarkId,
) -> Result<Vec<MetricChange>, PipelineError> {
    let is = |known: &Source, side: &Source| known.commit == side.commit && !known.dirty && !side.dirty;
    let found = newest(store, |known| {
        let same_build = known.head.build.profile == head.prepared.build.context.profile
            && known.head.build.features == head.prepared.build.context.features;
        let sides = is(&known.base.source, &base.source) && is(&known.head.source, &head.source);
        sides && same_build && known.comparisons.iter().any(|one| one.id == *id)
    })?;
    let Some(known) = found else { return Ok(Vec::new()) };
    let (Some(base), Some(head)) = (store.measurement(known.base.id, id)?, store.measurement(known.head.id, id)?)
    else {
        return Ok(Vec::new());
    };
    let decides = head.harness.kind.decides();
    let units = built_in_metrics().into_iter().chain(head.own_metrics());
    let row = |metric: crate::model::Metric| {
        let median = |side: &crate::model::Measurement| {
            let values: Vec<f64> =
                side.observations.iter().filter_map(|one| one.metric(&metric.id, &decides)).collect();
            estimate(&values).map(|found| found.median)
        };
        let sides = Sides { base: median(&base)?, head: median(&head)? };
        Some(MetricChange { metric: metric.id.to_string(), unit: metric.unit, sides })
    };
    Ok(units.filter(|metric| MEASURED.contains(&&*metric.id.0)).filter_map(row).collect())
}

/// Dependencies whose version changed; or, in words, why that is not known.
fn dependencies(
    place: &Place,
    base: &PreparedSide,
    head: &PreparedSide,
) -> Result<Result<Vec<DependencyChange>, String>, PipelineError> {
    let beside = place.relative(place.workspace.root()).join("Cargo.lock");
    let text = |side: &PreparedSide| -> Result<Option<String>, PipelineError> {
        let blob = match side.tree.read(&beside)? {
            Some(blob) => Some(blob),
            None => side.tree.read(Path::new("Cargo.lock"))?,
        };
        Ok(blob.map(|blob| String::from_utf8_lossy(&blob.bytes).into_owned()))
    };
    // A tree without a lock file is built with the one that the user has.
    let (Some(base), Some(head)) = (text(base)?, text(head)?) else { return Ok(Ok(Vec::new())) };
    Ok(dependency_changes(&base, &head).map_err(|error| error.to_string()))
}
