//! A git repository in a temporary folder, for tasks that try the real program: its own cache, target directory and store.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use perfguard_core::model::{Comparison, ComparisonRun};
use perfguard_core::store::{Store, StoreLocation};

/// The repository, and a folder beside it for what is kept meanwhile.
pub(crate) struct Scratch {
    pub(crate) repository: PathBuf,
    folder: tempfile::TempDir,
}

impl Scratch {
    /// An empty one. `root` is this repository, whose lock has the same versions.
    pub(crate) fn new(root: &Path) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let repository = folder.path().join("repository");
        let scratch = Self { repository, folder };
        scratch.write("Cargo.lock", &fs_err::read_to_string(root.join("Cargo.lock"))?)?;
        scratch.write(".gitignore", "target\n")?;
        scratch.git(&["init", "--quiet", "--initial-branch=main"])?;
        Ok(scratch)
    }

    /// Writes a file of the repository.
    pub(crate) fn write(&self, path: &str, text: &str) -> Result<()> {
        let path = self.repository.join(path);
        fs_err::create_dir_all(path.parent().context("a file has a folder")?)?;
        Ok(fs_err::write(path, text)?)
    }

    /// Commits everything; gives the commit's id.
    pub(crate) fn commit(&self, message: &str) -> Result<String> {
        self.git(&["add", "--all"])?;
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message])?;
        self.git(&["rev-parse", "HEAD"])
    }

    /// Calls git; gives what it printed, without the last line's end.
    pub(crate) fn git(&self, words: &[&str]) -> Result<String> {
        let mut git = self.command(Path::new("git"));
        git.args(["-c", "user.name=A", "-c", "user.email=a@example.com"]).args(words);
        let output = git.output()?;
        ensure!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
    }

    /// Where results are kept.
    pub(crate) fn store(&self) -> PathBuf {
        self.folder.path().join("history.db")
    }

    /// A command that is called in the repository.
    pub(crate) fn command(&self, program: &Path) -> Command {
        #[expect(clippy::disallowed_methods, reason = "a task calls cargo, git and perfguard")]
        let mut command = Command::new(program);
        command.current_dir(&self.repository).stdin(Stdio::null());
        command.env("PERFGUARD_CACHE", self.folder.path().join("cache"));
        command.env("CARGO_TARGET_DIR", self.folder.path().join("target"));
        command
    }

    /// Leaves it where it is when the task ends; gives where the repository is.
    pub(crate) fn keep(self) -> PathBuf {
        drop(self.folder.keep());
        self.repository
    }
}

/// The perfguard that a task looks at, by its whole path: the one that is given, else this repository's, built as users have it.
pub(crate) fn program(root: &Path, given: Option<&Path>) -> Result<PathBuf> {
    if let Some(given) = given {
        return Ok(fs_err::canonicalize(given)?);
    }
    #[expect(clippy::disallowed_methods, reason = "a task calls cargo")]
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root).args(["build", "--release", "--package", "cargo-perfguard"]);
    ensure!(cargo.status()?.success(), "cargo-perfguard does not build");
    Ok(root.join("target/release/cargo-perfguard"))
}

/// What perfguard wrote into this store: all of it, and its newest comparison.
pub(crate) fn newest_comparison(path: &Path) -> Result<(Store, ComparisonRun, Vec<Comparison>)> {
    let store = Store::open_to_read(&StoreLocation(path.to_owned()))?.context("perfguard kept nothing")?;
    let newest = store.runs(1)?.pop().context("perfguard kept no run")?;
    let (whole, comparisons) = store.comparison(newest.run.id)?.context("the newest run is no comparison")?;
    Ok((store, whole, comparisons))
}

/// A package with a library and one criterion bench target, both called `suite`.
pub(crate) const SUITE_MANIFEST: &str = r#"[package]
name = "suite"
version = "0.1.0"
edition = "2021"

[lib]
bench = false

[dev-dependencies]
criterion = { version = "0.8", default-features = false, features = ["cargo_bench_support"] }

[[bench]]
name = "suite"
harness = false
"#;

#[expect(clippy::disallowed_methods, reason = "a task tells how long things take")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
