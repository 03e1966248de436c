//! Which executables a change can affect, by what cargo and the compiler said when base was built.

use perfguard_core::build::Affected;
use perfguard_core::vcs::SourceTree;

use crate::support::{BENCH, World};

/// A workspace: `app` with two benches and a build script needs `base`, `alone` needs nothing.
fn workspace() -> World {
    let world = World::new();
    let manifest = |name: &str, more: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[lib]\nbench = false\n{more}")
    };
    let bench = |name: &str| format!("\n[[bench]]\nname = \"{name}\"\nharness = false\n");
    let app = format!("{}{}\n[dependencies]\nbase = {{ path = \"../base\" }}\n", bench("one"), bench("two"));
    for (path, text) in [
        (
            "Cargo.toml",
            "[workspace]\nresolver = \"2\"\nmembers = [\"app\", \"base\", \"alone\"]\n\n[profile.bench]\nopt-level = 0\n",
        ),
        ("app/Cargo.toml", &manifest("app", &app)),
        ("app/build.rs", "fn main() { println!(\"cargo:rerun-if-changed=data\"); }\n"),
        ("app/src/lib.rs", "mod inner;\npub const TEXT: &str = include_str!(\"../../shared/word.txt\");\n"),
        ("app/src/inner.rs", "//! Nothing.\n"),
        ("app/benches/one.rs", "fn main() { println!(\"{} {}\", app::TEXT, base::word()); }\n"),
        ("app/benches/two.rs", "mod more;\nfn main() { more::run() }\n"),
        ("app/benches/more/mod.rs", "pub fn run() {}\n"),
        ("app/data/deep/input.bin", "1"),
        ("app/tests/test.rs", "\n"),
        ("app/README.md", "Read me.\n"),
        ("base/Cargo.toml", &manifest("base", "")),
        ("base/src/lib.rs", "pub fn word() -> &'static str { \"base\" }\n"),
        ("base/table.csv", "1\n"),
        ("alone/Cargo.toml", &manifest("alone", &bench("three"))),
        ("alone/src/lib.rs", "pub fn word() -> &'static str { \"alone\" }\n"),
        ("alone/benches/three.rs", &BENCH.replace("sample", "alone")),
        ("shared/word.txt", "word"),
        ("shared/other.txt", "word"),
        ("notes.md", "Note.\n"),
    ] {
        world.write(path, text);
    }
    world.remove("src/lib.rs");
    world.remove("benches/speak.rs");
    world
}

/// The names of the benches that a change affects; `None` where it is everything.
fn benches(affected: &Affected) -> Option<Vec<&str>> {
    match affected {
        Affected::Everything(_) => None,
        Affected::These(found) => Some(found.keys().map(|target| target.name.as_str()).collect()),
    }
}

/// A file, what is written to it (nothing: it goes), and which benches that can affect (nothing: all may be).
type Case<'a> = (&'a str, Option<&'a str>, Option<&'a [&'a str]>);

#[test]
fn only_benches_that_are_made_from_what_changed_are_affected_and_in_doubt_all() {
    let mut world = workspace();
    let commit = world.commit("base");
    let base = world.tree(&commit);
    let build = world.try_build(&base, &["--workspace"]).unwrap_or_else(|error| panic!("{error}\n{}", world.said()));
    let workbench = world.workbench();
    let all: &[&str] = &["three", "one", "two"];
    let cases: &[Case<'_>] = &[
        ("app/benches/one.rs", Some("fn main() {}\n"), Some(&["one"])),
        ("app/benches/more/mod.rs", Some("pub fn run() { print!(\"x\") }\n"), Some(&["two"])),
        ("app/src/inner.rs", Some("//! Something.\n"), Some(&["one", "two"])),
        ("base/src/lib.rs", Some("pub fn word() -> &'static str { \"other\" }\n"), Some(&["one", "two"])),
        ("alone/src/lib.rs", Some("pub fn word() -> &'static str { \"other\" }\n"), Some(&["three"])),
        ("app/build.rs", Some("fn main() {}\n"), Some(&["one", "two"])),
        // What a build script declared, what a source includes, what lies in the package, and what nobody knows of.
        ("app/data/deep/input.bin", Some("2"), Some(&["one", "two"])),
        ("shared/word.txt", Some("words"), Some(all)),
        ("shared/other.txt", Some("words"), Some(all)),
        ("base/table.csv", Some("2\n"), Some(&["one", "two"])),
        ("base/new.csv", Some("2\n"), Some(&["one", "two"])),
        ("base/table.csv", None, Some(&["one", "two"])),
        // Harmless.
        ("app/tests/test.rs", Some("// A test.\n"), Some(&[])),
        ("app/README.md", Some("Read me again.\n"), Some(&[])),
        ("notes.md", Some("Noted.\n"), Some(&[])),
        // A source that nobody names yet may be found by a macro; a target has come or gone; cargo's own files.
        ("base/src/new.rs", Some("\n"), Some(&["one", "two"])),
        ("alone/benches/four.rs", Some("fn main() {}\n"), None),
        ("app/tests/test.rs", None, None),
        ("base/Cargo.toml", Some("[package]\nname = \"base\"\nversion = \"0.1.1\"\nedition = \"2021\"\n"), None),
        (".cargo/config.toml", Some("[build]\nrustflags = [\"-Cdebuginfo=1\"]\n"), None),
        ("rust-toolchain.toml", Some("[toolchain]\nchannel = \"stable\"\n"), None),
    ];
    for (path, text, expected) in cases {
        match text {
            Some(text) => world.write(path, text),
            None => world.remove(path),
        }
        let head: SourceTree = world.repository().working_tree().unwrap();
        let affected = workbench.affected(&build, &base, &head, &[]);
        assert_eq!(benches(&affected).as_deref(), *expected, "{path}: {affected:?}");
        let ignored = workbench.affected(&build, &base, &head, &["*.csv".to_owned()]);
        if std::path::Path::new(path).extension().is_some_and(|extension| extension == "csv") {
            assert_eq!(benches(&ignored), Some(Vec::new()), "{path} is ignored");
        }
        world.git(&["reset", "--quiet", "--hard"]);
        world.git(&["clean", "--quiet", "--force", "-d"]);
    }
}

#[test]
fn a_build_script_that_does_not_say_what_it_reads_may_read_anything_of_its_package() {
    let mut world = workspace();
    world.write("app/build.rs", "fn main() {}\n");
    let commit = world.commit("silent");
    let base = world.tree(&commit);
    let build = world.try_build(&base, &["--workspace"]).unwrap();
    world.write("app/tests/test.rs", "// A test.\n");
    let head = world.repository().working_tree().unwrap();
    let affected = world.workbench().affected(&build, &base, &head, &[]);
    assert_eq!(benches(&affected), Some(vec!["one", "two"]));
}

#[test]
fn a_build_script_that_asks_git_may_be_affected_by_any_commit() {
    let mut world = workspace();
    world.write("app/build.rs", "fn main() { println!(\"cargo:rerun-if-changed=../.git/HEAD\"); }\n");
    let one = world.commit("one");
    let two = world.commit("two");
    let (base, head) = (world.tree(&one), world.tree(&two));
    let build = world.try_build(&base, &["--workspace"]).unwrap();
    let affected = world.workbench().affected(&build, &base, &head, &[]);
    assert_eq!(benches(&affected), Some(vec!["one", "two"]), "the same files of another commit");
    let affected = world.workbench().affected(&build, &base, &base, &[]);
    assert_eq!(benches(&affected), Some(Vec::new()));
}
