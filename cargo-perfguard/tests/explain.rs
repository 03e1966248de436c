//! Explanations of a slowdown that was planted: which function it is in is then known. They count with Valgrind
//! (`apt-get install valgrind`).
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking and reads the search path itself"
)]

mod common;

use std::path::{Path, PathBuf};

use common::{Ran, TestEnvironment};
use serde_json::Value;

const BENCH: &str = "\
use perfguard_harness::Bench;

fn work(bench: &mut Bench) {
    bench.bench(\"work\", |bencher| bencher.iter(|| sample::work(100)));
    bench.bench(\"work/alone\", |bencher| bencher.iter(|| sample::steady(100)));
}

perfguard_harness::main!(work);
";

/// Two functions that count to `n`, one of them so many times, through one that is inlined. They differ where they count
/// equally far, too: the compiler makes one function of two that are the same.
fn library(times: u32) -> String {
    format!(
        "#[inline(always)]
fn count(n: u64) -> u64 {{
    let mut sum = 0;
    for number in 0..n {{
        sum = std::hint::black_box(sum + number);
    }}
    sum
}}

#[inline(never)]
pub fn planted(n: u64) -> u64 {{
    count({times} * n)
}}

#[inline(never)]
pub fn steady(n: u64) -> u64 {{
    count(n) ^ 1
}}

pub fn work(n: u64) -> u64 {{
    planted(n) + steady(n)
}}
"
    )
}

/// A committed repository with two commits; `planted` does three times as much in the second.
fn planted() -> TestEnvironment {
    let harness = Path::new(env!("CARGO_MANIFEST_DIR")).join("../perfguard-harness").canonicalize().unwrap();
    let dependency = format!("\n[dev-dependencies]\nperfguard-harness = {{ path = \"{}\" }}\n", harness.display());
    let manifest = common::MANIFEST.to_owned() + &dependency;
    let files = [("Cargo.toml", manifest.as_str()), ("src/lib.rs", &library(1)), ("benches/quick.rs", BENCH)];
    let environment = TestEnvironment::with_files(&files);
    environment.write("src/lib.rs", &library(3));
    environment.commit("slower");
    environment
}

fn explain(environment: &TestEnvironment, args: &[&str]) -> Ran {
    environment.perfguard(&[&["explain"], args].concat())
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no number: {value}"))
}

#[test]
fn the_function_that_was_made_slower_is_named_first_with_its_line_and_drawn() {
    assert!(has_valgrind(), "these tests count with Valgrind: apt-get install valgrind");
    let environment = planted();
    let before = environment.everything();
    let view =
        explain(&environment, &["HEAD~1", "HEAD", "sample::quick::work", "--format", "json"]).expect_code(0).json();
    assert_eq!(environment.everything(), before, "the tree is as it was");
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/explain.json");
    let schema = serde_json::from_str(&std::fs::read_to_string(schema).unwrap()).unwrap();
    assert!(jsonschema::is_valid(&schema, &view), "{view:#}");
    let counted = &view["instructions"];
    assert_eq!((&counted["kind"], &counted["per_iteration"]), (&"counted".into(), &true.into()));
    let total = number(&counted["total"]["head"]) / number(&counted["total"]["base"]);
    assert!((1.7..2.2).contains(&total), "half of it takes three times as much: {counted:#}");
    let first = &counted["functions"][0];
    assert_eq!(first["function"], "sample::planted");
    let own = number(&first["self"]["head"]) / number(&first["self"]["base"]);
    assert!((2.7..3.1).contains(&own), "{first:#}");
    assert!(number(&first["inclusive"]["head"]) >= number(&first["self"]["head"]), "{first:#}");
    let part = &first["parts"][0];
    assert_eq!((&part["file"], &part["inlined"][0]), (&"src/lib.rs".into(), &"count".into()), "{first:#}");
    let functions = counted["functions"].as_array().unwrap();
    assert!(functions.iter().all(|row| row["function"] != "sample::steady"), "it did not change: {functions:#?}");
    let has = |metric: &str| view["metrics"].as_array().unwrap().iter().any(|row| row["metric"] == metric);
    assert!(has("executable-size") && has("data-writes"), "{:#}", view["metrics"]);

    // Without revisions: the last commit against the one before. Builds are kept.
    let ran = explain(&environment, &["sample::quick::work", "--flame-graph", "-v"]).expect_code(0);
    assert!(ran.stderr.contains("strip=none was built before"), "{}", ran.stderr);
    let ran = ran.says("wrote `perfguard-explain.svg`");
    assert!(ran.stdout.starts_with("sample::quick::work: "), "{}", ran.stdout);
    assert!(ran.stdout.contains("no comparison found it regressed") && !ran.stdout.contains("hint:"), "{}", ran.stdout);
    let picture = std::fs::read_to_string(environment.root().join("perfguard-explain.svg")).unwrap();
    assert!(picture.starts_with("<?xml") && picture.contains("sample::planted"));
}

#[test]
fn one_benchmark_is_meant_and_what_is_identical_needs_no_counting() {
    let environment = planted();
    explain(&environment, &["quick"])
        .expect_code(2)
        .says("`quick` fits 2 benchmarks")
        .says("sample::quick::work/alone");
    explain(&environment, &["wrok"]).expect_code(4).says("no benchmark matches `wrok`").says("did you mean");
    explain(&environment, &["HEAD~7", "HEAD", "work"]).expect_code(2).says("HEAD~7");
    explain(&environment, &[]).expect_code(2);
    environment.write("src/lib.rs", &format!("// A comment.\n{}", library(3)));
    let text = explain(&environment, &["HEAD", "work"]).expect_code(0).stdout;
    assert!(text.starts_with("sample::quick::work: what both sides would run is the same"), "{text}");
    let view = explain(&environment, &["HEAD..HEAD", "work", "--format", "json"]).expect_code(0).json();
    assert_eq!(view["instructions"]["kind"], "identical");
}

#[test]
fn without_valgrind_the_rest_is_told_and_strictly_that_is_an_error() {
    let bench = |calls: u32| format!("fn main() {{ for n in 0..{calls} {{ std::hint::black_box(n); }} }}\n");
    let lock = |version: &str| {
        format!(
            "version = 3\n\n[[package]]\nname = \"sample\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"dep\"\n\
             version = \"{version}\"\nsource = \"registry+https://example.com/index\"\n"
        )
    };
    let environment =
        TestEnvironment::with_files(&[("benches/quick.rs", &bench(1_000)), ("Cargo.lock", &lock("1.0.1"))]);
    environment.write("benches/quick.rs", &bench(500_000));
    environment.write("Cargo.lock", &lock("1.0.2"));
    environment.commit("slower");
    let folder = tempfile::tempdir().unwrap();
    let path = path_without_valgrind(folder.path());
    let explain = |more: &[&str]| {
        let args = [&["explain", "HEAD~1..HEAD", "quick"], more].concat();
        let mut command = environment.perfguard_command(&environment.root(), &args);
        common::ran(&command.env("PATH", &path).output().unwrap())
    };
    let text = explain(&[]).expect_code(0).stdout;
    assert!(text.contains("instructions were not counted: Valgrind is not installed"), "{text}");
    assert!(text.contains("hint: install it: `apt-get install valgrind`"), "{text}");
    assert!(text.contains("executable size") && text.contains("dep: 1.0.1 → 1.0.2"), "{text}");
    explain(&["--strict"]).expect_code(97).says("Valgrind is not installed");
    // With it, the whole process is counted: the bench has no harness that could be told how often to run.
    let whole = environment.perfguard(&["explain", "HEAD~1..HEAD", "quick"]).expect_code(0).stdout;
    assert!(whole.contains("instructions a process (+") || whole.contains("instructions a process (×"), "{whole}");
}

fn path_folders() -> Vec<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect()
}

fn has_valgrind() -> bool {
    path_folders().iter().any(|folder| folder.join("valgrind").is_file())
}

/// The search path with every folder that has Valgrind replaced by links to all else that it has.
fn path_without_valgrind(folder: &Path) -> std::ffi::OsString {
    let folders = path_folders().into_iter().enumerate().map(|(number, known)| {
        if !known.join("valgrind").is_file() {
            return known;
        }
        let links = folder.join(number.to_string());
        std::fs::create_dir(&links).unwrap();
        for entry in std::fs::read_dir(&known).unwrap() {
            let entry = entry.unwrap();
            if entry.file_name() != "valgrind" {
                std::os::unix::fs::symlink(entry.path(), links.join(entry.file_name())).unwrap();
            }
        }
        links
    });
    std::env::join_paths(folders).unwrap()
}
