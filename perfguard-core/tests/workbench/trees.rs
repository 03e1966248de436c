//! Trees: what a commit, the working copy and the index contain.

use std::collections::BTreeSet;
use std::path::Path;

use perfguard_core::vcs::{Mode, Reader, Repository, SourceTree, VcsError};

use crate::support::{World, everything, git_in, library, speak};

fn names(tree: &SourceTree) -> BTreeSet<String> {
    tree.entries.keys().map(|path| path.display().to_string()).collect()
}

fn text(tree: &SourceTree, path: &str) -> String {
    let (bytes, _) = Reader::default().read(&tree.entries[Path::new(path)]).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_clean_working_copy_has_the_commits_content_and_is_clean() {
    let world = World::new();
    world.write("with space/π ∑\nnewline.txt", "odd name");
    std::os::unix::fs::symlink("src/lib.rs", world.root().join("link")).unwrap();
    let commit = world.commit("one");
    let before = everything(&world.root());
    let (copy, tree) = (world.repository().working_tree().unwrap(), world.tree(&commit));
    let contents = |tree: &SourceTree| {
        tree.entries.iter().map(|(path, entry)| (path.clone(), entry.mode, entry.blob.clone())).collect::<Vec<_>>()
    };
    assert_eq!(contents(&copy), contents(&tree));
    assert!(!copy.dirty);
    assert_eq!(copy.key(), commit.as_str());
    assert_eq!(copy.entries[Path::new("link")].mode, Mode::Symlink);
    assert_eq!(everything(&world.root()), before, "the index is not refreshed");
}

#[test]
fn tracked_changes_and_untracked_files_count_and_ignored_ones_do_not() {
    let world = World::new();
    world.write("gone.txt", "");
    let commit = world.commit("one");
    world.write("src/lib.rs", &library("changed"));
    world.write("new/file.rs", "// new\n");
    world.write("target/ignored", "");
    world.remove("gone.txt");
    let copy = world.repository().working_tree().unwrap();
    assert!(copy.dirty);
    assert_eq!(copy.commit, Some(commit));
    assert_eq!(text(&copy, "src/lib.rs"), library("changed"));
    let names = names(&copy);
    assert!(
        names.contains("new/file.rs") && !names.contains("gone.txt") && !names.contains("target/ignored"),
        "{names:?}"
    );
    assert!(copy.key().starts_with("tree-"), "a dirty tree never passes for the commit");
}

#[test]
fn the_index_is_what_the_next_commit_would_contain() {
    let world = World::new();
    world.commit("one");
    assert!(!world.repository().index_tree().unwrap().dirty);
    world.write("src/lib.rs", &library("staged"));
    world.git(&["add", "src/lib.rs"]);
    world.write("src/lib.rs", &library("not staged"));
    let index = world.repository().index_tree().unwrap();
    assert!(index.dirty);
    assert_eq!(text(&index, "src/lib.rs"), library("staged"));
}

#[test]
fn the_working_copy_is_what_is_built() {
    let mut world = World::new();
    world.commit("one");
    world.write("src/lib.rs", &library("edited"));
    let copy = world.repository().working_tree().unwrap();
    assert_eq!(speak(&world.build(&copy).artifacts[0]), "edited");
}

#[test]
fn a_repository_without_commits_is_a_dirty_tree_of_no_commit() {
    let world = World::new();
    let copy = world.repository().working_tree().unwrap();
    assert_eq!((copy.commit.clone(), copy.dirty), (None, true));
    assert!(names(&copy).contains("src/lib.rs"));
    assert_eq!(world.repository().head().unwrap().branch.as_deref(), Some("main"));
}

#[test]
fn outside_git_there_is_no_repository() {
    let world = World::empty();
    assert!(Repository::discover(&world.root()).unwrap().is_none());
}

#[test]
fn a_linked_work_tree_shares_the_git_directory() {
    let world = World::new();
    let commit = world.commit("one");
    world.git(&["worktree", "add", "--quiet", "../linked", "HEAD"]);
    let linked = Repository::discover(&world.outer().join("linked")).unwrap().unwrap();
    assert_eq!(linked.common_dir(), world.repository().common_dir());
    assert_eq!(linked.head().unwrap().commit, Some(commit));
}

#[test]
fn revisions_are_what_git_understands_and_an_unknown_one_is_named() {
    let world = World::new();
    let one = world.commit("one");
    world.git(&["tag", "--annotate", "v1", "--message", "first"]);
    let two = world.commit("two");
    let repository = world.repository();
    for (revision, expected) in
        [("HEAD", &two), ("HEAD~1", &one), ("v1", &one), ("main", &two), (&two.as_str()[..8], &two)]
    {
        assert_eq!(repository.resolve(revision).unwrap(), *expected, "{revision}");
    }
    let error = repository.resolve("no-such").unwrap_err();
    assert!(matches!(&error, VcsError::UnknownRevision { revision, .. } if revision == "no-such"), "{error:?}");
    assert_eq!(repository.commit(&two).unwrap().subject, "two");
}

#[test]
fn submodules_come_from_the_objects_that_are_there_and_a_missing_one_is_said() {
    let world = World::new();
    let module = world.outer().join("module");
    std::fs::create_dir(&module).unwrap();
    git_in(&module, &["init", "--quiet"]);
    std::fs::write(module.join("inner.txt"), "inner").unwrap();
    git_in(&module, &["add", "--all"]);
    git_in(&module, &["commit", "--quiet", "--message", "module"]);
    world.git(&["submodule", "--quiet", "add", "../module", "deps/module"]);
    let commit = world.commit("with module");
    assert_eq!(text(&world.tree(&commit), "deps/module/inner.txt"), "inner");
    assert_eq!(text(&world.repository().working_tree().unwrap(), "deps/module/inner.txt"), "inner");
    assert!(!world.repository().working_tree().unwrap().dirty);
    world.git(&["submodule", "--quiet", "deinit", "--force", "deps/module"]);
    assert_eq!(text(&world.tree(&commit), "deps/module/inner.txt"), "inner", "the objects are still there");
    std::fs::remove_dir_all(world.root().join(".git/modules")).unwrap();
    let tree = world.tree(&commit);
    assert!(tree.remarks.iter().any(|remark| remark.message.contains("`deps/module`")), "{:?}", tree.remarks);
}

#[test]
fn lfs_pointers_are_said() {
    let world = World::new();
    world.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    world.write("data.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n");
    let commit = world.commit("pointer");
    let tree = world.tree(&commit);
    assert!(tree.remarks.iter().any(|remark| remark.message.contains("`data.bin`")), "{:?}", tree.remarks);
}

#[test]
fn a_bare_repository_is_refused_with_a_hint() {
    let world = World::new();
    world.commit("one");
    let bare = world.outer().join("bare.git");
    git_in(&world.outer(), &["clone", "--quiet", "--bare", "repository", "bare.git"]);
    let error = Repository::discover(&bare).unwrap_err();
    assert!(matches!(error, VcsError::Bare(_)), "{error:?}");
    assert!(error.hint().is_some());
}
