//! The main job with times from a script: what is said is then known to the last digit, and what is killed is known too.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::path::Path;
use std::time::Duration;

use common::{PLAIN_BENCH, TestEnvironment};

/// A committed repository with the scripted fixture and this script.
fn scripted(script: &str) -> TestEnvironment {
    let environment = TestEnvironment::new();
    environment.git(&["init", "--quiet", "--initial-branch=main"]);
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/scripted");
    let read = |path: &str| std::fs::read_to_string(fixture.join(path)).unwrap();
    environment.write("Cargo.toml", &read("Cargo_test.toml"));
    environment.write("src/lib.rs", &read("src/lib.rs"));
    environment.write("benches/script.rs", &read("benches/script.rs"));
    environment.write("script.txt", script);
    environment.commit("base");
    environment
}

#[test]
fn a_baseline_runs_among_its_own_files_and_the_change_is_what_the_scripts_say() {
    let environment = scripted("fast: 100\nslow/with slash: 2500000\n");
    let head = environment.git(&["rev-parse", "HEAD"]);
    environment.write("script.txt", "fast: 110\nslow/with slash: 2500000\nnew one: 7\n");
    environment.perfguard(&["baseline", "--commit", "HEAD", "--quick"]).expect_code(0).says(&head[..9]);
    let run = environment.perfguard(&["run", "--quick", "--format", "json"]).expect_code(0).json();
    let row = |name: &str| {
        let id = format!("scripted::script::{name}");
        run["benchmarks"].as_array().unwrap().iter().find(|row| row["id"] == id).unwrap().clone()
    };
    let (fast, slow, new) = (row("fast"), row("slow/with slash"), row("new one"));
    let number = |value: &serde_json::Value| value.as_f64().unwrap();
    assert!((number(&fast["estimates"]["wall-time"]["median"]) - 110.0).abs() < 1e-9);
    assert!((number(&fast["baseline"]["base"]["median"]) - 100.0).abs() < 1e-9);
    assert!((number(&fast["baseline"]["ratio"]) - 1.1).abs() < 1e-9);
    assert!((number(&slow["baseline"]["ratio"]) - 1.0).abs() < 1e-12);
    assert!(new["baseline"].is_null(), "the baseline has no such benchmark");
    assert_eq!(fast["observations"].as_array().map(Vec::len), Some(8));
    assert_eq!(fast["stopped"], "precise");
    let text = environment.perfguard(&["run", "--quick"]).expect_code(0).stdout;
    assert!(text.contains("+10.0 %") && text.contains("not paired"), "{text}");
}

#[test]
fn a_benchmark_that_fails_is_a_row_and_the_others_are_measured() {
    let environment = scripted("good: 100\nbad: panic\nworse: exit\nnoisy: flood\nnan: nan\n");
    let run = environment.perfguard(&["run", "--quick", "--format", "json"]).expect_code(103).json();
    let kinds: Vec<_> =
        run["benchmarks"].as_array().unwrap().iter().map(|row| row["failure"]["kind"].clone()).collect();
    assert_eq!(
        kinds,
        [serde_json::Value::Null, "exited".into(), "exited".into(), "flooded-output".into(), "no-result".into()]
    );
    let runs = environment.perfguard(&["runs", "--format", "json"]).expect_code(0).json();
    assert_eq!(runs["runs"][0]["failures"], 4);
}

#[test]
fn the_order_of_observations_is_the_recorded_seeds() {
    let environment = scripted("a: 1\nb: 2\nc: 3\nd: 4\ne: 5\n");
    let order = |seed: &str| {
        let args = ["run", "--quick", "--seed", seed, "--format", "json"];
        let run = environment.perfguard(&args).expect_code(0).json();
        let mut started: Vec<(i64, String)> = Vec::new();
        for row in run["benchmarks"].as_array().unwrap() {
            for observation in row["observations"].as_array().unwrap() {
                started.push((observation["started_at_ns"].as_i64().unwrap(), row["id"].to_string()));
            }
        }
        started.sort();
        started.into_iter().map(|(_, id)| id).collect::<Vec<_>>()
    };
    assert_eq!(order("1"), order("1"));
    assert_ne!(order("1"), order("2"));
}

#[test]
fn nothing_in_the_repository_changes_whatever_is_killed_when() {
    let environment = scripted("a: 1\nb: hang\n");
    let before = environment.everything();
    // While it reads the tree, builds, lists, and measures.
    for milliseconds in [5, 30, 80, 200, 500, 1500] {
        for command in [&["run"][..], &["baseline"]] {
            let mut child = environment.perfguard_command(&environment.root(), command);
            let mut child =
                child.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
            std::thread::sleep(Duration::from_millis(milliseconds));
            child.kill().unwrap();
            child.wait().unwrap();
            assert_eq!(environment.everything(), before, "{command:?} killed after {milliseconds} ms");
        }
    }
    environment.write("script.txt", "a: 1\n");
    environment.write("benches/other.rs", PLAIN_BENCH);
    let run = environment.perfguard(&["run", "--quick", "--format", "json", "script::a"]).expect_code(0);
    assert!(run.stdout.contains("scripted::script::a"), "{}", run.stdout);
    let left = environment
        .command("pgrep", &environment.root())
        .args(["-f", &environment.cache().display().to_string()])
        .output();
    let left = left.expect("pgrep is installed: apt-get install procps");
    assert!(left.stdout.is_empty(), "left behind: {}", String::from_utf8_lossy(&left.stdout));
}
