//! The store in use, shared, killed, locked and damaged.

use super::*;
use crate::model::{
    ArtifactHash, Baseline, BenchmarkId, BuildContext, Direction, Environment, Failure, FailureKind, Harness,
    HarnessKind, IterationControl, Metric, MetricId, NotMeasured, Note, Observation, Observations, Run, RunCommand,
    RunId, RunSettings, Sample, Source, Stopped, TargetId, TargetKind, Timeline, TimelinePoint, Unit,
};

fn location() -> (tempfile::TempDir, StoreLocation) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("perfguard/history.db");
    (folder, StoreLocation(path))
}

fn run(number: u32) -> Run {
    Run {
        id: RunId(uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(number))),
        started_at_ns: i64::from(number),
        finished_at_ns: None,
        command: RunCommand::Run,
        source: Source { commit: Some("a".repeat(40)), dirty: false, branch: Some("main".into()), subject: None },
        build: BuildContext {
            toolchain: "rustc 1".into(),
            triple: "x".into(),
            profile: "bench".into(),
            features: vec!["a,b".into()],
            lock_hash: None,
        },
        environment: Environment {
            architecture: "x".into(),
            cpu_model: "y".into(),
            cpu_flags_hash: "z".into(),
            physical_cores: 2,
            operating_system: "linux".into(),
            kernel_major: "6".into(),
            virtualisation: "none".into(),
        },
        settings: RunSettings {
            control: IterationControl::default(),
            warm_up_processes: 1,
            observations: Observations { min: 8, max: 40 },
            precision: 0.01,
            budget: std::time::Duration::from_mins(1),
            timeout: std::time::Duration::from_mins(1),
            output_limit: 1,
            metrics: Vec::new(),
            timeline_ns: None,
            seed: u64::MAX,
            filter: vec!["x".into()],
            exact: true,
        },
        tool_version: "0".into(),
    }
}

fn id(name: &str) -> BenchmarkId {
    format!("p::b::{name}").parse().unwrap()
}

fn observation(value: f64) -> Observation {
    Observation {
        started_at_ns: 1,
        samples: vec![Sample { iterations: 3, total_ns: 10.5 }],
        summary: None,
        iterations: Some(4),
        value,
        metrics: [(MetricId::PEAK_MEMORY, 4096.0), (MetricId("users-own".into()), 1.25)].into(),
        own_metrics: vec![own_metric(Unit::Ratio)],
        process_ns: 9,
        timeline: None,
    }
}

/// A metric that a bench defines itself, better the more there is of it.
fn own_metric(unit: Unit) -> Metric {
    Metric { id: MetricId("users-own".into()), unit, direction: Direction::HigherIsBetter }
}

fn harness() -> Harness {
    Harness { kind: HarnessKind::Criterion, version: Some("0.8.2".into()) }
}

/// Begins a run of one benchmark.
fn begin(store: &mut Store, run: &Run) -> MeasurementKey {
    store.begin_run(run, &[], &[(id("x"), ArtifactHash("h".into()), harness())]).unwrap()[0]
}

/// Writes a run of one benchmark with these values; finishes it.
fn record(store: &mut Store, run: &Run, values: &[f64]) {
    let key = begin(store, run);
    for (sequence, value) in values.iter().enumerate() {
        store.add_observation(key, sequence, &observation(*value)).unwrap();
    }
    store.finish_measurement(key, Stopped::Precise, None, &[Note("n".into())]).unwrap();
    store.finish_run(run.id, 99).unwrap();
}

#[test]
fn what_is_written_is_read_back_whole() {
    let (_folder, location) = location();
    let mut store = Store::open(&location).unwrap();
    let run = run(1);
    let failure = Failure { kind: FailureKind::TimedOut, message: "m".into(), output: "o".into() };
    let target = TargetId { package: "p".into(), kind: TargetKind::Lib, name: "p".into() };
    let benchmark = |name: &str| (id(name), ArtifactHash("h".into()), harness());
    let not_measured = [(target.clone(), Some(harness()), NotMeasured::NoBenchmarks)];
    let keys = store.begin_run(&run, &not_measured, &[benchmark("x"), benchmark("y/π\n")]).unwrap();
    store.add_observation(keys[0], 0, &observation(1.5)).unwrap();
    store.add_observation(keys[0], 1, &observation(2.5)).unwrap();
    store.finish_measurement(keys[0], Stopped::Precise, None, &[Note("n".into())]).unwrap();
    store.finish_measurement(keys[1], Stopped::Failed, Some(&failure), &[]).unwrap();
    store.finish_run(run.id, 99).unwrap();
    drop(store);
    let store = Store::open_to_read(&location).unwrap().unwrap();
    assert_eq!(store.run(run.id).unwrap(), Some(Run { finished_at_ns: Some(99), ..run.clone() }));
    let measurements = store.measurements(run.id).unwrap();
    assert_eq!(measurements[0].observations, [observation(1.5), observation(2.5)]);
    assert_eq!((measurements[0].stopped, measurements[0].harness.clone()), (Some(Stopped::Precise), harness()));
    assert_eq!(measurements[0].notes, [Note("n".into())]);
    assert_eq!((&measurements[1].id, &measurements[1].failure), (&id("y/π\n"), &Some(failure)));
    assert_eq!(store.not_measured(run.id).unwrap(), [(target, Some(harness()), NotMeasured::NoBenchmarks)]);
    let summary = &store.runs(10).unwrap()[0];
    assert_eq!((summary.benchmarks, summary.observations, summary.failures), (2, 2, 1));
}

#[test]
fn a_run_is_found_by_the_beginning_of_its_id_and_by_latest() {
    let (_folder, location) = location();
    let mut store = Store::open(&location).unwrap();
    assert_eq!(store.find_run("latest").unwrap(), None);
    record(&mut store, &run(1), &[1.0]);
    record(&mut store, &run(2), &[1.0]);
    assert_eq!(store.find_run("latest").unwrap(), Some(run(2).id));
    assert_eq!(store.find_run(&run(1).id.to_string()).unwrap(), Some(run(1).id));
    assert!(matches!(store.find_run("0190"), Err(StoreError::Ambiguous { count: 2, .. })));
    assert_eq!(store.find_run("ff").unwrap(), None);
    assert_eq!(store.find_run("%").unwrap(), None, "no pattern");
}

#[test]
fn only_whole_clean_runs_answer_for_a_commit() {
    let (_folder, location) = location();
    let mut store = Store::open(&location).unwrap();
    let clean = run(1);
    record(&mut store, &clean, &[1.0]);
    let mut dirty = run(2);
    dirty.source.dirty = true;
    record(&mut store, &dirty, &[1.0]);
    begin(&mut store, &run(3));
    let answer = |commit: &str, features: &[String]| {
        store.measured_runs(commit, &clean.environment.fingerprint(), "bench", features).unwrap()
    };
    let features = clean.build.features.clone();
    assert_eq!(answer(&"a".repeat(40), &features), [clean.id]);
    assert!(answer(&"b".repeat(40), &features).is_empty());
    assert!(answer(&"a".repeat(40), &[]).is_empty(), "another feature set");
}

#[test]
fn a_baseline_belongs_to_its_environment_profile_and_features_and_moves() {
    let (_folder, location) = location();
    let mut store = Store::open(&location).unwrap();
    let (one, two) = (run(1), run(2));
    record(&mut store, &one, &[1.0]);
    record(&mut store, &two, &[1.0]);
    let baseline = |run: &Run, profile: &str| Baseline {
        name: "main".into(),
        run: run.id,
        commit: "a".repeat(40),
        fingerprint: run.environment.fingerprint(),
        profile: profile.into(),
        features: run.build.features.clone(),
        set_at_ns: 5,
    };
    for set in [baseline(&one, "bench"), baseline(&one, "release"), baseline(&two, "bench")] {
        store.set_baseline(&set).unwrap();
    }
    let found = |profile: &str| {
        store.baseline("main", &one.environment.fingerprint(), profile, &one.build.features).unwrap().map(|b| b.run)
    };
    assert_eq!((found("bench"), found("release"), found("dev")), (Some(two.id), Some(one.id), None));
    assert_eq!(store.baselines().unwrap().len(), 2);
    assert_eq!(store.remove_baseline("main").unwrap(), 2);
    assert_eq!(store.remove_baseline("main").unwrap(), 0);
    assert!(store.run(one.id).unwrap().is_some(), "the runs stay");
}

#[test]
fn several_writers_and_a_reader_share_a_store() {
    let (_folder, location) = location();
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let location = location.clone();
            std::thread::spawn(move || {
                for number in 0..10 {
                    let mut store = Store::open(&location).unwrap();
                    record(&mut store, &run(writer * 100 + number), &[1.0, 2.0]);
                }
            })
        })
        .collect();
    for writer in writers {
        writer.join().unwrap();
    }
    let store = Store::open_to_read(&location).unwrap().unwrap();
    let runs = store.runs(100).unwrap();
    assert_eq!((runs.len(), runs.iter().map(|run| run.observations).sum::<u64>()), (40, 80));
}

#[test]
fn a_writer_that_never_finished_leaves_its_observations() {
    let (_folder, location) = location();
    let mut store = Store::open(&location).unwrap();
    let key = begin(&mut store, &run(1));
    store.add_observation(key, 0, &observation(1.0)).unwrap();
    // No clean end: the write-ahead log stays as a killed process leaves it.
    let copy = tempfile::tempdir().unwrap();
    for name in ["history.db", "history.db-wal"] {
        std::fs::copy(location.0.with_file_name(name), copy.path().join(name)).unwrap();
    }
    let left = Store::open(&StoreLocation(copy.path().join("history.db"))).unwrap();
    assert_eq!(left.run(run(1).id).unwrap().unwrap().finished_at_ns, None);
    assert_eq!(left.measurements(run(1).id).unwrap()[0].observations, [observation(1.0)]);
    assert_eq!(left.measurements(run(1).id).unwrap()[0].stopped, None);
}

#[test]
fn a_newer_a_foreign_and_a_damaged_file_are_refused_unharmed() {
    let (folder, location) = location();
    drop(Store::open(&location).unwrap());
    Connection::open(&location.0).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let before = std::fs::read(&location.0).unwrap();
    assert!(matches!(Store::open(&location), Err(StoreError::Newer { found: 99, .. })));
    assert_eq!(std::fs::read(&location.0).unwrap(), before);
    for (name, content) in
        [("text.db", b"this is no database, it only has the name of one".to_vec()), ("x.db", vec![7; 9000])]
    {
        let path = folder.path().join(name);
        std::fs::write(&path, &content).unwrap();
        assert!(matches!(Store::open(&StoreLocation(path.clone())), Err(StoreError::Foreign { .. })), "{name}");
        assert_eq!(std::fs::read(&path).unwrap(), content);
    }
    let other = folder.path().join("other.db");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    assert!(matches!(Store::open(&StoreLocation(other)), Err(StoreError::Foreign { .. })));
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let error = Store::open(&StoreLocation("/proc/nowhere/history.db".into())).unwrap_err();
    assert!(matches!(error, StoreError::Open { .. }), "{error:?}");
    assert!(error.to_string().contains("/proc/nowhere/history.db"), "{error}");
}

#[test]
fn reading_makes_no_store() {
    let (_folder, location) = location();
    assert!(Store::open_to_read(&location).unwrap().is_none());
    assert!(!location.0.exists());
}

#[test]
fn locations_are_paths_or_urls_of_files() {
    for text in ["history.db", "sqlite:history.db", "file:history.db"] {
        assert_eq!(text.parse::<StoreLocation>().unwrap(), StoreLocation("history.db".into()));
    }
    for text in ["postgres://host/db", "", "file:"] {
        assert!(matches!(text.parse::<StoreLocation>(), Err(StoreError::Unsupported { .. })), "{text}");
    }
}

#[test]
fn what_is_damaged_is_named_and_what_is_whole_is_carried_over() {
    let (_folder, location) = location();
    let mut store = Store::open(&location).unwrap();
    for number in 1..=3 {
        record(&mut store, &run(number), &[1.0, 2.0]);
    }
    assert!(store.verify().is_empty());
    let baseline = |run: &Run, name: &str| Baseline {
        name: name.into(),
        run: run.id,
        commit: "a".repeat(40),
        fingerprint: run.environment.fingerprint(),
        profile: "bench".into(),
        features: Vec::new(),
        set_at_ns: 1,
    };
    store.set_baseline(&baseline(&run(1), "whole")).unwrap();
    store.set_baseline(&baseline(&run(2), "broken")).unwrap();
    let spoil = "UPDATE observation SET data = x'ff' WHERE measurement = 2 AND sequence = 1";
    store.connection.execute_batch(spoil).unwrap();
    let problems = store.verify();
    assert!(problems.len() == 1 && problems[0].contains(&run(2).id.to_string()), "{problems:?}");
    let folder = tempfile::tempdir().unwrap();
    let mut other = Store::open(&StoreLocation(folder.path().join("new.db"))).unwrap();
    let salvage = store.salvage_to(&mut other).unwrap();
    assert_eq!((salvage.runs, salvage.baselines, salvage.lost.len()), (2, 1, 2), "{salvage:?}");
    assert!(other.verify().is_empty());
    assert_eq!(other.measurements(run(3).id).unwrap(), store.measurements(run(3).id).unwrap());
    assert_eq!(other.run(run(1).id).unwrap(), store.run(run(1).id).unwrap());
}

#[test]
fn pages_that_are_damaged_are_told_without_a_panic() {
    let (_folder, location) = location();
    let mut store = Store::open(&location).unwrap();
    for number in 1..=200 {
        record(&mut store, &run(number), &[1.0; 20]);
    }
    drop(store);
    let whole = fs_err::read(&location.0).unwrap();
    for page in (1..whole.len() / 4096).step_by(7) {
        let mut bytes = whole.clone();
        bytes[page * 4096..(page + 1) * 4096].fill(0xa5);
        fs_err::write(&location.0, &bytes).unwrap();
        for beside in ["-wal", "-shm"] {
            fs_err::remove_file(format!("{}{beside}", location.0.display())).ok();
        }
        let problems = Store::open(&location).map_or_else(|error| vec![error.to_string()], |store| store.verify());
        assert!(!problems.is_empty(), "page {page} is damaged, and nobody says so");
    }
}

#[test]
fn latest_is_what_was_written_last_though_the_clock_was_set_back() {
    let (_folder, location) = location();
    let mut store = Store::open(&location).unwrap();
    record(&mut store, &run(9), &[1.0]);
    record(&mut store, &run(2), &[1.0]);
    assert_eq!(store.find_run("latest").unwrap(), Some(run(2).id));
}

#[test]
fn a_store_of_the_first_schema_is_brought_up_to_date_with_its_runs() {
    let (_folder, location) = location();
    fs_err::create_dir_all(location.0.parent().unwrap()).unwrap();
    let old = Connection::open(&location.0).unwrap();
    old.execute_batch(migrations::STEPS[0]).unwrap();
    let environment = serde_json::to_string(&run(1).environment).unwrap();
    let settings = serde_json::to_string(&run(1).settings).unwrap();
    old.execute(
        "INSERT INTO run VALUES (?1, 1, 2, NULL, 0, NULL, NULL, 'f', ?2, 'r', 't', 'bench', '[]', NULL, ?3, '1', '0')",
        [run(1).id.to_string(), environment, settings],
    )
    .unwrap();
    old.pragma_update(None, "application_id", 0x7065_7266).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    drop(old);
    let store = Store::open(&location).unwrap();
    assert_eq!(store.run(run(1).id).unwrap().unwrap().command, RunCommand::Run);
    assert!(store.verify().is_empty());
}

#[test]
fn an_unfinished_run_is_found_by_what_it_measures_and_goes_on_where_it_stopped() {
    let (_folder, location) = location();
    let mut store = Store::open(&location).unwrap();
    record(&mut store, &run(1), &[1.0]);
    let open = run(2);
    let key = begin(&mut store, &open);
    store.add_observation(key, 0, &observation(1.0)).unwrap();
    let find = |store: &Store, command, source: &Source| {
        let (fingerprint, build) = (open.environment.fingerprint(), &open.build);
        store.unfinished_runs(command, source, &fingerprint, &build.profile, &build.features).unwrap()
    };
    assert_eq!(find(&store, RunCommand::Run, &open.source), [open.id]);
    assert!(find(&store, RunCommand::Baseline, &open.source).is_empty());
    let outside = Source { commit: None, dirty: true, branch: None, subject: None };
    assert!(find(&store, RunCommand::Run, &outside).is_empty());
    let again = store.measurements_to_resume(open.id).unwrap();
    assert_eq!((again.len(), again[0].0, again[0].1.observations.len()), (1, key, 1));
    store.add_observation(again[0].0, 1, &observation(2.0)).unwrap();
    store.finish_run(open.id, 9).unwrap();
    assert!(find(&store, RunCommand::Run, &open.source).is_empty());
}

#[test]
fn values_that_are_attached_later_join_the_first_observations_and_replace_earlier_ones() {
    let (_folder, location) = location();
    let mut store = Store::open(&location).unwrap();
    let run = run(1);
    let key = begin(&mut store, &run);
    for sequence in 0..3 {
        store.add_observation(key, sequence, &observation(1.0)).unwrap();
    }
    let metric = Metric { id: MetricId("accuracy".into()), ..own_metric(Unit::Ratio) };
    store.attach(key, &metric, &[0.5, 0.25]).unwrap();
    store.attach(key, &metric, &[0.75]).unwrap();
    let found = store.measurements(run.id).unwrap().remove(0);
    let values: Vec<_> = found.observations.iter().map(|one| one.metrics.get(&metric.id).copied()).collect();
    assert_eq!(values, [Some(0.75), Some(0.25), None]);
    assert_eq!(found.own_metrics(), [metric.clone(), own_metric(Unit::Ratio)]);
    assert_eq!(found.observations[2], observation(1.0), "the others are as they were");
    assert!(store.attach(key, &metric, &[0.0; 4]).is_err(), "there are three");
}

#[test]
fn a_timeline_is_kept_with_its_observation_and_outlives_a_metric_that_is_added_later() {
    let (_folder, location) = location();
    let mut store = Store::open(&location).unwrap();
    let run = run(1);
    let key = begin(&mut store, &run);
    let point = |at_ns| TimelinePoint { at_ns, resident_bytes: 9 - at_ns, ..TimelinePoint::default() };
    let timeline = Some(Timeline { points: vec![point(1), point(2)], cost_ns: 3, ..Timeline::new(1) });
    store.add_observation(key, 0, &Observation { timeline: timeline.clone(), ..observation(1.0) }).unwrap();
    store.add_observation(key, 1, &observation(2.0)).unwrap();
    store.attach(key, &own_metric(Unit::Ratio), &[0.5]).unwrap();
    let found = store.measurements(run.id).unwrap().remove(0).observations;
    assert_eq!(found.iter().map(|one| one.timeline.clone()).collect::<Vec<_>>(), [timeline, None]);
}

#[test]
fn a_metric_that_a_bench_gives_another_unit_keeps_the_old_one_where_it_was_measured() {
    let (_folder, location) = location();
    let mut store = Store::open(&location).unwrap();
    let (first, second) = (run(1), run(2));
    record(&mut store, &first, &[1.0]);
    let key = begin(&mut store, &second);
    let changed = Observation { own_metrics: vec![own_metric(Unit::Bytes)], ..observation(1.0) };
    store.add_observation(key, 0, &changed).unwrap();
    let own = |run: &Run| store.measurements(run.id).unwrap()[0].own_metrics();
    assert_eq!((own(&first), own(&second)), (vec![own_metric(Unit::Ratio)], vec![own_metric(Unit::Bytes)]));
}
