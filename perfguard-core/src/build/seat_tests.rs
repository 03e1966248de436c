//! The seat after a crash: each state that a kill can leave, made by hand.

use std::path::Path;

use super::seat::{repair, swap_by_renaming};
use super::*;

type At = fn(&Layout) -> std::path::PathBuf;

/// A workbench with a builder's folder and two kept ones, each with a file that says whose it is.
fn workbench() -> (tempfile::TempDir, Layout) {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::create(&folder.path().join("bench")).unwrap();
    let mut checkout = Checkout::open(layout.clone(), None).unwrap();
    for key in ["a", "b"] {
        std::fs::write(layout.out().join("who"), key).unwrap();
        checkout.keep(key).unwrap();
    }
    std::fs::write(layout.out().join("who"), "builder").unwrap();
    (folder, layout)
}

fn who(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("out/who")).unwrap_or_else(|error| error.to_string())
}

fn in_order(layout: &Layout) -> [String; 3] {
    [who(&layout.here()), who(&layout.kept("a")), who(&layout.kept("b"))]
}

const ORDER: [&str; 3] = ["builder", "a", "b"];

#[test]
fn a_kept_folder_is_here_while_it_is_seated() {
    let (_folder, layout) = workbench();
    let mut checkout = Checkout::open(layout.clone(), None).unwrap();
    for (seat, name) in [
        (Seat::Kept("a"), "a"),
        (Seat::Kept("a"), "a"),
        (Seat::Kept("b"), "b"),
        (Seat::Builder, "builder"),
        (Seat::Builder, "builder"),
        (Seat::Kept("b"), "b"),
    ] {
        checkout.seat(seat).unwrap();
        assert_eq!(who(&layout.here()), name);
        assert!(checkout.has("a") && checkout.has("b"));
    }
    checkout.remove_kept("b").unwrap();
    assert_eq!(who(&layout.here()), "builder");
    assert_eq!((checkout.has("b"), checkout.kept().unwrap()), (false, vec!["a".to_owned()]));
    let error = checkout.seat(Seat::Kept("b")).unwrap_err();
    assert!(matches!(error, CheckoutError::NotKept { .. }), "{error:?}");
    assert_eq!(who(&layout.here()), "builder");
    checkout.seat(Seat::Kept("a")).unwrap();
    assert_eq!(in_order(&layout)[..2], ["a", "builder"]);
}

#[test]
fn whatever_a_kill_leaves_is_put_right() {
    let here = |layout: &Layout| layout.here();
    let a = |layout: &Layout| layout.kept("a");
    let moving = |layout: &Layout| layout.root().join("moving-a");
    // The renames that were done before the kill.
    let away: [(At, At); 3] = [(here, moving), (a, here), (moving, a)];
    // From the state after them, back again.
    for (there, back) in [(0, 0), (1, 0), (2, 0), (3, 0), (3, 1), (3, 2), (3, 3)] {
        for state_is_lost in [false, true] {
            let (_folder, layout) = workbench();
            for (from, to) in away[..there].iter().chain(&away[..back]) {
                std::fs::rename(from(&layout), to(&layout)).unwrap();
            }
            if state_is_lost {
                std::fs::remove_file(layout.state_file()).unwrap();
            }
            drop(Checkout::open(layout.clone(), None).unwrap());
            assert_eq!(in_order(&layout), ORDER, "after {there} renames and {back} back, state lost: {state_is_lost}");
            assert!(!moving(&layout).exists());
        }
    }
}

#[test]
fn folders_that_cannot_be_exchanged_change_places_by_renaming() {
    let (_folder, layout) = workbench();
    assert_eq!(swap_by_renaming(&layout, "a").unwrap(), Swap::Renamed);
    assert_eq!(in_order(&layout), ["a", "builder", "b"]);
    swap_by_renaming(&layout, "a").unwrap();
    assert_eq!(in_order(&layout), ORDER);
    let error = swap_by_renaming(&layout, "none").unwrap_err();
    assert!(matches!(error, CheckoutError::ExchangeRefused { .. }), "{error:?}");
    assert_eq!(in_order(&layout), ORDER, "a swap that failed is undone");
}

#[test]
fn a_cache_that_was_copied_keeps_its_kept_folders() {
    let (folder, layout) = workbench();
    Checkout::open(layout.clone(), None).unwrap().seat(Seat::Kept("a")).unwrap();
    let copy = folder.path().join("copy");
    #[expect(clippy::disallowed_methods, reason = "copies as a backup does, inodes change")]
    let copied = std::process::Command::new("cp").arg("-a").arg(layout.root()).arg(&copy).status().unwrap();
    assert!(copied.success());
    let layout = Layout::create(&copy).unwrap();
    drop(Checkout::open(layout.clone(), None).unwrap());
    assert_eq!(in_order(&layout), ORDER);
}

#[test]
fn a_builder_that_was_deleted_is_made_anew_beside_what_is_kept() {
    let (_folder, layout) = workbench();
    std::fs::remove_dir_all(layout.here()).unwrap();
    let inode = repair(&layout, Some(u64::MAX)).unwrap();
    assert_eq!(in_order(&layout)[1..], ORDER[1..]);
    assert!(layout.wb().is_dir());
    assert_eq!(repair(&layout, Some(inode)).unwrap(), inode);
}

#[test]
fn what_was_half_kept_or_half_removed_is_swept_and_never_used() {
    let (_folder, layout) = workbench();
    for name in ["making-c", "gone-a"] {
        std::fs::create_dir_all(layout.root().join(name).join("out")).unwrap();
    }
    let checkout = Checkout::open(layout.clone(), None).unwrap();
    assert!(!checkout.has("c"));
    assert!(!layout.root().join("making-c").exists() && !layout.root().join("gone-a").exists());
    assert_eq!(checkout.kept().unwrap(), ["a", "b"]);
}

#[test]
fn a_folder_that_is_made_anew_has_the_same_files_links_and_times() {
    let (_folder, layout) = workbench();
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::new(1_000_000, 123_456_789);
    let file = layout.out().join("file");
    std::fs::write(&file, "content").unwrap();
    std::fs::File::options().append(true).open(&file).unwrap().set_modified(old).unwrap();
    std::os::unix::fs::symlink("file", layout.out().join("link")).unwrap();
    let inode = |path: &Path| std::os::unix::fs::MetadataExt::ino(&path.metadata().unwrap());
    let before = inode(&file);
    kept::make_movable(&layout, &layout.here()).unwrap();
    assert_ne!(inode(&file), before);
    assert_eq!(file.metadata().unwrap().modified().unwrap(), old);
    assert_eq!(std::fs::read_link(layout.out().join("link")).unwrap(), Path::new("file"));
    assert_eq!(in_order(&layout), ORDER);
}

#[test]
fn a_kept_folder_that_could_not_be_renamed_away_goes_whole_after_a_kill() {
    let (_folder, layout) = workbench();
    std::fs::write(layout.root().join("removing-a"), "").unwrap();
    let checkout = Checkout::open(layout.clone(), None).unwrap();
    assert!(!checkout.has("a") && !layout.root().join("removing-a").exists());
    assert_eq!(checkout.kept().unwrap(), ["b"]);
}

#[test]
fn a_key_must_be_fit_for_a_file_name() {
    let (_folder, layout) = workbench();
    let mut checkout = Checkout::open(layout, None).unwrap();
    for key in ["", "../x", "a/b"] {
        assert!(matches!(checkout.keep(key), Err(CheckoutError::InvalidKey { .. })), "{key}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = Layout::create(&file.join("cache")).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains(file.to_str().unwrap()), "{source}");
    let refused = CheckoutError::Io { doing: "x", source: std::io::ErrorKind::ReadOnlyFilesystem.into() };
    assert!(refused.hint().unwrap().contains("PERFGUARD_CACHE"));
}
