//! Repositories, paths and environments as people really have them: each works, or says what to do.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::path::Path;

use common::{MANIFEST, PLAIN_BENCH, Ran, TestEnvironment};

/// Runs perfguard in a folder with some variables changed: `None` takes one away.
fn with(environment: &TestEnvironment, folder: &Path, variables: &[(&str, Option<&str>)], args: &[&str]) -> Ran {
    let mut command = environment.perfguard_command(folder, args);
    for (name, value) in variables {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    common::ran(&command.output().unwrap())
}

/// A copy of the environment's repository in another folder beside it.
fn beside(environment: &TestEnvironment, name: &str) -> std::path::PathBuf {
    environment.root().with_file_name(name)
}

fn url(environment: &TestEnvironment) -> String {
    format!("file://{}", environment.root().display())
}

fn quick(ran: Ran) {
    let text = ran.expect_code(0).stdout;
    assert!(text.contains("sample::quick"), "{text}");
}

#[test]
fn paths_with_spaces_quotes_unicode_and_newlines_are_built_and_measured() {
    let environment = TestEnvironment::with_plain_bench();
    for name in ["with space", "Größe ∑", "quote'\"$x", "new\nline"] {
        let repository = beside(&environment, name);
        environment.git(&["clone", "--quiet", &url(&environment), repository.to_str().unwrap()]);
        let cache = beside(&environment, &format!("cache of {name}"));
        let variables = [("PERFGUARD_CACHE", cache.to_str())];
        quick(with(&environment, &repository, &variables, &["run", "--quick"]));
        quick(with(&environment, &repository, &variables, &["baseline", "--quick", "--fresh"]));
    }
}

#[test]
fn the_users_own_target_directory_flags_and_wrapper_are_followed_and_left_alone() {
    let environment = TestEnvironment::with_files(&[(
        "benches/quick.rs",
        "fn main() { assert!(cfg!(told_so), \"RUSTFLAGS are followed\"); }\n",
    )]);
    let target = beside(&environment, "their target");
    let log = beside(&environment, "wrapped");
    environment.write("wrapper.sh", &format!("#!/bin/sh\necho called >> '{}'\nexec \"$@\"\n", log.display()));
    let wrapper = environment.root().join("wrapper.sh");
    environment.git(&["update-index", "--add", "wrapper.sh"]);
    let made = environment.command("chmod", &environment.root()).arg("755").arg(&wrapper).status().unwrap();
    assert!(made.success());
    let variables = [
        ("CARGO_TARGET_DIR", target.to_str()),
        ("RUSTFLAGS", Some("--cfg told_so")),
        ("RUSTC_WRAPPER", wrapper.to_str()),
    ];
    quick(with(&environment, &environment.root(), &variables, &["run", "--quick"]));
    assert!(!target.exists(), "nothing is built in the user's own target directory");
    assert!(log.exists(), "the user's own wrapper is called");
}

#[test]
fn without_a_home_the_cache_has_to_be_named() {
    let environment = TestEnvironment::with_plain_bench();
    let no_home = [("HOME", None), ("XDG_CACHE_HOME", None)];
    quick(with(&environment, &environment.root(), &no_home, &["run", "--quick"]));
    let nowhere = [("HOME", None), ("XDG_CACHE_HOME", None), ("PERFGUARD_CACHE", None)];
    with(&environment, &environment.root(), &nowhere, &["run", "--quick"]).expect_code(97).says("PERFGUARD_CACHE");
}

#[test]
fn a_cache_on_another_file_system_works() {
    use std::os::unix::fs::MetadataExt;
    let environment = TestEnvironment::with_plain_bench();
    // Memory is a file system of its own on every Linux.
    let cache = tempfile::Builder::new().prefix("perfguard-test-").tempdir_in("/dev/shm").unwrap();
    assert_ne!(cache.path().metadata().unwrap().dev(), environment.root().metadata().unwrap().dev());
    let variables = [("PERFGUARD_CACHE", cache.path().to_str())];
    quick(with(&environment, &environment.root(), &variables, &["run", "--quick"]));
    quick(with(&environment, &environment.root(), &variables, &["baseline", "--quick"]));
    let run = with(&environment, &environment.root(), &variables, &["run", "--quick", "--format", "json"]);
    assert_eq!(run.expect_code(0).json()["comparisons"][0]["verdict"], "unchanged");
}

#[test]
fn a_package_that_its_workspace_does_not_know_shows_cargos_message() {
    let environment = TestEnvironment::with_plain_bench();
    environment.write("Cargo.toml", &format!("{MANIFEST}\n[workspace]\nmembers = []\n"));
    environment.write("stray/Cargo.toml", MANIFEST);
    environment.write("stray/benches/quick.rs", PLAIN_BENCH);
    environment.write("stray/src/lib.rs", "");
    let stray = environment.root().join("stray");
    with(&environment, &stray, &[], &["run"]).expect_code(102).says("believes it's in a workspace when it's not");
    // Below the repository but with a workspace of its own, it is one.
    environment.write("stray/Cargo.toml", &format!("{MANIFEST}\n[workspace]\n"));
    quick(with(&environment, &stray, &[], &["run", "--quick"]));
    let manifest = stray.join("Cargo.toml");
    quick(environment.perfguard(&["run", "--quick", "--manifest-path", manifest.to_str().unwrap()]));
}

#[test]
fn a_shallow_clone_is_measured_and_what_lies_beyond_its_end_has_a_hint() {
    let environment = TestEnvironment::with_plain_bench();
    environment.write("src/lib.rs", "//! Second.\n");
    environment.commit("second");
    let clone = beside(&environment, "shallow");
    environment.git(&["clone", "--quiet", "--depth", "1", &url(&environment), clone.to_str().unwrap()]);
    quick(with(&environment, &clone, &[], &["baseline", "--quick"]));
    let beyond = with(&environment, &clone, &[], &["baseline", "--commit", "HEAD~1"]);
    beyond.expect_code(2).says("HEAD~1").says("git fetch --unshallow");
}

#[test]
fn a_partial_clone_measures_its_tree_and_says_how_to_fetch_the_rest() {
    let environment = TestEnvironment::with_plain_bench();
    environment.write("src/lib.rs", "//! Second.\n");
    environment.commit("second");
    environment.git(&["config", "uploadpack.allowFilter", "true"]);
    let clone = beside(&environment, "partial");
    environment.git(&["clone", "--quiet", "--filter=blob:none", &url(&environment), clone.to_str().unwrap()]);
    quick(with(&environment, &clone, &[], &["run", "--quick"]));
    let missing = with(&environment, &clone, &[], &["baseline", "--quick", "--commit", "HEAD~1"]);
    missing.expect_code(97).says("never fetched").says("git fetch --refetch");
}

#[test]
fn repositories_that_libgit2_does_not_read_are_refused_with_what_to_do() {
    let environment = TestEnvironment::with_plain_bench();
    for (option, format) in [("--ref-format=reftable", "reftable"), ("--object-format=sha256", "SHA-256")] {
        let folder = beside(&environment, format);
        environment.git(&["init", "--quiet", option, folder.to_str().unwrap()]);
        std::fs::create_dir_all(folder.join("src")).unwrap();
        std::fs::create_dir_all(folder.join("benches")).unwrap();
        for (path, text) in [("Cargo.toml", MANIFEST), ("src/lib.rs", ""), ("benches/quick.rs", PLAIN_BENCH)] {
            std::fs::write(folder.join(path), text).unwrap();
        }
        for command in ["run", "list", "baseline", "show", "clean"] {
            let ran = with(&environment, &folder, &[], &[command]);
            ran.expect_code(97).says(format).says("git clone --ref-format=files");
        }
    }
}

#[test]
fn a_repository_of_another_user_is_trusted_only_when_the_user_says_so() {
    let environment = TestEnvironment::with_plain_bench();
    if let Err(error) = std::os::unix::fs::chown(environment.root(), Some(12_345), None) {
        panic!(
            "only root can give a repository to another user ({error}). Run this test as root:\n\
             sudo env \"PATH=$PATH\" \"HOME=$HOME\" cargo test --target-dir target/root -p cargo-perfguard --test odd_places another_user"
        );
    }
    for path in [".git", ".git/config"] {
        std::os::unix::fs::chown(environment.root().join(path), Some(12_345), None).unwrap();
    }
    let refused = environment.perfguard(&["run", "--quick"]).expect_code(97).says("belongs to another user");
    let hint = refused.stderr.split('`').find(|part| part.starts_with("git config --global")).unwrap();
    let words: Vec<_> = hint.split(' ').skip(1).collect();
    let told = environment.command("git", Path::new("/")).args(words).status().unwrap();
    assert!(told.success());
    quick(environment.perfguard(&["run", "--quick"]));
}

#[test]
fn an_absent_submodule_is_said_and_only_what_needs_it_fails() {
    let environment = TestEnvironment::with_plain_bench();
    environment.write("other/file", "content\n");
    let other = beside(&environment, "other");
    environment.git(&["init", "--quiet", other.to_str().unwrap()]);
    std::fs::write(other.join("file"), "content\n").unwrap();
    let in_other = |args: &[&str]| assert!(environment.command("git", &other).args(args).status().unwrap().success());
    in_other(&["add", "."]);
    in_other(&["commit", "--quiet", "--message", "first"]);
    let source = other.to_str().unwrap();
    environment.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", source, "sub"]);
    environment.commit("with a submodule");
    let clone = beside(&environment, "clone");
    environment.git(&["clone", "--quiet", &url(&environment), clone.to_str().unwrap()]);
    for command in ["run", "baseline"] {
        let ran = with(&environment, &clone, &[], &[command, "--quick"]).expect_code(0);
        assert!(ran.stderr.contains("sub") && ran.stderr.contains("git submodule update --init"), "{}", ran.stderr);
    }
}

#[test]
fn a_path_dependency_outside_the_repository_is_linked_and_said() {
    let manifest = format!("{MANIFEST}\n[dependencies]\nneighbour = {{ path = \"../neighbour\" }}\n");
    let bench = "fn main() { assert_eq!(neighbour::answer(), 42); }\n";
    let environment = TestEnvironment::with_files(&[("Cargo.toml", &manifest), ("benches/quick.rs", bench)]);
    let neighbour = beside(&environment, "neighbour");
    std::fs::create_dir_all(neighbour.join("src")).unwrap();
    let own = "[package]\nname = \"neighbour\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    std::fs::write(neighbour.join("Cargo.toml"), own).unwrap();
    std::fs::write(neighbour.join("src/lib.rs"), "pub fn answer() -> u32 { 42 }\n").unwrap();
    let run = environment.perfguard(&["run", "--quick"]).expect_code(0);
    assert!(run.stderr.contains("../neighbour") && run.stderr.contains("not versioned"), "{}", run.stderr);
    environment.perfguard(&["baseline", "--quick"]).expect_code(0).says("not versioned");
    let names: Vec<_> = std::fs::read_dir(neighbour).unwrap().map(|item| item.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "nothing is written there: {names:?}");
}
