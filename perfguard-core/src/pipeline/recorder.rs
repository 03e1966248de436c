//! What is heard of pairs, written to the store as it is taken: both observations of each, and that they are one.

use super::comparing::Comparing;
use super::matching::Both;
use super::sides::PreparedSide;
use super::watching::Watch;
use super::{PipelineError, TOOL_VERSION};
use crate::analyse::{NullPairs, PairedTest};
use crate::clock::Clock;
use crate::environment;
use crate::measure::{Heard, Next, Pair};
use crate::model::{ArtifactHash, BenchmarkId, Harness, NotMeasured, Note, PairRecord, Run, RunId, Stage};
use crate::store::{MeasurementKey, Store, StoreError};

/// Writes down what is heard, and feeds the tests.
pub(super) struct Recorder<'a> {
    pub(super) store: &'a mut Store,
    pub(super) base_keys: Vec<MeasurementKey>,
    pub(super) head_keys: Vec<MeasurementKey>,
    /// Observations written so far: base's, head's; and pairs.
    written: Vec<[u32; 3]>,
    pub(super) tests: Vec<Option<PairedTest>>,
    pub(super) nulls: NullPairs,
    pub(super) notes: Vec<Vec<Note>>,
    pub(super) watch: Watch<'a>,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(
        store: &'a mut Store,
        base_keys: Vec<MeasurementKey>,
        head_keys: Vec<MeasurementKey>,
        watch: Watch<'a>,
        benchmarks: usize,
    ) -> Self {
        Self {
            store,
            base_keys,
            head_keys,
            written: vec![[0; 3]; benchmarks],
            tests: std::iter::repeat_with(|| None).take(benchmarks).collect(),
            nulls: NullPairs::default(),
            notes: vec![Vec::new(); benchmarks],
            watch,
        }
    }

    pub(super) fn hear(&mut self, stage: Stage, index: usize, heard: Heard<'_>) -> Result<Next, StoreError> {
        match heard {
            Heard::Pair(pair) => {
                self.write(stage, index, &pair)?;
                let test = self.tests[index].as_mut().expect("planned before its first pair");
                let over = test.push(pair.base, pair.head, pair.layout);
                return Ok(match (over, test.is_within_a_pair()) {
                    (true, _) => Next::Enough,
                    (false, true) => Next::SameLayout,
                    (false, false) => Next::More,
                });
            }
            Heard::Null(pair) => {
                self.write(Stage::NullControl, index, &pair)?;
                self.nulls.push(index, pair.base.value, pair.head.value);
            }
            Heard::End(_, notes) => {
                if let Some(test) = &mut self.tests[index] {
                    test.finish();
                }
                let known = &mut self.notes[index];
                known.extend(notes.iter().filter(|note| !known.contains(note)).cloned().collect::<Vec<_>>());
            }
        }
        Ok(Next::More)
    }

    /// Writes both observations of a pair, and that they are one.
    pub(super) fn write(&mut self, stage: Stage, index: usize, pair: &Pair<'_>) -> Result<(), StoreError> {
        self.watch.observed(index, pair.base.process_ns + pair.head.process_ns);
        let keys = [self.base_keys[index], self.head_keys[index]];
        let written = &mut self.written[index];
        // The next number of base's observations, of head's, or of pairs.
        let mut next = |of: usize| {
            written[of] += 1;
            written[of] - 1
        };
        // A null pair is two observations of base.
        let other = usize::from(stage != Stage::NullControl);
        let (base, head, sequence) = (next(0), next(other), next(2));
        let layout = u32::try_from(pair.layout).unwrap_or(u32::MAX);
        let record = PairRecord { stage, layout, head_first: pair.head_first, base, head };
        self.store.as_one(|store| {
            store.add_observation(keys[0], base as usize, pair.base)?;
            store.add_observation(keys[other], head as usize, pair.head)?;
            store.add_pair(keys[1], sequence as usize, &record)
        })
    }
}

/// Writes a side's run, with a row for each benchmark and for each target that is not measured.
pub(super) fn begin(
    what: &Comparing<'_>,
    side: &PreparedSide,
    target_of: impl Fn(&Both) -> usize,
    store: &mut Store,
    clock: &dyn Clock,
) -> Result<(RunId, Vec<MeasurementKey>), PipelineError> {
    let started_at_ns = clock.unix_ns();
    let run = Run {
        id: RunId::at(started_at_ns),
        started_at_ns,
        finished_at_ns: None,
        command: what.command,
        source: side.source.clone(),
        build: side.prepared.build.context.clone(),
        environment: environment::detect(),
        settings: what.settings.clone(),
        tool_version: TOOL_VERSION.to_owned(),
    };
    let not_measured = side.prepared.targets.iter().filter_map(|target| {
        let reason: &NotMeasured = target.benchmarks.as_ref().err()?;
        Some((target.id.clone(), target.harness.clone(), reason.clone()))
    });
    let not_measured: Vec<_> = not_measured.collect();
    let measured: Vec<(BenchmarkId, ArtifactHash, Harness)> = what
        .benchmarks
        .iter()
        .map(|both| {
            let target = &side.prepared.targets[target_of(both)];
            let artifact = target.artifact.as_ref().expect("a listed benchmark has an executable");
            let harness = target.harness.clone().expect("a listed benchmark has a harness");
            (both.id.clone(), artifact.hash.clone(), harness)
        })
        .collect();
    Ok((run.id, store.begin_run(&run, &not_measured, &measured)?))
}
