//! Metrics beyond the usual ones: of executables, and the user's own by command. Nothing that was asked for vanishes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::TestEnvironment;

/// A metric of a name and a command, both as TOML has them.
fn metric(name: &str, command: &str) -> String {
    format!("[[metric]]\nname = \"{name}\"\nunit = \"count\"\ndirection = \"lower\"\ncommand = {command}\n")
}

/// The row of a benchmark of the script.
fn row<'a>(view: &'a serde_json::Value, list: &str, name: &str) -> &'a serde_json::Value {
    let id = format!("scripted::script::{name}");
    let rows = view[list].as_array().unwrap();
    rows.iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("no row of {name} in {view}"))
}

#[test]
fn a_command_that_fails_hangs_or_prints_no_number_is_a_note_and_the_rest_goes_on() {
    let environment = TestEnvironment::scripted("fast: 100\nslow: 2500\nbroken: panic\n");
    let environment_is_told = r#"["sh", "-c", '''
        grep -q started_at_ns "$PERFGUARD_RESULTS/observations.json" && test -x "$PERFGUARD_ARTIFACT" && test -f script.txt
        test "$PERFGUARD_METRIC" = told && test "$PERFGUARD_BENCHMARK" = scripted::script::fast && echo '{"value": 1}'
    ''']"#;
    let configuration = [
        metric("good", r#""cat good.txt""#),
        metric("told", environment_is_told) + "benchmarks = [\"*::fast\"]\n",
        metric("several", r#"["printf", '{"value": 1}\n{"value": 3}\n']"#),
        metric("text", r#""echo rather good""#),
        metric("nan", r#""echo NaN""#),
        metric("infinite", r#""echo inf""#),
        metric("silent", r#""true""#),
        metric("failing", r#"["sh", "-c", "echo 5; echo no such model >&2; exit 3"]"#),
        metric("hanging", r#""sleep 600""#) + "timeout = \"200ms\"\n",
        metric("absent", r#""./no-such-program""#),
    ];
    environment.write("perfguard.toml", &configuration.concat());
    environment.write("good.txt", "42.5\n");
    let before = environment.everything();
    let run = environment.perfguard(&["run", "--quick", "--format", "json"]).expect_code(103).json();
    assert_eq!(environment.everything(), before);
    for name in ["fast", "slow"] {
        let row = row(&run, "benchmarks", name);
        assert_eq!(row["stopped"], "precise");
        let estimate = |metric: &str| row["estimates"][metric]["median"].as_f64();
        assert_eq!(estimate("good"), Some(42.5));
        assert_eq!(estimate("told"), (name == "fast").then_some(1.0));
        assert_eq!(estimate("several"), Some(2.0));
        let notes = row["notes"].to_string();
        for (metric, said) in [
            ("text", "neither a number nor a line of JSON: `rather good`"),
            ("nan", "a number that is not finite: `NaN`"),
            ("infinite", "a number that is not finite: `inf`"),
            ("silent", "its command printed nothing"),
            ("failing", "its command exited with code 3: no such model"),
            ("hanging", "its command ran longer than the time limit of 0.2 s"),
            ("absent", "could not be started"),
        ] {
            assert_eq!(estimate(metric), None, "{metric}");
            assert!(
                notes.contains(&format!("`{metric}` was not taken: ")) && notes.contains(said),
                "{metric}: {notes}"
            );
        }
    }
    assert_eq!(row(&run, "benchmarks", "broken")["failure"]["kind"], "exited", "a row, without commands");
    let shown = environment.perfguard(&["show"]).expect_code(0).stdout;
    assert!(shown.contains("good 42") && shown.contains("`nan` was not taken"), "{shown}");
}

#[test]
fn every_metric_that_was_asked_for_is_a_number_or_a_note_of_every_benchmark() {
    let environment = TestEnvironment::scripted("a: 100\nb: 200\nc: panic\n");
    environment.write("perfguard.toml", &metric("own", r#""echo 7""#));
    let all = [
        "wall-time",
        "instructions",
        "cycles",
        "branch-misses",
        "cache-misses",
        "user-time",
        "system-time",
        "peak-memory",
        "page-faults",
        "context-switches",
        "bytes-read",
        "bytes-written",
        "executable-size",
        "text-size",
        "data-size",
        "own",
    ];
    let asked = all.join(",");
    let args = ["run", "--quick", "--metrics", &asked, "--format", "json"];
    let run = environment.perfguard(&args).expect_code(103).json();
    assert_eq!(run["benchmarks"].as_array().map(Vec::len), Some(3));
    assert_eq!(run["run"]["settings"]["metrics"].as_array().map(Vec::len), Some(all.len()));
    for name in ["a", "b"] {
        let row = row(&run, "benchmarks", name);
        for metric in all {
            let is_noted = row["notes"].to_string().contains(&format!("`{metric}` was not taken: "));
            assert!(row["estimates"][metric]["median"].is_number() != is_noted, "{name} {metric}: {row}");
        }
        // What neither the processor nor Valgrind counts is told with what stands in for it.
        let notes = row["notes"].to_string();
        let is_counted = |metric: &str| row["estimates"][metric]["median"].is_number();
        assert!(is_counted("cycles") || notes.contains("`user-time` stands in for it"), "{notes}");
        let size = |metric: &str| row["estimates"][metric]["median"].as_f64().unwrap();
        assert!(size("executable-size") > size("text-size") && size("data-size") > 0.0);
    }
    assert_eq!(row(&run, "benchmarks", "c")["failure"]["kind"], "exited");
    // Strictly, what is missing is an error, after everything was measured.
    environment.write("script.txt", "a: 100\n");
    let strict = ["run", "--quick", "--metrics", "instructions", "--strict"];
    if run["benchmarks"][0]["estimates"]["cycles"].is_null() {
        environment.perfguard(&strict).expect_code(97).says("instructions");
        // What is known before is told before.
        let strict = ["run", "--quick", "--metrics", "cycles", "--strict"];
        environment.perfguard(&strict).expect_code(97).says("`cycles` was not taken: ");
    } else {
        environment.perfguard(&strict).expect_code(0);
    }
}

#[test]
fn an_unknown_metric_is_an_error_with_the_nearest_name() {
    let environment = TestEnvironment::scripted("a: 100\n");
    let run = ["run", "--quick", "--metrics", "user-time,executable-sise"];
    environment.perfguard(&run).expect_code(2).says("`executable-sise`").says("did you mean `executable-size`?");
    environment.perfguard(&["compare", "HEAD", "--metrics", "x"]).expect_code(2).says("there are wall-time,");
    environment.write("perfguard.toml", "[metrics]\ntake = [\"peek-memory\"]\n");
    environment.perfguard(&["run"]).expect_code(96).says("perfguard.toml:2").says("did you mean `peak-memory`?");
    environment.write("perfguard.toml", &metric("peak-memory", "\"true\""));
    environment.perfguard(&["run"]).expect_code(96).says("that no other metric has");
    environment.write("perfguard.toml", "[[metric]]\nname = \"own\"\nunit = \"seconds\"\n");
    environment.perfguard(&["run"]).expect_code(96).says("`nanoseconds` or `bytes`");
}

#[test]
fn sizes_and_the_users_own_are_compared_as_they_are_and_gate_like_any_other() {
    let environment = TestEnvironment::scripted("a: 100\n");
    environment.write("accuracy.txt", "0.95\n");
    environment.write("rules.toml", "");
    let own =
        "[[metric]]\nname = \"accuracy\"\nunit = \"ratio\"\ndirection = \"higher\"\ncommand = \"cat accuracy.txt\"\n";
    let limit = "[benchmark.\"*\"]\nexecutable-size.max = \"1KiB\"\naccuracy.min = 0.5\n";
    environment.write("perfguard.toml", own);
    environment.commit("base");
    environment.write("accuracy.txt", "0.80\n");
    let compare =
        ["compare", "HEAD", "--force", "--layouts", "1", "--metrics", "executable-size,user-time", "--format", "json"];
    let view = environment.perfguard(&compare).expect_code(0).json();
    let said = |view: &serde_json::Value| row(view, "comparisons", "a")["findings"].clone();
    let findings = said(&view).to_string();
    assert!(findings.contains("accuracy -15.8 %") && findings.contains("95 % → 80 %"), "{findings}");
    assert!(findings.contains("executable-size the same: "), "{findings}");
    assert!(findings.contains("user-time") && !findings.contains("\"fails_gate\":true"), "{findings}");
    environment.write("perfguard.toml", &format!("[compare]\ngate = [\"accuracy\"]\n{own}"));
    let view = environment.perfguard(&compare).expect_code(100).json();
    let findings = said(&view);
    let accuracy = findings.as_array().unwrap().iter().find(|one| one["metric"] == "accuracy").unwrap();
    assert_eq!(accuracy["fails_gate"], true);
    assert!((accuracy["ratio"].as_f64().unwrap() - 0.80 / 0.95).abs() < 1e-12);
    // A limit takes what it limits, unasked.
    environment.write("perfguard.toml", &format!("{own}{limit}"));
    let view = environment.perfguard(&["compare", "HEAD", "--force", "--format", "json"]).expect_code(100).json();
    let findings = said(&view).to_string();
    assert!(findings.contains("executable-size is ") && findings.contains("above its limit of 1.0 KiB"), "{findings}");
    assert!(!findings.contains("accuracy is"), "{findings}");
}

#[test]
fn doctor_names_every_metric_with_whether_it_works_here() {
    let environment = TestEnvironment::scripted("a: 100\n");
    environment.write("perfguard.toml", &(metric("own", "\"cat a\"") + &metric("absent", "\"./no-such-program\"")));
    let view = environment.perfguard(&["doctor", "--no-noise-floor", "--format", "json"]).expect_code(0).json();
    let rows = view["metrics"].as_array().unwrap();
    let state = |name: &str| {
        let is_it = |row: &&serde_json::Value| row["metric"].as_str().unwrap().split(", ").any(|one| one == name);
        rows.iter().find(is_it).unwrap_or_else(|| panic!("no row of {name}"))["ability"].clone()
    };
    for name in ["wall-time", "instructions", "user-time", "bytes-written", "executable-size", "branch-misses"] {
        assert!(state(name)["state"].is_string());
    }
    assert_eq!(state("own")["state"], "works");
    assert_eq!(state("absent")["reason"], "there is no `./no-such-program`");
}

#[test]
fn a_timeline_is_kept_with_the_observation_and_shown_in_a_line() {
    let slow = "fn main() {\n    std::hint::black_box(vec![1_u8; 32 << 20]);\n    \
                std::thread::sleep(std::time::Duration::from_millis(120));\n}\n";
    let environment = TestEnvironment::with_files(&[("benches/quick.rs", slow)]);
    environment.commit("base");
    let args = ["run", "--observations", "2..2", "--timeline", "10ms", "--format", "json", "quick"];
    let run = environment.perfguard(&args).expect_code(0).json();
    let row = &run["benchmarks"][0];
    let timeline = &row["observations"][0]["timeline"];
    let points = timeline["points"].as_array().unwrap();
    assert_eq!((timeline["period_ns"].as_u64(), points.is_empty()), (Some(10_000_000), false), "{timeline}");
    assert!(
        points.iter().all(|point| point["threads"] == 1 && point["resident_bytes"].as_u64() > Some(0)),
        "{timeline}"
    );
    assert!(row["notes"].to_string().contains("sampling its timelines took "), "{row}");
    let text = environment.perfguard(&["show"]).expect_code(0).stdout;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("timeline of ") && text.contains("1 thread"), "{text}");
    // What ends before the first point has none, and says so.
    let args = ["run", "--quick", "--timeline", "10m", "--format", "json", "quick"];
    let run = environment.perfguard(&args).expect_code(0).json();
    assert_eq!(run["benchmarks"][0]["observations"][0]["timeline"], serde_json::Value::Null);
    assert!(run["benchmarks"][0]["notes"].to_string().contains("no timeline: "), "{run}");
    environment.perfguard(&["run", "--timeline", "100"]).expect_code(2).says("a duration with its unit");
}

#[test]
fn ctrl_c_while_a_metrics_command_runs_ends_it_and_resuming_takes_the_metric() {
    let environment = TestEnvironment::scripted("a: 100\n");
    let mark = environment.cache().join("mark");
    let mark = mark.display();
    // The command's parent is the launcher, whose parent is perfguard.
    let command = format!(
        r#"["sh", "-c", '''
        if test -e {mark}; then echo 7; exit; fi
        touch {mark}; kill -INT $(cut -d " " -f 4 /proc/$PPID/stat); sleep 600
    ''']"#
    );
    environment.write("perfguard.toml", &metric("own", &command));
    let args = ["run", "--observations", "8..8", "--no-baseline", "--format", "json"];
    let ended = environment.perfguard(&args).expect_code(130).json();
    assert!(row(&ended, "benchmarks", "a")["estimates"]["own"].is_null(), "{ended}");
    let resumed = environment.perfguard(&[&args[..], &["--resume"]].concat()).expect_code(0).json();
    let row = row(&resumed, "benchmarks", "a");
    assert_eq!(row["estimates"]["own"]["median"], 7.0);
    assert!(!row["notes"].to_string().contains("was not taken"), "{row}");
    assert_eq!(row["observations"].as_array().map(Vec::len), Some(8), "nothing was measured twice");
}

#[test]
fn a_time_limit_ends_a_metrics_command_and_the_row_says_that_there_was_no_time() {
    let environment = TestEnvironment::scripted("a: 100\n");
    environment.write("perfguard.toml", &metric("own", r#"["sh", "-c", "sleep 600; echo 1"]"#));
    environment.commit("metric");
    // What has to be built is built before.
    environment.perfguard(&["compare", "HEAD", "--force", "--", "none"]).expect_code(4);
    let check = ["check", "--force", "--within", "20s", "--format", "json"];
    let view = environment.perfguard(&check).expect_code(0).json();
    let notes = row(&view, "comparisons", "a")["notes"].to_string();
    assert!(notes.contains("`own` was not taken: no time was left"), "{notes}");
}
