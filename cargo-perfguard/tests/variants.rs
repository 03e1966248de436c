//! Builds of one tree that are compared, with times from a script: what the verdict has to be is then known.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Ran, TestEnvironment};
use serde_json::Value;

/// A committed repository in which the feature `other` makes one of three benchmarks slower.
fn two_scripts() -> TestEnvironment {
    let environment = TestEnvironment::scripted("first: 100\nsecond: 50\nthird: 1000\n");
    environment.write("other.txt", "first: 100\nsecond: 60\nthird: 1000\n");
    environment.commit("another script");
    environment
}

/// Compares in JSON, on two layouts: linking is not what these tests are about.
fn compare(environment: &TestEnvironment, args: &[&str]) -> Ran {
    let mut all = vec!["compare", "--format", "json", "--layouts", "2"];
    all.extend(args);
    environment.perfguard(&all)
}

fn verdicts(view: &Value) -> Vec<(String, String)> {
    let rows = view["comparisons"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().rsplit("::").next().unwrap().to_owned();
    rows.map(|row| (text(&row["id"]), text(&row["verdict"]))).collect()
}

fn expected(list: [(&str, &str); 3]) -> Vec<(String, String)> {
    list.map(|(name, verdict)| (name.to_owned(), verdict.to_owned())).into()
}

const SECOND_IS_SLOWER: [(&str, &str); 3] = [("first", "unchanged"), ("second", "regressed"), ("third", "unchanged")];

#[test]
fn a_feature_that_makes_one_benchmark_slower_is_found_and_the_others_are_not_blamed() {
    let environment = two_scripts();
    let before = environment.everything();
    let view = compare(&environment, &["--variant", "", "--variant", "features=other"]).expect_code(100).json();
    assert_eq!(environment.everything(), before, "the tree is as it was");
    assert_eq!(verdicts(&view), expected(SECOND_IS_SLOWER));
    assert_eq!(view["base"]["label"], "the working tree");
    assert_eq!(view["head"]["label"], "the working tree, features=other");
    assert_eq!((&view["base"]["variant"], &view["head"]["variant"]), (&"".into(), &"features=other".into()));
    assert_eq!(view["base"]["commit"], view["head"]["commit"]);
    let remarks = view["remarks"].to_string();
    assert!(remarks.contains("the build changed from cargo's own settings to `features=other`"), "{remarks}");
    assert_eq!(view["null_control"]["moved"], false);

    // What was built is kept, whichever variant and whatever stood first; a commit's is another.
    let words = ["HEAD", "--variant", "features=other", "--variant", "rustflags=-C debug-assertions=on", "-v"];
    let turned = compare(&environment, &words).expect_code(0);
    assert!(turned.stderr.contains(", features=other was built before"), "{}", turned.stderr);
    let view = turned.json();
    assert_eq!(verdicts(&view)[1], ("second".to_owned(), "improved".to_owned()));
    let commit = environment.git(&["rev-parse", "HEAD"]);
    assert_eq!(view["base"]["label"], format!("commit {}, features=other", &commit[..9]));
    assert_eq!(view["head"]["commit"], commit);

    // The builds of one tree are no change that somebody could accept.
    let text = environment.perfguard(&["compare", "--layouts", "2", "--variant", "", "--variant", "features=other"]);
    let text = text.expect_code(100).stdout;
    assert!(text.contains("the gate fails") && !text.contains("accept"), "{text}");
    assert!(text.contains("the working tree, features=other against the working tree: "), "{text}");
    environment.perfguard(&["accept", "scripted::script::second", "--reason", "r"]).expect_code(2);
}

#[test]
fn builds_that_are_identical_are_answered_without_a_run() {
    let environment = two_scripts();
    environment.write(
        "Cargo.toml",
        &(std::fs::read_to_string(environment.root().join("Cargo.toml")).unwrap()
            + "\n[profile.twin]\ninherits = \"bench\"\n"),
    );
    for variant in ["opt-level=0", "profile=twin", "features=idle"] {
        let view = compare(&environment, &["--variant", "", "--variant", variant]).expect_code(0).json();
        assert!(view["run"].is_null(), "nothing was run: {view:#}");
        assert!(view["comparisons"][0]["reason"].as_str().unwrap().contains("identical"), "{view:#}");
    }
}

#[test]
fn a_matrix_compares_each_variant_with_the_first_in_one_table() {
    let environment = two_scripts();
    let args = ["--matrix", "--variant", "", "--variant", "features=idle,other", "--variant", "all-features"];
    let view = compare(&environment, &args).expect_code(100).json();
    assert_eq!((&view["kind"], &view["passed"]), (&"matrix".into(), &false.into()));
    let all = view["comparisons"].as_array().unwrap();
    assert_eq!(all.len(), 2);
    for (one, variant) in all.iter().zip(["features=idle,other", "all-features"]) {
        assert_eq!(one["head"]["variant"], variant);
        assert_eq!(verdicts(one), expected(SECOND_IS_SLOWER));
    }
    let args = [&["compare", "--layouts", "2", "--no-gate"], &args[..], &["--", "second"]].concat();
    let text = environment.perfguard(&args).expect_code(0).stdout;
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].contains("as cargo builds it") && lines[0].ends_with("all-features"), "{text}");
    assert_eq!(lines[2].matches("+20.0 % regressed").count(), 2, "{text}");
    assert!(text.contains("\nall-features: 1 regressed; the gate fails"), "{text}");
}

#[test]
fn what_cannot_be_compared_is_a_wrong_use_and_says_the_next_step() {
    let environment = two_scripts();
    let refused = |args: &[&str], parts: &[&str]| {
        let mut ran = compare(&environment, args).expect_code(2);
        for part in parts {
            ran = ran.says(part);
        }
    };
    let none = ["--variant", "", "--variant"];
    let with = |variant: &'static str| [&none[..], &[variant]].concat();
    refused(&with("feature=simd"), &["unknown key `feature`", "hint: the keys are `features`"]);
    refused(&with("profile="), &["gives `profile` no value"]);
    refused(&with(" "), &["variant `` is given twice", "self-test"]);
    refused(&["--variant", "lto=fat"], &["alone is compared with nothing", "--variant '' --variant 'lto=fat'"]);
    refused(&[&with("lto=fat")[..], &["--variant", "lto=off"]].concat(), &["3 variants are given", "`--matrix`"]);
    refused(&[&["HEAD~1..HEAD"], &with("lto=fat")[..]].concat(), &["`HEAD~1..HEAD` names two", "one revision"]);
    refused(&[&["HEAD~1", "HEAD"], &with("lto=fat")[..]].concat(), &["`HEAD~1 HEAD` names two"]);
    refused(&["--matrix", "HEAD"], &["--variant"]);
    refused(&[], &["<BASE>"]);
    // From here on, cargo or rustup says it.
    refused(
        &with("features=nowhere"),
        &["variant `features=nowhere`", "does not contain this feature: nowhere", "hint: ", "`[features]`"],
    );
    refused(&with("profile=nowhere"), &["variant `profile=nowhere`", "nowhere", "`[profile.NAME]`"]);
    refused(&with("codegen-units=many"), &["variant `codegen-units=many`", "many"]);
    refused(&with("toolchain=1.2.3"), &["variant `toolchain=1.2.3`", "rustup"]);
    refused(&with("rustflags=--no-such-flag"), &["variant `rustflags=--no-such-flag`", "no-such-flag"]);
    // What the compiler does not take does not build.
    compare(&environment, &with("opt-level=9")).expect_code(101).says("of the working tree, opt-level=9");
}
