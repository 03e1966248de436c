//! Readings as they come, and what they show.

use std::cell::Cell;

use super::*;
use crate::environment::fixtures::Tree;

/// A clock that a test sets.
#[derive(Default)]
struct Hand(Cell<Duration>);

impl Clock for Hand {
    fn monotonic(&self) -> Duration {
        self.0.get()
    }

    fn unix_ns(&self) -> i64 {
        0
    }
}

fn at(tenths: u64) -> Duration {
    Duration::from_millis(100 * tenths)
}

/// A machine of two processors at a tenth of a second: ticks of idle, of steal, and of perfguard itself.
fn reading(tenths: u64, idle: u64, steal: u64, own: u64) -> Reading {
    Reading {
        processors: 2,
        ticks: Some(Ticks { total: 20 * tenths, idle, io_wait: 0, steal }),
        own_ticks: own,
        ..Reading::default()
    }
}

#[test]
fn what_perfguard_itself_uses_disturbs_nothing() {
    let mut history = History::default();
    for tenths in 0..10 {
        history.push(at(tenths), reading(tenths, 10 * tenths, 0, 10 * tenths));
    }
    let weather = history.weather();
    assert!(!weather.is_disturbed(), "{weather:?}");
    assert!(weather.other_load.unwrap().most < f64::EPSILON);
    assert_eq!((weather.readings, weather.time), (10, at(9)));
}

#[test]
fn steal_and_the_load_of_others_are_told_apart_and_one_that_goes_on_is_one() {
    let mut history = History::default();
    history.push(at(0), reading(0, 0, 0, 0));
    history.push(at(1), reading(1, 10, 0, 10));
    history.push(at(2), reading(2, 10, 0, 20));
    history.push(at(3), reading(3, 10, 0, 25));
    history.push(at(4), reading(4, 16, 4, 35));
    let kinds = |from, until| history.during(at(from), at(until));
    assert_eq!(kinds(0, 1), []);
    assert_eq!(kinds(1, 2), [DisturbanceKind::OtherLoad]);
    assert_eq!(kinds(3, 4), [DisturbanceKind::Steal]);
    assert_eq!(kinds(0, 4), [DisturbanceKind::Steal, DisturbanceKind::OtherLoad]);
    let weather = history.weather();
    let others = weather.disturbances[0];
    assert_eq!((others.from, others.until, weather.disturbances.len()), (at(1), at(3), 2));
    assert!((others.worst - 0.75).abs() < 1e-9, "{others:?}");
    assert!((weather.steal.unwrap().mean - 0.05).abs() < 1e-9);
    assert!((weather.steal.unwrap().most - 0.2).abs() < 1e-9);
}

#[test]
fn one_stolen_tick_may_have_come_together_over_a_long_time() {
    let mut history = History::default();
    history.push(at(0), reading(0, 0, 0, 0));
    history.push(at(1), reading(1, 9, 1, 10));
    assert!(!history.weather().is_disturbed());
}

#[test]
fn pressure_and_a_falling_frequency_are_labels_too() {
    let mut history = History::default();
    let with = |memory: u64, io: u64, khz: u64| Reading {
        memory_waits_us: Some(memory),
        io_waits_us: Some(io),
        highest_khz: Some(khz),
        ..Reading::default()
    };
    history.push(at(0), with(0, 0, 4_000_000));
    history.push(at(1), with(2_000, 9_000, 3_900_000));
    history.push(at(2), with(2_000, 29_000, 3_000_000));
    assert_eq!(history.during(at(0), at(1)), [DisturbanceKind::MemoryPressure]);
    assert_eq!(history.during(at(1), at(2)), [DisturbanceKind::IoPressure, DisturbanceKind::FrequencyChange]);
    assert_eq!(history.weather().frequency_khz, Some((3_000_000, 4_000_000)));
    assert!(history.weather().steal.is_none(), "the system did not tell");
}

#[test]
fn a_clock_that_stands_still_adds_nothing() {
    let mut history = History::default();
    history.push(at(1), reading(1, 0, 0, 0));
    history.push(at(1), reading(2, 0, 0, 0));
    assert_eq!(history.weather().readings, 1);
}

#[test]
fn readings_are_at_least_a_tenth_of_a_second_apart() {
    let tree = Tree::quiet_server();
    let (clock, mut monitor) = (Hand::default(), Monitor::new(tree.root()));
    let taken = (0..30).filter(|tens| {
        clock.0.set(Duration::from_millis(10 * tens));
        monitor.sample(&clock)
    });
    assert_eq!(taken.count(), 3);
}

#[test]
fn a_reading_that_is_costly_is_rare() {
    /// Every look is two milliseconds later.
    struct Slow(Cell<u64>);
    impl Clock for Slow {
        fn monotonic(&self) -> Duration {
            self.0.set(self.0.get() + 2);
            Duration::from_millis(self.0.get())
        }

        fn unix_ns(&self) -> i64 {
            0
        }
    }
    let tree = Tree::quiet_server();
    let (clock, mut monitor) = (Slow(Cell::new(0)), Monitor::new(tree.root()));
    let taken = (0..1_500).filter(|_| monitor.sample(&clock)).count();
    assert_eq!(taken, 2, "2 ms for a reading: the next is two seconds later");
}

#[test]
fn files_that_stay_open_tell_what_is_new_in_them() {
    let tree = Tree::quiet_server();
    let mut sampler = Sampler::new(tree.root());
    let first = sampler.read();
    assert_eq!((first.processors, first.load), (4, Some(0.05)));
    assert_eq!(first.ticks.map(|ticks| (ticks.total, ticks.idle)), Some((1_000_000, 990_000)));
    assert_eq!(first.own_ticks, 10);
    assert_eq!(first.highest_khz, Some(2_100_000));
    tree.write("proc/77/stat", "77 (a (strange) name) S 1 2 3 4 5 6 7 8 9 10 100 20 3 4 0 0\n");
    sampler.count_as_own(77);
    tree.write("proc/stat", "cpu  1 1 1 7 1 1 1 1 0 0\ncpu0 x\n");
    tree.write("proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=99\nfull avg10=0.00 total=5\n");
    let second = sampler.read();
    assert_eq!(second.ticks, Some(Ticks { total: 14, idle: 7, io_wait: 1, steal: 1 }));
    assert_eq!((second.own_ticks, second.cpu_waits_us), (137, Some(99)));
}

#[test]
fn a_system_that_tells_nothing_is_no_error() {
    let empty = tempfile::tempdir().unwrap();
    let mut monitor = Monitor::new(empty.path());
    let clock = Hand::default();
    assert!(monitor.sample(&clock));
    clock.0.set(at(5));
    assert!(monitor.sample(&clock));
    let weather = monitor.summary();
    assert_eq!((weather.readings, weather.load, weather.other_load), (2, None, None));
    assert_eq!(weather.to_string(), "the system does not tell");
}
