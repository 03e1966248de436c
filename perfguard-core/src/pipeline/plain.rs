//! A metric whose values are compared as they are: the ratio itself is judged, there is no spread to hold it against.

use crate::model::{Direction, Finding, Metric};
use crate::report::format::{amount, change};

/// One metric on both sides.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plain<'a> {
    pub(super) metric: &'a Metric,
    pub(super) base: f64,
    pub(super) head: f64,
    /// A change at least this large matters (0.03 is 3 %).
    pub(super) threshold: f64,
}

impl Plain<'_> {
    /// Head over base; of nothing, and of less, there is none.
    fn ratio(&self) -> Option<f64> {
        (self.base > 0.0 && self.head > 0.0).then(|| self.head / self.base)
    }

    /// Whether it changed by what matters. Where there is no ratio, any change is one.
    #[expect(clippy::float_cmp, reason = "counts are the same or not")]
    pub(super) fn moved(&self) -> bool {
        self.ratio().map_or(self.base != self.head, |ratio| (ratio - 1.0).abs() > self.threshold)
    }

    /// What is said of it; `gated` is whether it may fail the gate.
    #[expect(clippy::float_cmp, reason = "counts are the same or not")]
    pub(super) fn finding(&self, gated: bool) -> Finding {
        let Metric { id, unit, direction } = self.metric;
        let (base, head) = (amount(*unit, self.base), amount(*unit, self.head));
        let message = match self.ratio() {
            _ if self.base == self.head => format!("{id} the same: {head}"),
            Some(ratio) => format!("{id} {} ({base} → {head})", change(ratio)),
            None => format!("{id} {base} → {head}"),
        };
        let is_worse = match direction {
            Direction::LowerIsBetter => self.head > self.base,
            Direction::HigherIsBetter => self.head < self.base,
        };
        Finding { metric: id.clone(), message, ratio: self.ratio(), fails_gate: gated && is_worse && self.moved() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MetricId, Unit};

    fn found(direction: Direction, base: f64, head: f64) -> (bool, bool, String) {
        let metric = Metric { id: MetricId("own".into()), unit: Unit::Count, direction };
        let plain = Plain { metric: &metric, base, head, threshold: 0.03 };
        let Finding { message, fails_gate, .. } = plain.finding(true);
        (plain.moved(), fails_gate, message)
    }

    #[test]
    fn only_a_change_for_the_worse_beyond_the_threshold_fails_the_gate() {
        use Direction::{HigherIsBetter, LowerIsBetter};
        assert_eq!(found(LowerIsBetter, 100.0, 100.0), (false, false, "own the same: 100".to_owned()));
        let (moved, fails, message) = found(LowerIsBetter, 100.0, 102.0);
        assert!(!moved && !fails && message.contains("100 → 102"), "{message}");
        assert!(found(LowerIsBetter, 100.0, 104.0).1);
        assert!(!found(LowerIsBetter, 104.0, 100.0).1);
        assert!(found(HigherIsBetter, 104.0, 100.0).1);
    }

    #[test]
    fn of_nothing_there_is_no_ratio_and_any_change_counts() {
        use Direction::LowerIsBetter;
        assert!(!found(LowerIsBetter, 0.0, 0.0).0);
        assert!(found(LowerIsBetter, 0.0, 1.0).1);
        assert!(!found(LowerIsBetter, 1.0, 0.0).1);
    }
}
