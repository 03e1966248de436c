//! The tree that cargo builds, updated in place so that builds are incremental and never wrong.
//!
//! Unchanged files keep their modification time; changed ones are new files, written after the last build ended by the
//! file system's own clock. Cargo sees neither a deletion nor what a macro or a build script reads without saying so:
//! then the root source files are touched as well.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::BuildError;
use super::layout::Layout;
use super::outside::{outside_dependencies, root_sources};
use super::seat::{Seat, inode, take_seat};
use super::state::{FileState, State, modified_ns};
use crate::vcs::{Entry, Mode, Reader, Remark, Repository, SourceTree};

/// The sources of one workbench.
#[derive(Debug)]
pub(super) struct Checkout {
    layout: Layout,
    state: State,
}

impl Checkout {
    /// Opens the sources' place, makes it where it is missing, and puts right what a crash left.
    pub(super) fn open(layout: Layout) -> Result<Self, BuildError> {
        let mut state = State::load(&layout.state());
        if state.builder == 0 || !any_has_inode(&layout, state.builder) {
            // Never built here, or somebody removed the builder's folder: everything anew.
            fs_err::remove_dir_all(layout.here()).ok();
            fs_err::create_dir_all(layout.tree()).map_err(BuildError::Cache)?;
            state = State { builder: inode(&layout.here()).unwrap_or_default(), ..State::default() };
            state.save(&layout.state())?;
        }
        take_seat(&layout, state.builder, Seat::Builder)?;
        fs_err::create_dir_all(layout.tree()).map_err(BuildError::Cache)?;
        Ok(Self { layout, state })
    }

    /// Lets the builder's or a kept commit's folder stand at `here`.
    pub(super) fn seat(&self, seat: Seat<'_>) -> Result<(), BuildError> {
        take_seat(&self.layout, self.state.builder, Seat::Builder)?;
        if seat == Seat::Builder { Ok(()) } else { take_seat(&self.layout, self.state.builder, seat) }
    }

    /// Brings the tree to what `source` contains. `lock` is the invoking tree's `Cargo.lock`, for trees without one.
    /// Gives what the user should know.
    pub(super) fn update(
        &mut self,
        source: &SourceTree,
        lock: Option<&(PathBuf, Vec<u8>)>,
        original_root: &Path,
    ) -> Result<Vec<Remark>, BuildError> {
        self.seat(Seat::Builder)?;
        let tree = self.layout.tree();
        let gone = self.gone(source)?;
        let changed = self.changed(source);
        if !gone.is_empty() || !changed.is_empty() {
            let before = std::mem::take(&mut self.state.files);
            self.state.save(&self.layout.state())?;
            self.wait_past_build()?;
            for path in &gone {
                fs_err::remove_file(tree.join(path)).map_err(BuildError::Cache)?;
            }
            remove_empty_folders(&tree, &tree)?;
            let mut files = self.write_all(source, before, &changed)?;
            if !gone.is_empty() || changed.iter().any(|path| is_read_unseen(path)) {
                for path in root_sources(source) {
                    if let Some(file) = files.get_mut(&path) {
                        touch(&tree.join(&path)).map_err(BuildError::Cache)?;
                        *file = FileState::of(&tree.join(&path), file.mode, &file.blob).map_err(BuildError::Cache)?;
                    }
                }
            }
            self.state.files = files;
            self.state.save(&self.layout.state())?;
        }
        self.offer_lock(source, lock)?;
        self.stand_in(source, original_root)?;
        link_outside(&self.layout.here(), source, original_root)
    }

    /// Records that a build ended now, by the file system's clock.
    pub(super) fn build_ended(&mut self) -> Result<(), BuildError> {
        self.state.built_ns = self.file_system_clock()?;
        self.state.save(&self.layout.state())
    }

    /// Files of the tree that the source does not have; a generated `Cargo.lock` is left to cargo.
    fn gone(&self, source: &SourceTree) -> Result<Vec<PathBuf>, BuildError> {
        let tree = self.layout.tree();
        let mut gone = Vec::new();
        let mut open = vec![PathBuf::new()];
        while let Some(folder) = open.pop() {
            for item in fs_err::read_dir(tree.join(&folder)).map_err(BuildError::Cache)? {
                let item = item.map_err(BuildError::Cache)?;
                let path = folder.join(item.file_name());
                if item.file_type().map_err(BuildError::Cache)?.is_dir() {
                    open.push(path);
                } else if !source.entries.contains_key(&path)
                    && item.file_name() != "Cargo.lock"
                    && path != Path::new(".git")
                {
                    gone.push(path);
                }
            }
        }
        Ok(gone)
    }

    /// Files that the tree does not have, has otherwise, or that somebody else wrote.
    fn changed(&self, source: &SourceTree) -> BTreeSet<PathBuf> {
        let tree = self.layout.tree();
        let is_there = |path: &Path, entry: &Entry| {
            let known = self.state.files.get(path).filter(|file| (file.mode, &file.blob) == (entry.mode, &entry.blob));
            known.is_some_and(|file| tree.join(path).symlink_metadata().is_ok_and(|now| file.is_untouched(&now)))
        };
        source.entries.iter().filter(|(path, entry)| !is_there(path, entry)).map(|(path, _)| path.clone()).collect()
    }

    /// Writes the changed files; gives the state of all.
    fn write_all(
        &self,
        source: &SourceTree,
        mut before: BTreeMap<PathBuf, FileState>,
        changed: &BTreeSet<PathBuf>,
    ) -> Result<BTreeMap<PathBuf, FileState>, BuildError> {
        let mut reader = Reader::default();
        let mut files = BTreeMap::new();
        for (path, entry) in &source.entries {
            let file = match before.remove(path).filter(|_| !changed.contains(path)) {
                Some(file) => file,
                None => write_entry(&mut reader, &self.layout.tree().join(path), entry)?,
            };
            files.insert(path.clone(), file);
        }
        Ok(files)
    }

    /// A tree without a `Cargo.lock` gets the invoking tree's, so that both sides of a comparison share one.
    fn offer_lock(&self, source: &SourceTree, lock: Option<&(PathBuf, Vec<u8>)>) -> Result<(), BuildError> {
        let Some((path, bytes)) = lock.filter(|(path, _)| !source.entries.contains_key(path)) else { return Ok(()) };
        let target = self.layout.tree().join(path);
        if fs_err::read(&target).is_ok_and(|known| known == *bytes) {
            return Ok(());
        }
        make_parent(&target)?;
        fs_err::write(&target, bytes).map_err(BuildError::Cache)
    }

    /// Gives the tree a git directory of its own, for build scripts that ask which commit they are.
    fn stand_in(&self, source: &SourceTree, original_root: &Path) -> Result<(), BuildError> {
        let pointer = self.layout.tree().join(".git");
        let directory = self.layout.here().join("git");
        let Some((commit, _)) = source.commit.as_ref().zip(source.common_dir.as_ref()) else {
            fs_err::remove_file(&pointer).ok();
            return Ok(());
        };
        let known = fs_err::read_to_string(directory.join("HEAD")).unwrap_or_default();
        let complete = directory.join("index").exists() && pointer.exists();
        if known.trim() == commit.as_str() && complete {
            return Ok(());
        }
        if let Some(repository) = Repository::discover(original_root)? {
            fs_err::remove_dir_all(&directory).ok();
            repository.write_stand_in(&directory, commit)?;
            let text = format!("gitdir: {}\n", directory.display());
            fs_err::write(&pointer, text).map_err(BuildError::Cache)?;
        }
        Ok(())
    }

    /// Waits until the file system's clock is past the end of the last build: a file written in the same tick would
    /// look as old as what was built from its predecessor.
    fn wait_past_build(&self) -> Result<(), BuildError> {
        const TICK: Duration = Duration::from_millis(1);
        // A clock that was set back a long way is not waited for: everything is built anew.
        const LONGEST: u32 = 2_000;
        for _ in 0..LONGEST {
            if self.file_system_clock()? > self.state.built_ns {
                return Ok(());
            }
            std::thread::sleep(TICK);
        }
        fs_err::remove_dir_all(self.layout.build()).map_err(BuildError::Cache)
    }

    fn file_system_clock(&self) -> Result<i128, BuildError> {
        let path = self.layout.clock();
        fs_err::remove_file(&path).ok();
        fs_err::write(&path, b"").map_err(BuildError::Cache)?;
        Ok(modified_ns(&fs_err::metadata(&path).map_err(BuildError::Cache)?))
    }
}

fn any_has_inode(layout: &Layout, wanted: u64) -> bool {
    let items = fs_err::read_dir(layout.root()).into_iter().flatten().flatten();
    items.filter(|item| item.path().is_dir()).any(|item| inode(&item.path()) == Some(wanted))
}

/// Whether a macro or a build script may have read this file without telling cargo: anything but Rust sources, manifests,
/// locks and documentation.
fn is_read_unseen(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    let extension = path.extension().unwrap_or_default();
    !(extension == "rs" || extension == "md" || name == "Cargo.toml" || name == "Cargo.lock")
}

/// Writes an entry as a new file; gives its state.
pub(super) fn write_entry(reader: &mut Reader, target: &Path, entry: &Entry) -> Result<FileState, BuildError> {
    let (bytes, blob) = reader.read(entry)?;
    make_parent(target)?;
    match target.symlink_metadata() {
        Ok(old) if old.is_dir() => fs_err::remove_dir_all(target).map_err(BuildError::Cache)?,
        Ok(_) => fs_err::remove_file(target).map_err(BuildError::Cache)?,
        Err(_) => {}
    }
    if entry.mode == Mode::Symlink {
        use std::os::unix::ffi::OsStringExt;
        symlink(std::ffi::OsString::from_vec(bytes), target).map_err(BuildError::Cache)?;
    } else {
        fs_err::write(target, bytes).map_err(BuildError::Cache)?;
        let mode = if entry.mode == Mode::Executable { 0o755 } else { 0o644 };
        fs_err::set_permissions(target, std::fs::Permissions::from_mode(mode)).map_err(BuildError::Cache)?;
    }
    FileState::of(target, entry.mode, &blob).map_err(BuildError::Cache)
}

/// Makes the folder of a file; a file that stands where a folder must be gives way.
fn make_parent(target: &Path) -> Result<(), BuildError> {
    let parent = target.parent().expect("a file of the tree has a folder");
    if parent.is_dir() {
        return Ok(());
    }
    for folder in parent.ancestors().take_while(|folder| !folder.is_dir()) {
        if folder.symlink_metadata().is_ok() {
            fs_err::remove_file(folder).map_err(BuildError::Cache)?;
        }
    }
    fs_err::create_dir_all(parent).map_err(BuildError::Cache)
}

fn remove_empty_folders(root: &Path, folder: &Path) -> Result<(), BuildError> {
    for item in fs_err::read_dir(folder).map_err(BuildError::Cache)? {
        let item = item.map_err(BuildError::Cache)?;
        if item.file_type().map_err(BuildError::Cache)?.is_dir() {
            remove_empty_folders(root, &item.path())?;
        }
    }
    if folder != root {
        // Refuses a folder that is not empty, which is what is wanted.
        std::fs::remove_dir(folder).ok();
    }
    Ok(())
}

/// Sets a file's modification time to the file system's own now.
#[expect(unsafe_code, reason = "the standard library sets times from a clock of its own, which may run ahead")]
fn touch(path: &Path) -> std::io::Result<()> {
    use std::os::unix::ffi::OsStrExt;
    let text = std::ffi::CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: the text ends in a null and lives through the call; null times mean now.
    let done = unsafe { libc::utimensat(libc::AT_FDCWD, text.as_ptr(), std::ptr::null(), 0) };
    if done == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

/// Links path dependencies that lie outside the repository at the same relative place, beside the tree in `folder`.
pub(super) fn link_outside(
    folder: &Path,
    source: &SourceTree,
    original_root: &Path,
) -> Result<Vec<Remark>, BuildError> {
    let mut remarks = Vec::new();
    for relative in outside_dependencies(source, original_root) {
        let shown = relative.display().to_string();
        let mut parts = relative.components();
        let one_up = parts.next() == Some(std::path::Component::ParentDir);
        let below = parts.as_path().to_owned();
        let reserved = ["wb", "out", "build", "git", "key", ".cargo"].iter().any(|name| below.starts_with(name));
        if !one_up || below.starts_with("..") || reserved {
            remarks.push(Remark {
                message: format!("path dependency `{shown}` is too far outside the repository to be linked"),
                hint: Some("move it beside the repository or into it".to_owned()),
            });
            continue;
        }
        let link = folder.join(&below);
        let target = original_root.join(&relative);
        if fs_err::read_link(&link).ok().as_deref() != Some(&target) {
            fs_err::remove_file(&link).ok();
            make_parent(&link)?;
            symlink(&target, &link).map_err(BuildError::Cache)?;
        }
        remarks.push(Remark {
            message: format!(
                "path dependency `{shown}` lies outside the repository: it is not versioned with the commit"
            ),
            hint: None,
        });
    }
    Ok(remarks)
}
