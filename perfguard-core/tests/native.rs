//! The native protocol with scripted programs: what is said well, and every way to say it badly.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking and hands on its environment"
)]

mod common;

use std::time::Duration;

use perfguard_core::cancel::CancellationToken;
use perfguard_core::measure::{Listing, NotListed, Session, Told, Wanted, Yield, driver_for};
use perfguard_core::model::{
    Artifact, ArtifactHash, Direction, Failure, FailureKind, HarnessKind, IterationControl, RunEnvironment, TargetId,
    TargetKind, Unit,
};
use perfguard_core::process::{Launcher, Limits};

/// What most scripts begin with: a way to say something, and the greeting.
const HELLO: &str = r#"
    say() { printf '%s\n' "$1" >&"$PERFGUARD_PROTOCOL_FD"; }
    observe() { say "{\"type\":\"observation\",\"id\":\"$1\",\"samples\":[[10,100],[10,90]],\"iterations\":30}"; }
    hello() { say '{"type":"hello","protocol":1,"harness":"sh","version":"9","capabilities":["iterations"]}'; }
    bye() { say '{"type":"bye"}'; }
    hello
"#;

/// Gives a session with a program.
fn with_program<T>(words: &[&str], timeout: Duration, act: impl FnOnce(&mut Session<'_>) -> T) -> T {
    let (program, runner) = words.split_last().unwrap();
    let run = RunEnvironment {
        runner: runner.iter().map(Into::into).collect(),
        cwd: "/".into(),
        env: std::env::vars_os().collect(),
    };
    let target = TargetId { package: "program".into(), kind: TargetKind::Program, name: "it".into() };
    let hash = ArtifactHash("0".repeat(64));
    let artifact = Artifact { target, hash, program: program.into(), run, has_link_kit: false };
    let scratch = tempfile::tempdir().unwrap();
    act(&mut Session {
        launcher: &mut Launcher::start(&common::multicall()).unwrap(),
        artifact: &artifact,
        version: None,
        scratch: scratch.path(),
        limits: Limits { timeout, output_bytes: 64 * 1024 },
        cancel: &CancellationToken::new(),
        to_the_end: false,
    })
}

fn list(script: &str) -> Result<Listing, NotListed> {
    let driver = driver_for(HarnessKind::Native).unwrap();
    with_program(&["sh", "-c", &[HELLO, script].concat()], Duration::from_mins(1), |session| driver.list(session))
}

fn observe_with(script: &str, names: &[&str], timeout: Duration) -> (Result<Yield, Failure>, Vec<Option<u64>>) {
    let driver = driver_for(HarnessKind::Native).unwrap();
    let mut memories = vec![None; names.len()];
    let mut wanted: Vec<_> = names.iter().zip(&mut memories).map(|(name, memory)| Wanted { name, memory }).collect();
    let yielded = with_program(&["sh", "-c", script], timeout, |session| {
        driver.observe(session, &mut wanted, &IterationControl::default())
    });
    (yielded, memories)
}

fn observe(script: &str, names: &[&str]) -> Result<Yield, Failure> {
    observe_with(&[HELLO, script].concat(), names, Duration::from_mins(1)).0
}

/// What became of each of the benchmarks `a`, `b` and `c`, in words.
fn became(script: &str) -> Vec<String> {
    let told = match observe(script, &["a", "b", "c"]) {
        Ok(yielded) => yielded.told,
        Err(failure) => return vec![format!("all: {failure}")],
    };
    let told = told.into_iter().map(|told| match told {
        Told::Reading(reading) => format!("{}", reading.value),
        Told::Failed(failure) => format!("failed: {failure}"),
        Told::Unreached => "unreached".to_owned(),
        Told::Alone => "alone".to_owned(),
    });
    told.collect()
}

#[test]
fn a_program_is_listed_and_its_request_reaches_it() {
    let script = r#"
        case "$PERFGUARD_PROTOCOL_REQUEST" in *'"type":"list"'*) ;; *) exit 9 ;; esac
        say '{"type":"benchmark","id":"plain"}'; say '{"type":"benchmark","id":"π / \"odd\"::x"}'
        say '{"type":"benchmark","id":"plain"}'; echo "for people"; bye"#;
    let listing = list(script).unwrap();
    assert_eq!(listing.names, ["plain", "π / \"odd\"::x"]);
    assert_eq!((listing.repeated, listing.version), (vec!["plain".to_owned()], Some("sh 9".to_owned())));
    assert_eq!(list("bye").unwrap().names.len(), 0);
}

#[test]
fn an_observation_has_samples_metrics_and_the_iterations_that_every_further_process_runs() {
    let script = r#"
        case "$PERFGUARD_PROTOCOL_REQUEST" in *'"id":"a"'*'"samples":10'*) ;; *) exit 9 ;; esac
        say '{"type":"progress","id":"a","done":0.5}'; observe a
        say '{"type":"metric","id":"a","name":"hit-rate","value":0.97,"unit":"ratio","direction":"higher"}'; bye"#;
    let (yielded, memories) = observe_with(&[HELLO, script].concat(), &["a"], Duration::from_mins(1));
    let yielded = yielded.unwrap();
    let [Told::Reading(reading)] = yielded.told.as_slice() else { panic!("{:?}", yielded.told) };
    assert!((reading.value - 9.0).abs() < 1e-12 && reading.samples.len() == 2 && reading.iterations == Some(30));
    let [(metric, value)] = reading.metrics.as_slice() else { panic!("{:?}", reading.metrics) };
    assert_eq!((&*metric.id.0, metric.unit, metric.direction), ("hit-rate", Unit::Ratio, Direction::HigherIsBetter));
    assert!((value - 0.97).abs() < 1e-12);
    assert_eq!(memories, [Some(10)]);
}

#[test]
fn who_cannot_use_the_descriptor_writes_to_the_file() {
    let hello = r#"{"type":"hello","protocol":1,"harness":"file"}"#;
    let observation = r#"{"type":"observation","id":"a","samples":[[1,5]]}"#;
    let script =
        format!("printf '%s\\n' '{hello}' '{observation}' '{{\"type\":\"bye\"}}' >>\"$PERFGUARD_PROTOCOL_FILE\"");
    let yielded = observe_with(&script, &["a"], Duration::from_mins(1)).0.unwrap();
    assert!(matches!(yielded.told.as_slice(), [Told::Reading(_)]));
    let flood = "yes '{\"type\":\"progress\"}' | head -c 200000 >\"$PERFGUARD_PROTOCOL_FILE\"";
    let failure = observe_with(flood, &["a"], Duration::from_mins(1)).0.unwrap_err();
    assert!(failure.message.contains("output limit"), "{failure}");
}

#[test]
fn a_bad_line_costs_the_benchmark_at_which_it_was_and_no_other() {
    for (bad, told) in [
        ("say 'warming up'", "line 3 of what it said is not JSON"),
        ("say '{\"type\":\"obser{\"type\":\"metric\"}'", "line 3 of what it said is not JSON"),
        ("hello", "a second `hello`"),
        ("observe z", "is of `z`, which was not asked for"),
        ("observe a", "is a second observation of `a`"),
        (
            r#"say '{"type":"metric","id":"a","name":"m","value":NaN,"unit":"count","direction":"lower"}'"#,
            "is not JSON: it has no `NaN`",
        ),
        (
            r#"say '{"type":"metric","id":"a","name":"m","value":"12 ms","unit":"count","direction":"lower"}'"#,
            "invalid type: string \"12 ms\", expected f64",
        ),
        ("exec 3>&-; exit 0", "it ended in the middle: no `bye` came"),
        ("exit 0", "it ended in the middle: no `bye` came"),
        ("exit 3", "exited with code 3"),
        ("kill -9 $$", "ended by SIGKILL"),
        ("say '{\"type\":\"error\",\"id\":\"a\",\"message\":\"no such file\"}'", "no such file"),
    ] {
        let all = became(&format!("observe a; {bad}; observe b 2>/dev/null; observe c 2>/dev/null; bye 2>/dev/null"));
        assert!(all[0].starts_with("failed: ") && all[0].contains(told), "{bad}: {all:?}");
        let whole = bad.contains("error");
        assert!(all[1..].iter().all(|one| *one == if whole { "9" } else { "unreached" }), "{bad}: {all:?}");
        let second = became(&format!("observe b; observe a; {bad}"));
        assert_eq!(second[1], "9", "what was said before is kept: {bad}");
    }
    assert_eq!(became("observe a; observe b; bye"), ["9", "9", "failed: it gave no observation of `c`"]);
    assert_eq!(
        became("observe a; observe b; say '{\"type\":\"observaton\"}'; bye")[2],
        "failed: it gave no observation of `c` (but `observaton`)"
    );
}

#[test]
fn what_is_wrong_before_any_benchmark_is_told_of_all() {
    let long = "head -c 1100000 /dev/zero | tr '\\0' x >&3; say ''";
    for (script, told) in [
        ("exit 7", "exited with code 7"),
        ("bye; observe a", "comes after `bye`"),
        (long, "output limit"),
        ("say '{\"type\":\"error\",\"message\":\"no server\"}'; bye", "no server"),
    ] {
        let all = became(script);
        assert!(all[0].contains(told), "{script}: {all:?}");
    }
    for (script, told) in [
        (":", "it said nothing on the descriptor of `PERFGUARD_PROTOCOL_FD`"),
        ("echo '{\"type\":\"hello\",\"protocol\":8,\"harness\":\"x\"}' >&3", "version 8 of the protocol"),
        ("echo '{\"type\":\"bye\"}' >&3", "comes before `hello`"),
    ] {
        let failure = observe_with(script, &["a"], Duration::from_mins(1)).0.unwrap_err();
        assert!(failure.kind == FailureKind::NoResult && failure.message.contains(told), "{failure}");
    }
    let silent = list("exec 3>&-").unwrap_err();
    let NotListed::Failed(failure) = silent else { panic!("{silent:?}") };
    assert!(failure.message.contains("middle of its list"), "{failure}");
}

#[test]
fn a_program_that_hangs_or_floods_the_descriptor_is_ended() {
    let script = [HELLO, "observe a; sleep 600"].concat();
    let yielded = observe_with(&script, &["a"], Duration::from_millis(500)).0.unwrap();
    let [Told::Failed(failure)] = yielded.told.as_slice() else { panic!("{:?}", yielded.told) };
    assert_eq!(failure.kind, FailureKind::TimedOut);
    let failure = observe("while :; do say '{\"type\":\"progress\"}'; done", &["a"]).unwrap_err();
    assert_eq!(failure.kind, FailureKind::FloodedOutput);
}

#[test]
fn two_threads_that_write_whole_lines_do_not_harm_one_another() {
    let both = r#"(for n in 1 2 3 4 5 6 7 8 9; do say '{"type":"progress","id":"a"}'; done) & observe a; wait; bye"#;
    let yielded = observe(both, &["a"]).unwrap();
    assert!(matches!(yielded.told.as_slice(), [Told::Reading(_)]), "{:?}", yielded.told);
}

#[test]
fn the_bench_of_twenty_lines_in_the_documentation_works() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/protocol.md")).unwrap();
    let code = text.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
    let example = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/bench.py")).unwrap();
    assert!(example.ends_with(code), "examples/bench.py is the same");
    let driver = driver_for(HarnessKind::Native).unwrap();
    let python = ["python3", "-c", code];
    let listing = with_program(&python, Duration::from_mins(1), |session| driver.list(session));
    assert_eq!(listing.expect("python3 is installed: apt-get install python3").names, ["sort", "sum"]);
    let mut memory = None;
    let mut observe = || {
        let mut wanted = [Wanted { name: "sum", memory: &mut memory }];
        with_program(&python, Duration::from_mins(1), |session| {
            driver.observe(session, &mut wanted, &IterationControl::default())
        })
    };
    for _ in 0..2 {
        let yielded = observe().unwrap();
        let [Told::Reading(reading)] = yielded.told.as_slice() else { panic!("{:?}", yielded.told) };
        assert!(reading.samples.len() == 10 && reading.value > 0.0 && reading.metrics.len() == 1);
    }
    assert_eq!(memory, Some(100));
}
