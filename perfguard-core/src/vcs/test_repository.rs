//! Real repositories for tests, made by the `git` program without the user's or the system's configuration.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A repository in a temporary directory.
#[must_use]
pub(crate) struct TestRepository {
    folder: tempfile::TempDir,
}

impl TestRepository {
    /// An empty one, on branch `main`.
    pub(crate) fn new() -> Self {
        let repository = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir(repository.root()).unwrap();
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("repo")
    }

    /// A folder beside the repository.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    pub(crate) fn write(&self, path: &str, content: &str) {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub(crate) fn commit(&self, subject: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", subject]);
        self.git(&["rev-parse", "HEAD"])
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        git(&self.root(), args)
    }
}

/// Calls git and gives what it printed, without the last line's end.
pub(crate) fn git(folder: &Path, args: &[&str]) -> String {
    #[expect(clippy::disallowed_methods, reason = "tests call git themselves")]
    let mut command = std::process::Command::new("git");
    #[expect(clippy::disallowed_methods, reason = "git finds its own programs by it")]
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.env_clear().env("PATH", path).env("HOME", folder).env("GIT_CONFIG_NOSYSTEM", "1");
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").args(["-c", "protocol.file.allow=always"]);
    command.args(["-c", "user.name=A", "-c", "user.email=a@example.org"]).args(args).current_dir(folder);
    let output = command.output().expect("git is needed: apt install git");
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// Everything below a folder: kind, mode, mtime and content of each path.
pub(crate) fn listing(folder: &Path) -> BTreeMap<PathBuf, (u32, i64, i64, blake3::Hash)> {
    let mut all = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        let found = path.symlink_metadata().unwrap();
        let content = match found.file_type() {
            kind if kind.is_symlink() => path.read_link().unwrap().into_os_string().into_encoded_bytes(),
            kind if kind.is_dir() => {
                open.extend(path.read_dir().unwrap().map(|item| item.unwrap().path()));
                Vec::new()
            }
            _ => std::fs::read(&path).unwrap(),
        };
        all.insert(path, (found.mode(), found.mtime(), found.mtime_nsec(), blake3::hash(&content)));
    }
    all
}
