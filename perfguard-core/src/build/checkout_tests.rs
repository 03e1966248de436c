//! The build tree after updates, with real repositories.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use super::*;
use crate::vcs::test_repository::{TestRepository, git, listing};
use crate::vcs::{CommitId, Mode, Repository, SourceTree};

type Change = fn(&TestRepository);

struct Bench {
    repository: TestRepository,
    checkout: Checkout,
    asked: usize,
}

impl Bench {
    fn new(repository: TestRepository) -> Self {
        let checkout = reopen(&repository);
        Self { repository, checkout, asked: 0 }
    }

    fn update(&mut self, tree: &SourceTree) -> Updated {
        let asked = &mut self.asked;
        let mut roots = |wb: &Path| -> Result<_, CheckoutError> {
            assert!(wb.ends_with("here/wb"));
            *asked += 1;
            Ok(vec![wb.join("src/lib.rs"), wb.join("build.rs")])
        };
        self.checkout.update(tree, &mut roots).unwrap()
    }

    /// Updates to a commit, pretends that cargo built it, and gives the mtimes of the tree's files as the build saw
    /// them.
    fn build(&mut self, commit: &str) -> BTreeMap<String, i128> {
        let tree = open(&self.repository).tree(&CommitId(commit.to_owned())).unwrap();
        self.update(&tree);
        let times = self.times();
        std::fs::write(self.checkout.layout().build().join("built"), commit).unwrap();
        self.checkout.build_ended().unwrap();
        times
    }

    fn wb(&self, path: &str) -> PathBuf {
        self.checkout.layout().wb().join(path)
    }

    /// Path and mtime of all files in the build tree but `.git`.
    fn times(&self) -> BTreeMap<String, i128> {
        let wb = self.wb("");
        let files = listing(&wb).into_iter().filter(|(path, _)| !path.is_dir() || path.is_symlink());
        let named = files.map(|(path, (_, s, ns, _))| {
            (
                path.strip_prefix(&wb).unwrap().to_string_lossy().into_owned(),
                i128::from(s) * 1_000_000_000 + i128::from(ns),
            )
        });
        named.filter(|(path, _)| path != ".git").collect()
    }

    fn end_of_build(&self) -> i128 {
        state::mtime_ns(&self.checkout.layout().root().join("build-ended").metadata().unwrap())
    }
}

fn reopen(repository: &TestRepository) -> Checkout {
    let layout = Layout::create(&repository.beside("cache/folder")).unwrap();
    Checkout::open(layout, Some(open(repository).common_dir().to_owned())).unwrap()
}

fn open(repository: &TestRepository) -> Repository {
    Repository::discover(&repository.root()).unwrap().unwrap()
}

fn package() -> TestRepository {
    let repository = TestRepository::new();
    repository.write("Cargo.toml", "[package]\nname = \"p\"\n");
    repository.write("build.rs", "fn main() {}\n");
    repository.write("src/lib.rs", "mod other;\n");
    repository.write("src/other.rs", "// one\n");
    repository.write("README.md", "one\n");
    repository.write("data/table.txt", "one\n");
    repository
}

#[test]
fn unchanged_files_keep_their_mtime_and_changed_ones_are_newer_than_the_build() {
    let repository = package();
    let first = repository.commit("first");
    repository.write("src/other.rs", "// two\n");
    repository.write("README.md", "two\n");
    let second = repository.commit("second");
    let mut bench = Bench::new(repository);
    let mut before = bench.build(&first);
    for (commit, text) in [(&second, "// two\n"), (&first, "// one\n"), (&second, "// two\n")] {
        let end = bench.end_of_build();
        let old_inode = bench.wb("src/other.rs").metadata().unwrap().ino();
        let held = std::fs::File::open(bench.wb("src/other.rs")).unwrap();
        let after = bench.build(commit);
        for (path, time) in &after {
            if ["src/other.rs", "README.md"].contains(&&path[..]) {
                assert!(*time > end, "{path} must be newer than the build");
            } else {
                assert_eq!(before[path], *time, "{path} must keep its mtime");
            }
        }
        assert_eq!(std::fs::read_to_string(bench.wb("src/other.rs")).unwrap(), text);
        assert_ne!(
            bench.wb("src/other.rs").metadata().unwrap().ino(),
            old_inode,
            "a new file, not the old one rewritten"
        );
        drop(held);
        before = after;
    }
    assert_eq!(bench.asked, 0, "cargo sees all of this by itself");
}

#[test]
fn what_cargo_does_not_see_touches_the_roots() {
    let changes: [(&str, Change); 5] = [
        ("data", |repository| repository.write("data/table.txt", "two\n")),
        ("deletion", |repository| std::fs::remove_file(repository.root().join("src/other.rs")).unwrap()),
        ("new source file", |repository| repository.write("src/new.rs", "")),
        ("new data file", |repository| repository.write("data/new", "")),
        ("source file that becomes a link", |repository| {
            std::fs::remove_file(repository.root().join("src/other.rs")).unwrap();
            symlink("../README.md", repository.root().join("src/other.rs")).unwrap();
        }),
    ];
    for (what, change) in changes {
        let repository = package();
        let first = repository.commit("first");
        change(&repository);
        let second = repository.commit("second");
        let mut bench = Bench::new(repository);
        let before = bench.build(&first);
        let end = bench.end_of_build();
        let after = bench.build(&second);
        assert_eq!(bench.asked, 1, "{what}");
        assert!(after["src/lib.rs"] > end && after["build.rs"] > end, "{what}");
        assert_eq!(after["Cargo.toml"], before["Cargo.toml"], "{what}");
        // What was touched is known as it is now.
        let again = bench.build(&second);
        assert_eq!(again, after, "{what}");
    }
}

#[test]
fn files_become_folders_and_links_and_back() {
    let repository = TestRepository::new();
    repository.write("a/deep/file", "x");
    repository.write("b", "file");
    repository.write("c", "file");
    let first = repository.commit("first");
    std::fs::remove_dir_all(repository.root().join("a")).unwrap();
    std::fs::remove_file(repository.root().join("b")).unwrap();
    std::fs::remove_file(repository.root().join("c")).unwrap();
    repository.write("a", "now a file");
    repository.write("b/deep/file", "now a folder");
    symlink("b/deep", repository.root().join("c")).unwrap();
    let second = repository.commit("second");
    std::fs::remove_file(repository.root().join("c")).unwrap();
    repository.write("c/inside", "a folder where a link was");
    let third = repository.commit("third");
    let mut bench = Bench::new(repository);
    for commit in [&first, &second, &third, &first, &third, &second] {
        bench.build(commit);
        let tree = open(&bench.repository).tree(&CommitId(commit.clone())).unwrap();
        let expected: Vec<_> = tree.entries.keys().map(|path| path.to_str().unwrap().to_owned()).collect();
        assert_eq!(bench.times().into_keys().collect::<Vec<_>>(), expected);
        for (path, entry) in &tree.entries {
            let found = bench.wb(path.to_str().unwrap());
            let blob = tree.read(path).unwrap().unwrap();
            match entry.mode {
                Mode::Symlink => {
                    assert_eq!(found.read_link().unwrap().to_str().unwrap().as_bytes(), blob.bytes);
                }
                Mode::File | Mode::Executable => assert_eq!(std::fs::read(found).unwrap(), blob.bytes),
            }
        }
    }
    assert!(!bench.wb("a/deep").exists());
}

#[test]
fn names_of_any_bytes_come_and_go() {
    let repository = TestRepository::new();
    for name in ["with space", "ünïcødé", "new\nline", "100%41"] {
        repository.write(name, name);
    }
    let first = repository.commit("first");
    repository.git(&["rm", "--quiet", "new\nline"]);
    let second = repository.commit("second");
    let mut bench = Bench::new(repository);
    let before = bench.build(&first);
    assert_eq!(before.len(), 4);
    bench.checkout = reopen(&bench.repository);
    let after = bench.build(&second);
    assert!(!after.contains_key("new\nline"));
    assert!(after.iter().all(|(path, time)| before[path] == *time));
}

#[test]
fn what_a_bench_or_a_crash_left_is_made_good() {
    let repository = package();
    let first = repository.commit("first");
    let mut bench = Bench::new(repository);
    bench.build(&first);
    std::fs::write(bench.wb("src/other.rs"), "// bad\n").unwrap(); // Same size.
    bench.build(&first);
    assert_eq!(std::fs::read_to_string(bench.wb("src/other.rs")).unwrap(), "// one\n");
    // Killed in the middle of an update: nothing that was noted holds any more.
    let end = bench.end_of_build();
    let tree = open(&bench.repository).tree(&CommitId(first.clone())).unwrap();
    std::fs::write(bench.wb("data/table.txt"), "x").unwrap();
    let failed = bench.checkout.update(&tree, &mut |_| Err(CheckoutError::NotKept { key: "stop".to_owned() }));
    assert!(failed.is_err());
    bench.checkout = reopen(&bench.repository);
    std::fs::write(bench.wb("junk"), "").unwrap();
    let after = bench.build(&first);
    assert!(after.values().all(|time| *time > end), "{after:?}");
    assert!(!bench.wb("junk").exists());
}

#[test]
fn a_build_that_was_killed_counts_as_ended_when_the_next_update_begins() {
    let repository = package();
    let first = repository.commit("first");
    repository.write("src/other.rs", "// two\n");
    let second = repository.commit("second");
    let mut bench = Bench::new(repository);
    bench.build(&first);
    let tree = open(&bench.repository).tree(&CommitId(first)).unwrap();
    bench.update(&tree);
    let written = bench.checkout.layout().build().join("last-of-the-killed-build");
    std::fs::write(&written, "").unwrap();
    bench.checkout = reopen(&bench.repository);
    assert!(bench.build(&second)["src/other.rs"] > state::mtime_ns(&written.metadata().unwrap()));
}

#[test]
fn a_lock_that_no_commit_brought_is_shared_until_a_tree_has_its_own() {
    let repository = package();
    let without = repository.commit("without");
    repository.write("src/other.rs", "// two\n");
    let also_without = repository.commit("also without");
    repository.write("Cargo.lock", "tracked");
    let with = repository.commit("with");
    let mut bench = Bench::new(repository);
    bench.build(&without);
    std::fs::write(bench.wb("Cargo.lock"), "generated").unwrap();
    bench.checkout.build_ended().unwrap();
    bench.checkout = reopen(&bench.repository);
    let lock = |bench: &Bench| std::fs::read_to_string(bench.wb("Cargo.lock")).unwrap_or_default();
    bench.build(&also_without);
    assert_eq!(lock(&bench), "generated");
    assert_eq!(bench.asked, 0);
    bench.build(&with);
    assert_eq!(lock(&bench), "tracked");
    bench.build(&without);
    assert_eq!(lock(&bench), "", "the other commit's lock must not stay");
    bench.checkout.offer_lock("Cargo.lock".into(), b"offered".to_vec());
    bench.checkout.offer_lock("elsewhere/Cargo.lock".into(), b"no manifest there".to_vec());
    bench.build(&also_without);
    assert_eq!(lock(&bench), "offered");
    assert!(!bench.wb("elsewhere").exists());
    std::fs::write(bench.wb("Cargo.lock"), "offered and completed by cargo").unwrap();
    bench.build(&without);
    assert_eq!(lock(&bench), "offered and completed by cargo");
    bench.checkout.offer_lock("Cargo.lock".into(), b"another".to_vec());
    bench.build(&without);
    assert_eq!(lock(&bench), "another");
    bench.build(&with);
    assert_eq!(lock(&bench), "tracked");
}

#[test]
fn git_answers_in_the_build_tree_as_in_a_clean_checkout() {
    let repository = package();
    let first = repository.commit("first");
    repository.git(&["tag", "--annotate", "v1.0", "--message", "one"]);
    repository.write("src/other.rs", "// two\n");
    let second = repository.commit("second");
    repository.git(&["tag", "light"]);
    repository.git(&["pack-refs", "--all"]);
    let describe = repository.git(&["describe", "--tags", "--long", "--match", "v*"]);
    let mut bench = Bench::new(repository);
    for (commit, described) in [(&first, "v1.0-0-g"), (&second, &describe[..]), (&first, "v1.0-0-g")] {
        bench.build(commit);
        std::fs::write(bench.wb("Cargo.lock"), "generated").unwrap();
        let ask = |args: &[&str]| git(&bench.wb("src"), args);
        assert_eq!(ask(&["rev-parse", "HEAD"]), *commit);
        assert!(ask(&["describe", "--tags", "--long", "--match", "v*"]).starts_with(described));
        assert_eq!(ask(&["status", "--porcelain"]), "");
        assert_eq!(ask(&["rev-parse", "main", "v1.0^{commit}", "light"]), [&second[..], &first, &second].join("\n"));
        assert_eq!(ask(&["log", "--format=%s", "-1"]), if commit == &first { "first" } else { "second" });
    }
    // A kept folder answers for its own commit.
    bench.checkout.keep("first").unwrap();
    bench.build(&second);
    bench.checkout.seat(Seat::Kept("first")).unwrap();
    assert_eq!(git(&bench.wb(""), &["rev-parse", "HEAD"]), first);
    assert_eq!(git(&bench.wb(""), &["status", "--porcelain"]), "");
    bench.checkout.seat(Seat::Builder).unwrap();
    assert_eq!(git(&bench.wb(""), &["rev-parse", "HEAD"]), second);
    // The working tree shows its dirt.
    bench.repository.write("src/other.rs", "// three\n");
    bench.repository.write("new", "");
    let tree = open(&bench.repository).working_tree().unwrap();
    bench.update(&tree);
    assert_eq!(git(&bench.wb(""), &["status", "--porcelain"]), "M src/other.rs\n?? new".replacen('M', " M", 1));
    assert_eq!(std::fs::read_to_string(bench.wb("src/other.rs")).unwrap(), "// three\n");
}

#[test]
fn the_stand_in_keeps_its_files_while_they_stay_right() {
    let repository = package();
    let first = repository.commit("first");
    let mut bench = Bench::new(repository);
    bench.build(&first);
    let before = listing(&bench.checkout.layout().here().join("git"));
    bench.build(&first);
    assert_eq!(listing(&bench.checkout.layout().here().join("git")), before);
}

#[test]
fn a_tree_of_no_commit_has_no_stand_in() {
    let repository = package();
    let first = repository.commit("first");
    let mut bench = Bench::new(repository);
    bench.build(&first);
    let tree = crate::vcs::directory_tree(&bench.repository.root(), &[]).unwrap();
    bench.update(&tree);
    assert!(!bench.wb(".git").exists());
    assert!(bench.wb("src/lib.rs").exists());
}

#[test]
fn what_is_kept_has_all_that_a_bench_may_look_for() {
    let repository = package();
    let first = repository.commit("first");
    std::fs::create_dir(repository.beside("shared")).unwrap();
    std::fs::write(repository.beside("shared/asset"), "outside").unwrap();
    let mut bench = Bench::new(repository);
    let root = bench.repository.root();
    bench.checkout.link_outside(&root, Path::new("../shared/deeper")).unwrap();
    bench.checkout.link_outside(&root, Path::new("../shared")).unwrap();
    for refused in ["../../far", "../out", "inside"] {
        let error = bench.checkout.link_outside(&root, Path::new(refused)).unwrap_err();
        assert!(matches!(error, CheckoutError::CannotLinkOutside { .. }), "{error:?}");
    }
    bench.build(&first);
    let here = bench.checkout.layout().here();
    let kept = bench.checkout.layout().kept("k");
    let lasting = [
        "out/release/program",
        "build/tmp/file",
        "build/release/build/p-0123/out/generated.rs",
        "build/x86_64-unknown-linux-gnu/release/build/p-0123/out/deep/x",
        "build/release/deps/libmacro.so",
    ];
    let passing =
        ["build/release/deps/libp.rlib", "build/release/incremental/p/x", "build/release/build/p-0123/output"];
    for path in lasting.iter().chain(&passing) {
        std::fs::create_dir_all(here.join(path).parent().unwrap()).unwrap();
        std::fs::write(here.join(path), path).unwrap();
    }
    bench.checkout.keep("k").unwrap();
    for path in lasting {
        assert_eq!(std::fs::read_to_string(kept.join(path)).unwrap(), path);
    }
    assert!(passing.iter().all(|path| !kept.join(path).exists()));
    assert_eq!(std::fs::read_to_string(kept.join("wb/src/other.rs")).unwrap(), "// one\n");
    assert_eq!(std::fs::read_to_string(kept.join("wb/../shared/asset")).unwrap(), "outside");
    assert_eq!(std::fs::read_to_string(here.join("wb/../shared/asset")).unwrap(), "outside");
    // Kept again under the same key: the new one.
    std::fs::write(here.join(lasting[0]), "newer").unwrap();
    bench.checkout.keep("k").unwrap();
    assert_eq!(std::fs::read_to_string(kept.join(lasting[0])).unwrap(), "newer");
}

#[test]
fn a_link_in_a_tree_is_never_written_through() {
    let repository = package();
    let outside = repository.beside("victim");
    std::fs::create_dir(&outside).unwrap();
    symlink(&outside, repository.root().join("link")).unwrap();
    let commit = repository.commit("link");
    let mut tree = open(&repository).tree(&CommitId(commit)).unwrap();
    let entry = tree.entries[Path::new("README.md")].clone();
    tree.entries.insert("link/file".into(), entry);
    let mut checkout = reopen(&repository);
    let refused = checkout.update(&tree, &mut |_| Ok::<_, CheckoutError>(Vec::new())).unwrap_err();
    assert!(matches!(refused, CheckoutError::Obstructed { .. }), "{refused:?}");
    assert_eq!(outside.read_dir().unwrap().count(), 0);
}

#[test]
fn a_file_that_changes_while_it_is_copied_is_named_and_noted_as_it_was_read() {
    let repository = package();
    repository.commit("first");
    let mut bench = Bench::new(repository);
    let tree = open(&bench.repository).working_tree().unwrap();
    bench.repository.write("src/other.rs", "// later\n");
    assert_eq!(bench.update(&tree).differing, [PathBuf::from("src/other.rs")]);
    let again = open(&bench.repository).working_tree().unwrap();
    assert_eq!(bench.update(&again), Updated::default(), "it is known with its true content");
}

#[test]
fn a_clock_that_went_back_throws_away_what_was_built() {
    let repository = package();
    let first = repository.commit("first");
    repository.write("src/other.rs", "// two\n");
    let second = repository.commit("second");
    let mut bench = Bench::new(repository);
    bench.build(&first);
    let end = std::fs::File::options().append(true).open(bench.checkout.layout().root().join("build-ended")).unwrap();
    let ahead = end.metadata().unwrap().modified().unwrap() + std::time::Duration::from_hours(1);
    end.set_modified(ahead).unwrap();
    let tree = open(&bench.repository).tree(&CommitId(second)).unwrap();
    bench.update(&tree);
    assert_eq!(bench.checkout.layout().build().read_dir().unwrap().count(), 0);
}

#[test]
fn nothing_below_the_repository_changes() {
    let repository = package();
    let first = repository.commit("first");
    repository.git(&["tag", "v1"]);
    repository.write("data/table.txt", "two\n");
    let second = repository.commit("second");
    repository.write("dirty", "");
    repository.write("src/other.rs", "// one\n"); // The same, but newer than the index says.
    let before = listing(&repository.root());
    let mut bench = Bench::new(repository);
    for commit in [&first, &second] {
        bench.build(commit);
        bench.checkout.keep(commit).unwrap();
        git(&bench.wb(""), &["status"]);
        git(&bench.wb(""), &["gc", "--quiet"]);
    }
    let tree = open(&bench.repository).working_tree().unwrap();
    bench.update(&tree);
    bench.checkout.keep(&tree.key()).unwrap();
    bench.checkout.seat(Seat::Kept(&first)).unwrap();
    drop(reopen(&bench.repository));
    assert_eq!(listing(&bench.repository.root()), before);
}

#[test]
fn a_linked_work_tree_and_its_submodules_are_built_and_git_answers() {
    let library = TestRepository::new();
    library.write("lib.rs", "one");
    library.commit("library");
    let repository = package();
    repository.git(&["submodule", "--quiet", "add", &library.root().display().to_string(), "vendor"]);
    let commit = repository.commit("with submodule");
    repository.git(&["worktree", "add", "--quiet", "../linked", "HEAD"]);
    let linked = Repository::discover(&repository.beside("linked")).unwrap().unwrap();
    let layout = Layout::create(&repository.beside("cache")).unwrap();
    let mut checkout = Checkout::open(layout.clone(), Some(linked.common_dir().to_owned())).unwrap();
    let tree = linked.tree(&CommitId(commit.clone())).unwrap();
    checkout.update(&tree, &mut |_| Ok::<_, CheckoutError>(Vec::new())).unwrap();
    assert_eq!(std::fs::read_to_string(layout.wb().join("vendor/lib.rs")).unwrap(), "one");
    assert_eq!(git(&layout.wb(), &["rev-parse", "HEAD"]), commit);
    assert_eq!(git(&layout.wb(), &["status", "--porcelain"]), "");
}

/// What the package's program prints when cargo brings it up to date.
fn run_with_cargo(bench: &mut Bench, commit: &str) -> String {
    let tree = open(&bench.repository).tree(&CommitId(commit.to_owned())).unwrap();
    let roots = |wb: &Path| Ok::<_, CheckoutError>(vec![wb.join("src/main.rs"), wb.join("build.rs")]);
    bench.checkout.update(&tree, &mut { roots }).unwrap();
    let layout = bench.checkout.layout();
    #[expect(clippy::disallowed_methods, reason = "tests call cargo themselves")]
    let mut cargo = std::process::Command::new("cargo");
    cargo.args(["run", "--quiet", "--offline"]).current_dir(layout.wb()).env("CARGO_TARGET_DIR", layout.build());
    let output = cargo.output().expect("cargo is needed: https://rustup.rs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    bench.checkout.build_ended().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn cargo_never_gives_one_commit_the_program_of_another() {
    let repository = TestRepository::new();
    repository.write("Cargo.toml", "[package]\nname = \"p\"\nedition = \"2021\"\n[workspace]\n");
    // It reads a folder and does not say so: cargo runs it again for a newer file only.
    let script = r#"fn main() {
        let mut names: Vec<_> = std::fs::read_dir("data").unwrap().map(|item| item.unwrap().file_name()).collect();
        names.sort();
        println!("cargo::rerun-if-changed=build.rs");
        println!("cargo::rustc-env=NAMES={names:?}");
    }"#;
    repository.write("build.rs", script);
    repository.write("src/main.rs", "mod text;\nfn main() { print!(\"{} {}\", text::TEXT, env!(\"NAMES\")) }\n");
    let mut commits = Vec::new();
    for (text, files) in [("a", &["one"][..]), ("b", &["one"]), ("b", &["one", "two"]), ("b", &["two"])] {
        repository.write("src/text.rs", &format!("pub const TEXT: &str = {text:?};\n"));
        drop(std::fs::remove_dir_all(repository.root().join("data")));
        for file in files {
            repository.write(&format!("data/{file}"), "");
        }
        commits.push((repository.commit("next"), format!("{text} {files:?}")));
    }
    let mut bench = Bench::new(repository);
    for (commit, said) in commits.iter().chain(commits.iter().rev()).chain([&commits[0], &commits[3], &commits[1]]) {
        assert_eq!(run_with_cargo(&mut bench, commit), *said);
    }
}
