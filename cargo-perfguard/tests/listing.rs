//! Benches that misbehave before anything is measured: each target is a row with its reason, the others go on.

mod common;

use std::fmt::Write;

use common::{PLAIN_BENCH, TestEnvironment};

/// Benches that look like criterion's and do something else when they are asked for their benchmarks.
const MISBEHAVING: [(&str, &str, &str); 4] = [
    ("panics", "panic!(\"cannot list\")", "panicked: cannot list"),
    ("exits", "std::process::exit(3)", "exited with code 3"),
    ("hangs", "loop { std::thread::park() }", "ran longer than the time limit of 2 s"),
    ("leaves", "()", "criterion did not connect"),
];

#[test]
fn whatever_a_bench_does_while_it_is_listed_is_a_row_and_the_others_are_measured() {
    let environment = TestEnvironment::with_plain_bench();
    let mut manifest = common::MANIFEST.to_owned();
    for (name, act, _) in MISBEHAVING {
        write!(manifest, "\n[[bench]]\nname = \"{name}\"\nharness = false\n").expect("writing to a string");
        let bench = format!(
            "fn main() {{\n    std::env::var(\"CARGO_CRITERION_PORT\").expect(\"asked over the protocol\");\n    {act}\n}}\n"
        );
        environment.write(&format!("benches/{name}.rs"), &bench);
    }
    environment.write("Cargo.toml", &manifest);
    let args = ["run", "--quick", "--timeout", "2s", "--format", "json"];
    let run = environment.perfguard(&args).expect_code(103).json();
    assert_eq!(run["benchmarks"][0]["id"], "sample::quick::main");
    assert!(run["benchmarks"][0]["failure"].is_null());
    let rows = run["not_measured"].as_array().expect("a list");
    for (name, _, message) in MISBEHAVING {
        let row = rows.iter().find(|row| row["target"]["name"] == name).expect("a row");
        assert_eq!(row["reason"]["kind"], "listing-failed", "{name}");
        assert!(row["message"].as_str().is_some_and(|said| said.contains(message)), "{name}: {}", row["message"]);
    }
}

#[test]
fn a_bench_that_needs_a_nightly_compiler_is_a_row_with_its_two_ways_out() {
    let environment = TestEnvironment::with_files(&[
        ("Cargo.toml", &format!("{}\n[[bench]]\nname = \"nightly\"\n", common::MANIFEST)),
        ("benches/quick.rs", PLAIN_BENCH),
        (
            "benches/nightly.rs",
            "#![feature(test)]\nextern crate test;\n#[bench]\nfn fast(b: &mut test::Bencher) { b.iter(|| 1) }\n",
        ),
    ]);
    // A nightly compiler told to behave as a stable one: the test is the same under either.
    let mut command = environment.perfguard_command(&environment.root(), &["run", "--quick", "--format", "json"]);
    let run = common::ran(&command.env("RUSTC_BOOTSTRAP", "-1").output().expect("perfguard starts"));
    let row = run.expect_code(0).json()["not_measured"][0].take();
    assert_eq!(row["reason"]["kind"], "needs-nightly");
    let hint = row["hint"].as_str().expect("a hint");
    assert!(hint.contains("cargo +nightly perfguard") && hint.contains("RUSTC_BOOTSTRAP=1"), "{hint}");
    let mut command = environment.perfguard_command(&environment.root(), &["list", "--format", "json"]);
    let list = common::ran(&command.env("RUSTC_BOOTSTRAP", "1").output().expect("perfguard starts")).expect_code(0);
    assert!(list.stdout.contains("sample::nightly::fast"), "the second way out works: {}", list.stdout);
}
