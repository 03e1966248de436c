//! Variants: how a build of the same tree is asked for otherwise, and a matrix of several, each against the first.

use std::ffi::OsString;

use super::clean::keep_within;
use super::compare::{CompareOutcome, CompareRequest, compare_sides};
use super::prepare::{Bench, BuildOptions, What, limits};
use super::sides::{PreparedSide, SideSpec, prepare_side, tree_of};
use super::{PipelineError, Place, Tools};
use crate::build::BuildError;
use crate::cancel::CancellationToken;
use crate::clock::Clock;
use crate::event::EventSink;
use crate::model::{RunSettings, Source, Variant};
use crate::process::Limits;
use crate::report::MatrixView;
use crate::store::Store;
use crate::vcs::SourceTree;

impl BuildOptions {
    /// The same build as a variant of it.
    pub(super) fn with(&self, variant: &Variant) -> Self {
        let mut options = self.clone();
        let args = &mut options.cargo_args;
        if let Some(profile) = &variant.profile {
            if let Some(at) = args.iter().position(|word| word == "--profile") {
                args.drain(at..(at + 2).min(args.len()));
            }
            options.profile.clone_from(profile);
            if profile != "bench" {
                args.extend(["--profile".into(), OsString::from(profile)]);
            }
        }
        if !variant.features.is_empty() {
            args.extend(["--features".into(), OsString::from(variant.features.join(","))]);
        }
        let selection = &mut options.selection;
        let switches = [
            ("--all-features", variant.all_features, &mut selection.all_features),
            ("--no-default-features", variant.no_default_features, &mut selection.no_default_features),
        ];
        let mut stored = variant.features.clone();
        for (flag, wanted, known) in switches {
            if wanted && !*known {
                *known = true;
                args.push(flag.into());
                stored.push(flag.to_owned());
            }
        }
        for (key, value) in &variant.profile_settings {
            let is_bare = value.parse::<bool>().is_ok() || value.parse::<i64>().is_ok();
            let value = if is_bare { value.clone() } else { format!("{value:?}") };
            args.extend(["--config".into(), format!("profile.{}.{key}={value}", options.profile).into()]);
        }
        selection.features.extend(variant.features.iter().cloned());
        // What has no place of its own in the history stands beside the features, so that no two builds look the same.
        let others = Variant {
            features: Vec::new(),
            all_features: false,
            no_default_features: false,
            profile: None,
            ..variant.clone()
        };
        stored.extend((!others.is_plain()).then(|| others.to_string()));
        options.features.extend(stored.into_iter().filter(|word| !self.features.contains(word)));
        options.variant = variant.clone();
        options
    }
}

/// Prepares a side as a variant of its tree. What cargo and rustup do not know is told as the variant's.
#[expect(clippy::too_many_arguments, reason = "one call of a private step")]
pub(super) fn prepare_variant(
    bench: &mut Bench,
    place: &Place,
    tools: &Tools,
    tree: (SourceTree, Source, What),
    (options, variant): (&BuildOptions, &Variant),
    limits: Limits,
    events: &mut dyn EventSink,
    cancel: &CancellationToken,
) -> Result<PreparedSide, PipelineError> {
    prepare_side(bench, place, tools, tree, &options.with(variant), limits, events, cancel)
        .map_err(|error| if variant.is_plain() { error } else { refused(variant, error) })
}

/// The error of a variant that a tool does not know how to build; others stay as they are.
fn refused(variant: &Variant, error: PipelineError) -> PipelineError {
    let PipelineError::Build(build) = &error else { return error };
    let (message, hint) = match build {
        BuildError::Metadata { message, .. } => (message.trim_start_matches("error: ").to_owned(), hint_for(message)),
        BuildError::ToolchainMissing { toolchain, .. } => {
            (format!("toolchain `{toolchain}` is not installed"), build.hint().unwrap_or_default())
        }
        BuildError::NoRustup { .. } => (build.to_string(), build.hint().unwrap_or_default()),
        BuildError::Compile { .. }
        | BuildError::NoManifest { .. }
        | BuildError::NotCaptured { .. }
        | BuildError::ArtifactGone
        | BuildError::ArtifactDamaged
        | BuildError::Call(_)
        | BuildError::Checkout(_)
        | BuildError::Cache(_)
        | BuildError::Interrupted => return error,
    };
    PipelineError::VariantRefused { variant: variant.to_string(), message, hint }
}

/// What to do where cargo refuses a variant, by its own words.
fn hint_for(message: &str) -> String {
    let hint = if message.contains("profile") {
        "profiles are `dev`, `release`, `bench`, and each `[profile.NAME]` of the workspace's `Cargo.toml` with `inherits`"
    } else if message.contains("feature") {
        "the features of a package stand below `[features]` in its `Cargo.toml`; one of another package is `PACKAGE/FEATURE`"
    } else {
        "`cargo bench --no-run` with the same flags says it too"
    };
    hint.to_owned()
}

/// What the user asked of a matrix.
#[derive(Debug, Clone)]
pub struct MatrixRequest {
    /// All but the sides; the budget is that of all comparisons together.
    pub compare: CompareRequest,
    /// What the first is compared with.
    pub others: Vec<Variant>,
}

/// Builds every variant of a tree, and compares each with the first.
///
/// # Errors
/// When a variant does not build, nothing can be compared, or the store cannot be written. A benchmark that fails is a row,
/// not an error.
pub fn compare_matrix(
    place: &Place,
    tools: &Tools,
    request: &MatrixRequest,
    store: &mut Store,
    clock: &dyn Clock,
    events: &mut dyn EventSink,
    cancel: &CancellationToken,
) -> Result<(MatrixView, bool), PipelineError> {
    let MatrixRequest { compare, others } = request;
    let [first, _] = &compare.variants;
    let options = &compare.options;
    let limits = limits(&compare.settings);
    let tree = |spec: &SideSpec, events: &mut dyn EventSink| tree_of(place, spec, &options.include, events);
    let base_tree = tree(&compare.base, events)?;
    let mut bench = Bench::open(place, tools, options, compare.purpose, events, cancel)?;
    let base = prepare_variant(&mut bench, place, tools, base_tree, (options, first), limits, events, cancel)?;
    // All are built before the first is measured: one that does not build costs no measuring.
    let mut heads = Vec::new();
    for variant in others {
        let tree = tree(&compare.base, events)?;
        heads.push(prepare_variant(&mut bench, place, tools, tree, (options, variant), limits, events, cancel)?);
    }
    let parts = u32::try_from(heads.len()).unwrap_or(u32::MAX).max(1);
    let mut views = Vec::new();
    let mut interrupted = false;
    for (number, (head, variant)) in (0_u64..).zip(heads.iter().zip(others)) {
        let settings = RunSettings {
            budget: compare.settings.budget / parts,
            seed: compare.settings.seed.wrapping_add(number.wrapping_mul(SEEDS_OF_A_COMPARISON)),
            ..compare.settings.clone()
        };
        let variants = [first.clone(), variant.clone()];
        let one = CompareRequest { settings, variants, ..compare.clone() };
        let outcome: CompareOutcome =
            compare_sides(&mut bench, place, &base, head, &one, store, clock, events, cancel)?;
        views.push(outcome.view());
        if outcome.interrupted {
            interrupted = true;
            break;
        }
    }
    bench.workbench.forget_other_trees(base.seat())?;
    keep_within(&mut bench, options, store, clock, events)?;
    Ok((MatrixView::new(views), interrupted))
}

/// A comparison draws from its seed and the next: those of a matrix lie further apart.
const SEEDS_OF_A_COMPARISON: u64 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_adds_to_cargos_flags_and_a_profile_takes_the_place_of_another() {
        let options = BuildOptions {
            cargo_args: ["--features", "x", "--profile", "slow", "--locked"].map(OsString::from).into(),
            profile: "slow".to_owned(),
            features: vec!["x".to_owned()],
            ..BuildOptions::default()
        };
        let with = |text: &str| options.with(&text.parse().unwrap());
        let found = with("features=y profile=fast lto=fat opt-level=3 rustflags=-O");
        let config = |text: &str| ["--config".to_owned(), text.to_owned()];
        let expected = [
            ["--features", "x", "--locked", "--profile", "fast", "--features", "y"].map(str::to_owned).to_vec(),
            config("profile.fast.lto=\"fat\"").to_vec(),
            config("profile.fast.opt-level=3").to_vec(),
        ];
        assert_eq!(found.cargo_args, expected.concat().into_iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!((&*found.profile, &found.selection.features), ("fast", &vec!["y".to_owned()]));
        assert_eq!(found.features, ["x", "y", "lto=fat opt-level=3 rustflags=-O"]);
        assert_eq!(with("profile=bench").cargo_args, ["--features", "x", "--locked"]);
        let switches = with("all-features").with(&"all-features".parse().unwrap());
        assert_eq!(switches.cargo_args.iter().filter(|word| *word == "--all-features").count(), 1);
    }
}
