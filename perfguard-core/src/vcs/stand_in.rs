//! A stand-in git directory for a tree that is built outside the user's repository.
//!
//! Build scripts ask git which commit they are: `rev-parse`, `describe` and `status` answer as in a clean checkout of
//! the commit. Objects come from the user's repository by alternates; nothing is written there.

use std::fmt::Write;
use std::path::Path;

use super::{CommitId, Repository, VcsError};

impl Repository {
    /// Makes a git directory at `folder` (its parent exists) whose HEAD is `commit`, with this repository's tags and
    /// branches, and an index of the commit's tree.
    ///
    /// # Errors
    /// When the commit cannot be read or the folder cannot be written.
    pub fn write_stand_in(&self, folder: &Path, commit: &CommitId) -> Result<(), VcsError> {
        let write = |path: &str, text: &str| {
            let path = folder.join(path);
            let parent = path.parent().expect("below the folder");
            fs_err::create_dir_all(parent).and_then(|()| fs_err::write(&path, text)).map_err(VcsError::Write)
        };
        fs_err::create_dir_all(folder.join("refs")).map_err(VcsError::Write)?;
        write("objects/info/alternates", &format!("{}\n", self.common_dir().join("objects").display()))?;
        write("config", "[core]\n\trepositoryformatversion = 0\n\tbare = false\n")?;
        write("packed-refs", &self.packed_refs()?)?;
        if let Ok(boundary) = fs_err::read_to_string(self.common_dir().join("shallow")) {
            write("shallow", &boundary)?;
        }
        write("HEAD", &format!("{commit}\n"))?;
        let tree = self.find_commit(commit)?.tree().map_err(VcsError::git("read a tree"))?;
        let index = folder.join("index");
        fs_err::remove_file(&index).ok();
        let mut index = git2::Index::open(&index).map_err(VcsError::git("make an index"))?;
        index.read_tree(&tree).and_then(|()| index.write()).map_err(VcsError::git("make an index"))
    }

    /// Tags and branches in git's packed form, sorted, annotated tags with what they lead to.
    fn packed_refs(&self) -> Result<String, VcsError> {
        let mut lines = std::collections::BTreeMap::new();
        for reference in self.git.references().map_err(VcsError::git("read references"))?.flatten() {
            let (Ok(name), Some(target)) = (reference.name(), reference.target()) else { continue };
            if !name.starts_with("refs/tags/") && !name.starts_with("refs/heads/") {
                continue;
            }
            let peeled = reference.peel(git2::ObjectType::Commit).ok().map(|object| object.id());
            lines.insert(name.to_owned(), (target, peeled.filter(|peeled| *peeled != target)));
        }
        let mut text = String::from("# pack-refs with: peeled fully-peeled sorted \n");
        for (name, (target, peeled)) in lines {
            writeln!(text, "{target} {name}").expect("writing to a string");
            if let Some(peeled) = peeled {
                writeln!(text, "^{peeled}").expect("writing to a string");
            }
        }
        Ok(text)
    }
}
