//! The build tree: brought to a source tree in place, so that cargo builds what changed and nothing else. Knows what
//! cargo does not see: deletions, and what macros and build scripts read without saying so.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use super::checkout_error::Doing;
use super::git_stand_in::{self, StandIn};
use super::seat::{self, Seat, Swap};
use super::state::{Placed, SharedLock, Stat, State};
use super::tree_files::{UPDATING, cargo_sees, walk, write_file};
use super::{CheckoutError, Layout, file_clock, kept};
use crate::vcs::{BlobId, Mode, SourceTree};

/// What an update did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Updated {
    /// Files written.
    pub(super) written: usize,
    /// Files removed.
    pub(super) removed: usize,
    /// Target roots and build scripts touched, because something changed that cargo does not see.
    pub(super) touched: usize,
    /// Files of the working copy that changed after the snapshot: what was built is not quite what was snapshot.
    pub(super) differing: Vec<PathBuf>,
}

/// The build tree of one repository and the folders kept beside it. One at a time: the caller holds the lock.
#[derive(Debug)]
pub(super) struct Checkout {
    layout: Layout,
    git: Option<PathBuf>,
    state: State,
    offers: BTreeMap<PathBuf, Vec<u8>>,
    seated: Seated,
}

#[derive(Debug, PartialEq, Eq)]
enum Seated {
    Builder,
    Kept(String),
    /// A swap failed half-way.
    Unknown,
}

/// What has to be done to bring the build tree to a tree.
#[derive(Debug, Default)]
struct Plan {
    gone: Vec<PathBuf>,
    write: Vec<PathBuf>,
    locks: Vec<PathBuf>,
    folders: Vec<PathBuf>,
    /// Files of the last tree go, or files change that cargo may not know to be read.
    unseen: bool,
}

impl Checkout {
    /// Opens the build tree, and puts right whatever a crash left. `git` is the common git directory that stand-ins
    /// borrow objects from; `None` outside git.
    ///
    /// # Errors
    /// The workbench's folder cannot be read or written.
    pub(super) fn open(layout: Layout, git: Option<PathBuf>) -> Result<Self, CheckoutError> {
        let state = State::load(&layout)?;
        let mut checkout = Self { layout, git, state, offers: BTreeMap::new(), seated: Seated::Unknown };
        checkout.seat(Seat::Builder)?;
        kept::sweep(&checkout.layout)?;
        Ok(checkout)
    }

    /// Where everything lies.
    #[cfg(test)]
    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Offers a lock file to every later [`Checkout::update`] whose tree has none at this path (relative to the
    /// tree's root). It is written once; what cargo then makes of it stays, and both sides share it.
    pub(super) fn offer_lock(&mut self, path: PathBuf, content: Vec<u8>) {
        self.offers.insert(path, content);
    }

    /// Brings the build tree to `tree`. Unchanged files keep their mtime. If cargo could miss something, `roots` is
    /// asked for the root source file of every workspace target and every build script (given the tree's folder), and
    /// those are touched.
    ///
    /// # Errors
    /// Something cannot be read or written: then everything is made anew next time.
    pub(super) fn update<E: From<CheckoutError>>(
        &mut self,
        tree: &SourceTree,
        roots: &mut dyn FnMut(&Path) -> Result<Vec<PathBuf>, E>,
    ) -> Result<Updated, E> {
        self.seat(Seat::Builder)?;
        let built = file_clock::take_build_end(&self.layout)?;
        let plan = self.plan(tree)?;
        let stand_in = match (&self.git, &tree.commit) {
            (Some(git), Some(commit)) => Some(StandIn::at(git, commit)?),
            _ => None,
        };
        let stand_in_stays = match &stand_in {
            Some(stand_in) => stand_in.is_there(&self.layout),
            None => !self.layout.wb().join(".git").exists(),
        };
        // What the last build of this very tree added may stay: its build scripts would not add it again.
        let forgotten = plan.gone.iter().any(|path| self.state.files.contains_key(path));
        if plan.write.is_empty() && plan.locks.is_empty() && !forgotten && stand_in_stays {
            return Ok(Updated::default());
        }
        let mut files = std::mem::take(&mut self.state.files);
        self.state.save(&self.layout)?;
        file_clock::wait_for_tick(&self.layout, built)?;
        let mut updated = Updated::default();
        self.remove(&plan, &mut files, &mut updated)?;
        self.write(&plan, tree, &mut files, &mut updated)?;
        match stand_in {
            Some(stand_in) => stand_in.write(&self.layout)?,
            None => git_stand_in::remove(&self.layout)?,
        }
        if plan.unseen {
            let roots = roots(&self.layout.wb())?;
            self.touch(&roots, &mut files, &mut updated)?;
        }
        self.state.files = files;
        self.state.save(&self.layout)?;
        Ok(updated)
    }

    /// To be called after every cargo call that may have built something, whether or not it succeeded.
    ///
    /// # Errors
    /// The workbench's folder cannot be written.
    pub(super) fn build_ended(&mut self) -> Result<(), CheckoutError> {
        let manifests = self.state.files.keys().filter(|path| path.ends_with("Cargo.toml"));
        let locks: Vec<_> = manifests.map(|path| path.with_file_name("Cargo.lock")).collect();
        let mut changed = false;
        for lock in locks {
            let unknown = !self.state.files.contains_key(&lock) && !self.state.locks.contains_key(&lock);
            if unknown && self.layout.wb().join(&lock).is_file() {
                self.state.locks.insert(lock, SharedLock::Generated);
                changed = true;
            }
        }
        if changed {
            self.state.save(&self.layout)?;
        }
        file_clock::note_build_end(&self.layout)
    }

    /// Lets `here` be the builder's folder or a kept one.
    ///
    /// # Errors
    /// Nothing is kept under the key, or the file system refuses both ways of changing places.
    pub(super) fn seat(&mut self, seat: Seat<'_>) -> Result<Swap, CheckoutError> {
        let mut swap = Swap::Exchanged;
        match std::mem::replace(&mut self.seated, Seated::Unknown) {
            Seated::Builder => {}
            Seated::Kept(key) if seat == Seat::Kept(&key) => {
                self.seated = Seated::Kept(key);
                return Ok(swap);
            }
            Seated::Kept(key) => swap = seat::swap(&self.layout, &key)?,
            Seated::Unknown => self.repair()?,
        }
        self.seated = Seated::Builder;
        if let Seat::Kept(key) = seat {
            self.seated = Seated::Unknown;
            swap = seat::swap(&self.layout, key)?;
            super::retention::touch(&self.layout.here().join(seat::KEY_FILE));
            self.seated = Seated::Kept(key.to_owned());
        }
        Ok(swap)
    }

    /// Keeps what the last build left under a key, whole or not at all; what was there before goes.
    ///
    /// # Errors
    /// Something cannot be read or written, or the key cannot be part of a file name.
    pub(super) fn keep(&mut self, key: &str) -> Result<(), CheckoutError> {
        self.seat(Seat::Builder)?;
        kept::keep(&self.layout, key)
    }

    /// Copies what is kept under a key to another.
    ///
    /// # Errors
    /// Nothing is kept under the key, or the cache cannot be written.
    pub(super) fn copy_kept(&mut self, key: &str, copy: &str) -> Result<(), CheckoutError> {
        self.seat(Seat::Builder)?;
        kept::copy_kept(&self.layout, key, copy)
    }

    /// The keys of kept folders that are no commit's.
    ///
    /// # Errors
    /// The workbench's folder cannot be read.
    pub(super) fn working_trees(&mut self) -> Result<Vec<String>, CheckoutError> {
        self.seat(Seat::Builder)?;
        let mut keys = kept::keys(&self.layout)?;
        keys.retain(|key| key.starts_with("tree-"));
        Ok(keys)
    }

    /// Whether something is kept under a key.
    pub(super) fn has(&self, key: &str) -> bool {
        // While it is seated, the builder's folder has this name.
        self.layout.kept(key).is_dir()
    }

    /// The keys under which something is kept, sorted.
    ///
    /// # Errors
    /// The workbench's folder cannot be read.
    #[cfg(test)]
    pub(super) fn kept(&self) -> Result<Vec<String>, CheckoutError> {
        kept::keys(&self.layout)
    }

    /// Removes what is kept under a key, if there is anything.
    ///
    /// # Errors
    /// It cannot be removed.
    pub(super) fn remove_kept(&mut self, key: &str) -> Result<(), CheckoutError> {
        self.seat(Seat::Builder)?;
        kept::remove(&self.layout, key)
    }

    /// Links what a path dependency outside the repository needs: the neighbour of `repository` that `path` (relative
    /// to it, `../neighbour/…`) begins with gets the same place beside the build tree. It is not versioned.
    ///
    /// # Errors
    /// [`CheckoutError::CannotLinkOutside`] if it lies further up, or needs a name that the workbench itself uses.
    pub(super) fn link_outside(&mut self, repository: &Path, path: &Path) -> Result<(), CheckoutError> {
        self.seat(Seat::Builder)?;
        let mut parts = path.components();
        let (Some(Component::ParentDir), Some(Component::Normal(name))) = (parts.next(), parts.next()) else {
            return Err(CheckoutError::CannotLinkOutside { path: path.to_owned() });
        };
        if ["wb", "out", "build", "git", seat::KEY_FILE].iter().any(|ours| name == *ours) {
            return Err(CheckoutError::CannotLinkOutside { path: path.to_owned() });
        }
        let target = repository.with_file_name(name);
        let link = self.layout.here().join(name);
        if link.read_link().is_ok_and(|found| found == target) {
            return Ok(());
        }
        if link.is_symlink() {
            fs_err::remove_file(&link).doing("link a path dependency")?;
        }
        fs_err::os::unix::fs::symlink(target, link).doing("link a path dependency")
    }

    fn repair(&mut self) -> Result<(), CheckoutError> {
        let builder = seat::repair(&self.layout, self.state.builder)?;
        if self.state.builder != Some(builder) {
            // A new folder, or one that came from elsewhere: what was noted about its files does not hold.
            self.state.builder = Some(builder);
            self.state.files.clear();
            self.state.save(&self.layout)?;
        }
        Ok(())
    }

    fn plan(&self, tree: &SourceTree) -> Result<Plan, CheckoutError> {
        let (found, folders) = walk(&self.layout.wb())?;
        let wanted = |path: &Path| tree.entries.contains_key(path);
        let stays = |path: &PathBuf| {
            wanted(path) || self.state.locks.contains_key(path) && wanted(&path.with_file_name("Cargo.toml"))
        };
        let gone: Vec<_> = found.keys().filter(|path| !stays(path)).cloned().collect();
        let mut unseen = !gone.is_empty();
        let mut write = Vec::new();
        for (path, entry) in &tree.entries {
            if !self.state.holds(path, entry.mode, entry.blob, found.get(path)) {
                let was = self.state.files.get(path).map(|placed| placed.mode);
                unseen |= !cargo_sees(path, was, entry.mode);
                write.push(path.clone());
            }
        }
        // Nothing was ever built: nothing can be stale.
        unseen &= self.layout.build().read_dir().is_ok_and(|mut items| items.next().is_some());
        let locks = self.offers.iter().filter(|(path, content)| {
            let same = self.state.locks.get(*path) == Some(&SharedLock::Offered(BlobId::of(content).to_string()));
            !wanted(path) && wanted(&path.with_file_name("Cargo.toml")) && !(same && found.contains_key(*path))
        });
        Ok(Plan { gone, write, locks: locks.map(|(path, _)| path.clone()).collect(), folders, unseen })
    }

    fn remove(
        &mut self,
        plan: &Plan,
        files: &mut BTreeMap<PathBuf, Placed>,
        updated: &mut Updated,
    ) -> Result<(), CheckoutError> {
        let wb = self.layout.wb();
        for path in &plan.gone {
            fs_err::remove_file(wb.join(path)).doing(UPDATING)?;
            self.state.locks.remove(path);
        }
        files.retain(|path, _| plan.gone.binary_search(path).is_err());
        updated.removed = plan.gone.len();
        // Folders come before what is in them; those that are not empty refuse.
        for folder in plan.folders.iter().rev() {
            drop(std::fs::remove_dir(wb.join(folder)));
        }
        Ok(())
    }

    fn write(
        &mut self,
        plan: &Plan,
        tree: &SourceTree,
        files: &mut BTreeMap<PathBuf, Placed>,
        updated: &mut Updated,
    ) -> Result<(), CheckoutError> {
        let wb = self.layout.wb();
        let mut made = BTreeSet::new();
        for path in &plan.write {
            let (Some(entry), Some(blob)) = (tree.entries.get(path), tree.read(path)?) else { continue };
            if blob.id != entry.blob {
                updated.differing.push(path.clone());
            }
            let stat = write_file(&wb, path, entry.mode, blob.bytes, &mut made)?;
            self.state.locks.remove(path);
            files.insert(path.clone(), Placed { mode: entry.mode, blob: blob.id.to_string(), stat });
        }
        for path in &plan.locks {
            let content = self.offers.get(path).cloned().unwrap_or_default();
            let blob = BlobId::of(&content).to_string();
            write_file(&wb, path, Mode::File, content, &mut made)?;
            self.state.locks.insert(path.clone(), SharedLock::Offered(blob));
        }
        updated.written = plan.write.len();
        Ok(())
    }

    /// Sets the mtime of these files to the file system's own now.
    fn touch(
        &self,
        roots: &[PathBuf],
        files: &mut BTreeMap<PathBuf, Placed>,
        updated: &mut Updated,
    ) -> Result<(), CheckoutError> {
        use nix::sys::stat::{UtimensatFlags, utimensat};
        use nix::sys::time::TimeSpec;
        let wb = self.layout.wb();
        for root in roots {
            // A target's root may be a link to another file of the tree: that one is touched.
            let Ok(real) = wb.join(root).canonicalize() else { continue };
            let Ok(path) = real.strip_prefix(&wb) else { continue };
            let now = &TimeSpec::UTIME_NOW;
            utimensat(nix::fcntl::AT_FDCWD, &real, now, now, UtimensatFlags::NoFollowSymlink)
                .map_err(std::io::Error::from)
                .doing("touch a target's root source file")?;
            if let Some(placed) = files.get_mut(path) {
                placed.stat = Stat::of(&fs_err::symlink_metadata(&real).doing(UPDATING)?);
            }
            updated.touched += 1;
        }
        Ok(())
    }
}
