//! Head of a check: only what a change can affect is built, the rest is what base has.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use super::compare::CompareRequest;
use super::out_of_time::in_time;
use super::prepare::{Bench, BuildOptions, What, build_request};
use super::sides::{PreparedSide, prepare_side};
use super::{PipelineError, Place, Tools};
use crate::build::Affected;
use crate::cancel::CancellationToken;
use crate::event::{Event, EventSink};
use crate::model::{Source, TargetId, TargetKind};
use crate::process::Limits;
use crate::vcs::SourceTree;

/// Builds of head what can differ from base, unless its time ends first, and takes the rest from base.
#[expect(clippy::too_many_arguments, reason = "one call of a private step")]
pub(super) fn prepare_affected(
    bench: &mut Bench,
    place: &Place,
    tools: &Tools,
    base: &PreparedSide,
    (tree, source, what): (SourceTree, Source, What),
    request: &CompareRequest,
    limits: Limits,
    events: &mut dyn EventSink,
    cancel: &CancellationToken,
) -> Result<PreparedSide, PipelineError> {
    let affected = bench.workbench.affected(&base.prepared.build, &base.tree, &tree, &request.rules.ignore);
    let known: BTreeSet<TargetId> = base.prepared.targets.iter().map(|target| target.id.clone()).collect();
    let (reasons, may_have_more) = match affected {
        Affected::Everything(why) => {
            events.event(Event::Detail(format!("everything is built: {why}")));
            (known.iter().map(|id| (id.clone(), why.clone())).collect(), true)
        }
        Affected::These(reasons) => (reasons, false),
    };
    let untouched: BTreeSet<TargetId> = known.iter().filter(|id| !reasons.contains_key(id)).cloned().collect();
    let like_base = PreparedSide {
        prepared: base.prepared.clone(),
        source: source.clone(),
        tree: tree.clone(),
        label: what.to_string(),
        variant: base.variant.clone(),
        untouched,
        was_kept: true,
        is_built: reasons.is_empty() && !may_have_more,
    };
    if like_base.is_built {
        return Ok(like_base);
    }
    let mut options = request.options.clone();
    if !may_have_more {
        for (target, why) in &reasons {
            events.event(Event::Detail(format!("`{target}` is built: {why}")));
        }
        let whole = build_request(place, &what, &options);
        if bench.workbench.kept_build(&tree, &whole, cancel)?.is_none() {
            options = only(&options, &reasons, &known);
        }
    }
    let built = prepare_side(bench, place, tools, (tree, source, what), &options, limits, events, cancel);
    let Some(mut side) = in_time(built, cancel)? else { return Ok(like_base) };
    if !may_have_more {
        let mut fresh: BTreeMap<TargetId, _> =
            side.prepared.targets.drain(..).map(|target| (target.id.clone(), target)).collect();
        let of_base = base.prepared.targets.iter();
        side.prepared.targets = of_base
            .filter_map(|target| {
                if like_base.untouched.contains(&target.id) { Some(target.clone()) } else { fresh.remove(&target.id) }
            })
            .collect();
        side.untouched = like_base.untouched;
    }
    Ok(side)
}

/// The same options for some of the benches only; unchanged where cargo could not be told so.
pub(super) fn only(
    options: &BuildOptions,
    wanted: &BTreeMap<TargetId, String>,
    known: &BTreeSet<TargetId>,
) -> BuildOptions {
    // Cargo names a library or a program as what it is, not as the executable of its benchmarks.
    if wanted.len() == known.len() || wanted.keys().any(|target| target.kind != TargetKind::Bench) {
        return options.clone();
    }
    let mut options = options.clone();
    let mut args: Vec<OsString> = Vec::new();
    let mut words = std::mem::take(&mut options.cargo_args).into_iter();
    while let Some(word) = words.next() {
        if word == "--bench" {
            words.next();
        } else {
            args.push(word);
        }
    }
    let names: BTreeSet<&str> = wanted.keys().map(|target| target.name.as_str()).collect();
    args.extend(names.iter().flat_map(|name| ["--bench".into(), OsString::from(name)]));
    options.cargo_args = args;
    options.selection.benches = names.into_iter().map(str::to_owned).collect();
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_is_asked_for_the_affected_benches_where_it_can_be() {
        let target = |kind, name: &str| TargetId { package: "p".into(), kind, name: name.into() };
        let all = [target(TargetKind::Bench, "a"), target(TargetKind::Bench, "b"), target(TargetKind::Lib, "p")];
        let known: BTreeSet<_> = all.iter().cloned().collect();
        let options = BuildOptions {
            cargo_args: ["--features", "f", "--bench", "*"].map(OsString::from).into(),
            ..BuildOptions::default()
        };
        let words = |wanted: &[&TargetId]| {
            let wanted = wanted.iter().map(|target| ((*target).clone(), String::new())).collect();
            only(&options, &wanted, &known).cargo_args
        };
        assert_eq!(words(&[&all[1]]), ["--features", "f", "--bench", "b"].map(OsString::from));
        assert_eq!(words(&[&all[0], &all[2]]), options.cargo_args);
    }
}
