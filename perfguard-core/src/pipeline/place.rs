//! Where the user stands: workspace, repository, cache and store.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::PipelineError;
use crate::cancel::CancellationToken;
use crate::environment::vars;
use crate::event::{Event, EventSink};
use crate::model::Source;
use crate::plan::{self, Workspace};
use crate::vcs::{self, Repository, SourceTree};

/// What every way through needs of the outside, found once.
#[derive(Debug, Clone)]
pub struct Tools {
    /// The cargo to call.
    pub cargo: PathBuf,
    /// perfguard's own executable, for its other roles (launcher, compiler wrapper, linker, runner).
    pub executable: PathBuf,
    /// The cache's root: `PERFGUARD_CACHE`, else the platform's cache directory.
    pub cache: PathBuf,
    /// perfguard's own environment.
    pub environment: Vec<(OsString, OsString)>,
}

impl Tools {
    /// Finds the tools.
    ///
    /// # Errors
    /// When there is no place for a cache, or perfguard cannot find its own executable.
    pub fn find() -> Result<Self, PipelineError> {
        Ok(Self {
            cargo: vars::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from),
            executable: vars::current_exe().map_err(PipelineError::Cache)?,
            cache: cache_root().ok_or(PipelineError::NoCacheDirectory)?,
            environment: vars::all(),
        })
    }
}

/// The cache's root by the platform's convention.
fn cache_root() -> Option<PathBuf> {
    let folder = |name: &str| vars::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(chosen) = folder("PERFGUARD_CACHE") {
        return Some(chosen);
    }
    let platform = if cfg!(target_os = "macos") {
        folder("HOME").map(|home| home.join("Library/Caches"))
    } else if cfg!(windows) {
        folder("LOCALAPPDATA")
    } else {
        folder("XDG_CACHE_HOME").or_else(|| folder("HOME").map(|home| home.join(".cache")))
    };
    platform.map(|folder| folder.join("perfguard"))
}

/// Where the user stands.
#[derive(Debug)]
pub struct Place {
    /// The manifest that cargo's rules choose, absolute.
    pub manifest: PathBuf,
    /// The folder that commands are called from, absolute.
    pub cwd: PathBuf,
    /// The workspace of the manifest.
    pub workspace: Workspace,
    /// The repository around the workspace, if any.
    pub repository: Option<Repository>,
    /// The root of the tree that is built: the repository's work tree, else the workspace.
    pub root: PathBuf,
}

impl Place {
    /// A path below the root, relative to it.
    pub(super) fn relative(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.root).unwrap_or(Path::new("")).to_owned()
    }

    /// The folder name of this repository (or workspace) in the cache.
    pub(super) fn cache_key(&self) -> String {
        let unique = self.repository.as_ref().map_or(self.root.as_path(), Repository::common_dir);
        let name: String =
            self.root.file_name().map_or_else(|| "root".into(), |name| name.to_string_lossy().into_owned());
        let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).take(32).collect();
        let hash = blake3::hash(unique.as_os_str().as_encoded_bytes()).to_hex();
        format!("{}-{}", name.trim_start_matches('.'), &hash[..16])
    }

    /// Where the history is kept unless the user says otherwise: in the git directory that all work trees share, outside
    /// git in the cache.
    pub fn default_store(&self, tools: &Tools) -> PathBuf {
        let folder = match &self.repository {
            Some(repository) => repository.common_dir().join("perfguard"),
            None => tools.cache.join(self.cache_key()),
        };
        folder.join("history.db")
    }
}

/// Finds the workspace and the repository that a command is about.
///
/// # Errors
/// When there is no manifest or it has errors, or when the repository cannot be read.
pub fn locate(manifest: Option<&Path>, tools: &Tools, cancel: &CancellationToken) -> Result<Place, PipelineError> {
    let here = vars::current_dir().map_err(PipelineError::Cache)?;
    let named = match manifest {
        Some(path) => here.join(path),
        None => plan::nearest_manifest(&here)?,
    };
    let Ok(manifest) = fs_err::canonicalize(&named) else {
        return Err(plan::PlanError::NoManifest(named).into());
    };
    let cwd = fs_err::canonicalize(&here).map_err(PipelineError::Cache)?;
    let workspace = plan::read_metadata(&manifest, &cwd, &tools.environment, &tools.cargo, cancel)?;
    let workspace_root = fs_err::canonicalize(workspace.root()).map_err(PipelineError::Cache)?;
    let repository = Repository::discover(&workspace_root)?;
    let root = repository.as_ref().map_or(workspace_root, |repository| repository.workdir().to_owned());
    Ok(Place { manifest, cwd, workspace, repository, root })
}

/// The tree that the user sees, and what to record of it.
/// `included` are ignored files and folders that its build needs.
pub(super) fn working_tree(
    place: &Place,
    included: &[String],
    events: &mut dyn EventSink,
) -> Result<(SourceTree, Source), PipelineError> {
    let (mut tree, source) = tree_and_source(place)?;
    for missing in vcs::include(&mut tree, &place.root, included)? {
        let message = format!("`workbench.include` names `{missing}`, which is not below `{}`", place.root.display());
        events.event(Event::Remark { message, hint: None });
    }
    Ok((tree, source))
}

fn tree_and_source(place: &Place) -> Result<(SourceTree, Source), PipelineError> {
    let Some(repository) = &place.repository else {
        let excluded = [place.workspace.target_directory().to_owned()];
        let tree = vcs::directory_tree(&place.root, &excluded)?;
        return Ok((tree, Source { commit: None, dirty: true, branch: None, subject: None }));
    };
    let tree = repository.working_tree()?;
    let head = repository.head()?;
    let subject = match &head.commit {
        Some(commit) => Some(repository.commit(commit)?.subject),
        None => None,
    };
    let commit = head.commit.map(|commit| commit.to_string());
    let source = Source { commit, dirty: tree.dirty, branch: head.branch, subject };
    Ok((tree, source))
}
