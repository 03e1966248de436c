//! Executables kept by the hash of their bytes, each with how to run it and the inputs of its link.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::BuildError;
use super::Layout;
use super::kit_check::{self, KIT_FOLDER, KIT_REFUSED};
use super::messages::Built;
use super::retention::touch;
use super::role_linker::DESCRIPTION;
use super::state::mtime_ns;
use crate::cancel::CancellationToken;
use crate::model::{Artifact, ArtifactHash, BuildContext, RunEnvironment, TargetId};

/// What is written beside an executable.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Description {
    target: TargetId,
    file: String,
    context: BuildContext,
    runner: Vec<std::ffi::OsString>,
    cwd: PathBuf,
    env: Vec<(std::ffi::OsString, std::ffi::OsString)>,
    has_link_kit: bool,
}

/// Hashes of files that have not changed since they were hashed.
#[derive(Debug, Default, Serialize, Deserialize)]
struct KnownHashes(BTreeMap<String, (u64, i128, u64, String)>);

/// The folder of an executable, in which nothing else is: its name may be any.
pub(super) const PROGRAM: &str = "program";

fn program(folder: &Path, file: &str) -> PathBuf {
    folder.join(PROGRAM).join(file)
}

/// The executables of one workbench.
pub(super) struct Artifacts<'a> {
    layout: &'a Layout,
}

impl<'a> Artifacts<'a> {
    pub(super) fn new(layout: &'a Layout) -> Self {
        Self { layout }
    }

    fn folder(&self, hash: &ArtifactHash) -> PathBuf {
        self.layout.artifacts().join(&hash.0)
    }

    /// Keeps what was just built. Executables that are kept already only learn how they are run now.
    pub(super) fn keep_all(
        &self,
        built: &[Built],
        runs: &BTreeMap<PathBuf, RunEnvironment>,
        context: &BuildContext,
        cancel: &CancellationToken,
    ) -> Result<Vec<Artifact>, BuildError> {
        let cache = self.layout.root().join("hashes.json");
        let read = fs_err::read(&cache).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let mut known: KnownHashes = read.unwrap_or_default();
        let mut artifacts = Vec::new();
        let mut fresh = KnownHashes::default();
        for executable in built {
            let run = runs.get(&executable.program);
            let run = run.ok_or_else(|| BuildError::NotCaptured { target: executable.target.to_string() })?;
            let hash = hash_of(&executable.program, &mut known, &mut fresh)?;
            artifacts.push(self.keep(executable, &hash, run, context, cancel)?);
        }
        if fresh.0 != known.0 {
            write_whole(&cache, &serde_json::to_vec(&fresh).expect("hashes are plain data"))
                .map_err(BuildError::Cache)?;
        }
        artifacts.sort_by(|left, right| left.target.cmp(&right.target));
        Ok(artifacts)
    }

    fn keep(
        &self,
        built: &Built,
        hash: &ArtifactHash,
        run: &RunEnvironment,
        context: &BuildContext,
        cancel: &CancellationToken,
    ) -> Result<Artifact, BuildError> {
        let folder = self.folder(hash);
        let description = folder.join("artifact.json");
        let known = fs_err::read(&description).ok().and_then(|text| serde_json::from_slice::<Description>(&text).ok());
        let has_link_kit = match known {
            Some(known) if self.is_complete(&known, hash) => {
                known.has_link_kit || self.adopt_kit(built, &folder, cancel)?
            }
            _ => {
                fs_err::remove_dir_all(&folder).ok();
                fs_err::create_dir_all(&folder).map_err(BuildError::Cache)?;
                let kept = program(&folder, &built.target.name);
                fs_err::create_dir_all(folder.join(PROGRAM)).map_err(BuildError::Cache)?;
                fs_err::copy(&built.program, &kept).map_err(BuildError::Cache)?;
                fs_err::set_permissions(&kept, std::fs::Permissions::from_mode(0o555)).map_err(BuildError::Cache)?;
                self.adopt_kit(built, &folder, cancel)?
            }
        };
        let written = Description {
            target: built.target.clone(),
            file: built.target.name.clone(),
            context: context.clone(),
            runner: run.runner.clone(),
            cwd: run.cwd.clone(),
            env: run.env.clone(),
            has_link_kit,
        };
        let text = serde_json::to_vec(&written).expect("a description is plain data");
        if fs_err::read(&description).ok().as_ref() != Some(&text) {
            write_whole(&description, &text).map_err(BuildError::Cache)?;
        }
        touch(&description);
        Ok(artifact(&folder, hash, written))
    }

    fn is_complete(&self, known: &Description, hash: &ArtifactHash) -> bool {
        program(&self.folder(hash), &known.file).is_file()
    }

    /// Takes the kit of an executable's last link, if linking it again gives the executable byte for byte from inputs
    /// that stay; else writes down why not.
    fn adopt_kit(&self, built: &Built, folder: &Path, cancel: &CancellationToken) -> Result<bool, BuildError> {
        let name = built.program.file_name().unwrap_or_default();
        let made = self.layout.kits().join(name);
        let kit = folder.join(KIT_FOLDER);
        if !made.join(DESCRIPTION).is_file() {
            return Ok(false);
        }
        fs_err::remove_dir_all(&kit).ok();
        fs_err::rename(&made, &kit).map_err(BuildError::Cache)?;
        let again = folder.join("relinked");
        let refused = kit_check::check(&kit, &built.program, &again, &self.layout.here(), cancel);
        fs_err::remove_file(&again).ok();
        if cancel.is_cancelled() {
            // A link that was cut off says nothing about the kit: the next build finds it where this one did.
            fs_err::remove_dir_all(&made).ok();
            fs_err::rename(&kit, &made).map_err(BuildError::Cache)?;
            return Err(BuildError::Interrupted);
        }
        match refused.map_err(BuildError::Cache)? {
            None => {
                fs_err::remove_file(folder.join(KIT_REFUSED)).ok();
                Ok(true)
            }
            Some(refusal) => {
                fs_err::remove_dir_all(&kit).map_err(BuildError::Cache)?;
                let text = serde_json::to_vec(&refusal).expect("a refusal is plain data");
                write_whole(&folder.join(KIT_REFUSED), &text).map_err(BuildError::Cache)?;
                Ok(false)
            }
        }
    }

    /// A kept executable, if its bytes are still those of its hash.
    pub(super) fn load(&self, hash: &ArtifactHash) -> Result<Artifact, BuildError> {
        let folder = self.folder(hash);
        let text = fs_err::read(folder.join("artifact.json")).map_err(|_| BuildError::ArtifactGone)?;
        let known: Description = serde_json::from_slice(&text).map_err(|_| BuildError::ArtifactDamaged)?;
        let bytes = hash_file(&program(&folder, &known.file)).map_err(|_| BuildError::ArtifactGone)?;
        if bytes != hash.0 {
            return Err(BuildError::ArtifactDamaged);
        }
        touch(&folder.join("artifact.json"));
        Ok(artifact(&folder, hash, known))
    }
}

fn artifact(folder: &Path, hash: &ArtifactHash, known: Description) -> Artifact {
    Artifact {
        target: known.target,
        hash: hash.clone(),
        program: program(folder, &known.file),
        run: RunEnvironment { runner: known.runner, cwd: known.cwd, env: known.env },
        has_link_kit: known.has_link_kit,
    }
}

/// Writes a file whole or not at all: beside it first, then renamed.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let aside = path.with_extension("new");
    fs_err::write(&aside, bytes).and_then(|()| fs_err::rename(&aside, path))
}

pub(super) fn hash_file(path: &Path) -> std::io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(fs_err::File::open(path)?)?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// The hash of a file, from memory where size, time and inode are as they were.
fn hash_of(path: &Path, known: &mut KnownHashes, fresh: &mut KnownHashes) -> Result<ArtifactHash, BuildError> {
    let metadata = fs_err::metadata(path).map_err(BuildError::Cache)?;
    let (size, modified, inode) = (metadata.len(), mtime_ns(&metadata), metadata.ino());
    let key = path.display().to_string();
    let remembered = known.0.get(&key).filter(|(s, m, i, _)| (*s, *m, *i) == (size, modified, inode));
    let hash = match remembered {
        Some((_, _, _, hash)) => hash.clone(),
        None => hash_file(path).map_err(BuildError::Cache)?,
    };
    fresh.0.insert(key, (size, modified, inode, hash.clone()));
    Ok(ArtifactHash(hash))
}
