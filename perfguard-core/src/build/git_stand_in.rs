//! A git directory of our own for the build tree, so that build scripts that ask git hear what they would in a clean
//! checkout. The user's repository lends its objects by alternates and is never written.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::checkout_error::Doing;
use super::{CheckoutError, Layout};
use crate::vcs::CommitId;

const DOING: &str = "make the stand-in git directory";

/// What the stand-in is to say.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StandIn {
    /// The files of the git directory that decide, by name: all are small.
    files: Vec<(&'static str, String)>,
    common_dir: PathBuf,
    commit: CommitId,
}

impl StandIn {
    /// The stand-in of a repository (its common git directory) at a commit: HEAD there and detached, the branches and
    /// tags of the repository.
    pub(super) fn at(common_dir: &Path, commit: &CommitId) -> Result<Self, CheckoutError> {
        let repository = open(common_dir)?;
        let failed = |source| CheckoutError::StandIn { path: common_dir.to_owned(), source };
        let mut names = String::from("# pack-refs with: peeled fully-peeled sorted \n");
        let mut rows = Vec::new();
        for reference in repository.references().map_err(failed)?.flatten() {
            let Ok(name) = reference.name().map(str::to_owned) else { continue };
            let Some(target) = reference.target() else { continue };
            if !name.starts_with("refs/heads/") && !name.starts_with("refs/tags/") {
                continue;
            }
            let mut row = format!("{target} {name}\n");
            let peeled = reference.peel(git2::ObjectType::Any).map(|object| object.id());
            if let Some(peeled) = peeled.ok().filter(|peeled| *peeled != target) {
                writeln!(row, "^{peeled}").expect("writing to a string cannot fail");
            }
            rows.push((name, row));
        }
        rows.sort();
        names.extend(rows.into_iter().map(|(_, row)| row));
        let shallow = std::fs::read_to_string(common_dir.join("shallow")).unwrap_or_default();
        let files = vec![
            ("HEAD", format!("{commit}\n")),
            ("config", "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n".to_owned()),
            ("packed-refs", names),
            ("shallow", shallow),
            // A lock file that no commit brought would make every tree look dirty.
            ("info/exclude", "Cargo.lock\n".to_owned()),
            ("objects/info/alternates", format!("{}\n", quoted(&common_dir.join("objects")))),
        ];
        Ok(Self { files, common_dir: common_dir.to_owned(), commit: commit.clone() })
    }

    /// Whether the stand-in already says this.
    pub(super) fn is_there(&self, layout: &Layout) -> bool {
        let folder = folder(layout);
        let same = |(name, text): &(&str, String)| match std::fs::read_to_string(folder.join(name)) {
            Ok(found) => found == *text,
            Err(_) => text.is_empty(),
        };
        layout.wb().join(".git").is_file() && folder.join("index").is_file() && self.files.iter().all(same)
    }

    /// Writes it. A file that would stay the same keeps its mtime: build scripts watch HEAD.
    pub(super) fn write(&self, layout: &Layout) -> Result<(), CheckoutError> {
        let folder = folder(layout);
        for sub in ["info", "objects/info", "refs"] {
            fs_err::create_dir_all(folder.join(sub)).doing(DOING)?;
        }
        // An index that does not belong to HEAD must not outlive a crash.
        remove_file(&folder.join("index"))?;
        remove_file(&folder.join("index.lock"))?;
        for (name, text) in &self.files {
            let path = folder.join(name);
            if text.is_empty() {
                remove_file(&path)?;
            } else if !std::fs::read_to_string(&path).is_ok_and(|found| found == *text) {
                fs_err::write(path, text).doing(DOING)?;
            }
        }
        // Relative: the folder moves when it is seated, and kept ones bring their own.
        let link = layout.wb().join(".git");
        if !link.is_file() {
            fs_err::write(link, "gitdir: ../git\n").doing(DOING)?;
        }
        self.read_tree(&folder.join("index"))
    }

    fn read_tree(&self, index: &Path) -> Result<(), CheckoutError> {
        let failed = |source| CheckoutError::StandIn { path: index.to_owned(), source };
        let repository = open(&self.common_dir)?;
        let id = git2::Oid::from_str(&self.commit.0).map_err(failed)?;
        let tree = repository.find_commit(id).and_then(|commit| commit.tree()).map_err(failed)?;
        let mut index = git2::Index::open(index).map_err(failed)?;
        index.read_tree(&tree).map_err(failed)?;
        index.write().map_err(failed)
    }
}

/// Takes the stand-in away: for trees that belong to no commit.
pub(super) fn remove(layout: &Layout) -> Result<(), CheckoutError> {
    remove_file(&layout.wb().join(".git"))?;
    let folder = folder(layout);
    if folder.is_dir() { fs_err::remove_dir_all(folder).doing(DOING) } else { Ok(()) }
}

fn folder(layout: &Layout) -> PathBuf {
    layout.here().join("git")
}

fn open(common_dir: &Path) -> Result<git2::Repository, CheckoutError> {
    // Not as a bare one: the user may have told git to trust its work tree.
    git2::Repository::open(common_dir).map_err(|source| CheckoutError::StandIn { path: common_dir.to_owned(), source })
}

fn remove_file(path: &Path) -> Result<(), CheckoutError> {
    match fs_err::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).doing(DOING),
        _ => Ok(()),
    }
}

/// A path as git reads it in `alternates`: quoted like a C string where it has to be (`link_alt_odb_entries` in git's
/// odb.c unquotes lines that begin with a quotation mark).
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    if !text.contains(['\n', '"', '\\']) {
        return text.into_owned();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
