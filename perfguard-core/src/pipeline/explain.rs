//! `explain`: one benchmark, two trees, and what of it executes more: function by function, and what else differs.

use super::clean::keep_within;
use super::explain_counts::{CountedSides, Counting};
use super::explain_reasons::{Reasons, reasons};
use super::explain_sides::{chosen, default_sides};
use super::identical::{Same, identical_targets};
use super::matching::Both;
use super::prepare::{Bench, BuildOptions, limits};
use super::sides::{PreparedSide, SideSpec, prepare_side, tree_of};
use super::{PipelineError, Place, Tools};
use crate::cancel::CancellationToken;
use crate::clock::Clock;
use crate::event::EventSink;
use crate::explain::{FlameGraph, flame_graph, growth, simulated};
use crate::measure::INSTALL_VALGRIND;
use crate::model::{Explanation, InstructionGrowth, Instructions, RunSettings, Side, Sides};
use crate::report::format::counted as counted_things;
use crate::report::{ExplainView, SideView};
use crate::store::Store;

/// What the user asked to have explained.
#[derive(Debug, Clone)]
pub struct ExplainRequest {
    /// How to build.
    pub options: BuildOptions,
    /// Which benchmark: its id, its name, or a part of its id.
    pub benchmark: String,
    /// Base and head; `None` for those of the last comparison that found it regressed, else of the last commit.
    pub sides: Option<(SideSpec, SideSpec)>,
    /// Limits of one process.
    pub settings: RunSettings,
    /// Files that never make two sides differ, as globs relative to the root.
    pub ignore: Vec<String>,
    /// How many functions are told of at most.
    pub most: usize,
    /// Whether a flame graph is wanted.
    pub draw: bool,
    /// Whether it is an error that nothing can be counted here.
    pub strict: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct ExplainOutcome {
    /// The explanation as it is shown.
    pub view: ExplainView,
    /// The flame graph as an SVG, where one was wanted and something was counted.
    pub flame_graph: Option<String>,
}

/// Explains why a benchmark changed.
///
/// # Errors
/// When a side does not build, not one benchmark is meant, or the store cannot be read. Where instructions cannot be
/// counted, the rest is the answer, unless that is asked for strictly.
pub fn explain(
    place: &Place,
    tools: &Tools,
    request: &ExplainRequest,
    store: &Store,
    clock: &dyn Clock,
    events: &mut dyn EventSink,
    cancel: &CancellationToken,
) -> Result<ExplainOutcome, PipelineError> {
    let options = &request.options;
    let (base_spec, head_spec, why) = if let Some((base, head)) = &request.sides {
        (base.clone(), head.clone(), None)
    } else {
        let (base, head, why) = default_sides(place, &request.benchmark, store)?;
        (base, head, Some(why))
    };
    let base_tree = tree_of(place, &base_spec, &options.include, events)?;
    let head_tree = tree_of(place, &head_spec, &options.include, events)?;
    let mut bench = Bench::open(place, tools, options, "cargo perfguard explain", events, cancel)?;
    let limits = limits(&request.settings);
    let base = prepare_side(&mut bench, place, tools, base_tree, options, limits, events, cancel)?;
    let head = prepare_side(&mut bench, place, tools, head_tree, options, limits, events, cancel)?;
    let both = chosen(place, &base, &head, &request.benchmark)?;
    let Reasons { metrics, dependencies, differences } = reasons(place, (&base, &head), &both, store)?;
    let mut explanation = Explanation {
        benchmark: both.id.clone(),
        instructions: Instructions::Identical,
        metrics,
        dependencies,
        differences,
        remarks: why.into_iter().collect(),
    };
    let same = identical_targets(&mut bench, &base, &head, std::slice::from_ref(&both), &request.ignore)?;
    let mut picture = None;
    if !same.values().any(Same::is_same) {
        let sides = [(&base, &base_spec), (&head, &head_spec)];
        let counting = Counting { place, tools, request, sides, both: &both };
        match counting.count(&mut bench, events, cancel)? {
            Ok(counted) => {
                picture = request.draw.then(|| draw(&counted, &base, &head, &both)).flatten();
                tell(&counted, request.most, &mut explanation);
            }
            Err(nothing) if request.strict && nothing.hint.is_some() => {
                return Err(PipelineError::NoWitness { install: INSTALL_VALGRIND });
            }
            Err(nothing) => {
                let (reason, hint) = (nothing.reason, nothing.hint);
                explanation.instructions = Instructions::NotCounted { reason, hint };
            }
        }
    }
    bench.workbench.forget_other_trees(&head.tree.key())?;
    keep_within(&mut bench, options, store, clock, events)?;
    let side =
        |side: &PreparedSide| SideView { label: side.label.clone(), variant: None, commit: side.source.commit.clone() };
    Ok(ExplainOutcome { view: ExplainView::new(side(&base), side(&head), explanation), flame_graph: picture })
}

/// Writes what was counted into an explanation.
fn tell(counted: &CountedSides, most: usize, explanation: &mut Explanation) {
    let CountedSides { base, head, per_iteration, remarks } = counted;
    let (functions, others) = growth(&base.functions, &head.functions, most);
    for (side, name) in [(base, Side::Base), (head, Side::Head)] {
        if side.changed_code.is_empty() {
            continue;
        }
        let is_shown = |name: &&String| functions.iter().any(|row| row.object.is_none() && row.function == **name);
        let shown = side.changed_code.iter().find(is_shown);
        let among = shown.map(|name| format!(", `{name}` among them")).unwrap_or_default();
        let count = counted_things(side.changed_code.len(), "function");
        explanation
            .remarks
            .push(format!("with line tables, {count} that {name} executes became other code than without{among}"));
    }
    explanation.remarks.extend(remarks.iter().cloned());
    let mut metrics = simulated(&base.profile, &head.profile);
    metrics.append(&mut explanation.metrics);
    explanation.metrics = metrics;
    let total = Sides { base: base.profile.instructions(), head: head.profile.instructions() };
    let per_iteration = *per_iteration;
    explanation.instructions = Instructions::Counted(InstructionGrowth { per_iteration, total, functions, others });
}

fn draw(counted: &CountedSides, base: &PreparedSide, head: &PreparedSide, both: &Both) -> Option<String> {
    let per = if counted.per_iteration { "an iteration" } else { "a process" };
    let written = FlameGraph {
        title: both.id.to_string(),
        subtitle: format!(
            "{} against {}: as wide as head executes, red where it executes more than base, blue where less",
            head.label, base.label
        ),
        per: per.to_owned(),
    };
    flame_graph(&counted.base.functions, &counted.head.functions, &written)
}
