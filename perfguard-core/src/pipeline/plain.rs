//! A metric whose values are compared as they are: the ratio itself is judged, there is no spread to hold it against.

use crate::analyse::estimate;
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
            None => format!("{id} {base} → {head}{}", no_ratio(self.base, self.head)),
        };
        let fails_gate = gated && is_worse(*direction, self.base, self.head) && self.moved();
        Finding { metric: id.clone(), message, ratio: self.ratio(), fails_gate }
    }
}

fn is_worse(direction: Direction, base: f64, head: f64) -> bool {
    match direction {
        Direction::LowerIsBetter => head > base,
        Direction::HigherIsBetter => head < base,
    }
}

/// Why a change has no size.
fn no_ratio(base: f64, head: f64) -> &'static str {
    if base == 0.0 {
        ", from nothing: there is no ratio"
    } else if head == 0.0 {
        ", to nothing: there is no ratio"
    } else {
        ", below nothing: there is no ratio"
    }
}

/// A metric of which a side has nothing, or less, in some observation: only its order can be judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct WithoutRatio {
    /// Median of base's observations.
    base: f64,
    /// Of head's.
    head: f64,
    /// Whether every observation of one side lies beyond every one of the other, and there are enough for that to be no
    /// chance.
    apart: bool,
}

/// With so many observations a side, equal ones lie apart once in 12,870 times.
const ENOUGH: usize = 8;

impl WithoutRatio {
    /// Both sides' values; `None` where a side has none, or every one is more than nothing.
    pub(super) fn of(base: &[f64], head: &[f64]) -> Option<Self> {
        if base.iter().chain(head).all(|value| *value > 0.0) {
            return None;
        }
        let ends = |values: &[f64]| {
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            (low, values.iter().copied().fold(f64::NEG_INFINITY, f64::max))
        };
        let ((base_low, base_high), (head_low, head_high)) = (ends(base), ends(head));
        let are_enough = base.len().min(head.len()) >= ENOUGH;
        let apart = are_enough && (head_low > base_high || head_high < base_low);
        Some(Self { base: estimate(base)?.median, head: estimate(head)?.median, apart })
    }

    /// Whether it surely changed.
    pub(super) fn is_shown(&self) -> bool {
        self.apart
    }

    /// What is said of it; `gated` is whether it may fail the gate.
    #[expect(clippy::float_cmp, reason = "counts are the same or not")]
    pub(super) fn finding(&self, metric: &Metric, gated: bool) -> Finding {
        let Metric { id, unit, direction } = metric;
        let (base, head) = (amount(*unit, self.base), amount(*unit, self.head));
        let message = if self.apart {
            format!("{id} {base} → {head} in every observation{}", no_ratio(self.base, self.head))
        } else if self.base == self.head {
            format!("{id} {head} on both sides, no change shown")
        } else {
            format!("{id} {base} → {head}, not shown: the sides' observations overlap, or are too few")
        };
        let fails_gate = gated && self.apart && is_worse(*direction, self.base, self.head);
        Finding { metric: id.clone(), message, ratio: None, fails_gate }
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
        let (_, fails, message) = found(LowerIsBetter, 0.0, 5.0);
        assert!(fails);
        assert_eq!(message, "own 0 → 5, from nothing: there is no ratio");
        let (_, fails, message) = found(LowerIsBetter, 1.0, 0.0);
        assert!(!fails && message.ends_with("to nothing: there is no ratio"), "{message}");
    }

    #[test]
    fn a_count_that_comes_from_nothing_is_shown_where_every_observation_says_so() {
        let metric = Metric { id: MetricId("own".into()), unit: Unit::Count, direction: Direction::LowerIsBetter };
        let judged = |base: &[f64], head: &[f64]| {
            let found = WithoutRatio::of(base, head)?;
            let finding = found.finding(&metric, true);
            Some((found.is_shown(), finding.fails_gate, finding.message))
        };
        let (none, five) = ([0.0; 8], [5.0; 8]);
        let from = "own 0 → 5 in every observation, from nothing: there is no ratio";
        assert_eq!(judged(&none, &five), Some((true, true, from.to_owned())));
        let (shown, fails, message) = judged(&five, &none).unwrap();
        assert!(shown && !fails && message.contains("5 → 0 in every observation, to nothing"), "{message}");
        let (shown, fails, message) = judged(&none, &[0.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0]).unwrap();
        assert!(!shown && !fails && message.contains("overlap"), "{message}");
        assert!(!judged(&none[..3], &five[..3]).unwrap().0, "too few");
        assert_eq!(judged(&none, &none).unwrap().2, "own 0 on both sides, no change shown");
        assert_eq!(judged(&five, &five), None, "there is a ratio");
        assert_eq!(judged(&[], &none), None, "a side has it not");
        assert!(judged(&[-1.0; 8], &[-2.0; 8]).unwrap().0, "less than nothing has an order, too");
    }
}
