//! What people read, at several widths.

use std::time::Duration;

use unicode_width::UnicodeWidthStr;

use super::*;
use crate::environment::fixtures::Tree;
use crate::environment::{FINDINGS, ci_service, diagnose, machine_below, metrics};
use crate::model::{CacheAbilities, MeanAndMost, Seen, Weather};

fn flat(share: f64) -> MeanAndMost {
    MeanAndMost { mean: share, most: share }
}

fn view() -> DoctorView {
    let mut machine = machine_below(Tree::ci_vm_with_steal().root());
    // What varies with whoever runs the tests.
    machine.environment.architecture = "x86_64".into();
    machine.environment.operating_system = "linux".into();
    let seen = Seen {
        machine,
        ci: ci_service(&[("GITHUB_ACTIONS".into(), "true".into())]),
        weather: Weather {
            processors: 2,
            readings: 30,
            time: Duration::from_secs(3),
            load: Some(flat(3.2)),
            other_load: Some(flat(0.7)),
            steal: Some(flat(0.04)),
            io_wait: Some(flat(0.0)),
            cpu_pressure: Some(flat(0.12)),
            ..Weather::default()
        },
        cache: Ok(CacheAbilities {
            folder: "/home/runner/.cache/perfguard".into(),
            exchange: Ability::fails("folders cannot change places: Invalid argument (os error 22)"),
            hard_links: Ability::works("link"),
            programs: Ability::works("exec"),
            same_file_system: Some(true),
            free_bytes: Some(14 << 30),
        }),
        ordering: Ability::fails("it does not know `--symbol-ordering-file` (GNU ld does not, LLD does)"),
        counters: Ability::fails("the kernel does not grant them to this user"),
        valgrind: Ability::fails("it is not installed"),
        io_accounting: Ok(true),
        noise: Ok(NoiseFloor {
            pairs: 31,
            pair_spread: 0.046,
            between_processes: 0.03,
            within_process: 0.011,
            smallest_in_24: 0.066,
            smallest_in_40: 0.051,
            sample_ns: 1_012_000.0,
        }),
    };
    DoctorView::new(&seen, metrics(&seen), diagnose(&seen))
}

#[test]
fn an_examination_is_readable_at_sixty_eighty_and_a_hundred_and_twenty_columns() {
    for width in [60, 80, 120] {
        let text = doctor_table(&view(), Style { width, color: false });
        insta::assert_snapshot!(format!("doctor_{width}"), text);
    }
}

#[test]
fn only_commands_are_wider_than_the_terminal() {
    for width in [60, 80, 120] {
        let text = doctor_table(&view(), Style { width, color: false });
        let wide: Vec<&str> = text.lines().filter(|line| line.width() > width && !line.contains('→')).collect();
        assert_eq!(wide, [""; 0]);
    }
}

#[test]
fn a_floor_that_was_not_measured_has_its_reason() {
    let mut view = view();
    view.noise_floor = None;
    view.noise_floor_missing = Some("it was not asked for".into());
    let text = doctor_table(&view, Style { width: 100, color: false });
    assert!(text.contains("noise    not measured: it was not asked for\n"), "{text}");
}

#[test]
fn every_kind_of_finding_can_be_explained() {
    for kind in &FINDINGS {
        let text = explanation(kind, Style { width: 80, color: false });
        assert!(text.starts_with(kind.id) && text.contains("\nwhy\n"), "{text}");
        assert!(text.lines().all(|line| line.width() <= 100), "{text}");
    }
}
