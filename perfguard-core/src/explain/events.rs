//! What callgrind simulated of a processor: its caches, its branches.

use super::profile::Profile;
use crate::model::{MetricChange, Sides, Unit};

/// What is shown, each with the events that it is the sum of.
const SHOWN: [(&str, &[&str]); 6] = [
    ("data-reads", &["Dr"]),
    ("data-writes", &["Dw"]),
    ("simulated-l1-instruction-misses", &["I1mr"]),
    ("simulated-l1-data-misses", &["D1mr", "D1mw"]),
    ("simulated-last-level-misses", &["ILmr", "DLmr", "DLmw"]),
    ("simulated-branch-misses", &["Bcm", "Bim"]),
];

/// What both sides' profiles have of it; what is nothing on both is left out.
pub fn simulated(base: &Profile, head: &Profile) -> Vec<MetricChange> {
    let sum = |side: &Profile, events: &[&str]| -> f64 {
        events.iter().map(|event| side.events.get(*event).copied().unwrap_or_default().max(0.0)).sum()
    };
    let row = |(metric, events): (&str, &[&str])| {
        let sides = Sides { base: sum(base, events), head: sum(head, events) };
        let is_something = sides.base >= LEAST || sides.head >= LEAST;
        is_something.then(|| MetricChange { metric: metric.to_owned(), unit: Unit::Count, sides })
    };
    SHOWN.into_iter().filter_map(row).collect()
}

/// Less than this in an iteration is what of the set-up did not cancel.
const LEAST: f64 = 0.1;

#[cfg(test)]
mod tests {
    use super::super::callgrind::Dump;
    use super::*;

    #[test]
    fn events_are_summed_and_what_is_nothing_is_left_out() {
        let side = |misses: u32| {
            let text = format!("events: Ir Dr Dw I1mr D1mr D1mw\nob=p\nfl=a\nfn=f\n1 10 4 0 0 {misses} 1\n");
            Profile::of_process(&Dump::read(&text).unwrap())
        };
        let found = simulated(&side(2), &side(5));
        let rows: Vec<_> = found.iter().map(|row| (row.metric.as_str(), row.sides.base, row.sides.head)).collect();
        assert_eq!(rows, [("data-reads", 4.0, 4.0), ("simulated-l1-data-misses", 3.0, 6.0)]);
    }
}
