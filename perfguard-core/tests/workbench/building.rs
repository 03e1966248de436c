//! Builds: two commits never share an executable by accident, and each runs among its own files.

use perfguard_core::build::{BuildError, Seat};

use crate::support::{BENCH, MANIFEST, World, everything, library, speak};

#[test]
fn each_commit_gives_its_own_executable_and_the_first_again_the_same_bytes() {
    let mut world = World::new();
    let one = world.commit("one");
    // The same length in the same second: neither size nor a rounded time tells them apart.
    world.write("src/lib.rs", &library("two"));
    let two = world.commit("two");
    let before = everything(&world.root());
    let first = world.build_commit(&one);
    assert_eq!(speak(&first.artifacts[0]), "one");
    for _ in 0..2 {
        assert_eq!(world.speak(&two), "two");
        let again = world.build_commit(&one);
        assert_eq!(again.artifacts[0].hash, first.artifacts[0].hash);
        assert_eq!(speak(&again.artifacts[0]), "one");
    }
    assert_eq!(everything(&world.root()), before, "nothing in the repository changed");
}

#[test]
fn what_a_macro_or_a_build_script_reads_without_saying_so_is_seen() {
    let mut world = World::new();
    world.write("build.rs", "fn main() { let word = std::fs::read_dir(\"data\").unwrap().count(); println!(\"cargo:rustc-env=COUNT={word}\"); println!(\"cargo:rerun-if-changed=build.rs\"); }\n");
    world.write(
        "src/lib.rs",
        "pub fn word() -> String { format!(\"{} {}\", env!(\"COUNT\"), include_str!(\"../data/a.txt\")) }\n",
    );
    world.write("data/a.txt", "a");
    world.write("data/b.txt", "b");
    let two_files = world.commit("two files");
    world.remove("data/b.txt");
    let one_file = world.commit("one file");
    world.write("data/a.txt", "A");
    let other_text = world.commit("other text");
    for (commit, expected) in [(&two_files, "2 a"), (&one_file, "1 a"), (&other_text, "1 A"), (&two_files, "2 a")] {
        assert_eq!(world.speak(commit), expected);
    }
}

#[test]
fn a_deleted_module_does_not_live_on() {
    let mut world = World::new();
    world.write("src/lib.rs", "mod words; pub use words::word;\n");
    world.write("src/words.rs", &library("file"));
    let file = world.commit("file");
    world.remove("src/words.rs");
    world.write("src/words/mod.rs", &library("folder"));
    let folder = world.commit("folder");
    for (commit, expected) in [(&file, "file"), (&folder, "folder"), (&file, "file")] {
        assert_eq!(world.speak(commit), expected);
    }
}

#[test]
fn a_version_bump_alone_gives_the_same_executable() {
    let mut world = World::new();
    let old = world.commit("old");
    world.write("Cargo.toml", &MANIFEST.replace("0.1.0", "0.2.0"));
    let new = world.commit("new");
    assert_eq!(world.build_commit(&old).artifacts[0].hash, world.build_commit(&new).artifacts[0].hash);
}

#[test]
fn lints_that_a_crate_denies_do_not_keep_an_old_commit_from_building() {
    let mut world = World::new();
    world.write("src/lib.rs", &format!("#![deny(warnings)]\nfn unused() {{}}\n{}", library("one")));
    let commit = world.commit("warns");
    assert_eq!(world.speak(&commit), "one");
}

#[test]
fn a_link_kit_is_kept_with_the_executable_and_outlives_the_next_commit() {
    let mut world = World::new();
    let one = world.commit("one");
    world.write("src/lib.rs", &library("two"));
    let two = world.commit("two");
    let first = world.build_commit(&one);
    let second = world.build_commit(&two);
    for build in [&first, &second, &world.build_commit(&one)] {
        let artifact = &build.artifacts[0];
        assert!(artifact.has_link_kit, "a plain relink gave the executable byte for byte");
        assert!(artifact.folder().join("kit/link.json").is_file());
    }
}

#[test]
fn programs_and_build_outputs_of_a_kept_commit_are_its_own_while_it_runs() {
    let mut world = World::new();
    world.write("src/main.rs", "fn main() { print!(\"{}\", sample::word()) }\n");
    world.write("build.rs", "fn main() { let out = std::env::var(\"OUT_DIR\").unwrap(); std::fs::write(format!(\"{out}/made\"), std::fs::read(\"input\").unwrap()).unwrap(); println!(\"cargo:rerun-if-changed=input\"); println!(\"cargo:rustc-env=MADE={out}/made\"); }\n");
    world.write(
        "benches/speak.rs",
        "fn main() {
            let tool = std::process::Command::new(env!(\"CARGO_BIN_EXE_sample\")).output().unwrap();
            let read = |path: &str| std::fs::read_to_string(path).unwrap();
            println!(\"{} {} {} {}\", String::from_utf8(tool.stdout).unwrap(), read(env!(\"MADE\")), read(\"input\"),
                read(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/input\")));
        }\n",
    );
    world.write("input", "1");
    let one = world.commit("one");
    world.write("src/lib.rs", &library("two"));
    world.write("input", "2");
    let two = world.commit("two");
    let (first, second) = (world.keep(&one), world.keep(&two));
    for _ in 0..2 {
        assert_eq!(world.speak_kept(&first), "one 1 1 1");
        assert_eq!(world.speak_kept(&second), "two 2 2 2");
    }
}

#[test]
fn a_build_script_that_asks_git_is_told_the_commit_that_is_built() {
    let mut world = World::new();
    world.write(
        "build.rs",
        "fn main() {
            let git = |args: &[&str]| {
                let out = std::process::Command::new(\"git\").args(args).output().unwrap();
                String::from_utf8(out.stdout).unwrap().trim().to_owned()
            };
            println!(\"cargo:rustc-env=HEAD={}\", git(&[\"rev-parse\", \"HEAD\"]));
            println!(\"cargo:rustc-env=DESCRIBE={}\", git(&[\"describe\", \"--tags\"]));
            println!(\"cargo:rustc-env=STATUS={}\", git(&[\"status\", \"--porcelain\", \"--untracked-files=no\"]).len());
            println!(\"cargo:rerun-if-changed=version\");
        }\n",
    );
    world.write("src/lib.rs", "pub fn word() -> String { concat!(env!(\"HEAD\"), \" \", env!(\"DESCRIBE\"), \" \", env!(\"STATUS\")).into() }\n");
    world.write("version", "1");
    let one = world.commit("one");
    world.git(&["tag", "--annotate", "v1", "--message", "first"]);
    world.write("version", "2");
    let two = world.commit("two");
    world.environment.push(("GIT_DIR".into(), "/nowhere".into()));
    assert_eq!(world.speak(&two), format!("{two} v1-1-g{} 0", &two.0[..7]));
    assert_eq!(world.speak(&one), format!("{one} v1 0"));
}

#[test]
fn a_target_that_does_not_compile_leaves_all_others_built() {
    let mut world = World::new();
    let bench = |name: &str| format!("[[bench]]\nname = \"{name}\"\nharness = false\n");
    let names = ["bad", "a", "b", "c", "d", "kit", "relinked"];
    world.write("Cargo.toml", &format!("{MANIFEST}\n{}", names.map(bench).join("\n")));
    for name in names {
        world.write(&format!("benches/{name}.rs"), BENCH);
    }
    world.write("benches/bad.rs", "fn main() { nothing }\n");
    let commit = world.commit("bad");
    let build = world.build_commit(&commit);
    assert!(!build.complete);
    let names: Vec<_> = build.artifacts.iter().map(|artifact| artifact.target.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c", "d", "kit", "relinked", "speak"]);
    assert!(world.said().contains("cannot find value `nothing`"), "{}", world.said());
}

#[test]
fn a_name_that_stands_for_a_good_and_a_broken_target_keeps_the_good_one() {
    let mut world = World::new();
    world.write("Cargo.toml", &format!("{MANIFEST}\n[workspace]\nmembers = [\"other\"]\n"));
    world.write(
        "other/Cargo.toml",
        &MANIFEST.replace("sample", "other").replace("[profile.bench]\nopt-level = 0\n", ""),
    );
    world.write("other/src/lib.rs", &library("other"));
    world.write("other/benches/speak.rs", "fn main() { nothing }\n");
    let commit = world.commit("two of a name");
    let tree = world.tree(&commit);
    let build = world.try_build(&tree, &["--workspace"]).unwrap();
    assert_eq!(build.artifacts.iter().map(|a| a.target.to_string()).collect::<Vec<_>>(), ["sample::speak"]);
}

#[test]
fn cargos_word_for_this_machine_and_a_runner_of_either_kind_are_understood() {
    let mut world = World::new();
    let host = {
        let output = std::process::Command::new("rustc").arg("-vV").output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().find_map(|line| line.strip_prefix("host: ").map(str::to_owned)).unwrap()
    };
    for runner in ["\"env A=1\"", "[\"env\", \"A=1\"]"] {
        world.write(".cargo/config.toml", &format!("[target.{host}]\nrunner = {runner}\n"));
        let commit = world.commit(runner);
        let tree = world.tree(&commit);
        for args in [&[][..], &["--target", "host-tuple"]] {
            let build = world.try_build(&tree, args).unwrap_or_else(|error| panic!("{runner} {args:?}: {error}"));
            assert_eq!(build.artifacts[0].run.runner, ["env", "A=1"], "{runner}");
            assert_eq!(speak(&build.artifacts[0]), "one");
        }
    }
}

#[test]
fn a_tree_in_which_nothing_compiles_is_an_error_that_names_the_commit() {
    let mut world = World::new();
    world.write("src/lib.rs", "pub fn word() -> String { 1 }\n");
    let commit = world.commit("broken");
    let tree = world.tree(&commit);
    let error = world.try_build(&tree, &[]).unwrap_err();
    assert!(matches!(error, BuildError::Compile { .. }), "{error:?}");
    assert!(error.to_string().contains(commit.short()), "{error}");
}

#[test]
fn a_toolchain_that_is_not_installed_is_named_with_its_install_line() {
    let mut world = World::new();
    world.write("rust-toolchain.toml", "[toolchain]\nchannel = \"1.57.0\"\n");
    let commit = world.commit("old toolchain");
    let tree = world.tree(&commit);
    let error = world.try_build(&tree, &[]).unwrap_err();
    assert!(error.hint().is_some_and(|hint| hint.starts_with("`rustup toolchain install 1.57.0")), "{error:?}");
}

#[test]
fn the_repositorys_own_cargo_configuration_applies_and_the_users_runner_is_learnt() {
    let mut world = World::new();
    let host = "[target.'cfg(unix)']\nrunner = \"env MARK=1\"\n[env]\nFROM_CONFIG = \"yes\"\n";
    world.write(".cargo/config.toml", host);
    std::fs::create_dir(world.outer().join(".cargo")).unwrap();
    std::fs::write(world.outer().join(".cargo/config.toml"), "[env]\nFROM_ABOVE = \"yes\"\nFROM_CONFIG = \"no\"\n")
        .unwrap();
    let commit = world.commit("configured");
    let build = world.build_commit(&commit);
    let run = &build.artifacts[0].run;
    assert_eq!(run.runner, ["env", "MARK=1"]);
    let value = |name: &str| run.env.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    assert_eq!((value("FROM_CONFIG"), value("FROM_ABOVE")), (Some("yes".into()), Some("yes".into())));
    assert_eq!(value("CARGO_PKG_NAME"), Some("sample".into()));
    assert!(run.env.iter().all(|(name, _)| !name.to_string_lossy().starts_with("__PERFGUARD")));
    assert_eq!(value("RUSTC_WRAPPER"), None);
}

#[test]
fn the_users_own_compiler_wrapper_is_chained() {
    let mut world = World::new();
    let commit = world.commit("one");
    let log = world.outer().join("log");
    let wrapper = world.outer().join("wrapper");
    std::fs::write(&wrapper, format!("#!/bin/sh\necho \"$*\" >> '{}'\nexec \"$@\"\n", log.display())).unwrap();
    std::fs::set_permissions(&wrapper, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    world.environment.push(("RUSTC_WRAPPER".into(), wrapper.into()));
    assert_eq!(world.speak(&commit), "one");
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("--crate-name speak") && log.contains("--cap-lints=warn"), "{log}");
}

#[test]
fn a_path_dependency_outside_the_repository_is_linked_and_said() {
    let mut world = World::new();
    let shared = world.outer().join("shared");
    std::fs::create_dir_all(shared.join("src")).unwrap();
    std::fs::write(
        shared.join("Cargo.toml"),
        "[package]\nname = \"shared\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
    )
    .unwrap();
    std::fs::write(shared.join("src/lib.rs"), "pub const WORD: &str = \"shared\";\n").unwrap();
    world.write("Cargo.toml", &format!("{MANIFEST}\n[dependencies]\nshared = {{ path = \"../shared\" }}\n"));
    world.write("src/lib.rs", "pub fn word() -> String { shared::WORD.into() }\n");
    let commit = world.commit("outside");
    assert_eq!(world.speak(&commit), "shared");
    assert!(world.said().contains("`../shared` lies outside the repository"), "{}", world.said());
}

#[test]
fn a_build_that_was_cut_off_leaves_the_repository_alone_and_the_next_is_right() {
    let mut world = World::new();
    let one = world.commit("one");
    world.write("src/lib.rs", &library("two"));
    let two = world.commit("two");
    let kept = world.keep(&one);
    let before = everything(&world.root());
    // An update that was cut off: the memory is empty, another's folder stands here, and a tool of the build lives on.
    world.workbench().seat(Seat::Kept(&kept.key)).unwrap();
    let root = world.cache().join("repository");
    let state = root.join("state.json");
    let mut memory: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&state).unwrap()).unwrap();
    memory["files"] = serde_json::json!({});
    std::fs::write(&state, memory.to_string()).unwrap();
    std::fs::write(root.join("building"), "").unwrap();
    let mut tool = std::process::Command::new("sleep");
    let mut left = tool.arg("600").env("__PERFGUARD_HERE", root.join("here")).spawn().unwrap();
    assert_eq!(world.speak(&two), "two");
    assert_eq!(left.wait().unwrap().code(), None, "it was ended");
    assert_eq!(world.speak_kept(&kept), "one");
    assert_eq!(everything(&world.root()), before);
}

#[test]
fn a_commit_without_a_lock_file_gets_the_invoking_trees() {
    let mut world = World::new();
    let commit = world.commit("no lock");
    let tree = world.tree(&commit);
    let lock = "# the invoking tree's\nversion = 4\n\n[[package]]\nname = \"sample\"\nversion = \"0.1.0\"\n";
    world.lock = Some(("Cargo.lock".into(), lock.into()));
    let build = world.try_build(&tree, &["--locked"]).unwrap();
    assert_eq!(build.context.lock_hash.unwrap(), blake3::hash(lock.as_bytes()).to_hex()[..16]);
    assert!(!world.root().join("Cargo.lock").exists(), "and the repository still has none");
}
