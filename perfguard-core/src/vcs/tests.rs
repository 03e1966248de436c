//! Repositories, trees and snapshots, with real git repositories.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::test_repository::{TestRepository, git, listing};
use super::*;

type Change = fn(&TestRepository);

fn open(path: &Path) -> Repository {
    Repository::discover(path).unwrap().unwrap()
}

fn names(tree: &SourceTree) -> Vec<String> {
    tree.entries.keys().map(|path| path.to_string_lossy().into_owned()).collect()
}

fn text(tree: &SourceTree, path: &str) -> String {
    String::from_utf8(tree.read(Path::new(path)).unwrap().unwrap().bytes).unwrap()
}

/// Content as the two trees have it: path, mode, blob.
fn content(tree: &SourceTree) -> Vec<(PathBuf, Mode, BlobId)> {
    tree.entries.iter().map(|(path, entry)| (path.clone(), entry.mode, entry.blob)).collect()
}

#[test]
fn outside_git_there_is_no_repository() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Repository::discover(folder.path()).unwrap().is_none());
}

#[test]
fn a_repository_is_found_from_a_subfolder_and_from_a_linked_work_tree() {
    let repository = TestRepository::new();
    repository.write("a/b/c", "");
    repository.commit("first");
    repository.git(&["worktree", "add", "--quiet", "../linked", "-b", "side"]);
    let inside = open(&repository.root().join("a/b"));
    assert_eq!(inside.workdir(), repository.root());
    assert_eq!(inside.common_dir(), repository.root().join(".git"));
    let linked = open(&repository.beside("linked"));
    assert_eq!(linked.workdir(), repository.beside("linked"));
    assert_eq!(linked.common_dir(), repository.root().join(".git"));
    assert_eq!(linked.head().unwrap().branch.as_deref(), Some("side"));
    std::fs::write(repository.beside("linked/new"), "").unwrap();
    assert!(linked.working_tree().unwrap().dirty);
    assert!(!inside.working_tree().unwrap().dirty);
}

#[test]
fn a_bare_repository_is_an_error_with_a_next_step() {
    let repository = TestRepository::new();
    repository.git(&["init", "--quiet", "--bare", "../bare"]);
    let error = Repository::discover(&repository.beside("bare")).unwrap_err();
    assert!(matches!(error, VcsError::Bare { .. }), "{error}");
    assert!(error.hint().unwrap().contains("git worktree add"));
}

#[test]
fn formats_that_libgit2_does_not_read_are_named() {
    for (option, format) in [("--ref-format=reftable", "reftable"), ("--object-format=sha256", "SHA-256")] {
        let folder = tempfile::tempdir().unwrap();
        git(folder.path(), &["init", "--quiet", option]);
        let error = Repository::discover(folder.path()).unwrap_err();
        assert!(matches!(error, VcsError::UnsupportedFormat { .. }), "{option}: {error:?}");
        assert!(error.to_string().contains(format), "{error}");
    }
}

#[test]
fn a_foreign_owner_is_an_error_that_names_the_line_to_type() {
    let refused = git2::Error::new(
        git2::ErrorCode::Owner,
        git2::ErrorClass::Config,
        "repository path '/srv/it is/' is not owned by current user",
    );
    let error = VcsError::opening(Path::new("/srv/it is/deep"), refused);
    assert_eq!(error.hint().unwrap(), "if you trust it: `git config --global --add safe.directory '/srv/it is'`");
}

#[test]
fn blobs_that_a_partial_clone_left_out_are_an_error_and_the_hint_brings_them() {
    let repository = TestRepository::new();
    repository.write("file", "old");
    let old = repository.commit("first");
    repository.write("file", "new");
    repository.commit("second");
    repository.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", repository.root().display());
    repository.git(&["clone", "--quiet", "--filter=blob:none", &url, "../partial"]);
    let partial = open(&repository.beside("partial"));
    assert!(!partial.working_tree().unwrap().dirty);
    let error = partial.tree(&CommitId(old.clone())).unwrap_err();
    assert!(matches!(error, VcsError::PartialClone { .. }), "{error:?}");
    let hint = error.hint().unwrap();
    let command: Vec<_> = hint.split('`').nth(1).unwrap().split(' ').skip(1).collect();
    git(&repository.beside("partial"), &command);
    assert_eq!(text(&open(&repository.beside("partial")).tree(&CommitId(old)).unwrap(), "file"), "old");
}

#[test]
fn revisions_mean_what_they_mean_to_git() {
    let repository = TestRepository::new();
    repository.write("file", "1");
    let first = repository.commit("first thing");
    repository.git(&["tag", "--annotate", "v1.0", "--message", "one"]);
    repository.write("file", "2");
    let second = repository.commit("second thing");
    let opened = open(&repository.root());
    for (revision, commit) in [
        ("HEAD", &second),
        ("HEAD~1", &first),
        ("main", &second),
        ("v1.0", &first),
        ("v1.0^{commit}", &first),
        (&first[..8], &first),
        (":/first", &first),
        ("main@{0}", &second),
    ] {
        assert_eq!(opened.resolve(revision).unwrap().0, *commit, "{revision}");
    }
    let info = opened.commit(&CommitId(first)).unwrap();
    assert_eq!(info.subject, "first thing");
    assert_eq!(
        info.authored_at_ns,
        repository.git(&["log", "-1", "--format=%at", "v1.0"]).parse::<i64>().unwrap() * 1_000_000_000
    );
}

#[test]
fn an_unknown_revision_is_named_with_what_looks_like_it() {
    let repository = TestRepository::new();
    repository.write("file", "1");
    repository.commit("first");
    repository.git(&["tag", "release-1.0"]);
    let error = open(&repository.root()).resolve("Release").unwrap_err();
    assert_eq!(error.to_string(), "unknown revision `Release`");
    assert_eq!(error.hint().unwrap(), "there is `release-1.0`");
    assert!(open(&repository.root()).resolve("HEAD:file").is_err(), "a file is no commit");
}

#[test]
fn a_revision_beyond_the_end_of_a_shallow_clone_has_a_hint() {
    let repository = TestRepository::new();
    repository.commit("first");
    repository.commit("second");
    let url = format!("file://{}", repository.root().display());
    repository.git(&["clone", "--quiet", "--depth=1", &url, "../shallow"]);
    let error = open(&repository.beside("shallow")).resolve("HEAD~1").unwrap_err();
    assert!(error.hint().unwrap().contains("git fetch --unshallow"));
}

#[test]
fn before_the_first_commit_there_is_a_branch_and_a_dirty_tree() {
    let repository = TestRepository::new();
    repository.write("file", "1");
    let opened = open(&repository.root());
    assert_eq!(opened.head().unwrap(), Head { commit: None, branch: Some("main".to_owned()) });
    let tree = opened.working_tree().unwrap();
    assert_eq!((tree.commit.as_ref(), tree.dirty, names(&tree)), (None, true, vec!["file".to_owned()]));
    repository.git(&["add", "."]);
    assert!(opened.index_tree().unwrap().dirty);
}

#[test]
fn a_clean_working_tree_equals_its_commit_whatever_the_names() {
    let repository = TestRepository::new();
    for name in ["with space", "ünïcødé/文件", "new\nline", "tab\t\"quote\"", "%41"] {
        repository.write(name, name);
    }
    std::fs::write(repository.root().join(std::ffi::OsStr::from_bytes(b"not-\xff-utf8")), "x").unwrap();
    repository.write("run.sh", "#!/bin/sh\n");
    std::fs::set_permissions(repository.root().join("run.sh"), std::fs::Permissions::from_mode(0o755)).unwrap();
    symlink("with space", repository.root().join("link")).unwrap();
    let commit = CommitId(repository.commit("all"));
    let opened = open(&repository.root());
    let (tree, working) = (opened.tree(&commit).unwrap(), opened.working_tree().unwrap());
    assert_eq!(content(&tree), content(&working));
    assert_eq!(tree.entries.len(), 8);
    assert_eq!((working.dirty, working.key()), (false, commit.0.clone()));
    assert_eq!(tree.entries[Path::new("run.sh")].mode, Mode::Executable);
    assert_eq!(tree.entries[Path::new("link")].mode, Mode::Symlink);
    for path in tree.entries.keys() {
        assert_eq!(tree.read(path).unwrap(), working.read(path).unwrap());
    }
    assert_eq!(text(&working, "link"), "with space");
    assert_eq!(content(&opened.index_tree().unwrap()), content(&tree));
}

#[test]
fn the_working_tree_is_tracked_and_untracked_but_not_ignored_files() {
    let repository = TestRepository::new();
    for name in ["same", "edited", "deleted", "untracked-by-git-rm", "retyped"] {
        repository.write(name, "old");
    }
    repository.write(".gitignore", "ignored\ntarget/\n");
    repository.commit("first");
    repository.write("edited", "new");
    repository.write("folder/untracked", "u");
    repository.write("ignored", "i");
    repository.write("target/debug/x", "i");
    repository.write("staged", "s");
    repository.git(&["add", "staged"]);
    repository.git(&["rm", "--quiet", "--cached", "untracked-by-git-rm"]);
    std::fs::remove_file(repository.root().join("deleted")).unwrap();
    std::fs::remove_file(repository.root().join("retyped")).unwrap();
    symlink("same", repository.root().join("retyped")).unwrap();
    repository.git(&["init", "--quiet", "nested"]);
    repository.write("nested/file", "n");
    let opened = open(&repository.root());
    let tree = opened.working_tree().unwrap();
    let expected = [".gitignore", "edited", "folder/untracked", "retyped", "same", "staged", "untracked-by-git-rm"];
    assert_eq!(names(&tree), expected);
    assert!(tree.dirty);
    assert_eq!(text(&tree, "edited"), "new");
    assert_eq!(tree.entries[Path::new("edited")].blob, BlobId::of(b"new"));
    assert_eq!(tree.entries[Path::new("retyped")].mode, Mode::Symlink);
    assert!(tree.remarks.iter().any(|remark| remark.message.contains("nested")), "{:?}", tree.remarks);
    assert!(tree.key().starts_with("tree-"));
    let staged = opened.index_tree().unwrap();
    assert_eq!(names(&staged), [".gitignore", "deleted", "edited", "retyped", "same", "staged"]);
    assert_eq!(text(&staged, "edited"), "old");
}

#[test]
fn each_way_of_differing_makes_the_tree_dirty() {
    let changes: [(&str, Change); 6] = [
        ("edit of the same size", |repository| repository.write("file", "two")),
        ("untracked file", |repository| repository.write("other", "")),
        ("deletion", |repository| std::fs::remove_file(repository.root().join("file")).unwrap()),
        ("staged deletion", |repository| drop(repository.git(&["rm", "--quiet", "file"]))),
        ("executable bit", |repository| {
            let path = repository.root().join("file");
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }),
        ("staged edit, taken back in the working copy", |repository| {
            repository.write("file", "two");
            repository.git(&["add", "."]);
            repository.write("file", "one");
        }),
    ];
    for (what, change) in changes {
        let repository = TestRepository::new();
        repository.write("file", "one");
        repository.commit("first");
        assert!(!open(&repository.root()).working_tree().unwrap().dirty);
        change(&repository);
        assert!(open(&repository.root()).working_tree().unwrap().dirty, "{what}");
    }
}

#[test]
fn a_file_that_git_would_convert_counts_with_its_bytes_on_disk_and_is_clean() {
    let repository = TestRepository::new();
    repository.write(".gitattributes", "*.txt text eol=crlf\n");
    repository.write("a.txt", "one\r\ntwo\r\n");
    repository.commit("first");
    let tree = open(&repository.root()).working_tree().unwrap();
    assert!(!tree.dirty);
    assert_eq!(tree.entries[Path::new("a.txt")].blob, BlobId::of(b"one\r\ntwo\r\n"));
}

#[test]
fn a_file_that_changes_after_the_snapshot_is_read_with_its_true_id() {
    let repository = TestRepository::new();
    repository.write("file", "one");
    repository.commit("first");
    let tree = open(&repository.root()).working_tree().unwrap();
    repository.write("file", "two");
    let blob = tree.read(Path::new("file")).unwrap().unwrap();
    assert_eq!((blob.id, &blob.bytes[..]), (BlobId::of(b"two"), &b"two"[..]));
    assert_ne!(tree.entries[Path::new("file")].blob, blob.id);
}

#[test]
fn submodules_come_from_the_objects_that_are_there() {
    let library = TestRepository::new();
    library.write("src/lib.rs", "one");
    library.commit("first");
    let repository = TestRepository::new();
    repository.write("file", "");
    let url = library.root().display().to_string();
    repository.git(&["submodule", "--quiet", "add", &url, "vendor/lib"]);
    let commit = CommitId(repository.commit("with submodule"));
    let opened = open(&repository.root());
    let expected = [".gitmodules", "file", "vendor/lib/src/lib.rs"];
    let tree = opened.tree(&commit).unwrap();
    assert_eq!(
        (names(&tree), text(&tree, "vendor/lib/src/lib.rs")),
        (expected.map(str::to_owned).to_vec(), "one".into())
    );
    assert_eq!(content(&opened.working_tree().unwrap()), content(&tree));
    assert!(!opened.working_tree().unwrap().dirty);
    repository.write("vendor/lib/src/lib.rs", "two");
    assert!(opened.working_tree().unwrap().dirty);
    assert_eq!(text(&opened.working_tree().unwrap(), "vendor/lib/src/lib.rs"), "two");
    // Its work tree is gone, its objects are still in the superproject's git directory.
    repository.git(&["submodule", "--quiet", "deinit", "--force", "vendor/lib"]);
    assert_eq!(names(&opened.tree(&commit).unwrap()), expected);
    std::fs::remove_dir_all(repository.root().join(".git/modules")).unwrap();
    let tree = opened.tree(&commit).unwrap();
    assert_eq!(names(&tree), [".gitmodules", "file"]);
    assert_eq!(tree.remarks[0].hint.as_deref(), Some("git submodule update --init"));
    assert!(tree.remarks[0].message.contains("vendor/lib"));
}

#[test]
fn lfs_pointers_are_reported_once() {
    let repository = TestRepository::new();
    repository.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    for name in ["a.bin", "b.bin"] {
        repository.write(name, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
    }
    let commit = CommitId(repository.commit("pointers"));
    let opened = open(&repository.root());
    for tree in [opened.tree(&commit).unwrap(), opened.working_tree().unwrap()] {
        assert_eq!(tree.remarks.len(), 1);
        assert!(tree.remarks[0].message.starts_with("2 files, such as `a.bin`, are Git LFS pointers"));
    }
}

#[test]
fn names_that_reach_outside_are_refused() {
    let repository = TestRepository::new();
    repository.write("file", "x");
    repository.commit("first");
    let blob = repository.git(&["rev-parse", "HEAD:file"]);
    let opened = git2::Repository::open(repository.root()).unwrap();
    // libgit2's builder refuses such names, so the tree object is written raw.
    let mut raw = b"100644 ..\0".to_vec();
    raw.extend(git2::Oid::from_str(&blob).unwrap().as_bytes());
    let tree = opened.odb().unwrap().write(git2::ObjectType::Tree, &raw).unwrap().to_string();
    let commit = repository.git(&["commit-tree", &tree, "-m", "evil"]);
    let error = open(&repository.root()).tree(&CommitId(commit)).unwrap_err();
    assert!(matches!(error, VcsError::DangerousName { .. }), "{error:?}");
}

#[test]
fn a_directory_outside_git_is_a_tree_without_what_is_excluded() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["src/lib.rs", "out/x", "built/CACHEDIR.TAG", "built/y"] {
        std::fs::create_dir_all(folder.path().join(name).parent().unwrap()).unwrap();
        std::fs::write(folder.path().join(name), name).unwrap();
    }
    let tree = directory_tree(folder.path(), &[folder.path().join("out")]).unwrap();
    assert_eq!((names(&tree), tree.dirty), (vec!["src/lib.rs".to_owned()], false));
    assert_eq!(text(&tree, "src/lib.rs"), "src/lib.rs");
}

#[test]
fn reading_changes_nothing_in_the_repository() {
    let repository = TestRepository::new();
    for number in 0..20 {
        repository.write(&format!("f{number}"), "x");
    }
    let commit = CommitId(repository.commit("first"));
    repository.write("f0", "y");
    repository.write("f1", "x"); // Touched: the stat data of the index is stale.
    repository.write("new", "");
    let before = listing(&repository.root());
    let opened = open(&repository.root());
    opened.working_tree().unwrap();
    opened.index_tree().unwrap();
    opened.tree(&commit).unwrap();
    opened.resolve("HEAD").unwrap();
    assert_eq!(listing(&repository.root()), before);
}
