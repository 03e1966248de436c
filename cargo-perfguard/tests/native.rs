//! The native protocol from end to end: benches of perfguard's own harness, and programs that are no cargo targets.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::path::Path;

use common::TestEnvironment;

/// A committed repository with the fixture of the harness and this script.
fn native(script: &str) -> TestEnvironment {
    let environment = TestEnvironment::new();
    environment.git(&["init", "--quiet", "--initial-branch=main"]);
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap();
    let read = |path: &str| std::fs::read_to_string(workspace.join("fixtures/native").join(path)).unwrap();
    let harness = workspace.join("perfguard-harness").display().to_string();
    environment.write("Cargo.toml", &read("Cargo_test.toml").replace("../../perfguard-harness", &harness));
    environment.write("src/lib.rs", &read("src/lib.rs"));
    environment.write("benches/bench.rs", &read("benches/bench.rs"));
    environment.write("script.txt", script);
    environment.commit("base");
    environment
}

/// A committed repository with a program that speaks the protocol in `sh`: it has one benchmark, `work`, and does what
/// `$1` says.
fn program(script: &str) -> TestEnvironment {
    let environment = TestEnvironment::with_files(&[
        ("bench.sh", script),
        ("perfguard.toml", "[[target]]\nname = \"shell\"\ncommand = \"sh ./bench.sh\"\n"),
        ("benches/quick.rs", common::PLAIN_BENCH),
    ]);
    environment.commit("program");
    environment
}

/// Says a greeting, and the one benchmark where that is asked for; `$run` is what else it says.
fn speaking(run: &str) -> String {
    format!(
        r#"say() {{ printf '%s\n' "$1" >&"$PERFGUARD_PROTOCOL_FD"; }}
say '{{"type":"hello","protocol":1,"harness":"sh"}}'
case "$PERFGUARD_PROTOCOL_REQUEST" in
    *'"list"'*) say '{{"type":"benchmark","id":"work"}}' ;;
    *) {run} ;;
esac
say '{{"type":"bye"}}'
"#
    )
}

fn observation(nanoseconds: u32) -> String {
    let metric = r#"{"type":"metric","id":"work","name":"hits","value":7,"unit":"count","direction":"higher"}"#;
    let samples = r#"{"type":"observation","id":"work","samples":[[1000,"#;
    speaking(&format!("say '{samples}{nanoseconds}000]]}}'; say '{metric}'"))
}

fn row<'a>(view: &'a serde_json::Value, list: &str, id: &str) -> &'a serde_json::Value {
    let rows = view[list].as_array().unwrap();
    rows.iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("no row for {id}"))
}

#[test]
fn a_bench_of_the_harness_is_listed_run_and_told_with_its_own_metrics() {
    let environment = native("fast: 100\nslow/with slash: 2500\n");
    let list = environment.perfguard(&["list", "--format", "json"]).expect_code(0).json();
    assert_eq!(list["targets"][0]["harness"]["kind"], "native");
    let names = list["targets"][0]["benchmarks"].as_array().unwrap();
    assert!(names.contains(&"native::bench::scripted/slow/with slash".into()), "{names:?}");
    let run = environment.perfguard(&["run", "--quick", "--format", "json"]).expect_code(103).json();
    let of = |name: &str| row(&run, "benchmarks", &format!("native::bench::{name}"));
    let median = |name: &str, metric: &str| of(name)["estimates"][metric]["median"].as_f64().unwrap();
    let is = |name: &str, metric: &str, value: f64| {
        let found = median(name, metric);
        assert!((found / value - 1.0).abs() < 1e-3, "{name}: {metric} is {found}");
    };
    is("scripted/fast", "wall-time", 100.0);
    is("scripted/slow/with slash", "wall-time", 2500.0);
    is("scripted/fast", "twice", 200.0);
    is("scripted/fast", "throughput", 1e9);
    is("real/allocates", "allocations", 2.0);
    is("real/allocates", "allocated-bytes", 300.0);
    is("real/fails sometimes", "success-rate", 0.75);
    is("memory/leak of 16 bytes", "live-growth", 16.0);
    is("memory/leak of 16 bytes", "leaks", 1.0);
    assert!(median("memory/warm cache", "leaks").abs() < 1e-9);
    let metric = |name: &str| {
        let own = of("scripted/fast")["own_metrics"].as_array().unwrap();
        own.iter().find(|metric| metric["id"] == name).unwrap().clone()
    };
    assert_eq!(metric("hit-rate")["unit"], "ratio");
    assert_eq!(metric("hit-rate")["direction"], "higher-is-better");
    for (name, told) in [
        ("bad/always fails", "every operation failed: no server"),
        ("bad/panics", "panicked: on purpose"),
        ("bad/nan", "`share` is NaN"),
        ("bad/nothing", "it ran nothing"),
    ] {
        let message = of(name)["failure"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(told), "{name}: {message}");
    }
    let text = environment.perfguard(&["show"]).expect_code(0).stdout;
    assert!(text.contains("hit-rate 97 %") && text.contains("allocations 2"), "{text}");
}

#[test]
fn benches_of_the_harness_are_compared_by_time_and_by_a_metric_that_gates() {
    let environment = native("slower: 1000\nsame: 500\n");
    environment.write("script.txt", "slower: 1100\nsame: 500\n");
    let args = ["compare", "HEAD", "--budget", "5s", "--format", "json", "--", "scripted"];
    let compared = environment.perfguard(&args).expect_code(100).json();
    let verdict = |name: &str| row(&compared, "comparisons", &format!("native::bench::scripted/{name}"));
    assert_eq!(
        (&verdict("slower")["verdict"], &verdict("same")["verdict"]),
        (&"regressed".into(), &"unchanged".into())
    );
    let findings = verdict("slower")["findings"].to_string();
    assert!(findings.contains("twice +10") && findings.contains("throughput -9."), "{findings}");
    environment
        .write("perfguard.toml", "[compare]\ngate = [\"hit-rate\"]\n\n[benchmark.\"*\"]\nhit-rate.min = \"99%\"\n");
    let compared = environment.perfguard(&args).expect_code(100).json();
    let findings = row(&compared, "comparisons", "native::bench::scripted/same")["findings"].to_string();
    assert!(findings.contains("hit-rate"), "{findings}");
}

#[test]
fn a_program_that_is_no_cargo_target_is_listed_run_and_compared_among_its_own_files() {
    let environment = program(&observation(100));
    let list = environment.perfguard(&["list", "--format", "json"]).expect_code(0).json();
    let targets = list["targets"].as_array().unwrap();
    let shell = targets.iter().find(|target| target["target"]["kind"] == "program").unwrap();
    assert_eq!(shell["benchmarks"][0], "program::shell::work");
    let run = environment.perfguard(&["run", "--quick", "--format", "json", "program"]).expect_code(0).json();
    let found = row(&run, "benchmarks", "program::shell::work");
    assert!((found["estimates"]["wall-time"]["median"].as_f64().unwrap() - 100.0).abs() < 1e-9);
    assert!((found["estimates"]["hits"]["median"].as_f64().unwrap() - 7.0).abs() < 1e-9);
    let compare = ["compare", "HEAD", "--budget", "5s", "--format", "json", "--", "program"];
    let same = environment.perfguard(&compare).expect_code(0).json();
    let reason = row(&same, "comparisons", "program::shell::work")["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("identical"), "{reason}");
    environment.write("bench.sh", &observation(150));
    let slower = environment.perfguard(&compare).expect_code(100).json();
    let found = row(&slower, "comparisons", "program::shell::work");
    assert_eq!(found["verdict"], "regressed");
    assert!((found["effect"]["ratio"].as_f64().unwrap() - 1.5).abs() < 1e-9);
    // Cargo's own selection means cargo's targets.
    let quick = environment.perfguard(&["list", "--bench", "quick", "--format", "json"]).expect_code(0).json();
    assert_eq!(quick["targets"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_program_that_misbehaves_is_a_row_and_the_others_are_measured() {
    let environment = program("exit 5");
    for (script, list, told) in [
        ("exit 5".to_owned(), "not_measured", "exited with code 5"),
        (":".to_owned(), "not_measured", "it said nothing"),
        ("echo '{\"type\":\"hello\",\"protocol\":9,\"harness\":\"x\"}' >&3".to_owned(), "not_measured", "version 9"),
        (speaking("say nonsense"), "benchmarks", "line 2 of what it said is not JSON"),
        (speaking("exit 0"), "benchmarks", "no `bye` came"),
        (speaking("say '{\"type\":\"error\",\"id\":\"work\",\"message\":\"no server\"}'"), "benchmarks", "no server"),
    ] {
        environment.write("bench.sh", &script);
        let run = environment.perfguard(&["run", "--quick", "--format", "json"]).expect_code(103).json();
        assert!(run[list].to_string().contains(told), "{script}: {run}");
        let good = row(&run, "benchmarks", "sample::quick::main");
        assert_eq!(good["failure"], serde_json::Value::Null, "{script}");
    }
    environment.write("perfguard.toml", "[[target]]\nname = \"shell\"\ncommand = \"no-such-program\"\n");
    let text = environment.perfguard(&["run", "--quick"]).expect_code(103).stdout;
    assert!(text.contains("could not start `no-such-program`"), "{text}");
}

#[test]
fn limits_of_a_load_scenario_stand_in_the_configuration_and_gate_run_and_compare() {
    let environment = native("");
    let limits = |p99: &str, rate: &str, growth: &str| {
        let table = format!("max-p99 = {p99:?}\nmin-success-rate = {rate:?}\nmax-memory-growth = {growth}\n");
        environment.write("perfguard.toml", &format!("[benchmark.\"native::bench::load/fails*\"]\n{table}"));
    };
    let run = ["run", "--quick", "--no-baseline", "--format", "json", "load/"];
    let compare =
        ["compare", "HEAD", "--force", "--layouts", "1", "--budget", "5s", "--format", "json", "--", "load/fails"];
    let findings = |view: &serde_json::Value, list: &str| {
        row(view, list, "native::bench::load/fails and leaks")["findings"].as_array().unwrap().clone()
    };
    limits("1h", "50%", "1000");
    let view = environment.perfguard(&run).expect_code(0).json();
    assert!(findings(&view, "benchmarks").is_empty(), "{view:#}");
    let of = |name: &str, metric: &str| row(&view, "benchmarks", name)["estimates"][metric]["median"].as_f64().unwrap();
    // 16 bytes each; how evenly operations come is the machine's affair.
    let growth = of("native::bench::load/fails and leaks", "memory-growth");
    assert!((8.0..32.0).contains(&growth), "{growth}");
    assert!((of("native::bench::load/async", "success-rate") - 1.0).abs() < 1e-9, "tasks of an async scenario");
    limits("1ns", "99%", "1.5");
    let view = environment.perfguard(&run).expect_code(100).json();
    let missed = findings(&view, "benchmarks");
    for told in ["p99 is ", "success-rate is 75 %, below its limit of 99 %", "memory-growth is "] {
        let found = missed.iter().find(|finding| finding["message"].as_str().unwrap().starts_with(told));
        assert_eq!(found.unwrap_or_else(|| panic!("no {told} in {missed:?}"))["fails_gate"], true);
    }
    assert_eq!(missed.len(), 3, "{missed:?}");
    let text = environment.perfguard(&["run", "--quick", "--no-baseline", "load/fails"]).expect_code(100).stdout;
    assert!(text.contains("the gate fails: limits are missed by 1 benchmark"), "{text}");
    environment.perfguard(&["run", "--quick", "--no-baseline", "--no-gate", "load/fails"]).expect_code(0);
    let view = environment.perfguard(&compare).expect_code(100).json();
    let missed = findings(&view, "comparisons");
    assert_eq!(missed.iter().filter(|finding| finding["fails_gate"] == true).count(), 3, "{missed:?}");
}

#[test]
fn an_async_bench_is_measured_like_any_other() {
    let environment = native("");
    let view = environment.perfguard(&["run", "--quick", "--format", "json", "real/async"]).expect_code(0).json();
    let found = row(&view, "benchmarks", "native::bench::real/async");
    assert!(found["estimates"]["wall-time"]["median"].as_f64() > Some(0.0), "{found}");
    assert!(found["observations"][0]["iterations"].as_u64() > Some(10), "{found}");
}

#[test]
fn a_benchs_own_count_that_comes_from_nothing_is_shown_and_gates() {
    let said =
        |hits: u32| observation(100).replace("\"value\":7,", &format!("\"value\":{hits},")).replace("higher", "lower");
    let environment = program(&said(0));
    environment.write("bench.sh", &said(5));
    let compare = ["compare", "HEAD", "--budget", "5s", "--format", "json", "--", "program"];
    let view = environment.perfguard(&compare).expect_code(0).json();
    let findings = row(&view, "comparisons", "program::shell::work")["findings"].to_string();
    assert!(findings.contains("hits 0 → 5 in every observation, from nothing: there is no ratio"), "{findings}");
    let target = std::fs::read_to_string(environment.root().join("perfguard.toml")).unwrap();
    environment.write("perfguard.toml", &format!("[compare]\ngate = [\"hits\"]\n\n{target}"));
    environment.perfguard(&compare).expect_code(100);
}
