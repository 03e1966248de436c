//! Kinds of builds that real workspaces have: each gives whole kits, layouts that run, and functions in their places.

use perfguard_core::model::Artifact;

use crate::suite::{BENCH, LIBRARY, MANIFEST, SAID, both_sides, link, say, world};
use crate::support::World;

/// Links layouts of two commits and holds them against what the executables as built say.
fn assert_shared(world: &World, base: &Artifact, head: &Artifact, expected: &str) {
    assert!(base.has_link_kit && head.has_link_kit, "linking again gives the executable that cargo built");
    let layouts = link(world, base, head);
    assert_ne!(base.hash, head.hash);
    for number in 0..layouts.base.len() {
        let placed = layouts.placed_alike(number).unwrap();
        assert_eq!(placed.alike, placed.found, "{:?}", layouts.functions);
        assert_eq!(placed.found, layouts.functions.common);
        assert!(layouts.functions.common * 10 > layouts.functions.base * 9, "{:?}", layouts.functions);
        for side in [&layouts.base[number], &layouts.head[number]] {
            assert_eq!(say(side, "--bench"), expected);
        }
    }
}

fn assert_profile(profile: &str) {
    let mut world = world();
    world.write("Cargo.toml", &format!("{MANIFEST}\n[profile.bench]\n{profile}\n"));
    // An unused function disappears without a trace where all code is optimized at once.
    let base = world.commit("base");
    world.write("src/lib.rs", &LIBRARY.replace("checked_add(1)", "checked_add(3)"));
    let head = world.commit("head");
    let base = world.build_commit(&base).artifacts.remove(0);
    let head = world.build_commit(&head).artifacts.remove(0);
    assert!(base.has_link_kit && head.has_link_kit);
    let layouts = link(&world, &base, &head);
    assert!(layouts.functions.common < layouts.functions.base, "{:?}", layouts.functions);
    let placed = layouts.placed_alike(0).unwrap();
    assert_eq!((placed.alike, placed.found), (layouts.functions.common, layouts.functions.common));
    assert_eq!(say(&layouts.base[1], "--bench"), SAID);
    assert_eq!(say(&layouts.head[1], "--bench"), SAID.replace("21", "23"));
}

#[test]
fn link_time_optimization() {
    assert_profile("lto = \"fat\"");
}

#[test]
fn one_codegen_unit() {
    assert_profile("codegen-units = 1");
}

#[test]
fn debug_information_is_not_carried_along() {
    let mut world = world();
    world.write("Cargo.toml", &format!("{MANIFEST}\n[profile.bench]\ndebug = true\n"));
    let (base, head) = both_sides(&mut world);
    assert_shared(&world, &base, &head, SAID);
    let layouts = link(&world, &base, &head);
    let size = |artifact: &Artifact| artifact.program.metadata().unwrap().len();
    assert!(size(&layouts.base[0]) < size(&base) / 2, "{} {}", size(&layouts.base[0]), size(&base));
}

#[test]
fn an_executable_without_symbols() {
    let mut world = world();
    world.write("Cargo.toml", &format!("{MANIFEST}\n[profile.bench]\nstrip = \"symbols\"\n"));
    let (base, head) = both_sides(&mut world);
    assert_shared(&world, &base, &head, SAID);
}

#[test]
fn a_static_c_library_that_a_build_script_makes() {
    let mut world = world();
    world.write("native.c", "int native_add(int a) { return a + 2; }\nint native_other(int a) { return a * 3; }\n");
    world.write(
        "build.rs",
        "fn main() {
            let out = std::env::var(\"OUT_DIR\").unwrap();
            let run = |program: &str, words: &[&str]| assert!(std::process::Command::new(program).args(words).status().unwrap().success());
            run(\"cc\", &[\"-O2\", \"-c\", \"native.c\", \"-o\", &format!(\"{out}/native.o\")]);
            run(\"ar\", &[\"rcs\", &format!(\"{out}/libnative.a\"), &format!(\"{out}/native.o\")]);
            println!(\"cargo::rustc-link-search=native={out}\\ncargo::rustc-link-lib=static:-bundle=native\\ncargo::rerun-if-changed=native.c\");
        }\n",
    );
    world.write(
        "benches/speak.rs",
        &format!(
            "extern \"C\" {{ fn native_add(a: i32) -> i32; }}\n{}",
            BENCH.replace("step(20)", "step(unsafe { native_add(18) } as u64)")
        ),
    );
    let (base, head) = both_sides(&mut world);
    assert_shared(&world, &base, &head, SAID);
}

#[test]
fn the_standard_library_as_a_shared_object() {
    let mut world = world();
    world.write(".cargo/config.toml", "[build]\nrustflags = [\"-C\", \"prefer-dynamic\"]\n");
    let (base, head) = both_sides(&mut world);
    assert_shared(&world, &base, &head, SAID);
}

#[test]
fn a_crate_that_is_a_shared_object() {
    let mut world = world();
    world.write(
        "Cargo.toml",
        &format!(
            "{MANIFEST}\n[dependencies]\nshared = {{ path = \"shared\" }}\n\n[workspace]\nmembers = [\"shared\"]\n"
        ),
    );
    world.write(
        "shared/Cargo.toml",
        "[package]\nname = \"shared\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lib]\ncrate-type = [\"dylib\"]\n",
    );
    world.write("shared/src/lib.rs", "#[inline(never)]\npub fn twenty() -> u64 { 20 }\n");
    world.write(".cargo/config.toml", "[build]\nrustflags = [\"-C\", \"prefer-dynamic\"]\n");
    world.write("benches/speak.rs", &BENCH.replace("step(20)", "step(shared::twenty())"));
    let (base, head) = both_sides(&mut world);
    assert_shared(&world, &base, &head, SAID);
}

#[test]
fn arguments_of_the_workspaces_own_for_the_linker() {
    let mut world = world();
    world.write("link/exports.map", "{ global: main; local: *; };\n");
    world.write(
        ".cargo/config.toml",
        "[build]\nrustflags = [\"-C\", \"link-arg=-Wl,--version-script=link/exports.map\", \"-C\", \"link-arg=-Wl,-z,now\", \
         \"-C\", \"link-args=-Llink -Wl,--hash-style=both\"]\n",
    );
    let (base, head) = both_sides(&mut world);
    assert_shared(&world, &base, &head, SAID);
}

#[test]
fn a_linker_of_the_users_own() {
    let mut world = world();
    let wrapper = world.outer().join("my-cc");
    std::fs::write(&wrapper, "#!/bin/sh\n[ -n \"$NEEDED\" ] || exit 9\nexec cc \"$@\"\n").unwrap();
    std::fs::set_permissions(&wrapper, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    world.write(
        ".cargo/config.toml",
        &format!("[target.'cfg(unix)']\nlinker = \"{}\"\n[env]\nNEEDED = \"yes\"\n", wrapper.display()),
    );
    let (base, head) = both_sides(&mut world);
    assert_shared(&world, &base, &head, SAID);
}
