//! One perfguard measures at a time on a machine.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::time::Duration;

use super::LockError;
use crate::cancel::CancellationToken;
use crate::event::{Event, EventSink};

/// How often a waiting perfguard looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// The right to build and measure on this machine, until it is dropped or its process ends, however it ends.
#[derive(Debug)]
pub struct MachineLock {
    _file: File,
}

impl MachineLock {
    /// Takes the lock in the cache's root, waiting for another perfguard if it may. `purpose` is what a waiting one is
    /// told.
    ///
    /// # Errors
    /// [`LockError::Held`] when it may not wait.
    pub fn acquire(
        cache: &Path,
        wait: bool,
        purpose: &str,
        events: &mut dyn EventSink,
        cancel: &CancellationToken,
    ) -> Result<Self, LockError> {
        let path = cache.join("measuring.lock");
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).map_err(LockError::Cache)?;
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(LockError::Cache(error)),
                Err(TryLockError::WouldBlock) => {}
            }
            if !wait {
                return Err(LockError::Held { holder: holder(&mut file) });
            }
            if cancel.is_cancelled() {
                return Err(LockError::Interrupted);
            }
            if !told {
                events.event(Event::Waiting { holder: holder(&mut file) });
                told = true;
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        let words = format!("`{purpose}`, process {}\n", std::process::id());
        let written = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(words.as_bytes()));
        written.map_err(LockError::Cache)?;
        Ok(Self { _file: file })
    }
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.read_to_string(&mut text));
    if read.is_err() || text.trim().is_empty() { "it does not say which".to_owned() } else { text.trim().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Silent;

    #[test]
    fn the_second_is_told_who_holds_the_lock_and_gets_it_afterwards() {
        let cache = tempfile::tempdir().unwrap();
        let acquire =
            |purpose| MachineLock::acquire(cache.path(), false, purpose, &mut Silent, &CancellationToken::new());
        let first = acquire("first").unwrap();
        let error = acquire("second").unwrap_err().to_string();
        assert!(error.contains(&format!("`first`, process {}", std::process::id())), "{error}");
        drop(first);
        acquire("second").unwrap();
    }

    #[test]
    fn waiting_ends_when_the_user_says_so() {
        let cache = tempfile::tempdir().unwrap();
        let cancel = CancellationToken::new();
        let _first = MachineLock::acquire(cache.path(), true, "first", &mut Silent, &cancel).unwrap();
        cancel.cancel();
        let waited = MachineLock::acquire(cache.path(), true, "second", &mut Silent, &cancel);
        assert!(matches!(waited, Err(LockError::Interrupted)));
    }
}
