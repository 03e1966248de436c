//! A hermetic place to run the real executable in: own home, own cache, own git configuration, a real repository.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking and starts processes itself"
)]
#![allow(dead_code, reason = "each test file uses another part")]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// One test's world. Everything in it goes when the test ends.
pub(crate) struct TestEnvironment {
    folder: tempfile::TempDir,
}

/// What a command did.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// The command ended with this code; otherwise the test shows what it said.
    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        let Self { stdout, stderr, .. } = &self;
        assert_eq!(self.code, Some(code), "\n--- stdout\n{stdout}\n--- stderr\n{stderr}");
        self
    }

    /// Its data as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{}", self.stdout))
    }

    /// Its talk contains this.
    #[track_caller]
    pub(crate) fn says(self, part: &str) -> Self {
        assert!(self.stderr.contains(part), "expected `{part}` in\n{}", self.stderr);
        self
    }
}

impl TestEnvironment {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("perfguard-test-").tempdir().unwrap();
        for name in ["home", "cache", "repository"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self { folder }
    }

    /// A committed repository with one package `sample` of these files; `Cargo.toml` and `src/lib.rs` have defaults.
    pub(crate) fn with_files(files: &[(&str, &str)]) -> Self {
        let environment = Self::new();
        environment.git(&["init", "--quiet", "--initial-branch=main"]);
        environment.write("Cargo.toml", MANIFEST);
        environment.write("src/lib.rs", "");
        environment.write(".gitignore", "/target\n");
        for (path, text) in files {
            environment.write(path, text);
        }
        environment.commit("first");
        environment
    }

    /// A committed repository with one plain bench, `quick`, that does next to nothing.
    pub(crate) fn with_plain_bench() -> Self {
        Self::with_files(&[("benches/quick.rs", PLAIN_BENCH)])
    }

    /// A committed repository with the scripted fixture and this script.
    pub(crate) fn scripted(script: &str) -> Self {
        let environment = Self::new();
        environment.git(&["init", "--quiet", "--initial-branch=main"]);
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/scripted");
        let read = |path: &str| std::fs::read_to_string(fixture.join(path)).unwrap();
        environment.write("Cargo.toml", &read("Cargo_test.toml"));
        environment.write("src/lib.rs", &read("src/lib.rs"));
        environment.write("benches/script.rs", &read("benches/script.rs"));
        environment.write("script.txt", script);
        environment.commit("base");
        environment
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("repository").canonicalize().unwrap()
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        let output =
            self.command("git", &self.root()).args(args).output().expect("git is installed: apt-get install git");
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Commits everything; gives back the commit.
    pub(crate) fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// The same past every hook.
    pub(crate) fn commit_unhooked(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--no-verify", "--message", message]);
    }

    /// The real executable with these arguments, called from the repository's root.
    #[must_use = "assert on what the command did"]
    pub(crate) fn perfguard(&self, args: &[&str]) -> Ran {
        self.perfguard_in(&self.root(), args)
    }

    /// The same from another folder.
    #[must_use = "assert on what the command did"]
    pub(crate) fn perfguard_in(&self, folder: &Path, args: &[&str]) -> Ran {
        ran(&self.perfguard_command(folder, args).output().unwrap())
    }

    /// The command, to be changed further before it runs.
    pub(crate) fn perfguard_command(&self, folder: &Path, args: &[&str]) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_cargo-perfguard"), folder);
        command.args(args);
        command
    }

    /// A program in a clean environment: what cargo and git need, and nothing of whoever runs the tests.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().current_dir(folder).stdin(Stdio::null());
        for name in ["PATH", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "LLVM_PROFILE_FILE"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        let real_home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
        for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
            if std::env::var_os(name).is_none() && real_home.join(folder).is_dir() {
                command.env(name, real_home.join(folder));
            }
        }
        let home = self.folder.path().join("home");
        command.env("HOME", &home).env("PERFGUARD_CACHE", self.cache()).env("GIT_CONFIG_NOSYSTEM", "1");
        for (name, value) in [
            ("GIT_AUTHOR_NAME", "A U Thor"),
            ("GIT_AUTHOR_EMAIL", "author@example.com"),
            ("GIT_COMMITTER_NAME", "A U Thor"),
            ("GIT_COMMITTER_EMAIL", "author@example.com"),
        ] {
            command.env(name, value);
        }
        command
    }

    /// A program that finds the real executable by its name, as git's hooks do.
    pub(crate) fn command_with_perfguard(&self, program: impl AsRef<OsStr>) -> Command {
        let folder = Path::new(env!("CARGO_BIN_EXE_cargo-perfguard")).parent().unwrap().to_owned();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&path)));
        let mut command = self.command(program, &self.root());
        command.env("PATH", path.unwrap());
        command
    }

    /// Every file below the repository with size, mtime and content, `.git` included, but perfguard's own folder in it.
    pub(crate) fn everything(&self) -> BTreeMap<PathBuf, (u64, std::time::SystemTime, Vec<u8>)> {
        let mut found = BTreeMap::new();
        let mut open = vec![self.root()];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                let metadata = path.symlink_metadata().unwrap();
                if path.ends_with(".git/perfguard") {
                    continue;
                }
                if metadata.is_dir() {
                    open.push(path);
                } else {
                    let content = std::fs::read(&path).unwrap_or_default();
                    found.insert(path, (metadata.len(), metadata.modified().unwrap(), content));
                }
            }
        }
        found
    }
}

pub(crate) fn ran(output: &Output) -> Ran {
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

pub(crate) const MANIFEST: &str = "\
[package]
name = \"sample\"
version = \"0.1.0\"
edition = \"2021\"

[lib]
bench = false

[[bench]]
name = \"quick\"
harness = false
";

pub(crate) const PLAIN_BENCH: &str =
    "fn main() { assert_eq!(std::env::args().last().as_deref(), Some(\"--bench\")); }\n";
