//! What a user means by the revisions of a comparison.

use super::sides::{SideSpec, repository};
use super::{PipelineError, Place};
use crate::vcs::CommitId;

/// The commit that a revision names.
///
/// # Errors
/// When there is no repository, or the revision is unknown.
pub fn commit_of(place: &Place, revision: &str) -> Result<CommitId, PipelineError> {
    Ok(repository(place)?.resolve(revision)?)
}

/// The two sides that `BASE [HEAD]`, `A..B` or `A...B` name; `A...B` begins at their merge base. Without a head it is the
/// working tree.
///
/// # Errors
/// When a revision is unknown, or two have no common ancestor.
pub fn sides_of(place: &Place, base: &str, head: Option<&str>) -> Result<(SideSpec, SideSpec), PipelineError> {
    let repository = repository(place)?;
    let or_head = |text: &str| if text.is_empty() { "HEAD".to_owned() } else { text.to_owned() };
    if let (Some((one, other)), None) = (base.split_once("..."), head) {
        let (one, other) = (or_head(one), or_head(other));
        let (from, to) = (repository.resolve(&one)?, repository.resolve(&other)?);
        let found = repository.merge_base(&from, &to)?;
        let shallow = repository.is_shallow();
        let start = found.ok_or(PipelineError::NoMergeBase { one, other, shallow })?;
        return Ok((SideSpec::Commit(start), SideSpec::Commit(to)));
    }
    if let (Some((one, other)), None) = (base.split_once(".."), head) {
        let resolve = |text: &str| repository.resolve(&or_head(text)).map(SideSpec::Commit);
        return Ok((resolve(one)?, resolve(other)?));
    }
    let base = SideSpec::Commit(repository.resolve(base)?);
    let head = match head {
        Some(revision) => SideSpec::Commit(repository.resolve(revision)?),
        None => SideSpec::WorkingTree,
    };
    Ok((base, head))
}
