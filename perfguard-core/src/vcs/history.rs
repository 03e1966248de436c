//! Commits and what lies between them.

use std::path::PathBuf;

use git2::{Commit, Delta, ErrorCode, FileMode, Oid};

use super::{CommitId, Repository, VcsError};

/// A file that a commit changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFile {
    /// Its path from the tree's root; a submodule stands as `.gitmodules`.
    pub path: PathBuf,
    /// Whether it came or went, rather than changed.
    pub came_or_went: bool,
}

impl Repository {
    /// The newest commit that two have in common; `None` where they have none, or where a shallow clone hides it.
    ///
    /// # Errors
    /// A commit is not there.
    pub fn merge_base(&self, one: &CommitId, other: &CommitId) -> Result<Option<CommitId>, VcsError> {
        let repository = self.lock();
        let (one, other) = (self.oid(one)?, self.oid(other)?);
        match repository.merge_base(one, other) {
            Ok(found) => Ok(Some(CommitId(found.to_string()))),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(self.failed("look for a common ancestor", error)),
        }
    }

    /// Whether the first commit is the second or one of its ancestors; `false` where one is unknown here.
    pub fn is_ancestor(&self, one: &str, of: &str) -> bool {
        let repository = self.lock();
        let (Ok(one), Ok(of)) = (Oid::from_str(one), Oid::from_str(of)) else { return false };
        one == of || repository.graph_descendant_of(of, one).unwrap_or(false)
    }

    /// The ancestors of a commit, newest first, at most so many; itself is not among them.
    pub fn ancestors(&self, commit: &CommitId, most: usize) -> Vec<CommitId> {
        let repository = self.lock();
        let walk = || -> Result<Vec<CommitId>, git2::Error> {
            let mut walk = repository.revwalk()?;
            walk.set_sorting(git2::Sort::TOPOLOGICAL)?;
            walk.push(Oid::from_str(&commit.0)?)?;
            Ok(walk.skip(1).take(most).flatten().map(|id| CommitId(id.to_string())).collect())
        };
        walk().unwrap_or_default()
    }

    /// The parents of a commit, the first one first.
    ///
    /// # Errors
    /// There is no such commit.
    pub fn parents(&self, commit: &CommitId) -> Result<Vec<CommitId>, VcsError> {
        let repository = self.lock();
        let commit = self.found(&repository, commit)?;
        Ok(commit.parent_ids().map(|id| CommitId(id.to_string())).collect())
    }

    /// A commit and its first parents, newest first, at most so many.
    pub fn first_parents(&self, from: &CommitId, most: usize) -> Vec<CommitId> {
        let repository = self.lock();
        let mut next = self.found(&repository, from).ok();
        let mut line = Vec::new();
        while let Some(commit) = next.take_if(|_| line.len() < most) {
            line.push(CommitId(commit.id().to_string()));
            next = commit.parent(0).ok();
        }
        line
    }

    /// The commits that `to` has and `from` has not, oldest first, each after its parents. `first_parent` leaves out what
    /// merges brought in.
    ///
    /// # Errors
    /// A commit is not there, or history is cut off before it ends.
    pub fn between(&self, from: &CommitId, to: &CommitId, first_parent: bool) -> Result<Vec<CommitId>, VcsError> {
        let repository = self.lock();
        let (from, to) = (self.oid(from)?, self.oid(to)?);
        let walk = || -> Result<Vec<CommitId>, git2::Error> {
            let mut walk = repository.revwalk()?;
            walk.set_sorting(git2::Sort::TOPOLOGICAL | git2::Sort::REVERSE)?;
            if first_parent {
                walk.simplify_first_parent()?;
            }
            walk.push(to)?;
            walk.hide(from)?;
            walk.map(|id| Ok(CommitId(id?.to_string()))).collect()
        };
        walk().map_err(|error| self.failed("walk through the history", error))
    }

    /// What a commit changed against its first parent; all of its files where it has none.
    ///
    /// # Errors
    /// There is no such commit, or an object of it is missing.
    pub fn changed_files(&self, commit: &CommitId) -> Result<Vec<ChangedFile>, VcsError> {
        let repository = self.lock();
        let commit = self.found(&repository, commit)?;
        let diff = || -> Result<Vec<ChangedFile>, git2::Error> {
            let before = commit.parent(0).ok().map(|parent| parent.tree()).transpose()?;
            let diff = repository.diff_tree_to_tree(before.as_ref(), Some(&commit.tree()?), None)?;
            let files = diff.deltas().filter_map(|delta| {
                let [old, new] = [delta.old_file(), delta.new_file()];
                if [&old, &new].iter().any(|file| file.mode() == FileMode::Commit) {
                    return Some(ChangedFile { path: ".gitmodules".into(), came_or_went: false });
                }
                let path = new.path().or(old.path())?.to_owned();
                Some(ChangedFile { path, came_or_went: matches!(delta.status(), Delta::Added | Delta::Deleted) })
            });
            Ok(files.collect())
        };
        diff().map_err(|error| self.failed("read what a commit changed", error))
    }

    fn found<'r>(&self, repository: &'r git2::Repository, id: &CommitId) -> Result<Commit<'r>, VcsError> {
        repository.find_commit(self.oid(id)?).map_err(|error| self.failed("read a commit", error))
    }

    /// The commits that tags name.
    pub fn tagged(&self) -> std::collections::BTreeSet<CommitId> {
        let repository = self.lock();
        let mut found = std::collections::BTreeSet::new();
        let references = repository.references_glob("refs/tags/*").into_iter().flatten().flatten();
        for commit in references.filter_map(|reference| reference.peel_to_commit().ok()) {
            found.insert(CommitId(commit.id().to_string()));
        }
        found
    }

    /// Whether a commit's object is there.
    pub fn has_commit(&self, commit: &str) -> bool {
        let repository = self.lock();
        Oid::from_str(commit).is_ok_and(|id| repository.find_commit(id).is_ok())
    }

    /// Whether history was cut off when it was cloned.
    pub fn is_shallow(&self) -> bool {
        self.lock().is_shallow()
    }

    /// The branch that work is merged into, and its commit: the configured one, else what `origin/HEAD` names, `main` or
    /// `master`, of the remote before the local one; `None` where there is none of these.
    pub fn default_branch(&self, configured: Option<&str>) -> Option<(String, CommitId)> {
        let repository = self.lock();
        let by_remote = repository.find_reference("refs/remotes/origin/HEAD").ok();
        let by_remote = by_remote.as_ref().and_then(|found| Some(found.symbolic_target().ok()??.to_owned()));
        let mut names = Vec::new();
        if let Some(name) = configured {
            names.extend([format!("refs/remotes/{name}"), format!("refs/heads/{name}")]);
        } else {
            names.extend(by_remote);
            for name in ["main", "master"] {
                names.extend([format!("refs/remotes/origin/{name}"), format!("refs/heads/{name}")]);
            }
        }
        names.into_iter().find_map(|name| {
            let commit = repository.find_reference(&name).ok()?.peel_to_commit().ok()?;
            let short = name.trim_start_matches("refs/remotes/").trim_start_matches("refs/heads/").to_owned();
            Some((short, CommitId(commit.id().to_string())))
        })
    }

    /// Where git looks for hooks.
    pub fn hooks_folder(&self) -> PathBuf {
        let repository = self.lock();
        let configured = repository.config().and_then(|mut config| config.snapshot()?.get_path("core.hooksPath"));
        configured.map_or_else(|_| self.common_dir().join("hooks"), |path| self.workdir().join(path))
    }

    /// Whoever commits here, as git would write it: the configured name; `None` where there is none.
    pub fn user_name(&self) -> Option<String> {
        let repository = self.lock();
        let config = repository.config().ok()?.snapshot().ok()?;
        config.get_string("user.name").ok()
    }

    fn oid(&self, id: &CommitId) -> Result<Oid, VcsError> {
        Oid::from_str(&id.0).map_err(|error| self.failed("read a commit's id", error))
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_repository::TestRepository;
    use super::*;

    fn open(made: &TestRepository) -> Repository {
        Repository::discover(&made.root()).unwrap().unwrap()
    }

    #[test]
    fn the_merge_base_of_a_branch_is_where_it_left_and_unrelated_histories_have_none() {
        let made = TestRepository::new();
        let start = made.commit("start");
        made.git(&["switch", "--quiet", "--create", "side"]);
        let side = made.commit("side");
        made.git(&["switch", "--quiet", "main"]);
        let main = made.commit("main");
        made.git(&["switch", "--quiet", "--orphan", "other"]);
        let other = made.commit("other");
        let repository = open(&made);
        let id = |text: &str| CommitId(text.to_owned());
        assert_eq!(repository.merge_base(&id(&main), &id(&side)).unwrap(), Some(id(&start)));
        assert_eq!(repository.merge_base(&id(&main), &id(&other)).unwrap(), None);
        assert!(repository.is_ancestor(&start, &side) && repository.is_ancestor(&side, &side));
        assert!(!repository.is_ancestor(&main, &side) && !repository.is_ancestor("nonsense", &side));
    }

    #[test]
    fn the_first_parents_leave_out_what_a_merge_brought_in() {
        let made = TestRepository::new();
        let start = made.commit("start");
        made.git(&["switch", "--quiet", "--create", "side"]);
        let side = made.commit("side");
        made.git(&["switch", "--quiet", "main"]);
        let main = made.commit("main");
        made.git(&["merge", "--quiet", "--no-ff", "-m", "merge", "side"]);
        let repository = open(&made);
        let merge = repository.resolve("HEAD").unwrap();
        let id = |text: &str| CommitId(text.to_owned());
        let between = |first| repository.between(&id(&start), &merge, first).unwrap();
        assert_eq!(between(true), [id(&main), merge.clone()]);
        assert_eq!(between(false).len(), 3);
        assert_eq!(repository.parents(&merge).unwrap(), [id(&main), id(&side)]);
        assert_eq!(repository.first_parents(&merge, 2), [merge.clone(), id(&main)]);
    }

    #[test]
    fn a_commit_tells_which_files_changed_and_which_came_or_went() {
        let made = TestRepository::new();
        made.write("stays", "1");
        made.write("goes", "1");
        let first = made.commit("first");
        made.write("stays", "2");
        made.write("comes", "1");
        made.git(&["rm", "--quiet", "goes"]);
        let second = made.commit("second");
        let repository = open(&made);
        let files = |commit: &str| {
            let files = repository.changed_files(&CommitId(commit.to_owned())).unwrap();
            files.into_iter().map(|file| (file.path.display().to_string(), file.came_or_went)).collect::<Vec<_>>()
        };
        assert_eq!(files(&first), [("goes".to_owned(), true), ("stays".to_owned(), true)]);
        assert_eq!(files(&second), [("comes", true), ("goes", true), ("stays", false)].map(|(p, c)| (p.to_owned(), c)));
    }

    #[test]
    fn the_default_branch_is_what_the_remote_says_before_what_is_called_main() {
        let made = TestRepository::new();
        let start = made.commit("start");
        let named = |repository: &Repository, configured| repository.default_branch(configured).map(|(name, _)| name);
        assert_eq!(named(&open(&made), None).as_deref(), Some("main"));
        made.git(&["update-ref", "refs/remotes/origin/trunk", &start]);
        made.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk"]);
        assert_eq!(named(&open(&made), None).as_deref(), Some("origin/trunk"));
        assert_eq!(named(&open(&made), Some("main")).as_deref(), Some("main"));
        assert_eq!(named(&open(&made), Some("nowhere")), None);
    }
}
