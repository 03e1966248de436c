//! `list`: every bench target of the working tree with its harness and its benchmarks.

use super::place::working_tree;
use super::prepare::{Bench, BuildOptions, What};
use super::selection::{require_targets, select};
use super::{PipelineError, Place, Tools};
use crate::cancel::CancellationToken;
use crate::event::EventSink;
use crate::plan::Filter;
use crate::process::Limits;
use crate::report::{ListView, ListedTarget, NotMeasuredRow};

/// Builds the working tree and lists it. Targets and benchmarks that the filter does not mean are left out.
///
/// # Errors
/// When the tree cannot be read or built at all, when there is no bench target, or when the filter matches nothing.
pub fn list_benchmarks(
    place: &Place,
    tools: &Tools,
    options: &BuildOptions,
    filter: &Filter,
    limits: Limits,
    events: &mut dyn EventSink,
    cancel: &CancellationToken,
) -> Result<ListView, PipelineError> {
    let mut bench = Bench::open(place, tools, options, "cargo perfguard list", events, cancel)?;
    let (tree, _) = working_tree(place, &options.include, events)?;
    let mut prepared = bench.prepare(place, tools, &tree, &What::WorkingTree, options, limits, events, cancel)?;
    require_targets(place, &prepared)?;
    if !filter.words.is_empty() {
        select(&prepared, filter)?;
        for target in &mut prepared.targets {
            let id = target.id.clone();
            if let Ok(names) = &mut target.benchmarks {
                names.retain(|name| filter.matches(&crate::model::BenchmarkId::new(&id, name.clone())));
            }
        }
        prepared.targets.retain(|target| target.benchmarks.as_ref().is_ok_and(|names| !names.is_empty()));
    }
    let listed = prepared.targets.into_iter().map(|target| ListedTarget {
        benchmarks: target.ids(),
        not_measured: target
            .benchmarks
            .err()
            .map(|reason| NotMeasuredRow::new(target.id.clone(), target.harness.clone(), reason)),
        target: target.id,
        harness: target.harness,
    });
    Ok(ListView::new(listed.collect()))
}
