//! The main job with times from a script: what is said is then known to the last digit, and what is killed is known too.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use common::{PLAIN_BENCH, TestEnvironment};

/// A committed repository with the scripted fixture and this script.
fn scripted(script: &str) -> TestEnvironment {
    TestEnvironment::scripted(script)
}

#[test]
fn a_baseline_runs_among_its_own_files_and_the_change_is_what_the_scripts_say() {
    let environment = scripted("fast: 100\nslow/with slash: 2500000\n");
    let head = environment.git(&["rev-parse", "HEAD"]);
    environment.write("script.txt", "fast: 110\nslow/with slash: 2500000\nnew one: 7\n");
    environment.perfguard(&["baseline", "--commit", "HEAD", "--quick"]).expect_code(0).says(&head[..9]);
    let paired = environment.perfguard(&["run", "--quick", "--format", "json"]).expect_code(100).json();
    assert_eq!(paired["kind"], "compare", "what is kept is run in turn");
    for kept in std::fs::read_dir(environment.cache()).unwrap() {
        std::fs::remove_dir_all(kept.unwrap().path()).ok();
    }
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

/// What a row says of a benchmark: the kind and the message of its failure, and its notes.
fn said(run: &serde_json::Value, name: &str) -> (String, String, String) {
    let id = format!("scripted::script::{name}");
    let row = run["benchmarks"].as_array().unwrap().iter().find(|row| row["id"] == id);
    let row = row.unwrap_or_else(|| panic!("no row for {name}"));
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    (text(&row["failure"]["kind"]), text(&row["failure"]["message"]), row["notes"].to_string())
}

#[test]
fn each_misbehaviour_is_a_row_with_its_reason_and_the_others_go_on() {
    let script = "good: 100\npanics: panic\nhangs: hang\ndeaf: deaf\nfloods: flood\nexits: exit\nkilled: killed\n\
                  nan: nan\nvariable: variable\ngrandchild: grandchild\ndaemon: daemon\nclosed: closed\nmoved: moved\n\
                  twice: 7\ntwice: 7\n";
    let environment = scripted(script);
    let before = environment.everything();
    // However slow the machine is, listing takes no longer than an observation: each has processes of its own.
    let args = ["run", "--quick", "--timeout", "2s", "--observation-time", "1m", "--format", "json"];
    let run = environment.perfguard(&args).expect_code(103).json();
    for (name, kind, message) in [
        ("panics", "exited", "panicked: on purpose"),
        ("hangs", "timed-out", "ran longer than the time limit of 2 s"),
        ("deaf", "timed-out", "ran longer than the time limit of 2 s"),
        ("floods", "flooded-output", "wrote more than the output limit"),
        ("exits", "exited", "exited with code 3"),
        ("killed", "signalled", "the memory may have run out"),
        ("nan", "no-result", "no usable number"),
        ("variable", "exited", "SCRIPTED_NEEDS is set"),
    ] {
        let (found, said, _) = said(&run, name);
        assert!(found == kind && said.contains(message), "{name}: {found}: {said}");
    }
    for (name, note) in [
        ("good", "[]"),
        ("grandchild", "left processes behind"),
        ("daemon", "left processes behind"),
        ("closed", "[]"),
        ("moved", "[]"),
        ("twice", "lists this name more than once"),
    ] {
        let (failure, _, notes) = said(&run, name);
        // What else runs on this machine is no business of this test.
        let is_calm = note == "[]" && (notes == note || notes.contains("under disturbance"));
        assert!(failure.is_empty() && (is_calm || notes.contains(note)), "{name}: {failure} {notes}");
    }
    assert_eq!(environment.everything(), before, "whatever they do, they do it elsewhere");
    let text = environment.perfguard(&["show"]).expect_code(0).stdout;
    assert!(text.contains("hangs: ran longer than the time limit") && text.contains("left processes behind"), "{text}");
}

#[test]
fn a_variable_that_a_bench_needs_reaches_it() {
    let environment = scripted("variable: variable\n");
    let mut command = environment.perfguard_command(&environment.root(), &["run", "--quick"]);
    let ran = common::ran(&command.env("SCRIPTED_NEEDS", "42").output().unwrap()).expect_code(0);
    assert!(ran.stdout.contains("42.00 ns"), "{}", ran.stdout);
}

#[test]
fn a_bench_that_dies_only_later_keeps_what_it_gave_before() {
    let environment = scripted("later: 100 100 100 exit\n");
    let state = environment.cache().join("state");
    let mut command = environment.perfguard_command(&environment.root(), &["run", "--quick", "--format", "json"]);
    let ran = common::ran(&command.env("SCRIPTED_STATE", &state).output().unwrap()).expect_code(103);
    let run = ran.json();
    assert_eq!(said(&run, "later").0, "exited");
    assert_eq!(run["benchmarks"][0]["observations"].as_array().map(Vec::len), Some(2), "after a warm-up");
}

#[test]
fn a_bench_that_writes_to_the_sources_spoils_neither_the_users_tree_nor_the_next_run() {
    let environment = scripted("writes: writes\n");
    let before = environment.everything();
    for _ in 0..2 {
        // The first observation spoils the script that the next one reads: a row that says so.
        let run = environment.perfguard(&["run", "--quick", "--format", "json"]).expect_code(103).json();
        assert_eq!(said(&run, "writes").0, "exited");
    }
    assert_eq!(environment.everything(), before);
    environment.write("script.txt", "good: 5\n");
    let run = environment.perfguard(&["run", "--quick", "--format", "json"]).expect_code(0).json();
    assert_eq!(run["benchmarks"][0]["id"], "scripted::script::good", "what was written is gone");
}

#[test]
fn a_target_that_lists_nothing_changes_no_exit_code_unless_it_is_all_there_is() {
    let environment = scripted("\n");
    environment.perfguard(&["run", "--quick"]).expect_code(4).says("lists no benchmark");
    environment.write("benches/other.rs", PLAIN_BENCH);
    let manifest = std::fs::read_to_string(environment.root().join("Cargo.toml")).unwrap();
    environment.write("Cargo.toml", &format!("{manifest}\n[[bench]]\nname = \"other\"\nharness = false\n"));
    let run = environment.perfguard(&["run", "--quick", "--format", "json"]).expect_code(0).json();
    assert_eq!(run["not_measured"][0]["reason"]["kind"], "no-benchmarks");
}

#[test]
fn a_resumed_run_has_what_was_measured_and_just_what_was_missing() {
    let environment = scripted("a: 1\nb: 2\nc: 3\n");
    let args = ["run", "--observations", "30..30", "--format", "json"];
    let store = environment.root().join(".git/perfguard/history.db");
    let observed = || {
        let store = rusqlite::Connection::open(&store).ok()?;
        store.query_row("SELECT count(*) FROM observation", [], |row| row.get::<_, i64>(0)).ok()
    };
    let mut command = environment.perfguard_command(&environment.root(), &args);
    let mut child = command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    while observed().unwrap_or_default() < 10 {
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let before = observed().unwrap();
    let resumed = environment.perfguard(&[&args[..], &["--resume"]].concat()).expect_code(0).says("goes on with run");
    let run = resumed.json();
    let counts: Vec<_> =
        run["benchmarks"].as_array().unwrap().iter().map(|row| row["observations"].as_array().unwrap().len()).collect();
    assert_eq!(counts, [30, 30, 30]);
    assert_eq!(observed(), Some(90), "{before} were there, and none was taken twice");
    assert!(run["run"]["finished_at"].is_string());
    let runs = environment.perfguard(&["runs", "--format", "json"]).expect_code(0).json();
    assert_eq!(runs["runs"].as_array().map(Vec::len), Some(1));
    environment.perfguard(&["run", "--quick", "--resume"]).expect_code(0).says("no unfinished run");
    // Another source is another run.
    let mut command = environment.perfguard_command(&environment.root(), &args);
    let mut child = command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    while observed().unwrap_or_default() < 120 {
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    environment.perfguard(&["run", "--quick", "--resume"]).expect_code(0).says("with other options");
    environment.write("src/lib.rs", "//! Another source.\npub fn f() {}\n");
    environment.perfguard(&[&args[..], &["--resume"]].concat()).expect_code(0).says("no unfinished run");
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
