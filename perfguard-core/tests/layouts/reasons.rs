//! Why there are no layouts: each reason as it would stand in a row.

use perfguard_core::build::NotLinked;
use perfguard_core::cancel::CancellationToken;
use perfguard_core::clock::SystemClock;

use crate::suite::{REQUEST, both_sides, try_link, world};

#[test]
fn a_linker_that_cannot_order_functions_is_named() {
    let mut world = world();
    world.write(".cargo/config.toml", "[build]\nrustflags = [\"-C\", \"link-arg=-fuse-ld=bfd\"]\n");
    let (base, head) = both_sides(&mut world);
    assert!(base.has_link_kit, "the kit is whole all the same");
    let reason = try_link(&world, &base, &head, REQUEST).unwrap_err();
    assert!(matches!(reason, NotLinked::CannotOrder { .. }), "{reason:?}");
    let row = reason.in_a_row();
    assert!(row.starts_with("layout not checked: GNU ld ") && row.ends_with("in a given order"), "{row}");
    assert!(reason.hint().unwrap().contains("-fuse-ld=lld"));
    assert!(
        !base.folder().join("layouts").exists()
            || std::fs::read_dir(base.folder().join("layouts")).unwrap().count() == 0
    );
}

#[test]
fn a_kit_that_is_gone_or_no_longer_gives_the_executable_is_not_used() {
    let mut world = world();
    let (base, head) = both_sides(&mut world);
    let kit = base.folder().join("kit/link.json");
    let description = std::fs::read_to_string(&kit).unwrap();
    std::fs::write(&kit, description.replace("-Wl,--strip-debug", "-Wl,--strip-all")).unwrap();
    let reason = try_link(&world, &base, &head, REQUEST).unwrap_err();
    assert_eq!(reason.in_a_row(), "layout not checked: linking `sample::speak` again gives another executable");
    std::fs::write(&kit, description.replace("-Wl,--strip-debug", "-Wl,--no-such-option")).unwrap();
    let reason = try_link(&world, &base, &head, REQUEST).unwrap_err();
    assert_eq!(reason.in_a_row(), "layout not checked: `sample::speak` could not be linked again");
    assert!(reason.to_string().contains("no-such-option"), "{reason}");
    std::fs::remove_dir_all(base.folder().join("kit")).unwrap();
    let reason = try_link(&world, &head, &base, REQUEST).unwrap_err();
    assert_eq!(reason.in_a_row(), "layout not checked: the inputs of `sample::speak`'s link are not kept");
}

#[test]
fn a_link_that_reads_a_file_of_the_build_tree_by_a_way_of_its_own_is_not_whole() {
    let mut world = world();
    world.write("link/extra.ld", "INSERT AFTER .data;\n");
    world.write("link/script", "INPUT ( extra.o )\n");
    // The linker finds the object by the script, not by an argument.
    world.write(
        "build.rs",
        "fn main() {
            let here = std::env::var(\"CARGO_MANIFEST_DIR\").unwrap();
            std::fs::write(\"extra.c\", \"int extra_value = 3;\").unwrap();
            assert!(std::process::Command::new(\"cc\").args([\"-c\", \"extra.c\", \"-o\", \"link/extra.o\"]).status().unwrap().success());
            std::fs::write(\"link/script\", format!(\"INPUT ( \\\"{here}/link/extra.o\\\" )\\n\")).unwrap();
            println!(\"cargo::rustc-link-arg-benches={here}/link/script\");
        }\n",
    );
    let (base, head) = both_sides(&mut world);
    assert!(!base.has_link_kit);
    let reason = try_link(&world, &base, &head, REQUEST).unwrap_err();
    assert!(matches!(reason, NotLinked::InputNotKept { .. }), "{reason:?}");
    assert!(reason.in_a_row().ends_with("link/extra.o`, which is not kept"), "{}", reason.in_a_row());
}

#[test]
fn ending_it_leaves_nothing_half_made() {
    let mut world = world();
    let (base, head) = both_sides(&mut world);
    let cancel = CancellationToken::new();
    cancel.cancel();
    let reason = world.workbench().common_layouts(&base, &head, REQUEST, &SystemClock::default(), &cancel).unwrap_err();
    assert!(matches!(reason, NotLinked::Interrupted), "{reason:?}");
    assert_eq!(try_link(&world, &base, &head, REQUEST).unwrap().linked, 2);
}
