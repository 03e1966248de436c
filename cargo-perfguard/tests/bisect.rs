//! Bisections of histories with times from a script: which commit is the culprit is then known.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::path::PathBuf;

use common::{Ran, TestEnvironment};
use serde_json::Value;

/// A script in which one benchmark changes, and another number changes with every commit.
fn script(value: u32, commit: usize) -> String {
    format!("one: {value}\nother{commit}: 1\n")
}

/// A history of commits after a good one; `one` takes 100 ns, and from the commits on that `changes` names, something else.
/// Gives all commits, the good one first.
fn history(commits: usize, changes: &[(usize, u32)]) -> (TestEnvironment, Vec<String>) {
    let environment = TestEnvironment::scripted(&script(100, 0));
    let mut ids = vec![environment.git(&["rev-parse", "HEAD"])];
    let mut value = 100;
    for commit in 1..=commits {
        value = changes.iter().find(|(at, _)| *at == commit).map_or(value, |(_, value)| *value);
        environment.write("script.txt", &script(value, commit));
        ids.push(environment.commit(&format!("change {commit}")));
    }
    (environment, ids)
}

/// Bisects in JSON, on two layouts: linking is not what these tests are about.
fn bisect(environment: &TestEnvironment, args: &[&str]) -> Ran {
    environment.perfguard(&[&["bisect", "--format", "json", "--layouts", "2"], args].concat())
}

/// The commits of the culprits of `one`.
fn culprits(view: &Value) -> Vec<Vec<String>> {
    culprits_of(view, "one")
}

/// The commits of a benchmark's culprits.
fn culprits_of(view: &Value, name: &str) -> Vec<Vec<String>> {
    let id = format!("scripted::script::{name}");
    let row = view["benchmarks"].as_array().unwrap().iter().find(|row| row["id"] == id).unwrap();
    let commits = |culprit: &Value| {
        let ids = culprit["commits"].as_array().unwrap().iter().map(|commit| commit["id"].as_str().unwrap().to_owned());
        ids.collect()
    };
    row["culprits"].as_array().unwrap().iter().map(commits).collect()
}

fn journal(environment: &TestEnvironment) -> PathBuf {
    environment.root().join(".git/perfguard/bisect.jsonl")
}

#[test]
fn the_slower_commit_is_named_and_verified_and_nothing_of_the_users_changes() {
    let (environment, ids) = history(12, &[(7, 110)]);
    environment.write("script.txt", "an edit: 1\n");
    let before = environment.everything();
    let view = bisect(&environment, &["--good", &ids[0], "one"]).expect_code(0).json();
    assert_eq!(environment.everything(), before, "the tree is as it was");
    assert_eq!(culprits(&view), [vec![ids[7].clone()]]);
    let culprit = &view["benchmarks"][0]["culprits"][0];
    assert_eq!(culprit["is_verified"], true, "{view:#}");
    assert_eq!(culprit["before"]["id"], ids[6]);
    assert!((culprit["effect"]["ratio"].as_f64().unwrap() - 1.1).abs() < 1e-6, "{culprit:#}");
    assert_eq!(culprit["commits"][0]["subject"], "change 7");
    assert_eq!((view["ended"].as_str(), view["commits"].as_u64()), (Some("done"), Some(12)));
    assert!(view["builds"].as_u64().unwrap() <= 7, "{view:#}");
    assert!(view["next"].as_str().unwrap().starts_with("cargo perfguard explain"), "{view:#}");
    let again = environment.perfguard(&["bisect", "--layouts", "2", "--good", &ids[0]]).expect_code(0);
    let text = again.stdout;
    assert!(text.contains("+10.0 % with this commit:") && text.contains("change 7"), "{text}");
    assert!(text.contains("verified against"), "{text}");
}

#[test]
fn commits_that_do_not_build_are_skipped_and_hide_what_they_hide() {
    let (environment, mut ids) = history(3, &[]);
    let library = std::fs::read_to_string(environment.root().join("src/lib.rs")).unwrap();
    environment.write("src/lib.rs", "compile_error!(\"half a change\");");
    environment.write("script.txt", &script(110, 4));
    ids.push(environment.commit("half of it"));
    environment.write("src/lib.rs", &library);
    environment.write("script.txt", &script(110, 5));
    ids.push(environment.commit("the other half"));
    environment.git(&["rm", "--quiet", "--cached", "Cargo.toml"]);
    environment.git(&["commit", "--quiet", "--message", "the workspace is gone"]);
    ids.push(environment.git(&["rev-parse", "HEAD"]));
    ids.push(environment.commit("it is back"));
    let view = bisect(&environment, &["--good", &ids[0], "one"]).expect_code(0).json();
    assert_eq!(culprits(&view), [vec![ids[4].clone(), ids[5].clone()]]);
    assert_eq!(view["benchmarks"][0]["culprits"][0]["is_verified"], true, "{view:#}");
    let skipped = view["skipped"].as_array().unwrap();
    assert!(skipped.iter().any(|row| row["commit"] == ids[4] && row["reason"] == "it does not build"), "{view:#}");
    assert!(view["failed_builds"].as_u64().unwrap() >= 1);
}

#[test]
fn an_improvement_is_looked_for_where_it_is_asked_for() {
    let (environment, ids) = history(5, &[(3, 80)]);
    let view = bisect(&environment, &["--good", &ids[0], "one"]).expect_code(0).json();
    assert_eq!(view["ended"], "no-difference");
    let row = &view["benchmarks"][0];
    assert_eq!((row["ends"].as_str(), row["culprits"].as_array().map(Vec::len)), (Some("improved"), Some(0)));
    assert!(row["reason"].as_str().unwrap().contains("--faster"), "{row:#}");
    let view = bisect(&environment, &["--faster", "--good", &ids[0], "one"]).expect_code(0).json();
    assert_eq!(culprits(&view), [vec![ids[3].clone()]]);
    assert_eq!(view["benchmarks"][0]["culprits"][0]["verification"]["verdict"], "improved");
}

#[test]
fn ends_that_do_not_differ_are_said_so_with_the_interval_before_any_search() {
    let (environment, ids) = history(4, &[]);
    let view = bisect(&environment, &["--good", &ids[0], "one"]).expect_code(0).json();
    assert_eq!((view["ended"].as_str(), view["builds"].as_u64()), (Some("no-difference"), Some(2)));
    let row = &view["benchmarks"][0];
    assert_eq!(row["ends"], "unchanged");
    assert!(row["effect"]["interval"]["high"].as_f64().unwrap() < 1.03, "{row:#}");
}

#[test]
fn without_a_good_end_it_walks_back_until_a_commit_was_better() {
    let (environment, ids) = history(9, &[(6, 110)]);
    let view = bisect(&environment, &["one"]).expect_code(0).json();
    assert_eq!(culprits(&view), [vec![ids[6].clone()]]);
    assert_eq!(view["good"]["id"], ids[5], "one, two, four commits back");
    let (environment, _) = history(2, &[]);
    bisect(&environment, &["one"]).expect_code(4).says("no commit among the").says("--good");
}

#[test]
fn a_comparison_in_the_store_tells_a_good_end() {
    let (environment, ids) = history(6, &[(4, 110)]);
    environment.perfguard(&["compare", &ids[1], &ids[5], "--layouts", "2", "--no-gate"]).expect_code(0);
    let ran = bisect(&environment, &["one"]).expect_code(0).says("an earlier comparison saw the change after it");
    let view = ran.json();
    assert_eq!(view["good"]["id"], ids[1]);
    assert_eq!(culprits(&view), [vec![ids[4].clone()]]);
}

#[test]
fn two_steps_in_one_range_are_told_apart() {
    let (environment, ids) = history(12, &[(4, 110), (9, 120)]);
    let view = bisect(&environment, &["--all", "--good", &ids[0], "one"]).expect_code(0).json();
    assert_eq!(culprits(&view), [vec![ids[4].clone()], vec![ids[9].clone()]]);
}

#[test]
fn all_changes_of_several_benchmarks_are_told_apart() {
    let environment = TestEnvironment::scripted("one: 100\ntwo: 50\n");
    let mut ids = vec![environment.git(&["rev-parse", "HEAD"])];
    for commit in 1..=10 {
        let one = [100, 110, 121][usize::from(commit >= 3) + usize::from(commit >= 8)];
        let two = if commit >= 5 { 60 } else { 50 };
        environment.write("script.txt", &format!("one: {one}\ntwo: {two}\nother{commit}: 1\n"));
        ids.push(environment.commit(&format!("change {commit}")));
    }
    let view = bisect(&environment, &["--all", "--good", &ids[0], "one", "two"]).expect_code(0).json();
    assert_eq!(culprits(&view), [vec![ids[3].clone()], vec![ids[8].clone()]], "{view:#}");
    assert_eq!(culprits_of(&view, "two"), [vec![ids[5].clone()]]);
}

#[test]
fn a_guilty_merge_is_looked_into() {
    let (environment, ids) = history(2, &[]);
    environment.git(&["switch", "--quiet", "--create", "side", &ids[1]]);
    let mut side = Vec::new();
    for (commit, value) in [(20, 100), (21, 110), (22, 110)] {
        environment.write("side.txt", &format!("{commit}\n"));
        environment.write("script.txt", &script(value, 1));
        side.push(environment.commit(&format!("side {commit}")));
    }
    environment.git(&["switch", "--quiet", "main"]);
    environment.git(&["merge", "--quiet", "--no-ff", "--strategy-option", "theirs", "--message", "merge", "side"]);
    let merge = environment.git(&["rev-parse", "HEAD"]);
    environment.write("after.txt", "1\n");
    environment.commit("after");
    let view = bisect(&environment, &["--good", &ids[0], "one"]).expect_code(0).json();
    assert_eq!(culprits(&view), [vec![merge]]);
    let merged = &view["benchmarks"][0]["culprits"][0]["merged"][0];
    assert_eq!(merged["commits"][0]["id"], side[1], "{view:#}");
    assert_eq!(merged["is_verified"], true);
}

#[test]
fn a_bench_that_was_added_later_is_carried_back() {
    let environment = TestEnvironment::with_files(&[
        (
            "Cargo.toml",
            "[package]\nname = \"scripted\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lib]\nbench = false\n",
        ),
        ("script.txt", "one: 100\n"),
    ]);
    let good = environment.git(&["rev-parse", "HEAD"]);
    environment.write("script.txt", "one: 110\n");
    let culprit = environment.commit("slower");
    let fixture = TestEnvironment::scripted("one: 110\n");
    let bench = std::fs::read_to_string(fixture.root().join("benches/script.rs")).unwrap();
    environment.write("benches/script.rs", &bench);
    environment.write("Cargo.toml", &std::fs::read_to_string(fixture.root().join("Cargo.toml")).unwrap());
    environment.commit("benches");
    bisect(&environment, &["--good", &good, "one"]).expect_code(4).says("--bench-from");
    let view = bisect(&environment, &["--bench-from", "HEAD", "--good", &good, "one"]).expect_code(0).json();
    assert_eq!(culprits(&view), [vec![culprit]]);
    assert!(view["command"].as_str().unwrap().contains("--bench-from"), "{view:#}");
}

#[test]
fn a_range_that_makes_no_sense_is_refused_with_what_would() {
    let (environment, ids) = history(2, &[]);
    environment.git(&["switch", "--quiet", "--create", "side", &ids[1]]);
    environment.write("side.txt", "1\n");
    environment.commit("side");
    let refused = |args: &[&str], says: [&str; 2]| {
        bisect(&environment, args).expect_code(2).says(says[0]).says(says[1]);
        assert!(!journal(&environment).exists(), "nothing is under way");
    };
    refused(&["--good", &ids[2], "--bad", &ids[0]], ["is newer than", "the other way round"]);
    refused(&["--good", &ids[2], "--bad", &ids[2]], ["nothing between them", "--good"]);
    refused(&["--good", &ids[2], "--bad", "side"], ["not an ancestor", &format!("--good {}", &ids[1][..9])]);
    refused(&["--good", "nonsense"], ["unknown revision", "nonsense"]);
    refused(&["--resume"], ["no bisection is under way", "begins one"]);
    environment.perfguard(&["bisect", "status"]).expect_code(2).says("no bisection is under way");
    bisect(&environment, &["--good", &ids[0], "nowhere"]).expect_code(4).says("no benchmark matches");
    assert!(!journal(&environment).exists(), "nothing was found out");
    let clone = environment.cache().join("clone");
    let url = format!("file://{}", environment.root().display());
    environment.git(&["clone", "--quiet", "--depth", "1", "--branch", "main", &url, clone.to_str().unwrap()]);
    let shallow = environment.perfguard_in(&clone, &["bisect", "one"]);
    shallow.expect_code(4).says("fetch-depth");
}

#[test]
fn ends_that_do_not_build_are_named_with_a_commit_that_does() {
    let (environment, ids) = history(1, &[]);
    let library = std::fs::read_to_string(environment.root().join("src/lib.rs")).unwrap();
    environment.write("src/lib.rs", "compile_error!(\"no\");");
    let broken = environment.commit("broken");
    environment.perfguard(&["compare", &ids[0], &ids[1], "--layouts", "2"]).expect_code(0);
    let ran = bisect(&environment, &["--good", &ids[0], "one"]).expect_code(101);
    ran.says(&format!("the bad end `{}` does not build", &broken[..9])).says(&ids[1][..9]);
    environment.write("src/lib.rs", &library);
    environment.commit("repaired");
    bisect(&environment, &["--good", &broken, "one"]).expect_code(101).says("the good end");
    assert!(!journal(&environment).exists());
}

#[test]
fn a_renamed_benchmark_is_told_from_a_missing_one() {
    let (environment, ids) = history(1, &[]);
    environment.write("script.txt", "head/renamed: 100\n");
    environment.commit("rename");
    let good = format!("`scripted::script::head/renamed` at good ({}): it does not have the benchmark", &ids[0][..9]);
    bisect(&environment, &["--good", &ids[0], "renamed"]).expect_code(4).says(&good).says("renamed since");
    let removed = "`scripted::script::one` at bad";
    bisect(&environment, &["--good", &ids[0], "one"]).expect_code(4).says(removed).says("renamed since");
}

#[test]
fn what_was_ended_goes_on_and_measures_nothing_twice() {
    let (environment, ids) = history(12, &[(5, 110)]);
    let view = bisect(&environment, &["--budget", "1ms", "--good", &ids[0], "one"]).expect_code(0).json();
    assert_eq!(view["ended"], "budget");
    bisect(&environment, &["--good", &ids[0], "one"]).expect_code(2).says("a bisection is under way");
    // A kill in the middle of a line.
    let written = std::fs::read_to_string(journal(&environment)).unwrap();
    std::fs::write(journal(&environment), format!("{written}{{\"fact\":\"pa")).unwrap();
    let status = environment.perfguard(&["bisect", "status"]).expect_code(0).stdout;
    assert!(status.contains("under way") && status.contains("--resume"), "{status}");
    let resumed = bisect(&environment, &["--resume"]).expect_code(0).json();
    assert_eq!(culprits(&resumed), [vec![ids[5].clone()]]);
    let log = environment.perfguard(&["bisect", "log"]).expect_code(0).stdout;
    assert!(log.starts_with(&written), "what was known stays");
    let built: Vec<&str> =
        log.lines().filter(|line| line.contains("\"built\"") && !line.contains("\"seconds\":null")).collect();
    let commits: std::collections::BTreeSet<&str> =
        built.iter().map(|line| line.split("\"commit\":\"").nth(1).unwrap().split('"').next().unwrap()).collect();
    assert_eq!(built.len(), commits.len(), "no commit is built twice:\n{log}");
    // The whole journal tells the whole answer: nothing is measured any more.
    let file = environment.cache().join("log.jsonl");
    std::fs::write(&file, &log).unwrap();
    let replayed = bisect(&environment, &["--replay", file.to_str().unwrap()]).expect_code(0).json();
    assert_eq!(culprits(&replayed), culprits(&resumed));
    assert_eq!(replayed["pairs"], resumed["pairs"]);
}

#[test]
fn a_bisection_can_be_planned_and_forgotten() {
    let (environment, ids) = history(6, &[(3, 110)]);
    environment.write("README.md", "Read me.\n");
    environment.commit("documents");
    let plan = bisect(&environment, &["--dry-run", "--good", &ids[0], "one"]).expect_code(0).json();
    assert_eq!((plan["commits"].as_u64(), plan["candidates"].as_u64()), (Some(7), Some(6)));
    assert_eq!(plan["is_guess"], true);
    assert!(!journal(&environment).exists(), "a plan begins nothing");
    bisect(&environment, &["--budget", "1ms", "--good", &ids[0], "one"]).expect_code(0);
    environment.perfguard(&["bisect", "abort"]).expect_code(0).says("forgotten");
    environment.perfguard(&["bisect", "abort"]).expect_code(2).says("no bisection is under way");
}

#[test]
fn commits_that_touch_nothing_that_is_built_cost_no_build() {
    let (environment, mut ids) = history(2, &[(2, 110)]);
    for commit in 0..20 {
        environment.write("README.md", &format!("Edition {commit}.\n"));
        ids.push(environment.commit("documents"));
    }
    let view = bisect(&environment, &["--good", &ids[0], "one"]).expect_code(0).json();
    assert_eq!(culprits(&view), [vec![ids[2].clone()]]);
    assert!(view["builds"].as_u64().unwrap() <= 4, "{view:#}");
}

#[test]
fn a_command_is_bisected_in_a_tree_and_a_target_directory_of_its_own() {
    let environment = TestEnvironment::with_plain_bench();
    let mut ids = Vec::new();
    for (commit, time) in [(0, "0.01"), (1, "0.01"), (2, "broken"), (3, "0.25"), (4, "0.25")] {
        environment.write("run.sh", &format!("test -f \"$CARGO_TARGET_DIR/ready\" && sleep {time} # {commit}\n"));
        let set_up = "grep -v broken run.sh > $CARGO_TARGET_DIR/ready";
        environment.write("set-up.sh", &format!("{set_up}\n"));
        ids.push(environment.commit(&format!("change {commit}")));
    }
    let args = ["--setup", "sh set-up.sh", "--run", "sh run.sh", "--good", &ids[0]];
    let view = bisect(&environment, &args).expect_code(0).json();
    let row = &view["benchmarks"][0];
    assert_eq!(row["id"], "program::command::main");
    let commits: Vec<&str> =
        row["culprits"][0]["commits"].as_array().unwrap().iter().filter_map(|commit| commit["id"].as_str()).collect();
    assert_eq!(commits, [ids[2].as_str(), &ids[3]], "{view:#}");
    assert!(view["skipped"][0]["reason"].as_str().unwrap().contains("ended with code 1"), "{view:#}");
    assert!(view["command"].as_str().unwrap().contains("--run 'sh run.sh'"), "{view:#}");
    assert_eq!(view["next"], Value::Null);
    bisect(&environment, &["--run", "false", "--good", &ids[0]]).expect_code(101).says("does not build").says("false");
}

#[test]
fn the_past_is_measured_against_an_anchor_and_what_is_known_is_not_measured_again() {
    let (environment, mut ids) = history(5, &[(3, 110)]);
    for commit in 0..5 {
        environment.write("README.md", &format!("Edition {commit}.\n"));
        ids.push(environment.commit("documents"));
    }
    let backfill = |args: &[&str]| {
        environment.perfguard(&[&["backfill", "--format", "json", "--layouts", "2"], args, &["--", "one"]].concat())
    };
    let before = environment.everything();
    let view = backfill(&["HEAD", "--every", "2"]).expect_code(0).json();
    assert_eq!(environment.everything(), before, "the tree is as it was");
    let state = |view: &Value, at: usize| view["commits"][at]["state"]["kind"].as_str().unwrap().to_owned();
    let states: Vec<String> = (0..6).map(|at| state(&view, at)).collect();
    assert_eq!(states, ["measured", "measured", "measured", "same", "same", "same"], "{view:#}");
    let ratio = |at: usize| view["commits"][at]["benchmarks"][0]["effect"]["ratio"].as_f64();
    assert!((ratio(1).unwrap() - 100.0 / 110.0).abs() < 1e-6, "{view:#}");
    assert_eq!(view["commits"][1]["benchmarks"][0]["verdict"], "improved");
    let again = backfill(&["HEAD", "--every", "2"]).expect_code(0).json();
    assert_eq!((again["measured"].as_u64(), again["builds"].as_u64()), (Some(0), Some(0)), "{again:#}");
    assert_eq!(state(&again, 1), "known");
    let none = backfill(&["HEAD", "--budget", "1ms", "--anchor", &ids[0]]).expect_code(0).json();
    assert!(none["left"].as_u64().unwrap() > 0, "{none:#}");
    environment.git(&["tag", "v1", &ids[1]]);
    let tags = backfill(&["HEAD", "--tags"]).expect_code(0).json();
    assert_eq!(tags["commits"].as_array().map(Vec::len), Some(1));
    backfill(&["HEAD", "--since", "2100-01-01"]).expect_code(4).says("no commit is left");
    backfill(&["HEAD", "--since", "soon"]).expect_code(2).says("no day");
    backfill(&["nowhere"]).expect_code(2).says("unknown revision");
}

#[test]
fn ctrl_c_keeps_every_pair_and_resume_goes_on_from_there() {
    let words = |value: u32, commit: usize| {
        let many = format!("{value} ").repeat(60);
        format!("one: {many}interrupt\nother{commit}: 1\n")
    };
    let environment = TestEnvironment::scripted(&words(100, 0));
    let mut ids = vec![environment.git(&["rev-parse", "HEAD"])];
    for commit in 1..=9 {
        environment.write("script.txt", &words(if commit < 6 { 100 } else { 110 }, commit));
        ids.push(environment.commit("change"));
    }
    let mut command = environment.perfguard_command(
        &environment.root(),
        &["bisect", "--layouts", "2", "--format", "json", "--good", &ids[0], "one"],
    );
    let state = environment.cache().join("observations");
    let ended = common::ran(&command.env("SCRIPTED_STATE", &state).output().unwrap());
    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
    let written = std::fs::read_to_string(journal(&environment)).unwrap();
    let resumed = bisect(&environment, &["--resume"]).expect_code(0).json();
    assert_eq!(culprits(&resumed), [vec![ids[6].clone()]]);
    assert!(std::fs::read_to_string(journal(&environment)).unwrap().starts_with(&written));
}
