//! The gate: which comparisons keep it shut.

use super::severity::near_end_of_worsening;
use super::{Accepted, Rules};
use crate::model::{Comparison, Direction, GateEffect, Verdict};

/// What the gate says of a comparison as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GateReport {
    /// Regressions and missed limits that count.
    pub failing: usize,
    /// Benchmarks that failed to run.
    pub failed: usize,
    /// Undecided, untrusted or layout-bound ones.
    pub undecided: usize,
}

/// What one comparison counts as. `gated` says whether its metric may fail the gate at all, `acceptance` what covers it.
pub fn gate(
    comparison: &Comparison,
    direction: Direction,
    rules: &Rules,
    gated: bool,
    acceptance: Option<&Accepted>,
) -> GateEffect {
    if comparison.verdict != Verdict::Regressed {
        return GateEffect::Passes;
    }
    if !rules.gate || !gated {
        return GateEffect::NotGated;
    }
    if let Some(accepted) = acceptance {
        return GateEffect::Accepted { reason: accepted.reason.clone() };
    }
    let small = rules.min_change.zip(comparison.effect.as_ref()).zip(comparison.base);
    let small = small.is_some_and(|((least, effect), base)| near_end_of_worsening(effect, direction) * base < least);
    if small { GateEffect::Passes } else { GateEffect::Fails }
}

impl GateReport {
    /// Counts what keeps the gate shut.
    pub fn of(comparisons: &[Comparison]) -> Self {
        let mut report = Self::default();
        for one in comparisons {
            let limits = one.findings.iter().filter(|finding| finding.fails_gate).count();
            report.failing += limits + usize::from(one.gate == GateEffect::Fails);
            report.failed += usize::from(one.verdict == Verdict::Failed);
            let open = matches!(one.verdict, Verdict::Undecided | Verdict::Untrusted);
            report.undecided += usize::from(open);
        }
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Effect, Evidence, Interval, MetricId, Severity};

    fn regressed() -> Comparison {
        Comparison {
            id: "p::b::f".parse().unwrap(),
            metric: MetricId::WALL_TIME,
            verdict: Verdict::Regressed,
            reason: String::new(),
            effect: Some(Effect { ratio: 1.1, interval: Some(Interval { low: 1.08, high: 1.12, level: 0.95 }) }),
            base: Some(10.0),
            head: Some(11.0),
            threshold: 0.03,
            evidence: Evidence::default(),
            layouts: None,
            severity: Severity::Medium,
            suite_wide: false,
            gate: GateEffect::Passes,
            failure: None,
            findings: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn rules() -> Rules {
        let limits = std::collections::BTreeMap::new();
        Rules { threshold: 0.03, min_change: None, warning: None, critical: None, gate: true, limits }
    }

    #[test]
    fn only_a_regression_that_is_gated_and_not_accepted_keeps_the_gate_shut() {
        let say = |one: &Comparison, rules: &Rules, gated| gate(one, Direction::LowerIsBetter, rules, gated, None);
        assert_eq!(say(&regressed(), &rules(), true), GateEffect::Fails);
        assert_eq!(say(&regressed(), &rules(), false), GateEffect::NotGated);
        assert_eq!(say(&regressed(), &Rules { gate: false, ..rules() }, true), GateEffect::NotGated);
        let undecided = Comparison { verdict: Verdict::Undecided, ..regressed() };
        assert_eq!(say(&undecided, &rules(), true), GateEffect::Passes);
    }

    #[test]
    fn a_change_below_the_least_amount_passes() {
        let say = |least| {
            gate(&regressed(), Direction::LowerIsBetter, &Rules { min_change: Some(least), ..rules() }, true, None)
        };
        assert_eq!(say(1.0), GateEffect::Passes, "8 % of 10 ns are 0.8 ns");
        assert_eq!(say(0.5), GateEffect::Fails);
    }
}
