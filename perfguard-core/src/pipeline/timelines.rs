//! What is said of timelines that were asked for: what sampling them cost, or that there is none.

use std::time::Duration;

use crate::model::{Note, Observation};
use crate::report::format::{duration, percent};

/// Sums over the observations of each benchmark.
pub(super) struct Timelines {
    period: Option<Duration>,
    spent: Vec<Spent>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Spent {
    observations: u32,
    with_points: u32,
    cost_ns: u64,
    process_ns: u64,
}

impl Timelines {
    /// Of so many benchmarks; without a period, nothing was asked for and nothing is said.
    pub(super) fn new(period: Option<Duration>, benchmarks: usize) -> Self {
        Self { period, spent: vec![Spent::default(); benchmarks] }
    }

    /// A benchmark was observed.
    pub(super) fn observed(&mut self, benchmark: usize, observation: &Observation) {
        let spent = &mut self.spent[benchmark];
        spent.observations += 1;
        if let Some(timeline) = &observation.timeline {
            spent.with_points += 1;
            spent.cost_ns += timeline.cost_ns;
            spent.process_ns += observation.process_ns;
        }
    }

    /// What is to be remarked of a benchmark.
    #[expect(clippy::cast_precision_loss, reason = "to be shown")]
    pub(super) fn note(&self, benchmark: usize) -> Option<Note> {
        let period = duration(self.period?.as_nanos() as f64);
        let Spent { observations, with_points, cost_ns, process_ns } = self.spent[benchmark];
        match (observations, with_points) {
            (0, _) => None,
            (_, 0) => {
                Some(Note(format!("no timeline: no process of its own ran for {period}, or there is no `/proc`")))
            }
            _ => {
                let share = percent(cost_ns as f64 / process_ns.max(1) as f64);
                Some(Note(format!("sampling its timelines took {share} of a processor while it ran")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Timeline, TimelinePoint};

    #[test]
    fn a_row_says_what_sampling_cost_or_why_there_is_nothing() {
        let short = Observation { process_ns: 1_000, ..Observation::of_value(1.0) };
        let points = vec![TimelinePoint::default()];
        let timeline = Some(Timeline { points, cost_ns: 5, ..Timeline::new(100_000_000) });
        let long = Observation { timeline, ..short.clone() };
        let mut timelines = Timelines::new(Some(Duration::from_millis(100)), 3);
        timelines.observed(0, &short);
        timelines.observed(1, &short);
        timelines.observed(1, &long);
        let note = |index: usize| timelines.note(index).map(|note| note.0);
        assert!(note(0).unwrap().contains("no process of its own ran for 100.0 ms"));
        assert_eq!(note(1).unwrap(), "sampling its timelines took 0.50 % of a processor while it ran");
        assert_eq!(note(2), None, "it was never observed");
        let mut unasked = Timelines::new(None, 1);
        unasked.observed(0, &short);
        assert_eq!(unasked.note(0), None);
    }
}
