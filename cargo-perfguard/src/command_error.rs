//! What went wrong, for the user: a message, its causes, hints, and an exit code.

use std::error::Error;

use perfguard_core::build::{BuildError, CheckoutError};
use perfguard_core::config::{ConfigError, Origin};
use perfguard_core::pipeline::{BisectError, PipelineError};
use perfguard_core::store::StoreError;
use perfguard_core::vcs::VcsError;

use crate::exit_code::Exit;

/// A command ended early.
#[derive(Debug)]
pub(crate) struct CommandError {
    pub(crate) exit: Exit,
    pub(crate) message: String,
    pub(crate) causes: Vec<String>,
    pub(crate) hint: Option<String>,
}

impl CommandError {
    /// A wrong use of the command line.
    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into(), causes: Vec::new(), hint: Some(hint.into()) }
    }
}

impl From<PipelineError> for CommandError {
    fn from(error: PipelineError) -> Self {
        let mut causes = Vec::new();
        let mut cause = error.source();
        while let Some(known) = cause {
            causes.push(known.to_string());
            cause = known.source();
        }
        Self { exit: exit_of(&error), message: error.to_string(), causes, hint: error.hint() }
    }
}

impl From<ConfigError> for CommandError {
    fn from(error: ConfigError) -> Self {
        // A flag is part of the command line; all else is configuration.
        let flag = matches!(
            &error,
            ConfigError::Value { origin: Origin::Flag(_), .. }
                | ConfigError::UnknownMetric { origin: Origin::Flag(_), .. }
        );
        let exit = if flag { Exit::Usage } else { Exit::Configuration };
        Self { exit, message: error.to_string(), causes: Vec::new(), hint: error.hint() }
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        PipelineError::from(error).into()
    }
}

/// The exit code of each kind of trouble.
fn exit_of(error: &PipelineError) -> Exit {
    use perfguard_core::build::LockError;
    use perfguard_core::plan::PlanError;
    match error {
        PipelineError::Plan(PlanError::Interrupted)
        | PipelineError::Build(BuildError::Interrupted)
        | PipelineError::Lock(LockError::Interrupted)
        | PipelineError::Interrupted => Exit::Interrupted,
        PipelineError::Vcs(error) | PipelineError::Build(BuildError::Checkout(CheckoutError::Source(error))) => {
            exit_of_vcs(error)
        }
        PipelineError::Accepted(_) => Exit::Configuration,
        PipelineError::Bisect(error) => match error {
            BisectError::EndDoesNotBuild { .. } | BisectError::SetUp { .. } => Exit::Build,
            BisectError::NoBenchmark { .. } | BisectError::NoGoodEnd { .. } => Exit::NothingToMeasure,
            BisectError::Journal(_) | BisectError::DiskFull { .. } => Exit::Environment,
            BisectError::OneCommit { .. }
            | BisectError::Swapped { .. }
            | BisectError::NotAnAncestor { .. }
            | BisectError::UnderWay
            | BisectError::NoneUnderWay
            | BisectError::OtherWorkspace { .. }
            | BisectError::NoJournal { .. } => Exit::Usage,
        },
        PipelineError::BaseDoesNotBuild { .. }
        | PipelineError::Build(
            BuildError::Compile { .. } | BuildError::ToolchainMissing { .. } | BuildError::NoRustup { .. },
        ) => Exit::Build,
        PipelineError::Plan(_)
        | PipelineError::Build(
            BuildError::Metadata { .. } | BuildError::NoManifest { .. } | BuildError::NotCaptured { .. },
        ) => Exit::Metadata,
        PipelineError::Build(
            BuildError::ArtifactGone
            | BuildError::ArtifactDamaged
            | BuildError::Call(_)
            | BuildError::Checkout(_)
            | BuildError::Cache(_),
        )
        | PipelineError::Lock(_)
        | PipelineError::Process(_)
        | PipelineError::Cache(_)
        | PipelineError::NoCacheDirectory
        | PipelineError::NoWitness { .. }
        | PipelineError::NoMetric { .. } => Exit::Environment,
        PipelineError::Store(StoreError::Ambiguous { .. } | StoreError::Unsupported { .. })
        | PipelineError::Ambiguous { .. }
        | PipelineError::NotAGitRepository(_)
        | PipelineError::Unknown { .. }
        | PipelineError::NoMergeBase { .. }
        | PipelineError::NothingToAccept { .. }
        | PipelineError::VariantRefused { .. }
        | PipelineError::NotTwo { .. }
        | PipelineError::NotABaseline { .. } => Exit::Usage,
        PipelineError::Store(_) => Exit::Store,
        PipelineError::NoBenchTargets { .. }
        | PipelineError::NothingToMeasure { .. }
        | PipelineError::NoMatch { .. } => Exit::NothingToMeasure,
    }
}

fn exit_of_vcs(error: &VcsError) -> Exit {
    if matches!(error, VcsError::UnknownRevision { .. }) { Exit::Usage } else { Exit::Environment }
}
