//! `self-test`: how often perfguard is wrong on this machine, with the user's own benchmarks: comparisons of an executable
//! with itself, and with itself made slower by a known amount.

use perfguard_stats::power::rate_interval;
use perfguard_stats::quantile::median;

use super::comparing::{Comparing, Outcome, compare_and_record};
use super::extra::Extra;
use super::layouts::LayoutChoice;
use super::matching::{Both, match_sides};
use super::prepare::{Bench, BuildOptions, limits};
use super::sides::{PreparedSide, SideSpec, prepare_side, tree_of};
use super::{PipelineError, Place, Tools};
use crate::analyse::conclude;
use crate::cancel::CancellationToken;
use crate::clock::Clock;
use crate::event::{Event, EventSink};
use crate::judge::Rules;
use crate::model::{Interval, RunCommand, RunSettings, Verdict};
use crate::plan::Filter;
use crate::report::{RateView, SelfTestView, SpreadView};
use crate::store::{Store, StoreLocation};

/// What the user asked of `self-test`.
#[derive(Debug, Clone)]
pub struct SelfTestRequest {
    /// How to build.
    pub options: BuildOptions,
    /// Which benchmarks.
    pub filter: Filter,
    /// How to measure; the budget is that of one comparison.
    pub settings: RunSettings,
    /// Comparisons of each kind.
    pub comparisons: u32,
    /// By how much head is made slower (0.05 is 5 %).
    pub slowdown: f64,
    /// A change at least this large matters (0.03 is 3 %).
    pub threshold: f64,
    /// On how many layouts.
    pub layouts: LayoutChoice,
}

/// The level of the intervals of rates.
const LEVEL: f64 = 0.95;

/// What was counted.
#[derive(Debug, Default)]
struct Counts {
    comparisons: u64,
    regressed: u64,
    improved: u64,
    unchanged: u64,
    undecided: u64,
    /// Comparisons of whole suites, and those in which something regressed.
    suites: u64,
    failed_suites: u64,
    /// Those in which base differed from its own copy.
    untrusted: u64,
}

/// Compares the working tree with itself so many times, and so many times with itself made slower. Nothing is recorded.
///
/// # Errors
/// When the tree does not build, or no benchmark can be measured.
pub fn self_test(
    place: &Place,
    tools: &Tools,
    request: &SelfTestRequest,
    clock: &dyn Clock,
    events: &mut dyn EventSink,
    cancel: &CancellationToken,
) -> Result<SelfTestView, PipelineError> {
    let mut bench = Bench::open(place, tools, &request.options, "cargo perfguard self-test", events, cancel)?;
    let tree = tree_of(place, &SideSpec::WorkingTree, &request.options.include, events)?;
    let limits = limits(&request.settings);
    let side = prepare_side(&mut bench, place, tools, tree, &request.options, limits, events, cancel)?;
    let benchmarks = match_sides(&side.prepared, &side.prepared, &request.filter).both;
    if benchmarks.is_empty() {
        let nearest = Vec::new();
        return Err(PipelineError::NoMatch { words: request.filter.words.clone(), nearest });
    }
    let folder = bench.scratch.path().join("self-test.db");
    let mut store = Store::open(&StoreLocation(folder))?;
    let start = clock.monotonic();
    let mut spreads = Spreads::default();
    let mut rates = Vec::new();
    for slowdown in [0.0, request.slowdown] {
        let mut counts = Counts::default();
        for number in 0..request.comparisons {
            if cancel.is_cancelled() {
                break;
            }
            let what = if slowdown > 0.0 { "slowed" } else { "the same" };
            events.event(Event::Detail(format!("comparison {} of {}, {what}", number + 1, request.comparisons)));
            let seed = request.settings.seed.wrapping_add(u64::from(number) * 2);
            let asked = Asked { request, side: &side, benchmarks: &benchmarks, slowdown, seed };
            asked.compare(&mut bench, &mut store, &mut counts, &mut spreads, clock, events, cancel)?;
        }
        rates.push(counts);
    }
    let comparisons: u64 = rates.iter().map(|counts| counts.comparisons).sum();
    let spent = clock.monotonic().saturating_sub(start);
    let each = spent.as_secs_f64() / f64::from(u32::try_from(comparisons).unwrap_or(u32::MAX).max(1));
    let [same, slowed] = <[Counts; 2]>::try_from(rates).expect("two kinds of comparison");
    Ok(SelfTestView::new(
        benchmarks.iter().map(|both| both.id.clone()).collect(),
        rate_view(&same),
        rate_view(&slowed),
        request.slowdown,
        each,
        spreads.view(),
    ))
}

/// One comparison of a tree with itself.
struct Asked<'a> {
    request: &'a SelfTestRequest,
    side: &'a PreparedSide,
    benchmarks: &'a [Both],
    slowdown: f64,
    seed: u64,
}

impl Asked<'_> {
    #[expect(clippy::too_many_arguments, reason = "one call of a private step")]
    fn compare(
        &self,
        bench: &mut Bench,
        store: &mut Store,
        counts: &mut Counts,
        spreads: &mut Spreads,
        clock: &dyn Clock,
        events: &mut dyn EventSink,
        cancel: &CancellationToken,
    ) -> Result<(), PipelineError> {
        let tables = &self.request.options.tables;
        let rules: Vec<Rules> =
            self.benchmarks.iter().map(|both| Rules::of(tables, &both.id, self.request.threshold)).collect();
        let settings = RunSettings { seed: self.seed, ..self.request.settings.clone() };
        let what = Comparing {
            command: RunCommand::Compare,
            base: self.side,
            head: self.side,
            benchmarks: self.benchmarks,
            rules: &rules,
            settings: &settings,
            tables,
            layouts: self.request.layouts,
            gate: &[],
            most_pairs: None,
            slowdown: 1.0 + self.slowdown,
            extra: Extra::none(tables),
        };
        let compared = compare_and_record(bench, &what, store, clock, events, cancel)?;
        if compared.interrupted {
            return Ok(());
        }
        let null = compared.nulls.judged(&|index| compared.outcomes[index].first.single_spread());
        counts.untrusted += u64::from(null.is_some_and(|control| control.moved));
        let before = counts.regressed;
        for outcome in &compared.outcomes {
            counts.take(outcome);
            spreads.take(outcome);
        }
        counts.suites += 1;
        counts.failed_suites += u64::from(counts.regressed > before);
        Ok(())
    }
}

impl Counts {
    fn take(&mut self, outcome: &Outcome) {
        let confirming = outcome.confirming.as_ref().filter(|_| outcome.first.is_suspect());
        self.comparisons += 1;
        match conclude(&outcome.first, confirming, true).verdict {
            Verdict::Regressed => self.regressed += 1,
            Verdict::Improved => self.improved += 1,
            Verdict::Unchanged => self.unchanged += 1,
            Verdict::Undecided
            | Verdict::Layout
            | Verdict::Untrusted
            | Verdict::New
            | Verdict::Removed
            | Verdict::Failed => self.undecided += 1,
        }
    }
}

fn rate_view(counts: &Counts) -> RateView {
    let interval = |events: u64, trials: u64| {
        let found = rate_interval(events, trials, LEVEL).ok()?;
        Some(Interval { low: found.low, high: found.high, level: LEVEL })
    };
    let wrong = counts.regressed + counts.improved;
    RateView {
        comparisons: counts.comparisons,
        regressed: counts.regressed,
        improved: counts.improved,
        unchanged: counts.unchanged,
        undecided: counts.undecided,
        changed_interval: interval(wrong, counts.comparisons),
        regressed_interval: interval(counts.regressed, counts.comparisons),
        unchanged_interval: interval(counts.unchanged, counts.comparisons),
        suites: counts.suites,
        failed_suites: counts.failed_suites,
        untrusted_suites: counts.untrusted,
    }
}

/// How far values lie apart, over all comparisons.
#[derive(Debug, Default)]
struct Spreads {
    pairs: Vec<f64>,
    layout: Vec<f64>,
}

impl Spreads {
    fn take(&mut self, outcome: &Outcome) {
        if let Some(spread) = outcome.first.pair_spread() {
            self.pairs.push(spread);
            self.layout.extend(outcome.first.layout_share().map(|share| share.sqrt() * spread));
        }
    }

    fn view(&self) -> SpreadView {
        let largest = self.pairs.iter().copied().fold(0.0, f64::max);
        SpreadView {
            pair_median: median(&self.pairs).ok(),
            pair_largest: (largest > 0.0).then_some(largest),
            layout_median: median(&self.layout).ok(),
        }
    }
}
