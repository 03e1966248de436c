//! Comparisons with times from a script: what the verdict has to be is then known.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Ran, TestEnvironment};
use serde_json::Value;

/// A committed repository with the scripted fixture and this script.
fn scripted(script: &str) -> TestEnvironment {
    TestEnvironment::scripted(script)
}

/// Compares in JSON, on two layouts: linking is not what these tests are about.
fn compare(environment: &TestEnvironment, args: &[&str]) -> Ran {
    let mut all = vec!["compare", "--format", "json", "--layouts", "2"];
    all.extend(args);
    environment.perfguard(&all)
}

fn row(view: &Value, name: &str) -> Value {
    let id = format!("scripted::script::{name}");
    let rows = view["comparisons"].as_array().unwrap();
    rows.iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("no row for {name} in {view:#}")).clone()
}

fn verdict(view: &Value, name: &str) -> String {
    row(view, name)["verdict"].as_str().unwrap().to_owned()
}

#[test]
fn a_slowdown_fails_the_gate_and_nothing_else_is_blamed() {
    let environment = scripted("slower: 100\nsame: 50\nfaster: 1000\n");
    environment.write("script.txt", "slower: 110\nsame: 50\nfaster: 800\n");
    let before = environment.everything();
    let view = compare(&environment, &["HEAD"]).expect_code(100).json();
    assert_eq!(environment.everything(), before, "the tree is as it was");
    assert_eq!(verdict(&view, "slower"), "regressed");
    assert_eq!(verdict(&view, "same"), "unchanged");
    assert_eq!(verdict(&view, "faster"), "improved");
    let slower = row(&view, "slower");
    assert!((slower["effect"]["ratio"].as_f64().unwrap() - 1.1).abs() < 1e-6);
    assert!(slower["evidence"]["confirming"].as_u64().unwrap() >= 8, "{slower:#}");
    assert_eq!(slower["severity"], "medium");
    assert_eq!((view["gate"]["passed"].clone(), view["gate"]["failing"].clone()), (false.into(), 1.into()));
    assert_eq!(view["null_control"]["moved"], false);
    let text = environment.perfguard(&["compare", "HEAD", "--layouts", "2", "--no-gate"]).expect_code(0).stdout;
    assert!(text.contains("regressed (medium)") && text.contains("the gate fails"), "{text}");
}

#[test]
fn a_comment_changes_nothing_and_is_answered_without_a_run() {
    let environment = scripted("one: 100\n");
    environment.write("src/lib.rs", "//! A comment.\n");
    let bench = std::fs::read_to_string(environment.root().join("benches/script.rs")).unwrap();
    environment.write("benches/script.rs", &format!("// A comment on top.\n{bench}"));
    environment.write("README.md", "Read me.\n");
    environment.commit("comments");
    let view = compare(&environment, &["HEAD~1", "HEAD"]).expect_code(0).json();
    assert_eq!(verdict(&view, "one"), "unchanged");
    assert!(row(&view, "one")["reason"].as_str().unwrap().contains("identical"), "{view:#}");
    assert!(view["run"].is_null(), "nothing was run");
    let forced = compare(&environment, &["HEAD~1", "HEAD", "--force"]).expect_code(0).json();
    assert_eq!(row(&forced, "one")["evidence"]["pairs"], 8);
}

#[test]
fn a_changed_constant_a_changed_helper_and_a_changed_data_file_are_not_identical() {
    let bench = "fn main() { println!(\"{}\", 41); }\n";
    let environment = TestEnvironment::with_files(&[
        ("Cargo.toml", &(common::MANIFEST.to_owned() + "\n[[bin]]\nname = \"helper\"\nbench = false\n")),
        ("src/bin/helper.rs", "fn main() { println!(\"1\"); }\n"),
        ("benches/quick.rs", bench),
        ("data/input.txt", "1\n"),
    ]);
    let is_same = |environment: &TestEnvironment| {
        environment.commit("change");
        let args = ["compare", "HEAD~1", "HEAD", "--layouts", "1", "--budget", "1s", "--format", "json"];
        let view = environment.perfguard(&args).json();
        view["comparisons"][0]["reason"].as_str().unwrap().contains("identical")
    };
    environment.write("benches/quick.rs", "fn main() { println!(\"{}\", 42); }\n");
    assert!(!is_same(&environment), "a constant");
    environment.write("data/input.txt", "2\n");
    assert!(!is_same(&environment), "a data file");
    environment.write(
        "benches/quick.rs",
        "fn main() { std::process::Command::new(env!(\"CARGO_BIN_EXE_helper\")).status().unwrap(); }\n",
    );
    assert!(!is_same(&environment), "the code");
    environment.write("src/bin/helper.rs", "fn main() { println!(\"2\"); }\n");
    assert!(!is_same(&environment), "a helper program");
    environment.write("src/bin/helper.rs", "fn main() { println!(\"2\"); }\n// no code\n");
    assert!(is_same(&environment), "a comment in the helper");
}

#[test]
fn benchmarks_of_one_side_are_new_and_removed_and_one_that_fails_is_failed() {
    let environment = scripted("kept: 100\nold: 5\nbroken: 7\n");
    environment.write("script.txt", "kept: 100\nyoung: 5\nbroken: panic\n");
    let view = compare(&environment, &["HEAD"]).expect_code(103).json();
    let verdicts = ["kept", "old", "young", "broken"].map(|name| verdict(&view, name));
    assert_eq!(verdicts, ["unchanged", "removed", "new", "failed"]);
    assert!(row(&view, "broken")["reason"].as_str().unwrap().starts_with("head failed:"), "{view:#}");
}

#[test]
fn much_noise_is_undecided_which_fails_under_strict_only() {
    let environment = scripted("noisy: noise\n");
    environment.write("script.txt", "noisy: noise\nmore: 1\n");
    let view = compare(&environment, &["HEAD", "--", "noisy"]).expect_code(0).json();
    assert_eq!(verdict(&view, "noisy"), "undecided");
    let evidence = row(&view, "noisy")["evidence"].clone();
    assert!(evidence["smallest_visible"].as_f64().unwrap() > 0.05, "{evidence:#}");
    compare(&environment, &["HEAD", "--strict", "--", "noisy"]).expect_code(104);
}

#[test]
fn a_budget_too_small_to_decide_leaves_everything_undecided() {
    let environment = scripted("one: 100\n");
    environment.write("script.txt", "one: 200\n");
    let view = compare(&environment, &["HEAD", "--budget", "1ms"]).expect_code(0).json();
    assert_eq!(verdict(&view, "one"), "undecided");
    assert!(row(&view, "one")["reason"].as_str().unwrap().contains("budget"), "{view:#}");
}

#[test]
fn an_accepted_change_passes_and_the_acceptance_is_reported_where_it_is_added() {
    let environment = scripted("slower: 100\n");
    environment.write("script.txt", "slower: 110\n");
    environment.perfguard(&["accept", "scripted::script::slower", "--reason", "r"]).expect_code(2);
    compare(&environment, &["HEAD"]).expect_code(100);
    environment
        .perfguard(&["accept", "scripted::script::slower", "--reason", "checks its input now"])
        .expect_code(0)
        .says("commit it with the change");
    let view = compare(&environment, &["HEAD"]).expect_code(0).json();
    assert_eq!(row(&view, "slower")["gate"]["kind"], "accepted");
    assert!(view["remarks"].to_string().contains("head adds an acceptance"), "{view:#}");
    environment.write("script.txt", "slower: 130\n");
    compare(&environment, &["HEAD"]).expect_code(100);
    environment.write("script.txt", "slower: 110\n");
    environment.commit("slower, and accepted");
    environment.write("script.txt", "slower: 121\n");
    compare(&environment, &["HEAD"]).expect_code(100);
}

#[test]
fn limits_and_thresholds_of_the_configuration_hold_and_loosening_them_is_said() {
    let environment = scripted("big: 3000000\nloose: 100\nout: 100\n");
    environment.write(
        "perfguard.toml",
        "[benchmark.\"*::big\"]\nmax = \"2ms\"\n[benchmark.\"*::loose\"]\nthreshold = \"20%\"\n\
         [benchmark.\"*::out\"]\ngate = false\n",
    );
    environment.write("script.txt", "big: 3000000\nloose: 105\nout: 150\n");
    let view = compare(&environment, &["HEAD"]).expect_code(100).json();
    assert_eq!(verdict(&view, "big"), "unchanged");
    assert!(row(&view, "big")["findings"].to_string().contains("above its limit of 2"), "{view:#}");
    assert_eq!(verdict(&view, "loose"), "unchanged");
    assert_eq!(row(&view, "out")["gate"]["kind"], "not-gated");
    assert_eq!(view["gate"]["failing"], 1, "the limit alone");
    assert!(view["remarks"].to_string().contains("head loosens a limit"), "{view:#}");
}

#[test]
fn a_base_that_does_not_build_is_said_with_the_last_that_does() {
    let environment = scripted("one: 100\n");
    let good = environment.git(&["rev-parse", "HEAD"]);
    environment.perfguard(&["baseline", "--quick"]).expect_code(0);
    environment.write("benches/script.rs", "fn main() { no }\n");
    environment.commit("broken");
    environment.git(&["revert", "--no-edit", "HEAD"]);
    compare(&environment, &["HEAD~1", "HEAD"]).expect_code(101).says(&good[..9]);
}

#[test]
fn an_executable_that_changes_while_it_is_measured_is_failed() {
    let environment = scripted("one: 100\n");
    environment.write("script.txt", "one: replaced\n");
    let before = environment.everything();
    for layouts in ["1", "2"] {
        let args = ["compare", "HEAD", "--format", "json", "--layouts", layouts];
        let view = environment.perfguard(&args).expect_code(103).json();
        let row = row(&view, "one");
        assert_eq!(
            (&row["verdict"], &row["failure"]["kind"]),
            (&"failed".into(), &"executable-changed".into()),
            "{row:#}"
        );
        // Both sides have the same executable; what differs is the script.
        assert!(row["reason"].as_str().unwrap().contains("failed: its executable changed"), "{row:#}");
        assert!(row["effect"].is_null(), "what was measured means nothing: {row:#}");
    }
    let alone = environment.perfguard(&["run", "--quick", "--no-baseline"]).expect_code(103);
    assert!(alone.stdout.contains("its executable changed"), "{}", alone.stdout);
    assert_eq!(environment.everything(), before, "the tree is as it was");
}

#[test]
fn ctrl_c_in_a_round_keeps_the_pairs_that_were_taken() {
    let base = "100 ".repeat(30);
    let environment = scripted(&format!("one: {base}\n"));
    // The warm-up and four pairs, then whichever of the fifth pair is head's.
    environment.write("script.txt", &format!("one: {}{}\n", "100 ".repeat(9), "interrupt ".repeat(21)));
    let before = environment.everything();
    let state = environment.cache().join("state");
    let args = ["compare", "HEAD", "--layouts", "1", "--format", "json"];
    let mut command = environment.perfguard_command(&environment.root(), &args);
    let ran = common::ran(&command.env("SCRIPTED_STATE", &state).output().unwrap()).expect_code(130);
    assert_eq!(environment.everything(), before, "the tree is as it was");
    let view = ran.says("interrupted").json();
    assert_eq!(verdict(&view, "one"), "undecided");
    assert_eq!(row(&view, "one")["evidence"]["pairs"], 4);
    let store = rusqlite::Connection::open(environment.root().join(".git/perfguard/history.db")).unwrap();
    let pairs: i64 = store.query_row("SELECT count(*) FROM pair", [], |row| row.get(0)).unwrap();
    assert_eq!(pairs, 4, "they are in the store");
    compare(&environment, &["HEAD~0", "HEAD~0"]).expect_code(0);
}

#[test]
fn revisions_in_every_form_name_two_sides_and_a_shallow_clone_is_told_what_it_lacks() {
    let environment = scripted("one: 100\n");
    environment.git(&["switch", "--quiet", "--create", "side"]);
    environment.write("script.txt", "one: 120\n");
    let side = environment.commit("side");
    environment.git(&["switch", "--quiet", "main"]);
    environment.write("more.txt", "");
    environment.commit("main");
    let view = compare(&environment, &["main...side"]).expect_code(100).json();
    assert_eq!(view["head"]["commit"], side);
    assert_eq!(view["base"]["commit"], environment.git(&["rev-parse", "main~1"]));
    compare(&environment, &["side..main~1"]).expect_code(0);
    compare(&environment, &["nowhere"]).expect_code(2).says("unknown revision `nowhere`");
    let from = format!("file://{}", environment.root().display());
    environment.git(&["clone", "--quiet", "--depth", "1", "--no-single-branch", &from, "shallow"]);
    let shallow = environment.root().join("shallow");
    environment.perfguard_in(&shallow, &["compare", "origin/main...origin/side"]).expect_code(2).says("fetch-depth: 0");
}

#[test]
fn run_compares_in_pairs_with_what_is_kept_and_never_builds_a_base() {
    let environment = scripted("one: 100\n");
    environment.write("script.txt", "one: 110\n");
    let alone = environment.perfguard(&["run", "--quick"]).expect_code(0);
    assert!(alone.stderr.contains("cargo perfguard compare"), "{}", alone.stderr);
    environment.perfguard(&["baseline", "--quick"]).expect_code(0);
    let view = environment.perfguard(&["run", "--format", "json"]).expect_code(100).json();
    assert_eq!((view["kind"].clone(), verdict(&view, "one")), ("compare".into(), "regressed".to_owned()));
    let alone = environment.perfguard(&["run", "--quick", "--no-baseline", "--format", "json"]).expect_code(0).json();
    assert_eq!(alone["kind"], "run");
    environment.write("script.txt", "one: 100\n");
    let same = environment.perfguard(&["run"]).expect_code(0).stdout;
    assert!(same.contains("identical") && same.contains("`--force`") && same.contains("`--no-baseline`"), "{same}");
    environment.perfguard(&["run", "--force", "--format", "json"]).expect_code(0).json();
}

#[test]
fn check_is_a_pre_commit_hook_that_stops_a_slow_commit_and_passes_a_harmless_one() {
    let environment = scripted("one: 100\n");
    environment.perfguard(&["init", "--hook", "pre-commit"]).expect_code(0);
    environment.commit_unhooked("settings");
    let commit = |environment: &TestEnvironment| {
        environment.git(&["add", "--all"]);
        environment.command_with_perfguard("git").args(["commit", "--quiet", "--message", "x"]).output().unwrap()
    };
    environment.write("script.txt", "one: 150\n");
    let slow = commit(&environment);
    let said = String::from_utf8_lossy(&slow.stdout).into_owned() + &String::from_utf8_lossy(&slow.stderr);
    assert!(!slow.status.success() && said.contains("the gate fails"), "{said}");
    environment.write("script.txt", "one: 100\n");
    environment.write("notes.md", "harmless\n");
    let harmless = commit(&environment);
    assert!(harmless.status.success(), "{}", String::from_utf8_lossy(&harmless.stderr));
}

#[test]
fn a_check_builds_nothing_where_nothing_changed_that_a_bench_is_made_from() {
    let environment = scripted("one: 100\n");
    environment.write("tests/unused.rs", "#[test]\nfn one() {}\n");
    environment.commit("a test");
    let log = environment.cache().join("log");
    let check = |environment: &TestEnvironment| {
        std::fs::remove_file(&log).ok();
        let args = ["check", "--log-file", log.to_str().unwrap(), "--format", "json"];
        let view = environment.perfguard(&args).expect_code(0).json();
        (view, std::fs::read_to_string(&log).unwrap().contains("building the working tree"))
    };
    let (view, built) = check(&environment);
    assert_eq!((verdict(&view, "one"), built), ("unchanged".to_owned(), false), "nothing at all changed");
    environment.write("tests/unused.rs", "#[test]\nfn two() {}\n");
    environment.write("README.md", "Read me.\n");
    let (view, built) = check(&environment);
    assert!(!built && row(&view, "one")["reason"].as_str().unwrap().contains("no input of it changed"), "{view:#}");
    environment.write("src/lib.rs", "//! A comment.\n");
    let (view, built) = check(&environment);
    assert!(built && row(&view, "one")["reason"].as_str().unwrap().contains("identical"), "{view:#}");
    let forced = environment.perfguard(&["check", "--force", "--format", "json"]).expect_code(0).json();
    assert!(row(&forced, "one")["evidence"]["pairs"].as_u64().unwrap() > 0, "{forced:#}");
}

#[test]
fn a_check_without_time_is_undecided_says_what_to_do_and_fails_under_strict_only() {
    let environment = scripted("one: 100\n");
    environment.write("script.txt", "one: 150\n");
    let before = environment.everything();
    let spent = environment.perfguard(&["check", "--within", "1ms"]).expect_code(0);
    assert!(spent.stdout.contains("undecided") && spent.stdout.contains("`--within`"), "{}", spent.stdout);
    environment.perfguard(&["check", "--within", "1ms", "--strict"]).expect_code(104);
    let view = environment.perfguard(&["check", "--within", "1ms", "--format", "json"]).expect_code(0).json();
    assert_eq!(view["not_measured"][0]["reason"]["kind"], "out-of-time");
    assert_eq!(environment.everything(), before, "the tree is as it was");
    environment.perfguard(&["check", "--within", "10m"]).expect_code(100);
}

#[test]
fn two_benchmarks_of_one_executable_are_compared_like_two_sides() {
    let environment = scripted("plain: 100\nclever: 80\nplain/large: 100\n");
    let between = |words: &[&str], more: &[&str]| compare(&environment, &[&["--between"], words, more].concat());
    let view = between(&["plain", "clever"], &[]).expect_code(0).json();
    assert_eq!(view["comparisons"].as_array().map(Vec::len), Some(1));
    assert_eq!(verdict(&view, "clever"), "improved");
    let ratio = row(&view, "clever")["effect"]["ratio"].as_f64().unwrap();
    assert!((ratio - 0.8).abs() < 0.01, "{ratio}");
    let label = |side: &str| view[side]["label"].as_str().unwrap().to_owned();
    assert!(label("base").starts_with("`scripted::script::plain` of "), "{view:#}");
    assert!(label("head").starts_with("`scripted::script::clever` of "), "{view:#}");
    // The other way round it is a regression, of a commit too; and what takes as long is measured to be unchanged.
    let view = between(&["clever", "plain/large"], &["HEAD"]).expect_code(100).json();
    assert_eq!(verdict(&view, "plain/large"), "regressed");
    let view = between(&["scripted::script::plain", "large"], &[]).expect_code(0).json();
    assert_eq!(verdict(&view, "plain/large"), "unchanged");
    assert!(
        row(&view, "plain/large")["evidence"]["pairs"].as_u64() > Some(0),
        "it was not taken for identical: {view:#}"
    );
}

#[test]
fn words_that_do_not_name_two_benchmarks_are_errors_with_the_nearest_ids() {
    let environment = scripted("sort: 100\nsort/large: 80\nother/large: 9\n");
    let between = |words: [&str; 2]| environment.perfguard(&["compare", "--between", words[0], words[1]]);
    between(["sort", "sart"]).expect_code(4).says("did you mean `scripted::script::sort`");
    between(["sort", "large"]).expect_code(2).says("`large` fits 2 benchmarks").says("scripted::script::other/large");
    between(["sort", "scripted::script::sort"]).expect_code(2).says("self-test");
    environment.perfguard(&["compare", "--between", "sort"]).expect_code(2);
    environment.perfguard(&["compare", "A..B", "--between", "sort", "other"]).expect_code(2).says("of one tree");
}
