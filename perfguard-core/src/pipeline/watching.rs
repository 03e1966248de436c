//! Watches the machine while benchmarks are measured, and marks those whose observations were disturbed.

use std::path::Path;
use std::time::Duration;

use crate::clock::Clock;
use crate::environment::Monitor;
use crate::event::Event;
use crate::model::{DisturbanceKind, Note, Weather};

/// A monitor that is told of each observation as it is taken.
pub(super) struct Watch<'a> {
    monitor: Monitor,
    clock: &'a dyn Clock,
    /// Begin and end of each observation, by benchmark.
    taken: Vec<Vec<(Duration, Duration)>>,
}

impl<'a> Watch<'a> {
    /// Watches the system whose root this is while so many benchmarks are measured by a launcher's children.
    pub(super) fn new(root: &Path, launcher: u32, benchmarks: usize, clock: &'a dyn Clock) -> Self {
        let mut monitor = Monitor::new(root);
        monitor.count_as_own(launcher);
        monitor.sample(clock);
        Self { monitor, clock, taken: vec![Vec::new(); benchmarks] }
    }

    /// An observation was taken just now, by a process that ran so long.
    pub(super) fn observed(&mut self, benchmark: usize, process_ns: u64) {
        let now = self.clock.monotonic();
        self.taken[benchmark].push((now.saturating_sub(Duration::from_nanos(process_ns)), now));
        self.monitor.sample(self.clock);
    }

    /// What is to be remarked of a benchmark; `None` where nothing disturbed it.
    pub(super) fn note(&self, benchmark: usize) -> Option<Note> {
        let all = &self.taken[benchmark];
        let found: Vec<_> = all.iter().map(|(from, until)| self.monitor.during(*from, *until)).collect();
        let disturbed = found.iter().filter(|kinds| !kinds.is_empty()).count();
        let mut kinds: Vec<DisturbanceKind> = found.into_iter().flatten().collect();
        kinds.sort_unstable();
        kinds.dedup();
        let names: Vec<String> = kinds.iter().map(ToString::to_string).collect();
        (disturbed > 0).then(|| {
            let total = all.len();
            Note(format!("{disturbed} of {total} observations were taken under disturbance: {}", names.join(", ")))
        })
    }

    /// What the machine was like meanwhile.
    pub(super) fn weather(&self) -> Weather {
        self.monitor.summary()
    }

    /// What to tell the user of the machine; `None` where it was calm.
    pub(super) fn remark(&self) -> Option<Event> {
        let weather = self.weather();
        weather.is_disturbed().then(|| Event::Remark {
            message: format!("the machine was disturbed meanwhile: {weather}"),
            hint: Some("`cargo perfguard doctor` says what to change".to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::environment::fixtures::Tree;

    #[derive(Default)]
    struct Hand(Cell<u64>);

    impl Clock for Hand {
        fn monotonic(&self) -> Duration {
            Duration::from_millis(self.0.get())
        }

        fn unix_ns(&self) -> i64 {
            0
        }
    }

    #[test]
    fn observations_are_marked_by_what_happened_while_they_were_taken() {
        const PROCESS_NS: u64 = 50_000_000;
        let (tree, clock) = (Tree::quiet_server(), Hand::default());
        let stat = |text: &str| tree.write("proc/stat", &format!("cpu  {text}\ncpu0 1\ncpu1 1\n"));
        stat("0 0 0 1000 0 0 0 0");
        let mut watch = Watch::new(tree.root(), 1, 2, &clock);
        clock.0.set(150);
        stat("0 0 0 1030 0 0 0 0");
        watch.observed(0, PROCESS_NS);
        assert!(watch.note(0).is_none() && watch.remark().is_none());
        clock.0.set(300);
        stat("10 0 0 1040 0 0 0 10");
        watch.observed(0, PROCESS_NS);
        clock.0.set(500);
        stat("10 0 0 1080 0 0 0 10");
        watch.observed(1, PROCESS_NS);
        let note = watch.note(0).unwrap().0;
        assert_eq!(note, "1 of 2 observations were taken under disturbance: steal, other load");
        assert!(watch.note(1).is_none());
        assert!(matches!(watch.remark(), Some(Event::Remark { message, .. }) if message.contains("steal")));
    }
}
