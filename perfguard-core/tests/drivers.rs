//! The drivers with the real harnesses: what they list, what an observation says, what settings do.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking and starts processes itself"
)]

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use perfguard_core::cancel::CancellationToken;
use perfguard_core::measure::{
    CountedHeap, CountedPair, INSTALL_VALGRIND, Listing, NotCounted, NotListed, Reading, Session, Told, Wanted, Yield,
    count_heap, count_instructions, detect_file, driver_for, find_valgrind,
};
use perfguard_core::model::{
    Artifact, ArtifactHash, Failure, FailureKind, HarnessKind, IterationControl, RunEnvironment, TargetId, TargetKind,
};
use perfguard_core::process::{Launcher, Limits};

/// A fixture, copied below the target directory and built there; later runs find it built.
fn build(fixture: &str) -> Vec<(String, PathBuf, PathBuf)> {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(fixture);
    let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fixtures").join(fixture);
    copy(&from, &to);
    let mut command = Command::new("cargo");
    command.args(["bench", "--no-run", "--workspace", "--message-format=json"]).current_dir(&to);
    command.env("RUSTC_BOOTSTRAP", "1").env("CARGO_TARGET_DIR", to.join("target")).env_remove("RUSTFLAGS");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{fixture}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let built = lines.filter(|line| line["executable"].is_string() && line["profile"]["test"] == true);
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    built
        .map(|line| {
            let package = PathBuf::from(text(&line["manifest_path"])).parent().unwrap().to_owned();
            let name = package.file_name().unwrap().to_string_lossy().into_owned();
            (format!("{name}/{}", text(&line["target"]["name"])), text(&line["executable"]).into(), package)
        })
        .collect()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for item in std::fs::read_dir(from).unwrap() {
        let item = item.unwrap();
        let name = item.file_name().to_string_lossy().replace("Cargo_test.toml", "Cargo.toml");
        if item.file_type().unwrap().is_dir() {
            copy(&item.path(), &to.join(name));
        } else if std::fs::read(item.path()).ok() != std::fs::read(to.join(&name)).ok() {
            std::fs::copy(item.path(), to.join(name)).unwrap();
        }
    }
}

/// One executable, ready to be driven.
struct Bench {
    kind: HarnessKind,
    artifact: Artifact,
    launcher: Launcher,
    scratch: tempfile::TempDir,
    timeout: Duration,
    version: Option<String>,
    memory: Option<u64>,
}

impl Bench {
    fn new((_, program, package): &(String, PathBuf, PathBuf)) -> Self {
        let env =
            std::env::vars_os().filter(|(name, _)| !name.to_string_lossy().starts_with("CARGO_CRITERION")).collect();
        let target = TargetId { package: "p".into(), kind: TargetKind::Bench, name: "bench".into() };
        let run = RunEnvironment { runner: Vec::new(), cwd: package.clone(), env };
        let hash = ArtifactHash("0".repeat(64));
        Self {
            kind: detect_file(program).unwrap(),
            artifact: Artifact { target, hash, program: program.clone(), run, has_link_kit: false },
            launcher: Launcher::start(&common::multicall()).unwrap(),
            scratch: tempfile::tempdir().unwrap(),
            timeout: Duration::from_mins(1),
            version: None,
            memory: None,
        }
    }

    fn session<T>(&mut self, act: impl FnOnce(&mut Session<'_>) -> T) -> T {
        let cancel = CancellationToken::new();
        act(&mut Session {
            launcher: &mut self.launcher,
            artifact: &self.artifact,
            version: self.version.as_deref(),
            scratch: self.scratch.path(),
            limits: Limits { timeout: self.timeout, output_bytes: 64 * 1024 },
            cancel: &cancel,
            to_the_end: false,
        })
    }

    fn try_list(&mut self) -> Result<Listing, NotListed> {
        let driver = driver_for(self.kind).unwrap();
        let listing = self.session(|session| driver.list(session))?;
        self.version.clone_from(&listing.version);
        Ok(listing)
    }

    fn list(&mut self) -> Listing {
        self.try_list().unwrap()
    }

    /// Several benchmarks in one process.
    fn together(&mut self, names: &[&str], control: &IterationControl) -> Yield {
        let driver = driver_for(self.kind).unwrap();
        let mut memories = vec![None; names.len()];
        let mut wanted: Vec<_> =
            names.iter().zip(&mut memories).map(|(name, memory)| Wanted { name, memory }).collect();
        self.session(|session| driver.observe(session, &mut wanted, control)).unwrap()
    }

    fn try_observe(&mut self, name: &str, control: &IterationControl) -> Result<Reading, Failure> {
        let driver = driver_for(self.kind).unwrap();
        let mut memory = self.memory;
        let mut wanted = [Wanted { name, memory: &mut memory }];
        let yielded = self.session(|session| driver.observe(session, &mut wanted, control));
        self.memory = memory;
        match yielded?.told.remove(0) {
            Told::Reading(reading) => Ok(reading),
            Told::Failed(failure) => Err(failure),
            other @ (Told::Unreached | Told::Alone) => panic!("{name}: {other:?}"),
        }
    }

    fn observe(&mut self, name: &str, control: &IterationControl) -> Reading {
        self.try_observe(name, control).unwrap_or_else(|failure| panic!("{name}: {failure}\n{}", failure.output))
    }
}

impl Bench {
    /// What a benchmark allocates, counted by Valgrind.
    fn count_heap(&mut self, name: &str) -> Result<CountedHeap, NotCounted> {
        assert!(find_valgrind(&self.artifact).is_some(), "this test needs Valgrind: `{INSTALL_VALGRIND}`");
        let driver = driver_for(self.kind).unwrap();
        self.session(|session| count_heap(session, driver, name, 1000.0))
    }

    /// Instructions of a benchmark, the executable against itself.
    fn count(&mut self, name: &str) -> Result<CountedPair, NotCounted> {
        assert!(find_valgrind(&self.artifact).is_some(), "this test needs Valgrind: `{INSTALL_VALGRIND}`");
        let (driver, head) = (driver_for(self.kind).unwrap(), self.artifact.clone());
        self.session(|session| count_instructions(session, &head, driver, name, 1000.0, &mut |_| Ok(())))
    }
}

fn benches(fixture: &str) -> Vec<(String, Bench)> {
    build(fixture).iter().map(|built| (built.0.clone(), Bench::new(built))).collect()
}

#[test]
fn criterion_of_every_age_lists_whole_ids_and_gives_every_sample() {
    for (name, mut bench) in benches("criterion") {
        assert_eq!(bench.kind, HarnessKind::Criterion, "{name}");
        let listing = bench.list();
        let long = "long ".repeat(40);
        let expected = [
            "sum",
            "sum longer",
            "quotes \"'` and $ and (.*)",
            "Größe ∑ 和",
            &long,
            "grp/with slash/sum/1",
            "grp/with slash/sum/10",
            "stubborn/own settings",
            "greedy/warm-up",
            "greedy/measurement",
            "panics",
        ];
        assert_eq!(listing.names, expected, "{name}");
        let version = listing.version.unwrap();
        assert!(name.starts_with(&format!("v0{}/", version.split('.').nth(1).unwrap())), "{name} {version}");
        for id in &expected[..7] {
            let reading = bench.observe(id, &IterationControl::default());
            assert_eq!(reading.samples.len(), 10, "{name} {id}");
            assert!(reading.value > 0.0 && reading.notes.is_empty(), "{name} {id}: {:?}", reading.notes);
        }
        assert_eq!(std::fs::read_dir(bench.scratch.path()).unwrap().count(), 0, "{name} writes no results");
    }
}

#[test]
fn criterion_is_told_one_iteration_and_code_that_beats_the_command_line_is_noted() {
    for (name, mut bench) in benches("criterion") {
        let one = IterationControl { iterations: Some(1), ..IterationControl::default() };
        let reading = bench.observe("sum", &one);
        assert!(reading.samples.iter().all(|sample| sample.iterations == 1), "{name}: {:?}", reading.samples);
        let stubborn = bench.observe("stubborn/own settings", &IterationControl::default());
        assert_eq!((stubborn.samples.len(), stubborn.notes.len()), (20, 2), "{name}: {:?}", stubborn.notes);
    }
}

#[test]
fn a_panic_in_a_benchmark_and_an_unknown_name_are_failures_that_say_so() {
    let (_, mut bench) = benches("criterion").pop().unwrap();
    let panicked = bench.try_observe("panics", &IterationControl::default()).unwrap_err();
    assert_eq!(panicked.kind, FailureKind::Exited);
    assert!(panicked.message.contains("on purpose"), "{panicked}");
    let unknown = bench.try_observe("no such", &IterationControl::default()).unwrap_err();
    assert_eq!(unknown.kind, FailureKind::NoResult);
    assert!(unknown.message.contains("`no such`"), "{unknown}");
}

/// A bench of divan's fixture.
fn divan(name: &str) -> Bench {
    let (_, bench) = benches("divan").into_iter().find(|(found, _)| found.ends_with(&format!("/{name}"))).unwrap();
    bench
}

#[test]
fn what_divans_profiler_counts_of_an_iteration_is_a_metric() {
    let mut bench = divan("allocates");
    for iterations in [1, 7] {
        let control = IterationControl { iterations: Some(iterations), ..IterationControl::default() };
        let mut counted = |name: &str| -> Vec<(String, f64)> {
            let metrics = bench.observe(name, &control).metrics;
            metrics.into_iter().map(|(metric, value)| (metric.id.to_string(), value)).collect()
        };
        let both = |blocks, bytes| [("allocations".to_owned(), blocks), ("allocated-bytes".to_owned(), bytes)];
        assert_eq!(counted("allocates::twice"), both(2.0, 1_024.0));
        assert_eq!(counted("allocates::grows"), both(2.0, 128.0));
        assert_eq!(counted("allocates::nothing"), []);
    }
}

#[test]
fn valgrind_counts_what_an_iteration_allocates_where_the_bench_does_not() {
    let mut bench = divan("allocates");
    for (name, blocks, bytes) in
        [("allocates::twice", 2.0, 1_024.0), ("allocates::nothing", 0.0, 0.0), ("allocates::grows", 2.0, 192.0)]
    {
        let counted = bench.count_heap(name).unwrap();
        assert!(counted.per_iteration && counted.peak_bytes > bytes, "{name}: {counted:?}");
        let is = |found: f64, expected: f64| (found - expected).abs() < 0.05 + expected / 100.0;
        assert!(is(counted.allocations, blocks) && is(counted.allocated_bytes, bytes), "{name}: {counted:?}");
    }
}

#[test]
fn divan_lists_parameters_and_runs_just_the_samples_and_iterations_asked_for() {
    let mut bench = divan("bench");
    assert_eq!(bench.kind, HarnessKind::Divan);
    let mut names = bench.list().names;
    names.sort();
    let expected = [
        "bench::counted",
        "bench::nested::custom name",
        "bench::nested::generic::String",
        "bench::nested::generic::Vec<u8>",
        "bench::stubborn",
        "bench::sum::1",
        "bench::sum::10",
        "bench::sum::100",
        "bench::threads",
    ];
    assert_eq!(names, expected);
    let control = IterationControl { iterations: Some(7), ..IterationControl::default() };
    for name in expected {
        let reading = bench.observe(name, &control);
        assert_eq!(reading.iterations, Some(70), "{name}: ten samples of seven");
        assert_eq!(reading.summary.unwrap().samples, Some(10), "{name}");
        assert!(reading.value >= 0.0, "{name}");
    }
    let threads = bench.observe("bench::threads", &control);
    assert!(threads.notes.iter().any(|note| note.0.contains("t=1, t=2")), "{:?}", threads.notes);
}

#[test]
fn divan_finds_a_memory_once_and_keeps_it() {
    let mut bench = divan("bench");
    let first = bench.observe("bench::sum::100", &IterationControl::default());
    let size = bench.memory.unwrap();
    assert!(size > 1_000, "a sample of a fast benchmark has many iterations, not {size}");
    let second = bench.observe("bench::sum::100", &IterationControl::default());
    assert_eq!((first.iterations, second.iterations), (Some(10 * size), Some(10 * size)));
    assert!(second.summary.unwrap().relative_quantum < 1e-3);
}

#[test]
fn libtest_benches_are_found_in_libraries_too_and_give_a_median() {
    for (name, mut bench) in benches("libtest") {
        assert_eq!(bench.kind, HarnessKind::Libtest, "{name}");
        let names = bench.list().names;
        if name.ends_with("/bench") {
            assert_eq!(names, ["outside", "outside_longer"]);
            let reading = bench.observe("outside", &IterationControl::default());
            let summary = reading.summary.unwrap();
            assert_eq!(summary.median_ns, Some(reading.value));
            assert!(summary.range_ns.is_some());
        } else {
            assert_eq!(names, ["tests::inside"]);
        }
    }
}

#[test]
fn a_scripted_bench_gives_its_script_and_each_misbehaviour_its_kind_of_failure() {
    let built = build("scripted").pop().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let lines = "good: 123\npanic: panic\nexit: exit\nflood: flood\nhang: hang\nnan: nan\ngrandchild: grandchild\n\
                 deaf: deaf\nkilled: killed\nvariable: variable\ndaemon: daemon\nclosed: closed\nmoved: moved\n";
    std::fs::write(folder.path().join("script.txt"), lines).unwrap();
    let mut bench = Bench::new(&(built.0, built.1, folder.path().to_owned()));
    bench.timeout = Duration::from_secs(2);
    assert_eq!(
        bench.list().names,
        [
            "good",
            "panic",
            "exit",
            "flood",
            "hang",
            "nan",
            "grandchild",
            "deaf",
            "killed",
            "variable",
            "daemon",
            "closed",
            "moved"
        ]
    );
    let control = IterationControl::default();
    assert!((bench.observe("good", &control).value - 123.0).abs() < 1e-9);
    for name in ["grandchild", "daemon", "closed", "moved"] {
        assert!((bench.observe(name, &control).value - 100.0).abs() < 1e-9, "{name} has a result all the same");
    }
    for (name, kind) in [
        ("panic", FailureKind::Exited),
        ("exit", FailureKind::Exited),
        ("flood", FailureKind::FloodedOutput),
        ("hang", FailureKind::TimedOut),
        ("nan", FailureKind::NoResult),
        ("deaf", FailureKind::TimedOut),
        ("killed", FailureKind::Signalled),
        ("variable", FailureKind::Exited),
    ] {
        let failure = bench.try_observe(name, &control).unwrap_err();
        assert_eq!(failure.kind, kind, "{name}: {failure}");
    }
}

#[test]
fn criterion_groups_whose_own_settings_would_cost_much_are_run_the_quick_way_and_say_so() {
    for (name, mut bench) in benches("criterion") {
        bench.list();
        bench.timeout = Duration::from_secs(20);
        for id in ["greedy/warm-up", "greedy/measurement"] {
            bench.memory = None;
            let control = IterationControl::default();
            bench.observe(id, &control);
            let second = bench.observe(id, &control);
            assert_eq!(second.samples.len(), 2, "{name} {id}: what `--quick` gives");
            assert!(second.notes.iter().any(|note| note.0.contains("--quick")), "{name} {id}: {:?}", second.notes);
            let spent: f64 = second.samples.iter().map(|sample| sample.total_ns).sum();
            assert!(spent < 2e9, "{name} {id}: {spent} ns are not the group's own settings");
        }
    }
}

#[test]
fn criterion_runs_several_benchmarks_in_one_process_and_says_which_of_them_failed() {
    for (name, mut bench) in benches("criterion") {
        let yielded = bench.together(&["sum", "grp/with slash/sum/10", "panics"], &IterationControl::default());
        let [Told::Reading(sum), Told::Reading(slash), Told::Failed(failure)] = yielded.told.as_slice() else {
            panic!("{name}: {:?}", yielded.told)
        };
        assert!(sum.value > 0.0 && slash.value > 0.0 && sum.samples != slash.samples);
        assert!(failure.message.contains("on purpose"), "{name}: {failure}");
    }
}

/// One member of the workspace of less common harnesses.
fn harness(member: &str) -> Bench {
    let built = build("harnesses");
    let found = built.iter().find(|(name, ..)| name.starts_with(&format!("{member}/")));
    Bench::new(found.unwrap_or_else(|| panic!("no {member} in {built:?}")))
}

#[test]
fn criterion_before_fractions_of_a_second_takes_two_seconds_and_says_so() {
    let mut bench = harness("criterion-v03");
    assert_eq!(bench.kind, HarnessKind::Criterion);
    let listing = bench.list();
    assert_eq!(
        (listing.names.as_slice(), listing.version.as_deref()),
        (&["sum", "sum longer"].map(str::to_owned)[..], Some("0.3.6"))
    );
    let reading = bench.observe("sum", &IterationControl::default());
    assert_eq!(reading.samples.len(), 10);
    assert!(reading.notes.iter().any(|note| note.0.contains("whole seconds")), "{:?}", reading.notes);
}

#[test]
fn codspeeds_forks_are_driven_like_what_they_were_forked_from() {
    let mut bench = harness("codspeed-criterion");
    assert_eq!(bench.kind, HarnessKind::Criterion);
    assert_eq!(bench.list().names, ["sum", "group/sum/100"]);
    assert_eq!(bench.observe("group/sum/100", &IterationControl::default()).samples.len(), 10);
    let mut bench = harness("codspeed-divan");
    assert_eq!(bench.kind, HarnessKind::Divan);
    let mut names = bench.list().names;
    names.sort();
    assert_eq!(names, ["bench::single", "bench::sum::10", "bench::sum::100"]);
    let control = IterationControl { iterations: Some(7), ..IterationControl::default() };
    assert_eq!(bench.observe("bench::sum::100", &control).iterations, Some(70));
}

#[test]
fn bencher_is_listed_by_running_it_and_gives_the_one_that_was_asked_for() {
    let mut bench = harness("bencher");
    assert_eq!(bench.kind, HarnessKind::Bencher);
    assert_eq!(bench.list().names, ["sum", "sum_longer"]);
    let (short, long) =
        (bench.observe("sum", &IterationControl::default()), bench.observe("sum_longer", &IterationControl::default()));
    assert!(0.0 < short.value && short.value < long.value);
    assert!(long.summary.is_some_and(|summary| summary.relative_quantum > 0.0));
    assert_eq!(bench.try_observe("su", &IterationControl::default()).unwrap_err().kind, FailureKind::NoResult);
}

#[test]
fn brunch_gives_all_its_benchmarks_in_one_process() {
    let mut bench = harness("brunch");
    assert_eq!(bench.kind, HarnessKind::Brunch);
    assert_eq!(bench.list().names, ["sum(2000)", "sum(20000)"]);
    let yielded = bench.together(&["sum(20000)", "sum(2000)", "no such"], &IterationControl::default());
    // brunch may find its own samples too wild: then it says so, and that is what the row says.
    let values: Vec<_> = yielded
        .told
        .iter()
        .map(|told| match told {
            Told::Reading(reading) => Ok(reading.value),
            Told::Failed(failure) => Err(failure.message.clone()),
            other @ (Told::Unreached | Told::Alone) => panic!("{other:?}"),
        })
        .collect();
    assert!(
        values[..2].iter().all(|value| match value {
            Ok(value) => *value > 0.0,
            Err(message) => message.contains("brunch: "),
        }),
        "{values:?}"
    );
    assert!(values[2].as_ref().is_err_and(|message| message.contains("`no such`")));
}

#[test]
fn tangos_worker_runs_just_the_samples_and_iterations_asked_for() {
    let mut bench = harness("tango");
    assert_eq!(bench.kind, HarnessKind::Tango);
    assert_eq!(bench.list().names, ["sum 10", "sum/[1000]"]);
    let control = IterationControl { iterations: Some(7), ..IterationControl::default() };
    let reading = bench.observe("sum/[1000]", &control);
    assert_eq!((reading.samples.len(), reading.iterations), (10, Some(70)));
    bench.memory = None;
    let first = bench.observe("sum 10", &IterationControl::default());
    let second = bench.observe("sum 10", &IterationControl::default());
    assert_eq!(first.iterations, second.iterations, "estimated once");
    assert!(first.samples[0].iterations > 100, "{:?}", first.samples);
    assert_eq!(bench.try_observe("no such", &control).unwrap_err().kind, FailureKind::NoResult);
}

#[test]
fn zenbench_gives_the_benchmarks_of_a_group_in_one_process() {
    let mut bench = harness("zenbench");
    assert_eq!(bench.kind, HarnessKind::Zenbench);
    assert_eq!(bench.list().names, ["sums/ten", "sums/thousand", "other/alone"]);
    let yielded = bench.together(&["sums/thousand", "sums/ten"], &IterationControl::default());
    let [Told::Reading(thousand), Told::Reading(ten)] = yielded.told.as_slice() else { panic!("{:?}", yielded.told) };
    assert!(0.0 < ten.value && ten.value < thousand.value);
    assert!(thousand.summary.as_ref().is_some_and(|summary| summary.samples > Some(1)));
}

#[test]
fn gungraun_without_its_runner_names_the_line_that_installs_it() {
    let mut bench = harness("gungraun");
    assert_eq!(bench.kind, HarnessKind::Gungraun);
    bench.artifact.run.env.retain(|(name, _)| name != "PATH");
    bench.artifact.run.env.push(("PATH".into(), "/usr/bin:/bin".into()));
    let Err(NotListed::NeedsTool { tool, install }) = bench.try_list() else { panic!("it has no runner") };
    assert_eq!(tool, "gungraun-runner");
    assert_eq!(install, "cargo install gungraun-runner --version 0.20.0");
}

#[test]
fn gungraun_counts_the_same_instructions_every_time() {
    let mut bench = harness("gungraun");
    // `cargo xtask ci` puts it there; by hand: cargo install gungraun-runner --version =0.20.0 --root target/tools
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(tools).chain(std::env::split_paths(&path))).unwrap();
    bench.artifact.run.env.retain(|(name, _)| name != "PATH");
    bench.artifact.run.env.push(("PATH".into(), path));
    let listing = bench.try_list().unwrap_or_else(|error| {
        panic!("{error:?}\ninstall it: cargo install gungraun-runner --version =0.20.0 --root target/tools; apt-get install valgrind")
    });
    assert_eq!(listing.names, ["bench::group::fib::short", "bench::group::fib::long"]);
    assert_eq!(listing.version.as_deref(), Some("0.20.0"));
    let count = |bench: &mut Bench, name: &str| bench.observe(name, &IterationControl::default()).value;
    let short = count(&mut bench, "bench::group::fib::short");
    assert!((count(&mut bench, "bench::group::fib::short") - short).abs() < f64::EPSILON, "counts do not vary");
    assert!(short > 100.0 && count(&mut bench, "bench::group::fib::long") > 5.0 * short);
}

#[test]
fn instructions_of_one_iteration_repeat_under_criterion_and_divan() {
    let (_, criterion) = benches("criterion").into_iter().find(|(name, _)| name.starts_with("v08/")).unwrap();
    for (mut bench, name) in [(criterion, "grp/with slash/sum/10"), (divan("bench"), "bench::sum::100")] {
        let pair = bench.count(name).unwrap();
        assert!(pair.base.per_iteration && pair.base.instructions > 1.0, "{name}: {pair:?}");
        assert!(pair.repeats_within < 0.001 && (pair.ratio() - 1.0).abs() < 0.001, "{name}: {pair:?}");
    }
}

#[test]
fn instructions_of_what_the_clock_decides_are_not_counted() {
    let (_, mut bench) = benches("libtest").into_iter().find(|(name, _)| name.ends_with("/bench")).unwrap();
    assert_eq!(bench.count("outside"), Err(NotCounted::Harness));
}
