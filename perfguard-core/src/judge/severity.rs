//! How bad a regression is.

use super::Rules;
use crate::model::{Direction, Effect, Severity, Verdict};

/// Beyond the threshold by less than this: low. By less than the next: medium, and so on.
const STEPS: [(f64, Severity); 3] = [(0.05, Severity::Low), (0.15, Severity::Medium), (0.40, Severity::High)];

/// Severity by how far the near end of the interval lies beyond the threshold, so that noise cannot raise it.
pub fn severity(verdict: Verdict, effect: Option<&Effect>, direction: Direction, rules: &Rules) -> Severity {
    let (Verdict::Regressed, Some(effect)) = (verdict, effect) else { return Severity::None };
    let worse = near_end_of_worsening(effect, direction);
    let beyond = worse - rules.threshold;
    let by_steps = STEPS.iter().find(|(end, _)| beyond < *end).map_or(Severity::Critical, |(_, severity)| *severity);
    let reaches = |limit: Option<f64>| limit.is_some_and(|limit| worse >= limit);
    if reaches(rules.critical) {
        return Severity::Critical;
    }
    let least = if reaches(rules.warning) { Severity::Medium } else { Severity::Low };
    let most = if rules.critical.is_some() { Severity::High } else { Severity::Critical };
    by_steps.clamp(least, most)
}

/// By how much a side is shown to be worse, at least (0.05 is 5 %); negative where that is not shown.
pub(super) fn near_end_of_worsening(effect: &Effect, direction: Direction) -> f64 {
    let (low, high) = effect.interval.map_or((effect.ratio, effect.ratio), |ends| (ends.low, ends.high));
    match direction {
        Direction::LowerIsBetter => low - 1.0,
        Direction::HigherIsBetter => 1.0 / high - 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Interval;

    fn rules() -> Rules {
        Rules {
            threshold: 0.03,
            min_change: None,
            warning: None,
            critical: None,
            gate: true,
            limits: std::collections::BTreeMap::new(),
        }
    }

    fn of(low: f64, rules: &Rules) -> Severity {
        let interval = Some(Interval { low, high: low + 0.1, level: 0.95 });
        let effect = Effect { ratio: low + 0.05, interval };
        severity(Verdict::Regressed, Some(&effect), Direction::LowerIsBetter, rules)
    }

    #[test]
    fn severity_goes_by_the_near_end_beyond_the_threshold() {
        let each = [1.02, 1.07, 1.10, 1.20, 1.50].map(|low| of(low, &rules()));
        assert_eq!(each, [Severity::Low, Severity::Low, Severity::Medium, Severity::High, Severity::Critical]);
    }

    #[test]
    fn what_is_not_shown_has_no_severity() {
        let effect = Effect { ratio: 1.5, interval: None };
        for verdict in [Verdict::Undecided, Verdict::Improved, Verdict::Unchanged] {
            assert_eq!(severity(verdict, Some(&effect), Direction::LowerIsBetter, &rules()), Severity::None);
        }
    }

    #[test]
    fn the_projects_own_limits_raise_and_hold_back() {
        let own = Rules { warning: Some(0.04), critical: Some(0.9), ..rules() };
        assert_eq!(of(1.05, &own), Severity::Medium);
        assert_eq!(of(1.60, &own), Severity::High, "not critical below its own limit");
        assert_eq!(of(1.95, &own), Severity::Critical);
    }

    #[test]
    fn less_of_a_metric_of_which_more_is_better_is_worse() {
        let interval = Some(Interval { low: 0.45, high: 0.5, level: 0.95 });
        let effect = Effect { ratio: 0.47, interval };
        let found = severity(Verdict::Regressed, Some(&effect), Direction::HigherIsBetter, &rules());
        assert_eq!(found, Severity::Critical, "half as much is twice as bad");
    }
}
