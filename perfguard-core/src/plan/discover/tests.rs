//! Against the real `cargo metadata`, on small workspaces made here.

use std::collections::BTreeMap;

use super::*;
use crate::environment::vars;

/// A virtual workspace of `one` (benches `fast` and `gated`, the latter behind feature `extra`) and `two` (bench `slow`).
fn workspace() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let files = BTreeMap::from([
        ("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"one\", \"two\"]\n"),
        (
            "one/Cargo.toml",
            "[package]\nname = \"one\"\nversion = \"1.2.3\"\nedition = \"2021\"\n[features]\nall = [\"extra\"]\nextra = []\n\
             [[bench]]\nname = \"fast\"\nharness = false\n[[bench]]\nname = \"gated\"\nharness = false\nrequired-features = [\"extra\"]\n",
        ),
        ("two/Cargo.toml", "[package]\nname = \"two\"\nversion = \"0.1.0\"\nedition = \"2021\"\n"),
        ("one/src/lib.rs", ""),
        ("two/src/lib.rs", ""),
        ("one/benches/fast.rs", "fn main() {}"),
        ("one/benches/gated.rs", "fn main() {}"),
        ("two/benches/slow.rs", "fn main() {}"),
    ]);
    for (path, text) in files {
        let path = folder.path().join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }
    folder
}

fn read(manifest: &Path) -> Result<Workspace, PlanError> {
    let cwd = manifest.parent().unwrap();
    read_metadata(manifest, cwd, &vars::all(), Path::new("cargo"), &CancellationToken::new())
}

fn names(workspace: &Workspace, manifest: &Path, selection: &Selection) -> Vec<String> {
    expected_targets(workspace, manifest, selection).iter().map(|target| target.id.to_string()).collect()
}

#[test]
fn packages_are_selected_by_cargos_rules() {
    let folder = workspace();
    let root = folder.path().canonicalize().unwrap().join("Cargo.toml");
    let member = root.with_file_name("two").join("Cargo.toml");
    let workspace = read(&root).unwrap();
    let all = ["one::fast", "one::gated", "two::slow"];
    assert_eq!(names(&workspace, &root, &Selection::default()), all, "a virtual workspace means all members");
    assert_eq!(names(&workspace, &member, &Selection::default()), ["two::slow"], "a member's folder means that member");
    let everything = Selection { workspace: true, ..Selection::default() };
    assert_eq!(names(&workspace, &member, &everything), all);
    assert_eq!(packages_with_benches(&workspace), ["one", "two"]);
    let rest = Selection { exclude: vec!["t*".into()], ..everything };
    assert_eq!(names(&workspace, &member, &rest), ["one::fast", "one::gated"]);
    for spec in ["one", "o?e", "one@1.2", "one@1.2.3"] {
        let named = Selection { packages: vec![spec.into()], benches: vec!["f*".into()], ..Selection::default() };
        assert_eq!(names(&workspace, &member, &named), ["one::fast"], "{spec}");
    }
}

#[test]
fn a_target_behind_a_feature_names_the_feature_until_it_is_on() {
    let folder = workspace();
    let root = folder.path().canonicalize().unwrap().join("Cargo.toml");
    let workspace = read(&root).unwrap();
    let gated = expected_targets(&workspace, &root, &Selection::default()).remove(1);
    let reason = |features: &[&str]| {
        let features = features.iter().map(ToString::to_string).collect();
        unbuilt_reason(&workspace, &gated, &Selection { features, ..Selection::default() }, &[])
    };
    let missing = NotMeasured::NeedsFeatures { missing: vec!["extra".into()] };
    assert_eq!(reason(&[]), missing);
    assert_eq!(reason(&["two/extra"]), missing, "another package's feature");
    for features in [["extra"], ["all"], ["one/extra"]] {
        assert_eq!(reason(&features), NotMeasured::BuildFailed, "{features:?} turns it on");
    }
}

#[test]
fn a_manifest_with_errors_shows_cargos_own_message() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = folder.path().join("Cargo.toml");
    fs_err::write(&manifest, "[package]\nnom = 1\n").unwrap();
    let error = read(&manifest).unwrap_err().to_string();
    assert!(error.contains("failed to parse manifest"), "{error}");
}

#[test]
fn without_a_manifest_the_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = nearest_manifest(folder.path()).unwrap_err();
    assert!(error.to_string().contains(&folder.path().display().to_string()), "{error}");
    assert!(error.hint().is_some());
}

#[test]
fn a_toolchain_that_is_not_installed_is_named_with_the_line_that_installs_it() {
    let folder = workspace();
    fs_err::write(
        folder.path().join("rustup"),
        "#!/bin/sh\necho \"error: toolchain '9.9' is not installed\" >&2\nexit 1\n",
    )
    .unwrap();
    let rustup = folder.path().join("rustup");
    fs_err::set_permissions(&rustup, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let manifest = folder.path().join("Cargo.toml");
    let error = read_metadata(&manifest, folder.path(), &vars::all(), &rustup, &CancellationToken::new()).unwrap_err();
    assert_eq!(error.to_string(), "toolchain `9.9` is not installed, and the working tree asks for it");
    assert_eq!(error.hint().as_deref(), Some("`rustup toolchain install 9.9`"));
}
