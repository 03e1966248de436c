//! Each bad input gets a clear message and its documented exit code.

mod common;

use common::{MANIFEST, PLAIN_BENCH, TestEnvironment};

#[test]
fn without_a_manifest_the_folder_is_named() {
    let environment = TestEnvironment::new();
    for command in ["list", "run"] {
        environment.perfguard(&[command]).expect_code(102).says("could not find `Cargo.toml`").says("--manifest-path");
    }
}

#[test]
fn a_manifest_with_errors_shows_cargos_message() {
    let environment = TestEnvironment::with_files(&[("Cargo.toml", "[package]\nnom = 1\n")]);
    environment.perfguard(&["run"]).expect_code(102).says("failed to parse manifest");
}

#[test]
fn code_that_does_not_compile_shows_the_compilers_message() {
    let environment = TestEnvironment::with_files(&[
        ("src/lib.rs", "pub fn f() -> u32 { \"no\" }\n"),
        ("benches/quick.rs", "fn main() { sample::f(); }\n"),
    ]);
    environment.perfguard(&["run"]).expect_code(101).says("mismatched types").says("error: ");
}

#[test]
fn a_workspace_without_bench_targets_has_nothing_to_measure() {
    let manifest = "[package]\nname = \"sample\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    let environment = TestEnvironment::with_files(&[("Cargo.toml", manifest)]);
    environment.perfguard(&["run"]).expect_code(4).says("no bench targets").says("hint: ");
}

#[test]
fn a_filter_that_matches_nothing_names_the_nearest_ids() {
    let environment = TestEnvironment::with_plain_bench();
    environment.perfguard(&["run", "quikc"]).expect_code(4).says("did you mean `sample::quick::main`?");
    environment.perfguard(&["list", "quikc"]).expect_code(4).says("did you mean");
}

#[test]
fn an_unknown_revision_is_named() {
    let environment = TestEnvironment::with_plain_bench();
    environment.perfguard(&["baseline", "--commit", "no-such-branch"]).expect_code(2).says("`no-such-branch`");
}

#[test]
fn a_commit_that_does_not_build_is_named_and_the_tree_is_as_before() {
    let environment = TestEnvironment::with_plain_bench();
    environment.write("benches/quick.rs", "fn main() { broken }\n");
    environment.commit("broken");
    environment.write("benches/quick.rs", PLAIN_BENCH);
    environment.commit("mended");
    let before = environment.everything();
    environment.perfguard(&["baseline", "--commit", "HEAD~1"]).expect_code(101).says("cannot find value `broken`");
    assert_eq!(environment.everything(), before);
    environment.perfguard(&["baseline", "show"]).expect_code(2);
}

#[test]
fn a_store_that_cannot_be_written_is_named() {
    let environment = TestEnvironment::with_plain_bench();
    environment.perfguard(&["run", "--store", "/proc/nowhere/history.db"]).expect_code(98).says("/proc/nowhere");
}

#[test]
fn a_store_locked_by_another_run_is_named() {
    let environment = TestEnvironment::with_plain_bench();
    environment.perfguard(&["run", "--quick"]).expect_code(0);
    let path = environment.root().join(".git/perfguard/history.db");
    let holder = rusqlite::Connection::open(&path).unwrap();
    holder.execute_batch("BEGIN EXCLUSIVE").unwrap();
    environment.perfguard(&["run", "--quick"]).expect_code(98).says("history.db");
}

#[test]
fn a_second_perfguard_leaves_when_it_may_not_wait() {
    let environment = TestEnvironment::with_files(&[
        ("Cargo.toml", MANIFEST),
        ("benches/quick.rs", "fn main() { std::thread::sleep(std::time::Duration::from_secs(60)) }\n"),
    ]);
    let mut first = environment.perfguard_command(&environment.root(), &["run"]).spawn().unwrap();
    let lock = environment.cache().join("measuring.lock");
    while std::fs::read_to_string(&lock).map_or(true, |text| text.is_empty()) {
        std::thread::yield_now();
    }
    environment.perfguard(&["list", "--no-wait"]).expect_code(97).says("cargo perfguard run");
    first.kill().unwrap();
    first.wait().unwrap();
}

#[test]
fn malformed_values_say_what_was_expected() {
    let environment = TestEnvironment::new();
    for (args, expected) in [
        (["run", "--budget", "soon"], "`60s`"),
        (["run", "--precision", "1"], "`1%`"),
        (["run", "--observations", "few"], "`8..40`"),
        (["run", "--observations", "9..3"], "`8..40`"),
        (["run", "--timeout", "0s"], "`60s`"),
    ] {
        environment.perfguard(&args).expect_code(2).says(expected);
    }
}
