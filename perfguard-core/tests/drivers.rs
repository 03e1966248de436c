//! The drivers with the real harnesses: what they list, what an observation says, what settings do.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking and starts processes itself"
)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use perfguard_core::cancel::CancellationToken;
use perfguard_core::measure::{Listing, NotListed, Reading, Session, Told, Wanted, Yield, detect_file, driver_for};
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
        let tests = std::env::current_exe().unwrap();
        let multicall = tests.parent().unwrap().parent().unwrap().join("examples/multicall");
        Self {
            kind: detect_file(program).unwrap(),
            artifact: Artifact { target, hash, program: program.clone(), run, has_link_kit: false },
            launcher: Launcher::start(&multicall).unwrap(),
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
            other => panic!("{name}: {other:?}"),
        }
    }

    fn observe(&mut self, name: &str, control: &IterationControl) -> Reading {
        self.try_observe(name, control).unwrap_or_else(|failure| panic!("{name}: {failure}\n{}", failure.output))
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

#[test]
fn divan_lists_parameters_and_runs_just_the_samples_and_iterations_asked_for() {
    let (_, mut bench) = benches("divan").pop().unwrap();
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
    let (_, mut bench) = benches("divan").pop().unwrap();
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
    let lines = "good: 123\npanic: panic\nexit: exit\nflood: flood\nhang: hang\nnan: nan\ngrandchild: grandchild\n";
    std::fs::write(folder.path().join("script.txt"), lines).unwrap();
    let mut bench = Bench::new(&(built.0, built.1, folder.path().to_owned()));
    bench.timeout = Duration::from_secs(2);
    assert_eq!(bench.list().names, ["good", "panic", "exit", "flood", "hang", "nan", "grandchild"]);
    let control = IterationControl::default();
    assert!((bench.observe("good", &control).value - 123.0).abs() < 1e-9);
    assert!((bench.observe("grandchild", &control).value - 100.0).abs() < 1e-9);
    for (name, kind) in [
        ("panic", FailureKind::Exited),
        ("exit", FailureKind::Exited),
        ("flood", FailureKind::FloodedOutput),
        ("hang", FailureKind::TimedOut),
        ("nan", FailureKind::NoResult),
    ] {
        let failure = bench.try_observe(name, &control).unwrap_err();
        assert_eq!(failure.kind, kind, "{name}: {failure}");
    }
}
