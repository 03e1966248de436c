//! `self-test`: how often perfguard was wrong on this machine, for people and for programs.

use serde::Serialize;

use super::format::{duration, percent};
use super::table::Style;
use super::view::VERSION;
use crate::model::{BenchmarkId, Interval};

/// What `self-test` counted.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct SelfTestView {
    /// Version of this format.
    pub version: u32,
    /// Always `self-test`.
    pub kind: &'static str,
    /// The benchmarks that were compared.
    pub benchmarks: Vec<BenchmarkId>,
    /// Comparisons of an executable with itself.
    pub same: RateView,
    /// The same, with every time of head made longer.
    pub slowed: RateView,
    /// By how much (0.05 is 5 %).
    pub slowdown: f64,
    /// Seconds that one comparison of one benchmark took.
    pub seconds_each: f64,
    /// How far values lay apart.
    pub spread: SpreadView,
}

/// Verdicts of one kind of comparison, counted.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct RateView {
    /// Comparisons of one benchmark.
    pub comparisons: u64,
    /// Called worse.
    pub regressed: u64,
    /// Called better.
    pub improved: u64,
    /// Called the same.
    pub unchanged: u64,
    /// Not decided.
    pub undecided: u64,
    /// Interval of the rate of changes that were claimed, in either direction.
    pub changed_interval: Option<Interval>,
    /// Interval of the rate of regressions that were claimed.
    pub regressed_interval: Option<Interval>,
    /// Interval of the rate of *unchanged*.
    pub unchanged_interval: Option<Interval>,
    /// Comparisons of all benchmarks together.
    pub suites: u64,
    /// Those in which anything was called worse.
    pub failed_suites: u64,
    /// Those in which base differed from its own copy.
    pub untrusted_suites: u64,
}

/// How far values lay apart, as standard deviations of logarithms (0.01 is 1 %).
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct SpreadView {
    /// Of one pair's ratio: the median over comparisons.
    pub pair_median: Option<f64>,
    /// The largest.
    pub pair_largest: Option<f64>,
    /// What of it is due to layouts: the median over comparisons.
    pub layout_median: Option<f64>,
}

impl SelfTestView {
    /// What was counted, to be shown.
    pub fn new(
        benchmarks: Vec<BenchmarkId>,
        same: RateView,
        slowed: RateView,
        slowdown: f64,
        seconds_each: f64,
        spread: SpreadView,
    ) -> Self {
        Self { version: VERSION, kind: "self-test", benchmarks, same, slowed, slowdown, seconds_each, spread }
    }
}

/// What was counted, in a few lines.
pub fn self_test_text(view: &SelfTestView, style: Style) -> String {
    let rate = |count: u64, of: u64, interval: Option<Interval>| {
        let ends = interval.map(|ends| format!(" (95 %: {} to {})", percent(ends.low), percent(ends.high)));
        format!("{count} of {of}{}", ends.unwrap_or_default())
    };
    let SelfTestView { same, slowed, spread, .. } = view;
    let themselves = if view.benchmarks.len() == 1 { "itself" } else { "themselves" };
    let mut text = style.bold(&format!("{} compared with {themselves}\n", benchmarks(view.benchmarks.len())));
    text.extend([format!(
        "  false alarms     {}\n",
        rate(same.regressed + same.improved, same.comparisons, same.changed_interval)
    )]);
    text.extend([format!("  suites failed    {} of {}\n", same.failed_suites, same.suites)]);
    text.extend([format!("  unchanged        {} of {}\n", same.unchanged, same.comparisons)]);
    text.extend([format!("  undecided        {} of {}\n", same.undecided, same.comparisons)]);
    if same.untrusted_suites + slowed.untrusted_suites > 0 {
        text.extend([format!(
            "  untrusted        {} of {} suites\n",
            same.untrusted_suites + slowed.untrusted_suites,
            same.suites + slowed.suites
        )]);
    }
    text += &style.bold(&format!("\nslowed by {}\n", percent(view.slowdown)));
    text.extend([format!(
        "  found            {}\n",
        rate(slowed.regressed, slowed.comparisons, slowed.regressed_interval)
    )]);
    text.extend([format!("  undecided        {} of {}\n", slowed.undecided, slowed.comparisons)]);
    text.extend([format!("  called unchanged {} of {}\n", slowed.unchanged, slowed.comparisons)]);
    text += &style.bold("\nnoise\n");
    let or_none = |share: Option<f64>| share.map_or_else(|| "n/a".to_owned(), percent);
    text.extend([format!(
        "  a pair's spread  {} (median), {} (largest)\n",
        or_none(spread.pair_median),
        or_none(spread.pair_largest)
    )]);
    text.extend([format!("  due to layout    {} (median)\n", or_none(spread.layout_median))]);
    text.extend([format!("  one comparison   {}\n", duration(view.seconds_each * 1e9))]);
    text
}

fn benchmarks(count: usize) -> String {
    if count == 1 { "1 benchmark".to_owned() } else { format!("{count} benchmarks") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_says_how_often_it_was_wrong_and_how_sure_that_is() {
        let interval = |low, high| Some(Interval { low, high, level: 0.95 });
        let rates = RateView {
            comparisons: 200,
            regressed: 1,
            improved: 0,
            unchanged: 190,
            undecided: 9,
            changed_interval: interval(0.000_1, 0.027),
            regressed_interval: interval(0.000_1, 0.027),
            unchanged_interval: interval(0.9, 0.98),
            suites: 20,
            failed_suites: 1,
            untrusted_suites: 0,
        };
        let slowed = RateView {
            regressed: 198,
            unchanged: 0,
            undecided: 2,
            failed_suites: 20,
            regressed_interval: interval(0.964, 0.999),
            ..rates.clone()
        };
        let spread = SpreadView { pair_median: Some(0.012), pair_largest: Some(0.05), layout_median: None };
        let ids = vec!["p::b::f".parse().unwrap()];
        let view = SelfTestView::new(ids, rates, slowed, 0.05, 0.48, spread);
        insta::assert_snapshot!(self_test_text(&view, Style { width: 80, color: false }), @r"
        1 benchmark compared with itself
          false alarms     1 of 200 (95 %: 0.01 % to 2.70 %)
          suites failed    1 of 20
          unchanged        190 of 200
          undecided        9 of 200

        slowed by 5.00 %
          found            198 of 200 (95 %: 96.4 % to 99.9 %)
          undecided        2 of 200
          called unchanged 0 of 200

        noise
          a pair's spread  1.20 % (median), 5.00 % (largest)
          due to layout    n/a (median)
          one comparison   480.0 ms
        ");
    }
}
