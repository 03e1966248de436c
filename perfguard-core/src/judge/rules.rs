//! What the configuration says of one benchmark, in numbers.

use std::collections::BTreeMap;

use crate::config::{Tables, units};
use crate::model::BenchmarkId;

/// What holds for one benchmark.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// A change at least this large matters (0.03 is 3 %).
    pub threshold: f64,
    /// A change smaller than this, in the deciding metric's unit, never gates.
    pub min_change: Option<f64>,
    /// Shown to be worse by this share: medium at least.
    pub warning: Option<f64>,
    /// Shown to be worse by this share: critical.
    pub critical: Option<f64>,
    /// Whether it may fail the gate.
    pub gate: bool,
    /// Limits by `METRIC.max` and `METRIC.min`, in the metric's unit.
    pub limits: BTreeMap<String, f64>,
}

impl Rules {
    /// The rules for a benchmark; `threshold` is what holds where no table says more.
    pub fn of(tables: &Tables, id: &BenchmarkId, threshold: f64) -> Self {
        let percent = |key: &str| tables.of(id, key).and_then(|text| units::parse_percent(text).ok());
        Self {
            threshold: percent("threshold").unwrap_or(threshold),
            min_change: tables.of(id, "min-change").and_then(|text| units::parse_amount(text).ok()),
            warning: percent("warning"),
            critical: percent("critical"),
            gate: tables.of(id, "gate") != Some("false"),
            limits: tables.limits(id),
        }
    }
}

/// What head's rules for a benchmark allow that base's did not, each in words.
pub fn loosened(id: &BenchmarkId, base: &Rules, head: &Rules) -> Vec<String> {
    let mut found = Vec::new();
    let percent = |share: f64| format!("{} %", (share * 1e4).round() / 1e2);
    if head.threshold > base.threshold {
        found.push(format!(
            "`threshold` of `{id}`: {} rather than {}",
            percent(head.threshold),
            percent(base.threshold)
        ));
    }
    if base.gate && !head.gate {
        found.push(format!("`gate` of `{id}`: taken out of the gate"));
    }
    if head.min_change.unwrap_or(0.0) > base.min_change.unwrap_or(0.0) {
        found.push(format!("`min-change` of `{id}`: larger than before"));
    }
    for (key, limit) in &base.limits {
        let is_most = key.rsplit_once('.').is_some_and(|(_, end)| end == "max");
        let looser = head.limits.get(key).is_none_or(|now| if is_most { now > limit } else { now < limit });
        if looser {
            found.push(format!("`{key}` of `{id}`: {}", if head.limits.contains_key(key) { "looser" } else { "gone" }));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        let limits = [("wall-time.max".to_owned(), 2e6), ("throughput.min".to_owned(), 10.0)].into();
        Rules { threshold: 0.03, min_change: None, warning: None, critical: None, gate: true, limits }
    }

    #[test]
    fn whatever_allows_more_than_before_is_named() {
        let id: BenchmarkId = "p::b::f".parse().unwrap();
        assert_eq!(loosened(&id, &rules(), &rules()), Vec::<String>::new());
        let mut head = Rules { threshold: 0.1, gate: false, min_change: Some(5.0), ..rules() };
        head.limits.insert("wall-time.max".to_owned(), 3e6);
        head.limits.remove("throughput.min");
        let found = loosened(&id, &rules(), &head);
        assert_eq!(found.len(), 5, "{found:?}");
        assert!(found[0].contains("10 % rather than 3 %"));
        let stricter = Rules { threshold: 0.01, ..rules() };
        assert!(loosened(&id, &rules(), &stricter).is_empty());
    }
}
