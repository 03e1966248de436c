//! Metrics beside the one that decides, from the pairs that are recorded.

use super::PipelineError;
use crate::analyse::{Designs, Known, PairedTest, TestPlan, estimate};
use crate::model::{
    BenchmarkId, Direction, Measurement, MetricId, Observation, PairRecord, RunId, Stage,
};
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
        id: &BenchmarkId,
    ) -> Result<Option<Self>, PipelineError> {
        let (Some(base), Some(of_head)) = (store.measurement(base, id)?, store.measurement(head, id)?) else {
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
        let is_one_number = |id: &MetricId| *id == MetricId::INSTRUCTIONS && !self.counts_each_process();
        all.filter(|(id, _)| id != decides && *id != MetricId::WALL_TIME && !is_one_number(id)).collect()
    }

    /// Whether instructions are those of each process, as the processor counts them: Valgrind gives one number a side.
    pub(super) fn counts_each_process(&self) -> bool {
        let second = self.head.observations.get(1);
        second.is_some_and(|observation| observation.metrics.contains_key(&MetricId::INSTRUCTIONS))
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
