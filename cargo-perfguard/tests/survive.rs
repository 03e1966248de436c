//! What a user's machine does to a store and to a run: full, newer, damaged, busy.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use common::{PLAIN_BENCH, TestEnvironment};

fn store_of(environment: &TestEnvironment) -> PathBuf {
    environment.root().join(".git/perfguard/history.db")
}

/// Runs and observations that the store has.
fn counts(environment: &TestEnvironment) -> (i64, i64) {
    let store = rusqlite::Connection::open(store_of(environment)).unwrap();
    let count = |table: &str| store.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
    (count("run"), count("observation"))
}

#[test]
fn a_disk_that_fills_up_ends_the_run_with_the_stores_name_and_what_was_there_stays() {
    let environment = TestEnvironment::with_plain_bench();
    environment.perfguard(&["run", "--quick"]).expect_code(0);
    let before = counts(&environment);
    // No file may grow above 128 KiB: the kernel then refuses to write, as it does where a disk is full. What is built is
    // built already.
    let limited = "trap '' XFSZ; ulimit -f 128; exec \"$0\" \"$@\"";
    let mut bash = environment.command("bash", &environment.root());
    bash.args(["-c", limited, env!("CARGO_BIN_EXE_cargo-perfguard"), "run", "--observations", "400..400"]);
    let ran = common::ran(&bash.output().expect("bash is installed: apt-get install bash"));
    ran.expect_code(98).says("history.db").says("is the disk full");
    environment.perfguard(&["store", "verify"]).expect_code(0).says("is whole");
    assert!(counts(&environment).1 > before.1, "what was taken before the disk was full is kept");
    let resumed = environment.perfguard(&["run", "--observations", "400..400", "--resume", "--format", "json"]);
    let resumed = resumed.expect_code(0).says("goes on with run").json();
    assert_eq!(resumed["benchmarks"][0]["observations"].as_array().map(Vec::len), Some(400));
}

#[test]
fn a_store_of_a_newer_perfguard_is_refused_unharmed() {
    let environment = TestEnvironment::with_plain_bench();
    environment.perfguard(&["run", "--quick"]).expect_code(0);
    let path = store_of(&environment);
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 9_999).unwrap();
    let before = std::fs::read(&path).unwrap();
    for command in [&["run", "--quick"][..], &["show"], &["store", "verify"], &["store", "repair"], &["clean"]] {
        environment.perfguard(command).expect_code(98).says("schema 9999").says("install the newer perfguard");
    }
    assert!(std::fs::read(&path).unwrap() == before, "not a byte of it changed");
}

#[test]
fn a_damaged_store_is_named_and_repaired_with_all_that_is_whole() {
    let environment = TestEnvironment::with_plain_bench();
    for _ in 0..3 {
        environment.perfguard(&["run", "--quick"]).expect_code(0);
    }
    environment.perfguard(&["store", "verify"]).expect_code(0).says("is whole");
    let store = rusqlite::Connection::open(store_of(&environment)).unwrap();
    store.execute("UPDATE observation SET data = x'00ff' WHERE measurement = 1 AND sequence = 0", []).unwrap();
    drop(store);
    environment.perfguard(&["store", "verify"]).expect_code(98).says("is damaged").says("store repair");
    environment.perfguard(&["store", "repair"]).expect_code(0).says("kept 2 runs").says("lost: run");
    environment.perfguard(&["store", "verify"]).expect_code(0).says("is whole");
    assert_eq!(counts(&environment).0, 2);
    assert!(environment.root().join(".git/perfguard/history.db.damaged-1").is_file(), "the damaged one stays");
    environment.perfguard(&["run", "--quick"]).expect_code(0);
}

#[test]
fn a_store_with_broken_pages_ends_no_command_with_a_panic() {
    let environment = TestEnvironment::with_plain_bench();
    environment.perfguard(&["run", "--quick"]).expect_code(0);
    let path = store_of(&environment);
    let whole = std::fs::read(&path).unwrap();
    for (from, to) in [(0, 16), (100, 200), (4096, 8192), (whole.len() / 2, whole.len())] {
        let mut broken = whole.clone();
        broken[from..to].fill(0x5a);
        std::fs::write(&path, broken).unwrap();
        for command in [&["run", "--quick"][..], &["show"], &["runs"], &["store", "verify"], &["store", "repair"]] {
            let ran = environment.perfguard(command);
            let told = format!("{command:?} with {from}..{to}: {:?}\n{}", ran.code, ran.stderr);
            assert!(matches!(ran.code, Some(0 | 98)) && !ran.stderr.contains("internal error"), "{told}");
        }
    }
}

#[test]
fn a_second_perfguard_says_for_whom_it_waits_and_then_goes_on() {
    let environment = TestEnvironment::with_files(&[(
        "benches/quick.rs",
        "fn main() { std::thread::sleep(std::time::Duration::from_secs(60)) }\n",
    )]);
    let silent =
        |mut command: std::process::Command| command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut first = silent(environment.perfguard_command(&environment.root(), &["run"]));
    let lock = environment.cache().join("measuring.lock");
    while std::fs::read_to_string(&lock).map_or(true, |text| text.is_empty()) {
        std::thread::yield_now();
    }
    let log = environment.cache().join("second.log");
    let args = ["list", "--log-file", log.to_str().unwrap()];
    let second = environment.perfguard_command(&environment.root(), &args).stderr(Stdio::piped()).spawn().unwrap();
    // It waits once it says so; only then the first one ends.
    while !std::fs::read_to_string(&log).is_ok_and(|text| text.contains("waits for")) {
        std::thread::sleep(Duration::from_millis(5));
    }
    first.kill().unwrap();
    first.wait().unwrap();
    let ran = common::ran(&second.wait_with_output().unwrap()).expect_code(0);
    ran.says("waiting for it: `cargo perfguard run`, process ");
}

#[test]
fn a_run_that_is_not_finished_is_no_baseline_and_no_error() {
    let environment = TestEnvironment::with_plain_bench();
    environment.perfguard(&["run", "--quick"]).expect_code(0);
    let store = rusqlite::Connection::open(store_of(&environment)).unwrap();
    store.execute("UPDATE run SET finished_at = NULL", []).unwrap();
    drop(store);
    let shown = environment.perfguard(&["show"]).expect_code(0).stdout;
    assert!(shown.contains("not finished"), "{shown}");
    environment.perfguard(&["baseline", "promote", "latest"]).expect_code(2).says("did not finish");
    environment.write("benches/quick.rs", &format!("{PLAIN_BENCH}// Another.\n"));
    environment.perfguard(&["run", "--quick"]).expect_code(0);
}
