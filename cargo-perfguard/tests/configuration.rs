//! Settings as a user meets them: where each comes from, what a wrong one says, and what editors are told.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{MANIFEST, PLAIN_BENCH, TestEnvironment};

/// A setting's value and origin, as `config show` tells them.
fn shown(json: &serde_json::Value, key: &str) -> (String, String) {
    let row = json["settings"].as_array().unwrap().iter().find(|row| row["key"] == key).unwrap();
    (row["value"][0].as_str().unwrap().to_owned(), row["origin"].as_str().unwrap().to_owned())
}

#[test]
fn config_show_tells_each_value_with_the_origin_that_won() {
    let manifest = format!("{MANIFEST}\n[package.metadata.perfguard.run]\ntimeout = \"7s\"\nwarm-up = \"1ms\"\n");
    let environment = TestEnvironment::with_files(&[
        ("Cargo.toml", &manifest),
        ("benches/quick.rs", PLAIN_BENCH),
        ("perfguard.toml", "[run]\nbudget = \"5s\"\nprecision = \"2%\"\ntimeout = \"9s\"\n"),
    ]);
    let args = ["config", "show", "--budget", "5m", "--format", "json"];
    let mut command = environment.perfguard_command(&environment.root(), &args);
    command.env("PERFGUARD_RUN_PRECISION", "3%").env("PERFGUARD_RUN_BUDGET", "4s");
    let json = common::ran(&command.output().unwrap()).expect_code(0).json();
    let file = |name: &str, line: usize| format!("{}:{line}", environment.root().join(name).display());
    let pair = |value: &str, origin: &str| (value.to_owned(), origin.to_owned());
    assert_eq!(shown(&json, "run.budget"), pair("5m", "flag --budget"));
    assert_eq!(shown(&json, "run.precision"), pair("3%", "variable PERFGUARD_RUN_PRECISION"));
    assert_eq!(shown(&json, "run.timeout"), pair("9s", &file("perfguard.toml", 4)));
    let line = 1 + manifest.lines().position(|line| line.starts_with("warm-up")).unwrap();
    assert_eq!(shown(&json, "run.warm-up"), pair("1ms", &file("Cargo.toml", line)));
    assert_eq!(shown(&json, "run.observations"), pair("8..40", "default"));
    let text = environment.perfguard(&["config", "show"]).expect_code(0).stdout;
    assert!(text.contains("run.budget = \"5s\"") && text.contains("perfguard.toml:2"), "{text}");
}

#[test]
fn the_invoking_trees_configuration_counts_whatever_revision_is_measured() {
    let environment = TestEnvironment::with_files(&[
        ("benches/quick.rs", PLAIN_BENCH),
        ("perfguard.toml", "[run]\nobservations = \"30..30\"\n"),
    ]);
    environment.write("perfguard.toml", "[run]\nobservations = \"6..6\"\n");
    let run = environment.perfguard(&["baseline", "--commit", "HEAD", "--format", "json"]).expect_code(0).json();
    assert_eq!(run["benchmarks"][0]["observations"].as_array().map(Vec::len), Some(6));
}

#[test]
fn wrong_keys_values_and_variables_say_where_and_what_instead() {
    let environment = TestEnvironment::with_plain_bench();
    for (text, part, hint) in [
        ("[run]\nbugdet = \"1s\"\n", "perfguard.toml:2: unknown key `run.bugdet`", "did you mean `run.budget`?"),
        ("[rum]\n", "perfguard.toml:1: unknown key `rum`", "did you mean `run`?"),
        ("[run]\nbudget = 5\n", "perfguard.toml:2: `5` for `run.budget`: expected a duration", "`60s`"),
        ("[run\n", "perfguard.toml:1", "error"),
    ] {
        environment.write("perfguard.toml", text);
        for command in [&["run", "--quick"][..], &["list"], &["config", "show"], &["clean"], &["runs"]] {
            environment.perfguard(command).expect_code(96).says(part).says(hint);
        }
    }
    environment.write("perfguard.toml", "");
    let run = |name: &str, value: &str| {
        let mut command = environment.perfguard_command(&environment.root(), &["config", "show"]);
        common::ran(&command.env(name, value).output().unwrap())
    };
    run("PERFGUARD_RUN_BUDGET", "soon").expect_code(96).says("PERFGUARD_RUN_BUDGET").says("`60s`");
    run("PERFGUARD_RUN_BUGDET", "5s").expect_code(0).says("sets nothing").says("`PERFGUARD_RUN_BUDGET`");
    environment.perfguard(&["config", "show", "--timeout", "soon"]).expect_code(2).says("`60s`");
}

#[test]
fn config_init_writes_a_file_once_that_changes_nothing_and_names_its_schema() {
    let environment = TestEnvironment::with_plain_bench();
    let values = |environment: &TestEnvironment| {
        environment.perfguard(&["config", "show", "--format", "json"]).expect_code(0).json()["settings"].clone()
    };
    let before = values(&environment);
    environment.perfguard(&["config", "init"]).expect_code(0).says("perfguard.toml");
    let text = std::fs::read_to_string(environment.root().join("perfguard.toml")).unwrap();
    assert!(text.starts_with("#:schema https://"), "{text}");
    assert_eq!(values(&environment), before);
    environment.perfguard(&["config", "init"]).expect_code(96).says("is there already");
}

#[test]
fn tables_by_benchmark_and_category_reach_what_they_name_only() {
    let environment = TestEnvironment::with_files(&[
        ("benches/quick.rs", PLAIN_BENCH),
        ("perfguard.toml", "[benchmark.\"sample::quick\"]\nharness = \"divan\"\n"),
    ]);
    let list = environment.perfguard(&["list", "--format", "json"]).expect_code(103).json();
    assert_eq!(list["targets"][0]["harness"]["kind"], "divan", "what was detected is overruled");
    environment.write("perfguard.toml", "[category.other]\nbenchmarks = [\"sample::fast\"]\nharness = \"divan\"\n");
    let list = environment.perfguard(&["list", "--format", "json"]).expect_code(0).json();
    assert_eq!(list["targets"][0]["harness"]["kind"], "plain");
}

#[test]
fn the_published_schema_takes_what_perfguard_takes_and_refuses_what_it_refuses() {
    let schema = std::fs::read_to_string(format!("{}/../schemas/perfguard.toml.json", env!("CARGO_MANIFEST_DIR")));
    let schema: serde_json::Value = serde_json::from_str(&schema.unwrap()).unwrap();
    let taken = serde_json::json!({
        "run": {
            "budget": "2m", "precision": "0.5 %", "observations": "8..40", "warm-up": "1.5ms",
            "observation-time": "10us", "iterations": 100, "timeout": "1h", "output-limit": "16 MiB",
        },
        "store": { "url": "history.db" },
        "workbench": { "include": ["data"], "cache-size": "20GB", "cache-age": "90d" },
        "benchmark": { "*::parse/*": { "statistic": "median" } },
        "category": { "slow": { "benchmarks": ["*::large/*"], "harness": "plain" } },
    });
    jsonschema::validate(&schema, &taken).unwrap();
    for (section, key, value) in [
        ("run", "budget", serde_json::json!("5")),
        ("run", "budget", serde_json::json!(5)),
        ("run", "bugdet", serde_json::json!("5s")),
        ("run", "precision", serde_json::json!("1")),
        ("run", "observations", serde_json::json!("few")),
        ("run", "iterations", serde_json::json!(0)),
        ("run", "output-limit", serde_json::json!("16")),
        ("store", "url", serde_json::json!("")),
        ("workbench", "include", serde_json::json!("data")),
        ("rnu", "budget", serde_json::json!("5s")),
    ] {
        let refused = serde_json::json!({ section: { key: value } });
        assert!(jsonschema::validate(&schema, &refused).is_err(), "{refused} is taken");
    }
}
