//! What to offer where a base does not build.

use super::compare::CompareRequest;
use super::prepare::Bench;
use super::sides::SideSpec;
use super::{PipelineError, Place};
use crate::build::BuildError;

/// An error of building base, with the newest of its ancestors that is known to build.
pub(super) fn with_last_that_builds(
    error: PipelineError,
    bench: &Bench,
    place: &Place,
    request: &CompareRequest,
) -> PipelineError {
    let (PipelineError::Build(BuildError::Compile { .. }), SideSpec::Commit(commit), Some(repository)) =
        (&error, &request.base, &place.repository)
    else {
        return error;
    };
    if request.is_of_variants() {
        return error;
    }
    let ancestors = repository.ancestors(commit, MOST_LOOKED_AT);
    let last = ancestors.into_iter().find(|ancestor| bench.workbench.has_whole_build(&ancestor.0));
    let last = last.map(|commit| commit.short().to_owned());
    PipelineError::BaseDoesNotBuild { base: commit.short().to_owned(), last, source: Box::new(error) }
}

/// How far back a commit that builds is looked for.
const MOST_LOOKED_AT: usize = 1_000;
