//! A repository with a bench of some substance, built at two commits, and layouts of the two.

use std::process::Command;

use perfguard_core::build::{CommonLayouts, LayoutRequest, NotLinked};
use perfguard_core::cancel::CancellationToken;
use perfguard_core::clock::SystemClock;
use perfguard_core::model::Artifact;

use crate::support::World;

pub(crate) const MANIFEST: &str = "\
[package]
name = \"sample\"
version = \"0.1.0\"
edition = \"2021\"

[lib]
bench = false

[[bench]]
name = \"speak\"
harness = false
";

/// Some functions, generic ones, constants, panics with locations, and a table of functions.
pub(crate) const LIBRARY: &str = "\
use std::collections::{BTreeMap, HashMap};

pub fn count(text: &str) -> BTreeMap<String, usize> {
    let mut words: HashMap<&str, usize> = HashMap::new();
    for word in text.split_whitespace() {
        *words.entry(word).or_insert(0) += 1;
    }
    words.into_iter().map(|(word, count)| (word.to_owned(), count)).collect()
}

pub fn longest(text: &str) -> &str {
    text.split_whitespace().max_by_key(|word| word.len()).expect(\"there is a word\")
}

#[inline(never)]
pub fn at(values: &[u64], index: usize) -> u64 {
    values[index]
}

pub static STEPS: [fn(u64) -> u64; 2] = [double, next];

fn double(value: u64) -> u64 { value * 2 }

fn next(value: u64) -> u64 { value.checked_add(1).expect(\"small\") }
";

pub(crate) const BENCH: &str = "\
fn main() {
    let text = \"a word and a longer word\";
    if std::env::args().any(|word| word == \"--list\") {
        println!(\"count: benchmark\\nlongest: benchmark\");
        return;
    }
    let values: Vec<u64> = sample::STEPS.iter().map(|step| step(20)).collect();
    println!(\"{:?} {} {}\", sample::count(text), sample::longest(text), sample::at(&values, 1));
}
";

/// What the bench prints.
pub(crate) const SAID: &str = "{\"a\": 2, \"and\": 1, \"longer\": 1, \"word\": 2} longer 21";

/// A repository with the library and the bench above, not committed.
pub(crate) fn world() -> World {
    let world = World::new();
    world.write("Cargo.toml", MANIFEST);
    world.write("src/lib.rs", LIBRARY);
    world.write("benches/speak.rs", BENCH);
    world
}

/// Commits and builds what stands there, adds an unused function, and builds that.
pub(crate) fn both_sides(world: &mut World) -> (Artifact, Artifact) {
    let base = world.commit("base");
    world.write("src/lib.rs", &format!("pub fn unused(value: u64) -> u64 {{ value ^ 77 }}\n\n{LIBRARY}"));
    let head = world.commit("head");
    let build = |world: &mut World, commit| world.build_commit(commit).artifacts.remove(0);
    (build(world, &base), build(world, &head))
}

pub(crate) const REQUEST: LayoutRequest = LayoutRequest { count: 2, seed: 7, second_base: false };

pub(crate) fn try_link(
    world: &World,
    base: &Artifact,
    head: &Artifact,
    request: LayoutRequest,
) -> Result<CommonLayouts, NotLinked> {
    world.workbench().common_layouts(base, head, request, &SystemClock::default(), &CancellationToken::new())
}

pub(crate) fn link(world: &World, base: &Artifact, head: &Artifact) -> CommonLayouts {
    try_link(world, base, head, REQUEST).unwrap_or_else(|error| panic!("{error}"))
}

/// Runs an executable as cargo would, with one argument, and gives what it printed.
pub(crate) fn say(artifact: &Artifact, word: &str) -> String {
    let mut command = Command::new(&artifact.program);
    command.env_clear().envs(artifact.run.env.iter().cloned()).current_dir(&artifact.run.cwd).arg(word);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}
