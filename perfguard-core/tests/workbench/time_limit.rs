//! A check whose time limit ends a running build. The clock stands still until cargo is called, and is far ahead then.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use perfguard_core::build::Seat;
use perfguard_core::cancel::CancellationToken;
use perfguard_core::clock::Clock;
use perfguard_core::event::{Event, EventSink};
use perfguard_core::model::{IterationControl, Observations, RunSettings, Verdict};
use perfguard_core::pipeline::{
    BuildOptions, CompareOutcome, CompareRequest, CompareRules, LayoutChoice, SideSpec, Tools, compare, locate,
};
use perfguard_core::plan::Filter;
use perfguard_core::store::{Store, StoreLocation};

use crate::common::multicall;
use crate::support::{World, everything};

const LIMIT: Duration = Duration::from_mins(1);

#[derive(Default)]
struct Hand(Mutex<Duration>);

impl Clock for Hand {
    fn monotonic(&self) -> Duration {
        *self.0.lock().unwrap()
    }

    fn unix_ns(&self) -> i64 {
        1_700_000_000_000_000_000
    }
}

/// Lets the limit come as soon as cargo builds what is named.
struct Late<'a> {
    clock: &'a Hand,
    building: &'a str,
    heard: Vec<String>,
}

impl EventSink for Late<'_> {
    fn event(&mut self, event: Event) {
        if let Event::CargoStarted { purpose } = event {
            if purpose.contains(self.building) {
                *self.clock.0.lock().unwrap() = LIMIT;
            }
            self.heard.push(purpose);
        }
    }
}

/// A check of the working tree against HEAD in which the build of what is named takes too long.
fn check(world: &World, building: &str) -> (CompareOutcome, Vec<String>) {
    let clock = Arc::new(Hand::default());
    let cancel = CancellationToken::new().until(clock.clone(), LIMIT);
    let tools = Tools {
        cargo: "cargo".into(),
        executable: multicall(),
        cache: world.cache(),
        environment: world.environment.clone(),
    };
    let manifest = world.root().join("Cargo.toml");
    let place = locate(Some(&manifest), &tools, &CancellationToken::new()).unwrap();
    let request = CompareRequest {
        options: BuildOptions { manifest: Some(manifest), profile: "bench".to_owned(), ..BuildOptions::default() },
        filter: Filter::default(),
        settings: RunSettings {
            metrics: Vec::new(),
            timeline_ns: None,
            control: IterationControl::default(),
            warm_up_processes: 1,
            observations: Observations { min: 8, max: 8 },
            precision: 0.01,
            budget: LIMIT,
            timeout: LIMIT,
            output_limit: 1 << 20,
            seed: 1,
            filter: Vec::new(),
            exact: false,
        },
        base: SideSpec::Commit(world.repository().resolve("HEAD").unwrap()),
        head: SideSpec::WorkingTree,
        variants: Default::default(),
        between: None,
        rules: CompareRules {
            witness: false,
            strict: false,
            threshold: 0.03,
            layouts: LayoutChoice::Exactly(1),
            force: false,
            gate: Vec::new(),
            ignore: Vec::new(),
            most_pairs: Some(8),
        },
        purpose: "cargo perfguard check",
        only_affected: true,
        all_the_same: None,
    };
    let mut store = Store::open(&StoreLocation(world.cache().join("history.db"))).unwrap();
    let mut events = Late { clock: &clock, building, heard: Vec::new() };
    let outcome = compare(&place, &tools, &request, &mut store, &*clock, &mut events, &cancel).unwrap();
    (outcome, events.heard)
}

/// Builds for ever; the file tells that it began.
fn endless(world: &World) -> String {
    let begun = world.cache().join("begun").display().to_string();
    format!(
        "fn main() {{ std::fs::write({begun:?}, \"\").unwrap(); std::thread::sleep(std::time::Duration::from_secs(600)); }}\n"
    )
}

#[test]
fn the_limit_ends_the_build_of_head_and_the_next_check_goes_on_from_there() {
    let world = World::new();
    world.commit("base");
    drop(check(&world, "nothing"));
    world.write("build.rs", &endless(&world));
    let before = everything(&world.root());
    let (outcome, _) = check(&world, "the working tree");
    assert_eq!(everything(&world.root()), before, "nothing in the repository changed");
    assert!(!outcome.interrupted && outcome.gate.undecided == 1 && outcome.gate.failing == 0, "{outcome:?}");
    let one = &outcome.comparisons[0];
    assert!(one.verdict == Verdict::Undecided && one.reason.contains("what was compiled is kept"), "{one:?}");
    let said = outcome.remarks.join("\n");
    assert!(said.contains("ended the build of the working tree") && said.contains("`--within`"), "{said}");
    world.remove("build.rs");
    world.write("src/lib.rs", "pub fn word() -> String { String::from(\"1\") + \"\" }\n");
    let (outcome, built) = check(&world, "nothing");
    assert_eq!(built, ["building the working tree"], "base was kept");
    assert_eq!(outcome.comparisons.len(), 1);
}

#[test]
fn the_limit_ends_the_build_of_base_and_the_targets_are_rows() {
    let mut world = World::new();
    let whole = world.commit("whole");
    world.write("build.rs", &endless(&world));
    world.commit("endless");
    let (outcome, _) = check(&world, "commit");
    assert!(outcome.comparisons.is_empty() && outcome.gate.undecided == 1, "{outcome:?}");
    assert_eq!(outcome.not_measured[0].message, "was not built within the time limit");
    assert!(outcome.remarks[0].contains("ended the build of commit"), "{:?}", outcome.remarks);
    // The workbench is as usable as before.
    let build = world.keep(&whole);
    assert!(world.workbench().seat(Seat::Kept(&build.key)).is_ok());
    assert_eq!(world.speak_kept(&build), "one");
}
