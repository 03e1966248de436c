//! Limits of metrics, as absolute numbers: missed only where the near end of the interval shows it.

use std::collections::BTreeMap;

use super::Rules;
use crate::model::{Estimate, Finding, MetricId};

/// What of a benchmark's limits is missed, or may be. `shown` writes an amount of a metric for people. A limit of a metric
/// that was not measured is a finding too: nothing vanishes.
pub fn missed_limits(
    rules: &Rules,
    estimates: &BTreeMap<MetricId, Estimate>,
    shown: &dyn Fn(&MetricId, f64) -> String,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (key, limit) in &rules.limits {
        let Some((metric, end)) = key.rsplit_once('.') else { continue };
        let metric = MetricId(metric.to_owned().into());
        let Some(estimate) = estimates.get(&metric) else {
            let message = format!("`{key}` was not checked: this benchmark has no {metric}");
            findings.push(Finding { metric, message, ratio: None, fails_gate: false });
            continue;
        };
        let (low, high) = estimate.interval.map_or((estimate.median, estimate.median), |ends| (ends.low, ends.high));
        let is_most = end == "max";
        let (missed, perhaps) =
            if is_most { (low > *limit, estimate.median > *limit) } else { (high < *limit, estimate.median < *limit) };
        if !missed && !perhaps {
            continue;
        }
        let (value, limit) = (shown(&metric, estimate.median), shown(&metric, *limit));
        let side = if is_most { "above" } else { "below" };
        let sure = if missed { "" } else { ", but the interval does not show it" };
        let message = format!("{metric} is {value}, {side} its limit of {limit}{sure}");
        findings.push(Finding { metric, message, ratio: None, fails_gate: missed && rules.gate });
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Interval;

    fn found(limit: &str, amount: f64) -> Vec<(String, bool)> {
        let rules = Rules {
            threshold: 0.03,
            min_change: None,
            warning: None,
            critical: None,
            gate: true,
            limits: [(limit.to_owned(), amount)].into(),
        };
        let interval = Some(Interval { low: 90.0, high: 110.0, level: 0.95 });
        let estimate = Estimate { median: 100.0, interval, spread: None, observations: 8 };
        let estimates = [(MetricId::WALL_TIME, estimate)].into();
        let findings = missed_limits(&rules, &estimates, &|_, amount| format!("{amount}"));
        findings.into_iter().map(|found| (found.message, found.fails_gate)).collect()
    }

    #[test]
    fn a_limit_is_missed_only_where_the_near_end_lies_beyond_it() {
        assert_eq!(found("wall-time.max", 120.0), []);
        assert_eq!(found("wall-time.max", 100.0), []);
        let (message, fails) = &found("wall-time.max", 95.0)[0];
        assert!(!fails && message.ends_with("does not show it"), "{message}");
        let (message, fails) = &found("wall-time.max", 80.0)[0];
        assert!(*fails && (message == "wall-time is 100, above its limit of 80"), "{message}");
        assert_eq!(found("wall-time.min", 80.0), []);
        assert!(found("wall-time.min", 120.0)[0].1);
    }

    #[test]
    fn a_limit_of_a_metric_that_is_not_there_is_said() {
        let (message, fails) = &found("throughput.min", 1.0)[0];
        assert!(!fails && message.contains("`throughput.min` was not checked"), "{message}");
    }
}
