//! A repository, its workbench, and what came out of a build.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::multicall;
use perfguard_core::build::{Build, BuildError, BuildRequest, Seat, Workbench, WorkbenchSetup};
use perfguard_core::cancel::CancellationToken;
use perfguard_core::event::Event;
use perfguard_core::model::Artifact;
use perfguard_core::vcs::{CommitId, Repository, SourceTree};

pub(crate) struct World {
    folder: tempfile::TempDir,
    pub(crate) events: Vec<Event>,
    pub(crate) environment: Vec<(OsString, OsString)>,
    pub(crate) lock: Option<(PathBuf, Vec<u8>)>,
}

pub(crate) const MANIFEST: &str = "\
[package]
name = \"sample\"
version = \"0.1.0\"
edition = \"2021\"

[lib]
bench = false

[profile.bench]
opt-level = 0

[[bench]]
name = \"speak\"
harness = false
";

/// Says what the library says.
pub(crate) const BENCH: &str = "fn main() { println!(\"{}\", sample::word()); }\n";

pub(crate) fn library(word: &str) -> String {
    format!("pub fn word() -> String {{ {word:?}.to_owned() }}\n")
}

impl World {
    /// A committed repository with one library and one bench that prints what the library says, `one`.
    pub(crate) fn new() -> Self {
        let world = Self::empty();
        world.git(&["init", "--quiet", "--initial-branch=main"]);
        world.write("Cargo.toml", MANIFEST);
        world.write(".gitignore", "/target\nCargo.lock\n");
        world.write("benches/speak.rs", BENCH);
        world.write("src/lib.rs", &library("one"));
        world
    }

    pub(crate) fn empty() -> Self {
        let folder = tempfile::Builder::new().prefix("perfguard workbench ").tempdir().unwrap();
        for name in ["cache", "outer/repository"] {
            std::fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        let hidden = ["GIT_", "CARGO", "RUSTC", "RUST_", "RUSTUP_TOOLCHAIN", "LD_LIBRARY_PATH"];
        let keep = ["CARGO_HOME", "RUSTUP_HOME"];
        let environment = std::env::vars_os()
            .filter(|(name, _)| {
                let name = name.to_string_lossy();
                keep.contains(&&*name) || !hidden.iter().any(|part| name.starts_with(part))
            })
            .collect();
        Self { folder, events: Vec::new(), environment, lock: None }
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("outer/repository").canonicalize().unwrap()
    }

    /// The folder that holds the repository.
    pub(crate) fn outer(&self) -> PathBuf {
        self.folder.path().join("outer")
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.folder.path().join("cache").canonicalize().unwrap()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn remove(&self, path: &str) {
        std::fs::remove_file(self.root().join(path)).unwrap();
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        git_in(&self.root(), args)
    }

    pub(crate) fn commit(&self, message: &str) -> CommitId {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.repository().resolve("HEAD").unwrap()
    }

    pub(crate) fn repository(&self) -> Repository {
        Repository::discover(&self.root()).unwrap().unwrap()
    }

    pub(crate) fn setup(&self) -> WorkbenchSetup {
        WorkbenchSetup {
            cache: self.cache(),
            repository_key: "repository".into(),
            executable: multicall(),
            invoking_root: self.root(),
            common_dir: Repository::discover(&self.root()).unwrap().map(|found| found.common_dir().to_owned()),
            environment: self.environment.clone(),
        }
    }

    pub(crate) fn workbench(&self) -> Workbench {
        Workbench::open(&self.setup()).unwrap()
    }

    pub(crate) fn tree(&self, commit: &CommitId) -> SourceTree {
        self.repository().tree(commit).unwrap()
    }

    pub(crate) fn try_build(&mut self, source: &SourceTree, args: &[&str]) -> Result<Build, BuildError> {
        let request = BuildRequest {
            what: format!("commit {}", source.commit.as_ref().map_or("none", CommitId::short)),
            manifest: "Cargo.toml".into(),
            cwd: PathBuf::new(),
            cargo_args: args.iter().map(Into::into).collect(),
            profile: "bench".into(),
            features: Vec::new(),
            variant: perfguard_core::model::Variant::default(),
            lock: self.lock.clone(),
            color: false,
        };
        self.workbench().build(source, &request, &mut self.events, &CancellationToken::new())
    }

    pub(crate) fn build(&mut self, source: &SourceTree) -> Build {
        self.try_build(source, &[]).unwrap_or_else(|error| panic!("{error}\n{}", self.said()))
    }

    pub(crate) fn build_commit(&mut self, commit: &CommitId) -> Build {
        let tree = self.tree(commit);
        self.build(&tree)
    }

    /// Builds a commit and keeps its folder.
    pub(crate) fn keep(&mut self, commit: &CommitId) -> Build {
        let tree = self.tree(commit);
        let build = self.build(&tree);
        self.workbench().keep(&build).unwrap();
        build
    }

    /// What the only bench of a commit prints while the commit's kept folder stands in its place.
    pub(crate) fn speak_kept(&mut self, build: &Build) -> String {
        let mut workbench = self.workbench();
        workbench.seat(Seat::Kept(&build.key)).unwrap();
        let said = speak(&build.artifacts[0]);
        workbench.seat(Seat::Builder).unwrap();
        said
    }

    /// What the commit's only bench prints, just built.
    pub(crate) fn speak(&mut self, commit: &CommitId) -> String {
        let build = self.build_commit(commit);
        speak(&build.artifacts[0])
    }

    /// All that cargo and perfguard said.
    pub(crate) fn said(&self) -> String {
        let mut lines = Vec::new();
        for event in &self.events {
            if let Event::CargoLine(line) | Event::Remark { message: line, .. } = event {
                lines.push(line.clone());
            }
        }
        lines.join("\n")
    }
}

/// Runs an executable as cargo would and gives what it printed.
pub(crate) fn speak(artifact: &Artifact) -> String {
    let mut command = Command::new(&artifact.program);
    command.env_clear().envs(artifact.run.env.iter().cloned()).current_dir(&artifact.run.cwd).arg("--bench");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

pub(crate) fn git_in(folder: &Path, args: &[&str]) -> String {
    let mut command = Command::new("git");
    command.env_clear().current_dir(folder).args(["-c", "protocol.file.allow=always"]).args(args);
    command.env("PATH", std::env::var_os("PATH").unwrap()).env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", folder);
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "A U Thor").env(format!("GIT_{role}_EMAIL"), "author@example.com");
        command.env(format!("GIT_{role}_DATE"), "2026-01-02T03:04:05Z");
    }
    let output = command.output().expect("git is installed: apt-get install git");
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Every file below a folder with size, mtime and content, but perfguard's own in the git directory.
pub(crate) fn everything(root: &Path) -> BTreeMap<PathBuf, (u64, std::time::SystemTime, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
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
