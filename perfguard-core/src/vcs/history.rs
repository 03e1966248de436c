//! Commits and what lies between them.

use git2::{ErrorCode, Oid};

use super::{CommitId, Repository, VcsError};

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
    pub fn hooks_folder(&self) -> std::path::PathBuf {
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
