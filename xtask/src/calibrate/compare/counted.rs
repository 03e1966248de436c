//! What perfguard said of one suite, read from its store, and all of it counted.

use std::path::Path;

use anyhow::Result;
use perfguard_core::model::{Comparison, Measurement, Stage, Verdict};
use perfguard_stats::quantile::median;

use super::super::pair_list::Recorded;
use crate::scratch::newest_comparison;

/// What was said of one benchmark.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) benchmark: String,
    pub(super) verdict: Verdict,
    /// Head over base.
    pub(super) ratio: Option<f64>,
    pub(super) spread: Option<f64>,
    pub(super) layout_share: Option<f64>,
    pub(super) pairs: u32,
}

/// What was said of one suite.
#[derive(Debug)]
pub(super) struct Suite {
    pub(super) rows: Vec<Row>,
    /// Its null control moved.
    pub(super) untrusted: bool,
    /// Its gate failed.
    pub(super) failed: bool,
    /// Of the whole command.
    pub(super) seconds: f64,
    pub(super) pairs: Vec<Recorded>,
}

impl Suite {
    /// The newest comparison of a store; `number` is written beside its pairs.
    pub(super) fn newest(store: &Path, number: u32, failed: bool, seconds: f64) -> Result<Self> {
        let (store, whole, comparisons) = newest_comparison(store)?;
        let mut pairs = Vec::new();
        for one in &comparisons {
            let of = |run| store.measurement(run, &one.id);
            let (Some(base), Some(head)) = (of(whole.base)?, of(whole.head)?) else { continue };
            for pair in store.pairs(whole.head, &one.id)? {
                let value = |measurement: &Measurement, sequence: u32| {
                    measurement.observations.get(sequence as usize).map(|observation| observation.value)
                };
                let (name, other) = match pair.stage {
                    Stage::First => ("first", &head),
                    Stage::Confirmation => ("confirmation", &head),
                    Stage::NullControl => ("null-control", &base),
                };
                let (Some(base), Some(head)) = (value(&base, pair.base), value(other, pair.head)) else { continue };
                pairs.push(Recorded {
                    suite: number,
                    benchmark: one.id.name.clone(),
                    stage: name.to_owned(),
                    layout: pair.layout,
                    head_first: pair.head_first,
                    base,
                    head,
                });
            }
        }
        let untrusted = whole.null_control.is_some_and(|control| control.moved);
        Ok(Self { rows: comparisons.iter().map(Row::of).collect(), untrusted, failed, seconds, pairs })
    }
}

impl Row {
    fn of(one: &Comparison) -> Self {
        Self {
            benchmark: one.id.name.clone(),
            verdict: one.verdict,
            ratio: one.effect.map(|effect| effect.ratio),
            spread: one.evidence.pair_spread,
            layout_share: one.evidence.layout_share,
            pairs: one.evidence.pairs,
        }
    }

    pub(super) fn is(&self, verdict: Verdict) -> bool {
        self.verdict == verdict
    }

    pub(super) fn claims(&self) -> bool {
        self.is(Verdict::Regressed) || self.is(Verdict::Improved)
    }
}

/// Median of what there is; not a number where there is nothing.
pub(super) fn middle(values: impl IntoIterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.into_iter().collect();
    median(&values).unwrap_or(f64::NAN)
}
