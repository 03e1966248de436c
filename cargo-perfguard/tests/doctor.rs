//! `doctor` on the machine that runs the tests: what it says depends on the machine, that it says something does not.

mod common;

use common::TestEnvironment;

#[test]
fn doctor_examines_a_machine_without_a_workspace_and_measures_its_noise_floor() {
    let environment = TestEnvironment::new();
    let view = environment.perfguard(&["doctor", "--format", "json"]).expect_code(0).json();
    let schema = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/doctor.json");
    let schema = serde_json::from_str(&std::fs::read_to_string(schema).unwrap()).unwrap();
    assert!(jsonschema::is_valid(&schema, &view), "{view}");
    assert_eq!(view["kind"], "doctor");
    // On a machine that is busy beyond measure there may be too few pairs, which is said.
    let floor = &view["noise_floor"];
    if floor.is_null() {
        assert!(
            view["noise_floor_missing"].as_str().is_some_and(|reason| reason.contains("pairs could be taken")),
            "{view}"
        );
    } else {
        assert!(floor["pairs"].as_u64().is_some_and(|pairs| (8..=40).contains(&pairs)), "{view}");
        assert!(floor["smallest_in_40"].as_f64() <= floor["smallest_in_24"].as_f64(), "{floor}");
        assert!(floor["sample_ns"].as_f64().is_some_and(|time| time > 0.0), "{floor}");
    }
    let ids: Vec<&str> = view["findings"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    for id in ["cache-programs", "exchange", "ordering", "counters", "valgrind"] {
        assert!(ids.contains(&id), "{ids:?}");
    }
    assert!(view["metrics"].as_array().is_some_and(|rows| rows.iter().any(|row| row["metric"] == "peak-memory")));
    let left: Vec<_> = std::fs::read_dir(environment.cache()).unwrap().map(|item| item.unwrap().file_name()).collect();
    assert_eq!(left, ["measuring.lock"], "what was tried in the cache is gone");
}

#[test]
fn a_cache_that_cannot_be_used_is_a_finding_and_fails_only_where_that_is_asked_for() {
    let environment = TestEnvironment::new();
    let file = environment.root().join("file");
    std::fs::write(&file, "").unwrap();
    for (args, code) in
        [(&["doctor", "--no-noise-floor"][..], 0), (&["doctor", "--no-noise-floor", "--strict"][..], 97)]
    {
        let mut command = environment.perfguard_command(&environment.root(), args);
        let ran = common::ran(&command.env("PERFGUARD_CACHE", file.join("cache")).output().unwrap()).expect_code(code);
        assert!(ran.stdout.contains("cache-unusable: the cache directory cannot be used"), "{}", ran.stdout);
        assert!(ran.stdout.contains("not measured: it was not asked for"), "{}", ran.stdout);
    }
}

#[test]
fn a_finding_is_explained_and_one_that_is_mistyped_is_named() {
    let environment = TestEnvironment::new();
    let ran = environment.perfguard(&["doctor", "--explain", "turbo"]).expect_code(0);
    assert!(ran.stdout.starts_with("turbo: ") && ran.stdout.contains("no_turbo"), "{}", ran.stdout);
    environment.perfguard(&["doctor", "--explain", "trubo"]).expect_code(2).says("did you mean `turbo`?");
    environment.perfguard(&["doctor", "--explain", "zzzzzzzzz"]).expect_code(2).says("noise-floor");
}

#[test]
fn doctor_does_not_measure_beside_another_perfguard() {
    let environment = TestEnvironment::new();
    let lock = std::fs::File::create(environment.cache().join("measuring.lock")).unwrap();
    lock.lock().unwrap();
    environment.perfguard(&["doctor", "--no-wait"]).expect_code(97);
    environment.perfguard(&["doctor", "--no-wait", "--no-noise-floor"]).expect_code(0);
}
