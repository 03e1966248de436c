//! The main job on real repositories with the real executable: list, run, show, runs, baseline.

mod common;

use common::{MANIFEST, PLAIN_BENCH, TestEnvironment};

/// Few and short processes: what is under test is what happens, not how long it takes.
const FEW: [&str; 4] = ["--observations", "2..3", "--budget", "20s"];

fn run_args<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["run"], &FEW[..], more].concat()
}

#[test]
fn run_measures_a_plain_bench_and_records_it_with_its_commit() {
    let environment = TestEnvironment::with_plain_bench();
    let head = environment.git(&["rev-parse", "HEAD"]);
    let before = environment.everything();
    let ran = environment.perfguard(&run_args(&["--format", "json"])).expect_code(0);
    let run = ran.json();
    assert_eq!(run["kind"], "run");
    assert_eq!(run["run"]["source"]["commit"], head);
    assert_eq!(run["run"]["source"]["dirty"], false);
    assert_eq!(run["benchmarks"][0]["id"], "sample::quick::main");
    let shown = environment.perfguard(&["show", "--format", "json"]).expect_code(0).json();
    assert_eq!(shown["benchmarks"], run["benchmarks"], "show reads back what run said");
    let runs = environment.perfguard(&["runs", "--format", "json"]).expect_code(0).json();
    assert_eq!(runs["runs"].as_array().map(Vec::len), Some(1));
    assert_eq!(environment.everything(), before, "nothing in the repository changed");
    assert_eq!(environment.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_changed_tree_is_recorded_as_dirty_and_is_what_was_measured() {
    let environment = TestEnvironment::with_plain_bench();
    environment.write("benches/quick.rs", "fn main() { println!(\"changed\"); std::process::exit(3) }\n");
    let ran = environment.perfguard(&run_args(&["--format", "json"])).expect_code(103);
    let run = ran.json();
    assert_eq!(run["run"]["source"]["dirty"], true);
    assert_eq!(run["benchmarks"][0]["failure"]["kind"], "exited");
    environment.perfguard(&["baseline", "promote", "latest"]).expect_code(2).says("not committed");
}

#[test]
fn a_baseline_of_the_commit_before_is_what_run_is_held_against() {
    let environment = TestEnvironment::with_plain_bench();
    environment.write("benches/quick.rs", &format!("{PLAIN_BENCH}// a comment\n"));
    environment.commit("second");
    let before = environment.everything();
    let args = [&["baseline", "--commit", "HEAD~1"], &FEW[..]].concat();
    environment.perfguard(&args).expect_code(0);
    let again = environment.perfguard(&args).expect_code(0);
    assert!(again.stderr.contains("already measured"), "{}", again.stderr);
    let run = environment.perfguard(&run_args(&["--format", "json"])).expect_code(0).json();
    assert_eq!(run["comparisons"][0]["verdict"], "unchanged", "what both sides run is identical");
    std::fs::remove_dir_all(environment.cache()).unwrap();
    std::fs::create_dir(environment.cache()).unwrap();
    let run = environment.perfguard(&run_args(&["--format", "json"])).expect_code(0).says("are kept here").json();
    let change = &run["benchmarks"][0]["baseline"];
    assert_eq!(change["paired"], false, "without its executables it can only be held against what was recorded");
    assert!(change["ratio"].as_f64().is_some_and(|ratio| ratio > 0.0), "{change}");
    let none = environment.perfguard(&run_args(&["--format", "json", "--no-baseline"])).expect_code(0).json();
    assert!(none["benchmarks"][0]["baseline"].is_null());
    environment.perfguard(&["baseline", "verify"]).expect_code(97);
    environment.perfguard(&args).expect_code(0);
    environment.perfguard(&["baseline", "verify"]).expect_code(0);
    let list = environment.perfguard(&["baseline", "list", "--format", "json"]).expect_code(0).json();
    assert_eq!(list["baselines"][0]["name"], "main");
    environment.perfguard(&["baseline", "remove", "main"]).expect_code(0);
    environment.perfguard(&["baseline", "show", "main"]).expect_code(2);
    assert_eq!(environment.everything(), before, "nothing in the repository changed");
}

#[test]
fn a_run_of_a_clean_tree_can_be_promoted_to_a_baseline() {
    let environment = TestEnvironment::with_plain_bench();
    environment.perfguard(&run_args(&[])).expect_code(0);
    environment.perfguard(&["baseline", "promote", "latest", "--name", "release"]).expect_code(0);
    environment.perfguard(&["baseline", "verify", "release"]).expect_code(0);
    let run = environment.perfguard(&run_args(&["--baseline", "release", "--format", "json"])).expect_code(0).json();
    assert_eq!(run["kind"], "compare", "promoting keeps what is needed to run it again");
    environment.perfguard(&run_args(&["--baseline", "other"])).expect_code(2).says("no baseline `other`");
}

#[test]
fn list_works_from_any_subfolder_and_under_cargo() {
    let environment = TestEnvironment::with_plain_bench();
    let folder = environment.root().join("src");
    let list = environment.perfguard_in(&folder, &["list", "--format", "json"]).expect_code(0).json();
    assert_eq!(list["targets"][0]["harness"]["kind"], "plain");
    assert_eq!(list["targets"][0]["benchmarks"][0], "sample::quick::main");
    let under_cargo = environment.perfguard_in(&folder, &["perfguard", "list"]).expect_code(0);
    assert!(under_cargo.stdout.contains("quick"), "{}", under_cargo.stdout);
}

#[test]
fn a_target_that_is_not_measured_is_a_row_with_reason_and_hint() {
    let manifest = format!(
        "{MANIFEST}\n[features]\nextra = []\n[[bench]]\nname = \"gated\"\nharness = false\nrequired-features = [\"extra\"]\n"
    );
    let environment = TestEnvironment::with_files(&[
        ("Cargo.toml", &manifest),
        ("benches/quick.rs", PLAIN_BENCH),
        ("benches/gated.rs", PLAIN_BENCH),
    ]);
    let run = environment.perfguard(&run_args(&["--format", "json"])).expect_code(0).json();
    let row = &run["not_measured"][0];
    assert_eq!((&row["target"]["name"], &row["reason"]["kind"]), (&"gated".into(), &"needs-features".into()));
    assert_eq!(row["hint"], "add `--features extra`");
    let with = environment.perfguard(&run_args(&["--format", "json", "--features", "extra"])).expect_code(0).json();
    assert_eq!(with["benchmarks"].as_array().map(Vec::len), Some(2));
}

#[test]
fn outside_git_run_works_and_says_that_nothing_ties_it_to_a_commit() {
    let environment = TestEnvironment::new();
    environment.write("Cargo.toml", MANIFEST);
    environment.write("src/lib.rs", "");
    environment.write("benches/quick.rs", PLAIN_BENCH);
    let ran = environment.perfguard(&run_args(&["--format", "json"])).expect_code(0).says("nothing ties");
    assert!(ran.json()["run"]["source"]["commit"].is_null());
    environment.perfguard(&["show"]).expect_code(0);
    environment.perfguard(&["baseline", "--commit", "HEAD"]).expect_code(2).says("git init");
}

#[test]
fn every_json_output_is_as_its_published_schema_says() {
    let manifest = format!("{MANIFEST}\n[[bench]]\nname = \"broken\"\nharness = false\n");
    let environment = TestEnvironment::with_files(&[
        ("Cargo.toml", &manifest),
        ("benches/quick.rs", PLAIN_BENCH),
        ("benches/broken.rs", "fn main() { no such thing }\n"),
    ]);
    let quiet = ["--format", "json", "--quiet"];
    let args = |words: &[&'static str]| [words, &quiet[..]].concat();
    for (words, code, schema) in [
        (args(&["baseline", "--observations", "6..6"]), 101, "run"),
        (args(&["run", "--observations", "6..6", "--iterations", "3"]), 101, "run"),
        (args(&["show"]), 0, "run"),
        (args(&["list"]), 101, "list"),
        (args(&["runs"]), 0, "runs"),
        (args(&["baseline", "list"]), 0, "baselines"),
        (args(&["compare", "HEAD", "--force", "--budget", "1s", "--layouts", "1"]), 101, "compare"),
    ] {
        let output = environment.perfguard(&words).expect_code(code).json();
        let path = format!("{}/../schemas/{schema}.json", env!("CARGO_MANIFEST_DIR"));
        let schema = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        if let Err(error) = jsonschema::validate(&schema, &output) {
            panic!("{words:?}: {error} at {}", error.instance_path());
        }
    }
}

#[test]
fn ctrl_c_ends_the_children_and_keeps_what_was_measured() {
    let environment = TestEnvironment::with_files(&[(
        "benches/quick.rs",
        "fn main() { std::thread::sleep(std::time::Duration::from_millis(20)) }\n",
    )]);
    let mut command = environment
        .perfguard_command(&environment.root(), &["run", "--precision", "0.0001%", "--observations", "1000..9000"]);
    let child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let store = environment.root().join(".git/perfguard/history.db");
    let observed = || {
        let store = rusqlite::Connection::open(&store).ok()?;
        store.query_row("SELECT count(*) FROM observation", [], |row| row.get::<_, i64>(0)).ok()
    };
    while observed().unwrap_or_default() < 2 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let killed =
        environment.command("kill", &environment.root()).args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let ran = common::ran(&child.wait_with_output().unwrap()).expect_code(130);
    assert!(ran.stdout.contains("not finished"), "{}", ran.stdout);
    let shown = environment.perfguard(&["show", "--format", "json"]).expect_code(0).json();
    assert_eq!(shown["benchmarks"][0]["stopped"], "interrupted");
    assert!(shown["benchmarks"][0]["observations"].as_array().is_some_and(|list| list.len() >= 2));
    environment.perfguard(&["baseline", "promote", "latest"]).expect_code(2).says("did not finish");
}

#[test]
fn whoever_stops_listening_ends_nothing_with_a_panic() {
    let environment = TestEnvironment::with_plain_bench();
    let binary = env!("CARGO_BIN_EXE_cargo-perfguard");
    let mut shell = environment.command("sh", &environment.root());
    let ran = common::ran(
        &shell
            .args(["-c", &format!("'{binary}' run --quick 2>&1 | head -1; '{binary}' show | head -1")])
            .output()
            .unwrap(),
    );
    assert!(!ran.stdout.contains("panicked") && !ran.stderr.contains("internal error"), "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn one_target_that_does_not_compile_leaves_the_others_measured() {
    let manifest = format!("{MANIFEST}\n[[bench]]\nname = \"broken\"\nharness = false\n");
    let environment = TestEnvironment::with_files(&[
        ("Cargo.toml", &manifest),
        ("benches/quick.rs", PLAIN_BENCH),
        ("benches/broken.rs", "fn main() { no such thing }\n"),
    ]);
    let ran = environment.perfguard(&run_args(&["--format", "json"])).expect_code(101);
    let run = ran.json();
    assert_eq!(run["benchmarks"][0]["id"], "sample::quick::main");
    assert_eq!(run["not_measured"][0]["reason"]["kind"], "build-failed");
    assert!(ran.stderr.contains("expected"), "the compiler's own message is shown: {}", ran.stderr);
}
