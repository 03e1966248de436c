//! What is found on machines of several kinds.

use std::time::Duration;

use super::*;
use crate::environment::fixtures::Tree;
use crate::environment::{Monitor, ci_service, machine_below};
use crate::model::{CacheAbilities, MeanAndMost, NoiseFloor, Weather};

/// A machine of which everything but the tree is as it should be.
fn seen(tree: &Tree) -> Seen {
    Seen {
        machine: machine_below(tree.root()),
        ci: None,
        weather: Weather {
            processors: 4,
            readings: 9,
            time: Duration::from_secs(3),
            other_load: Some(flat(0.01)),
            steal: Some(flat(0.0)),
            io_wait: Some(flat(0.0)),
            ..Monitor::new(tree.root()).summary()
        },
        cache: Ok(CacheAbilities {
            folder: "/cache".into(),
            exchange: Ability::works("renameat2"),
            hard_links: Ability::works("link"),
            programs: Ability::works("exec"),
            same_file_system: Some(true),
            free_bytes: Some(100 << 30),
        }),
        ordering: Ability::works("LLD"),
        counters: Ability::works("perf_event_open"),
        valgrind: Ability::works("valgrind-3.24.0"),
        io_accounting: Ok(true),
        noise: Ok(floor(0.004)),
    }
}

fn flat(share: f64) -> MeanAndMost {
    MeanAndMost { mean: share, most: share }
}

fn floor(pair_spread: f64) -> NoiseFloor {
    NoiseFloor {
        pairs: 40,
        pair_spread,
        between_processes: pair_spread,
        within_process: 0.001,
        smallest_in_24: 0.02,
        smallest_in_40: 0.015,
        sample_ns: 1e6,
    }
}

/// The ids of a level, in their order.
fn ids(findings: &[MachineFinding], level: FindingLevel) -> Vec<&'static str> {
    findings.iter().filter(|one| one.level == level).map(|one| one.id).collect()
}

#[test]
fn a_quiet_server_has_nothing_to_change() {
    let findings = diagnose(&seen(&Tree::quiet_server()));
    assert_eq!(ids(&findings, FindingLevel::Warning), [""; 0]);
    assert_eq!(ids(&findings, FindingLevel::Note), [""; 0]);
    assert!(findings.len() > 15, "{findings:?}");
    assert!(findings.iter().all(|one| one.change.is_empty() && one.cost.is_empty()));
}

#[test]
fn a_laptop_on_battery_is_to_be_plugged_in_first() {
    let findings = diagnose(&seen(&Tree::laptop_on_battery()));
    assert_eq!(ids(&findings, FindingLevel::Warning), ["on-battery"]);
    assert_eq!(ids(&findings, FindingLevel::Note), ["overheated", "governor", "turbo", "shared-cores"]);
    let turbo = findings.iter().find(|one| one.id == "turbo").unwrap();
    assert_eq!(turbo.change, ["echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo"]);
    assert!(turbo.cost.contains("up to 144 %"), "{}", turbo.cost);
}

#[test]
fn turbo_names_the_switch_that_this_machine_has() {
    let findings = diagnose(&seen(&Tree::turbo_on()));
    assert_eq!(ids(&findings, FindingLevel::Note), ["turbo"]);
    let turbo = findings.iter().find(|one| one.id == "turbo").unwrap();
    assert_eq!(turbo.change, ["echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost"]);
}

#[test]
fn a_container_is_told_of_its_limits_and_of_what_it_cannot_see() {
    let findings = diagnose(&seen(&Tree::container_no_sysfs()));
    assert_eq!(ids(&findings, FindingLevel::Warning), ["cpu-limit"]);
    let notes = ids(&findings, FindingLevel::Note);
    assert_eq!(notes, ["few-processors", "container", "no-pressure", "frequency-unknown"]);
    let limit = &findings[0];
    assert_eq!(limit.seen, "the control group grants 2.0 processors; it waited in 50 % of its periods");
}

#[test]
fn a_runner_that_shares_its_hardware_is_warned_of_steal() {
    let mut seen = seen(&Tree::ci_vm_with_steal());
    seen.ci = ci_service(&[("GITHUB_ACTIONS".into(), "true".into())]);
    seen.weather.steal = Some(flat(0.05));
    seen.weather.other_load = Some(flat(0.70));
    seen.counters = Ability::fails("the kernel does not grant them to this user");
    let findings = diagnose(&seen);
    assert_eq!(ids(&findings, FindingLevel::Warning), ["other-load", "steal", "memory-pressure"]);
    let notes = ids(&findings, FindingLevel::Note);
    assert_eq!(notes, ["few-processors", "virtual-machine", "ci", "frequency-unknown", "counters"]);
    let counters = findings.iter().find(|one| one.id == "counters").unwrap();
    assert_eq!(counters.change, [setup_checks::GRANT_COUNTERS]);
    assert!(counters.seen.ends_with("; perf_event_paranoid is 4"));
}

#[test]
fn a_cache_that_cannot_be_used_comes_before_everything() {
    let mut seen = seen(&Tree::ci_vm_with_steal());
    seen.cache = Err("permission denied".into());
    seen.noise = Err("the cache directory cannot be used".into());
    let findings = diagnose(&seen);
    assert_eq!(findings[0].id, "cache-unusable");
    assert!(findings.iter().all(|one| one.id != "noise-floor"));
}

#[test]
fn a_noisy_floor_says_what_stays_undecided() {
    let mut seen = seen(&Tree::quiet_server());
    for (spread, level) in [(0.02, FindingLevel::Good), (0.03, FindingLevel::Note), (0.05, FindingLevel::Warning)] {
        seen.noise = Ok(floor(spread));
        let found = diagnose(&seen).into_iter().find(|one| one.id == "noise-floor").unwrap();
        assert_eq!(found.level, level);
        assert_eq!(found.cost.contains("below 1.5 % stays undecided"), level != FindingLevel::Good, "{}", found.cost);
    }
}

#[test]
fn every_finding_has_a_kind_and_no_kind_is_there_twice() {
    let mut all: Vec<_> = FINDINGS.iter().map(|kind| kind.id).collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), FINDINGS.len());
    let trees = [
        Tree::quiet_server(),
        Tree::laptop_on_battery(),
        Tree::turbo_on(),
        Tree::container_no_sysfs(),
        Tree::ci_vm_with_steal(),
    ];
    for tree in trees {
        for found in diagnose(&seen(&tree)) {
            assert!(FindingKind::of(found.id).is_some(), "`{}` is not in the table", found.id);
        }
    }
}

#[test]
fn what_does_not_work_has_a_reason_and_what_would_help() {
    let mut seen = seen(&Tree::quiet_server());
    seen.io_accounting = Ok(false);
    seen.valgrind = Ability::fails("it is not installed");
    let failing = |seen: &Seen| metrics(seen).into_iter().filter(|row| row.ability.failure().is_some()).count();
    assert_eq!(failing(&seen), 1, "the processor counts instructions too");
    seen.counters = Ability::fails("the kernel does not grant them to this user");
    seen.machine.perf_event_paranoid = Some(4);
    let rows = metrics(&seen);
    let failing: Vec<_> = rows.iter().filter(|row| row.ability.failure().is_some()).collect();
    assert_eq!(failing.len(), 3);
    assert!(failing.iter().all(|row| row.hint.is_some()));
    assert!(rows.iter().any(|row| row.metric == "peak-memory" && row.ability.failure().is_none()));
    seen.io_accounting = Err("could not start".into());
    assert_eq!(metrics(&seen).iter().filter(|row| row.ability == Ability::fails("could not start")).count(), 4);
}

#[test]
fn every_built_in_metric_has_a_row() {
    let rows = metrics(&seen(&Tree::quiet_server()));
    let named: Vec<&str> = rows.iter().flat_map(|row| row.metric.split(", ")).collect();
    for metric in crate::model::built_in_metrics() {
        assert!(named.contains(&&*metric.id.0), "{}", metric.id);
    }
}

#[test]
fn every_finding_is_in_the_page_that_lists_them() {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/doctor.md");
    let page = fs_err::read_to_string(page).unwrap();
    for kind in &FINDINGS {
        assert!(
            page.contains(&format!("\n## `{}`\n", kind.id)),
            "docs/doctor.md has no `{}`: cargo xtask codegen",
            kind.id
        );
    }
}
