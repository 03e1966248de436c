//! What the processor's own counters say of a process: taken where somebody wants it and the kernel grants it.

use std::io;

use super::{Offer, Provider};
use crate::model::{MetricId, Note};
use crate::process::{Count, CounterEvent, Usage};

/// The processor's counters, read by the launcher.
#[derive(Debug, Clone, Copy)]
pub struct Counters;

/// The metrics that can be counted so, each with what is counted.
pub const COUNTER_EVENTS: [(MetricId, CounterEvent); 4] = [
    (MetricId::INSTRUCTIONS, CounterEvent::INSTRUCTIONS),
    (MetricId::CYCLES, CounterEvent::CYCLES),
    (MetricId::BRANCH_MISSES, CounterEvent::BRANCH_MISSES),
    (MetricId::CACHE_MISSES, CounterEvent::CACHE_MISSES),
];

const fn offer(metric: &'static str, what: &'static str, repeats: &'static str) -> Offer {
    let needs = "a process of the benchmark's own, and a processor whose counters the kernel lets this user read";
    Offer { metric, what, needs, cost: "opening them, before the process begins", repeats, always: false }
}

const OFFERS: [Offer; 3] = [
    offer(
        "cycles",
        "cycles of the processor in user space, of the whole process",
        "as wall time; a changing clock cancels",
    ),
    offer("branch-misses", "branches that it foresaw wrongly", "worse than wall time: other layouts, other misses"),
    offer("cache-misses", "misses of its last cache", "worse than wall time: shared with whatever else runs"),
];

impl Provider for Counters {
    fn name(&self) -> &'static str {
        "the processor's counters"
    }

    fn offers(&self) -> &'static [Offer] {
        &OFFERS
    }

    fn of_process(&self, usage: &Usage) -> Vec<(MetricId, f64)> {
        let counted = COUNTER_EVENTS.into_iter().filter_map(|(metric, event)| {
            let count = usage.counts.get(event)?.ok()?;
            Some((metric, count.estimate()?))
        });
        counted.collect()
    }
}

/// What is to be remarked of what was counted of a process.
pub(in crate::measure) fn remarks(usage: &Usage) -> Vec<Note> {
    let mut notes = Vec::new();
    if usage.counts.iter().any(|(_, counted)| counted.is_ok_and(Count::is_scaled)) {
        let text = "the processor's counters took turns: what they counted is scaled up to the whole time";
        notes.push(Note(text.to_owned()));
    }
    for (metric, event) in COUNTER_EVENTS {
        let why = match usage.counts.get(event) {
            Some(Err(number)) => io::Error::from_raw_os_error(number).to_string(),
            Some(Ok(count)) if count.estimate().is_none() => "its counter never had its turn".to_owned(),
            Some(Ok(_)) | None => continue,
        };
        notes.push(Note(format!("`{metric}` is not known of every process: {why}")));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Counts;

    fn counted(all: impl IntoIterator<Item = (CounterEvent, Result<Count, i32>)>) -> Usage {
        Usage { counts: Counts::of(all), ..Usage::default() }
    }

    #[test]
    fn what_was_counted_is_a_metric_and_what_was_scaled_is_said_so() {
        let whole = Count { value: 900, enabled_ns: 50, running_ns: 50 };
        let half = Count { value: 10, enabled_ns: 50, running_ns: 25 };
        let usage = counted([(CounterEvent::CYCLES, Ok(whole)), (CounterEvent::BRANCH_MISSES, Ok(half))]);
        let found = Counters.of_process(&usage);
        assert_eq!(found, [(MetricId::CYCLES, 900.0), (MetricId::BRANCH_MISSES, 20.0)]);
        let said = remarks(&usage);
        assert!(said.len() == 1 && said[0].0.contains("took turns"), "{said:?}");
        assert!(remarks(&counted([(CounterEvent::CYCLES, Ok(whole))])).is_empty());
        assert!(Counters.of_process(&Usage::default()).is_empty() && remarks(&Usage::default()).is_empty());
    }

    #[test]
    fn what_could_not_be_counted_is_no_metric_and_no_silence() {
        let never = Count { value: 0, enabled_ns: 50, running_ns: 0 };
        let usage = counted([(CounterEvent::CACHE_MISSES, Err(libc::EMFILE)), (CounterEvent::CYCLES, Ok(never))]);
        assert!(Counters.of_process(&usage).is_empty());
        let said: Vec<String> = remarks(&usage).into_iter().map(|note| note.0).collect();
        assert!(said.iter().any(|note| note.contains("`cache-misses` is not known")), "{said:?}");
        assert!(said.iter().any(|note| note.contains("`cycles`") && note.contains("never had its turn")), "{said:?}");
    }
}
