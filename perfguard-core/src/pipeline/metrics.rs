//! Metrics beside the one that decides, from the pairs that are recorded.

use super::PipelineError;
use super::matching::Both;
use super::plain::WithoutRatio;
use crate::analyse::{Designs, Known, PairedTest, TestPlan, estimate};
use crate::model::{Direction, HarnessKind, Measurement, MetricId, Observation, PairRecord, RunId, Stage};
use crate::store::Store;

/// What two runs recorded of one benchmark, with its pairs.
pub(super) struct Recorded {
    pub(super) base: Measurement,
    pub(super) head: Measurement,
    pairs: Vec<PairRecord>,
}

impl Recorded {
    /// Reads it back; `None` where a run does not have it.
    pub(super) fn read(
        store: &Store,
        (base, head): (RunId, RunId),
        Both { id, base_id, .. }: &Both,
    ) -> Result<Option<Self>, PipelineError> {
        let (Some(base), Some(of_head)) = (store.measurement(base, base_id)?, store.measurement(head, id)?) else {
            return Ok(None);
        };
        Ok(Some(Self { base, head: of_head, pairs: store.pairs(head, id)? }))
    }

    fn of_stage(&self, stage: Stage) -> impl Iterator<Item = (&PairRecord, &Observation, &Observation)> {
        let of_stage = self.pairs.iter().filter(move |pair| pair.stage == stage);
        of_stage.filter_map(|pair| {
            let base = self.base.observations.get(pair.base as usize)?;
            let head = self.head.observations.get(pair.head as usize)?;
            Some((pair, base, head))
        })
    }

    /// Whether every process of both sides ran the same known number of iterations: only then do totals of a process say
    /// something of the code.
    fn same_iterations(&self) -> bool {
        let mut all = self.of_stage(Stage::First).flat_map(|(_, base, head)| [base.iterations, head.iterations]);
        let first = all.next().flatten();
        first.is_some() && all.all(|one| one == first)
    }

    /// The metrics besides the one that decides, with which way is better: those of a process, and the bench's own.
    pub(super) fn others(&self, decides: &MetricId) -> Vec<(MetricId, Direction)> {
        let all = self.head.metrics().into_iter().map(|metric| (metric.id, metric.direction));
        all.filter(|(id, _)| id != decides && *id != MetricId::WALL_TIME && !self.is_counted_once(id)).collect()
    }

    /// Whether a metric was counted once a side, by Valgrind, rather than in each process, by the processor or the bench.
    pub(super) fn is_counted_once(&self, metric: &MetricId) -> bool {
        let has = |side: &Measurement, number: usize| {
            side.observations.get(number).is_some_and(|observation| observation.metrics.contains_key(metric))
        };
        let sides = [&self.base, &self.head];
        metric.may_be_counted_once() && sides.iter().any(|side| has(side, 0)) && !sides.iter().any(|side| has(side, 1))
    }

    /// A metric whose values are compared as they are: base's and head's medians, where both have some.
    pub(super) fn plain(&self, metric: &MetricId) -> Option<(f64, f64)> {
        let median = |side: &Measurement| {
            let decides = side.harness.kind.decides();
            let values = side.observations.iter().filter_map(|observation| observation.metric(metric, &decides));
            Some(estimate(&values.collect::<Vec<_>>())?.median)
        };
        Some((median(&self.base)?, median(&self.head)?)).filter(|_| !self.differs_in_meaning(metric))
    }

    /// A metric that a side has none of, or less than none, in some observation: there is no ratio to test. `None` where it
    /// may not be judged, was not measured on both sides, or has a ratio.
    pub(super) fn without_ratio(&self, metric: &MetricId) -> Option<WithoutRatio> {
        if metric.is_total() && !self.same_iterations() || self.differs_in_meaning(metric) {
            return None;
        }
        let of = |side: &Measurement, other: &Measurement| -> Vec<f64> {
            // divan prints what was allocated, and nothing where that is nothing: known where the other side has its profiler.
            let is_silent = side.harness.kind == HarnessKind::Divan
                && [MetricId::ALLOCATIONS, MetricId::ALLOCATED_BYTES].contains(metric)
                && other.observations.iter().all(|one| one.metrics.contains_key(metric));
            let silence = is_silent.then_some(0.0);
            let decides = side.harness.kind.decides();
            side.observations.iter().filter_map(|one| one.metric(metric, &decides).or(silence)).collect()
        };
        WithoutRatio::of(&of(&self.base, &self.head), &of(&self.head, &self.base))
    }

    /// Whether a side gives a metric of its own in another unit or direction than the other.
    fn differs_in_meaning(&self, metric: &MetricId) -> bool {
        let meaning = |side: &Measurement| side.own_metrics().into_iter().find(|own| own.id == *metric);
        meaning(&self.base) != meaning(&self.head)
    }

    /// The test of a metric over one stage's pairs; `None` where it may not be judged, or was not measured.
    pub(super) fn test(&self, metric: &MetricId, threshold: f64, stage: Stage) -> Option<PairedTest> {
        if metric.is_exact() {
            return None;
        }
        if metric.is_total() && !self.same_iterations() || self.differs_in_meaning(metric) {
            return None;
        }
        let decides = self.head.harness.kind.decides();
        let known = Known {
            threshold,
            pair_spread: None,
            affordable: usize::MAX,
            most_pairs: usize::MAX,
            fastest_counts: false,
            one_layout: false,
            counts: false,
        };
        let mut test = PairedTest::new(&TestPlan::first(&known, &mut Designs::default()));
        for (pair, base, head) in self.of_stage(stage) {
            let (base, head) = (base.metric(metric, &decides)?, head.metric(metric, &decides)?);
            // Of nothing there is no ratio.
            if base <= 0.0 || head <= 0.0 {
                return None;
            }
            if test.push(&Observation::of_value(base), &Observation::of_value(head), pair.layout as usize) {
                break;
            }
        }
        test.finish();
        (test.pairs() > 0).then_some(test)
    }
}
