//! The file system's own clock: mtimes are compared with mtimes only, never with the time of day.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::checkout_error::Doing;
use super::state::mtime_ns;
use super::{CheckoutError, Layout};

const DOING: &str = "ask the file system for its time";
/// A build that ended further ahead than this was timed by another clock: waiting for it would take too long.
const CLOCK_WENT_BACK_NS: i128 = 2_500_000_000;

/// When the last build ended, by the file system's clock: now, if one may have run since that was noted. Forgets it,
/// because the next build may begin any time.
pub(super) fn take_build_end(layout: &Layout) -> Result<i128, CheckoutError> {
    let file = build_end_file(layout);
    match file.symlink_metadata() {
        Ok(found) => fs_err::remove_file(file).doing(DOING).map(|()| mtime_ns(&found)),
        Err(_) => probe(&file),
    }
}

/// Notes that a build ended now.
pub(super) fn note_build_end(layout: &Layout) -> Result<(), CheckoutError> {
    probe(&build_end_file(layout)).map(drop)
}

/// Waits until files written now are newer than all that the last build wrote.
pub(super) fn wait_for_tick(layout: &Layout, built: i128) -> Result<(), CheckoutError> {
    loop {
        let now = probe(&layout.root().join("probe"))?;
        if now > built {
            return Ok(());
        }
        if built - now > CLOCK_WENT_BACK_NS {
            // Nothing written now can be newer than the last build: cargo would take all of it for built.
            fs_err::remove_dir_all(layout.build()).doing(DOING)?;
            return fs_err::create_dir(layout.build()).doing(DOING);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn build_end_file(layout: &Layout) -> PathBuf {
    layout.root().join("build-ended")
}

/// Makes a file anew and gives its mtime.
fn probe(path: &Path) -> Result<i128, CheckoutError> {
    if path.exists() {
        fs_err::remove_file(path).doing(DOING)?;
    }
    let file = fs_err::File::create_new(path).doing(DOING)?;
    file.metadata().map(|found| mtime_ns(&found)).doing(DOING)
}
