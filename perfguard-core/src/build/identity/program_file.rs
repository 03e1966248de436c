//! A program's file, read in parts: programs may be far larger than what perfguard may keep in memory.

use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// So much of a program is looked at together.
const PART: usize = 1 << 18;

/// An open program.
#[derive(Debug)]
pub(super) struct ProgramFile(File);

impl ProgramFile {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        fs_err::File::open(path).map(|opened| Self(opened.into_parts().0))
    }

    /// For whoever reads it by its own lights.
    pub(super) fn file(&self) -> &File {
        &self.0
    }

    /// Which of these texts stand in it.
    pub(super) fn holds(&self, texts: &[&[u8]]) -> io::Result<Vec<bool>> {
        let mut found = vec![false; texts.len()];
        let longest = texts.iter().map(|text| text.len()).max().unwrap_or_default();
        self.windows(longest, &mut |window, _| {
            for (found, text) in found.iter_mut().zip(texts) {
                *found = *found || memchr::memmem::find(window, text).is_some();
            }
            if found.iter().all(|found| *found) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(found)
    }

    /// What follows each place at which a text stands, up to so many bytes.
    pub(super) fn after(&self, text: &[u8], most: usize) -> io::Result<Vec<Vec<u8>>> {
        let mut found = Vec::new();
        self.windows(text.len() + most, &mut |window, is_last| {
            for at in memchr::memmem::find_iter(window, text) {
                let rest = &window[at + text.len()..];
                // One whose end is missing stands in the next window, too.
                if is_last || rest.len() > most {
                    found.push(rest[..rest.len().min(most)].to_vec());
                }
            }
            ControlFlow::Continue(())
        })?;
        Ok(found)
    }

    /// Whether ranges of two programs, each an offset and the same length, hold the same bytes.
    pub(super) fn same_range(&self, start: u64, other: &Self, other_start: u64, length: u64) -> io::Result<bool> {
        let (mut one, mut another) = (vec![0; PART], vec![0; PART]);
        let mut done = 0;
        while done < length {
            let count = usize::try_from(length - done).unwrap_or(PART).min(PART);
            self.0.read_exact_at(&mut one[..count], start + done)?;
            other.0.read_exact_at(&mut another[..count], other_start + done)?;
            if one[..count] != another[..count] {
                return Ok(false);
            }
            done += count as u64;
        }
        Ok(true)
    }

    /// A range of it.
    pub(super) fn range(&self, start: u64, length: u64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(length).map_err(|_| io::ErrorKind::FileTooLarge)?];
        self.0.read_exact_at(&mut bytes, start)?;
        Ok(bytes)
    }

    /// All of it in windows, each of which begins with the last `overlap` bytes of the one before; says of each whether it
    /// is the last.
    fn windows(&self, overlap: usize, each: &mut dyn FnMut(&[u8], bool) -> ControlFlow<()>) -> io::Result<()> {
        let mut window = vec![0; overlap + PART];
        let (mut kept, mut at) = (0, 0);
        loop {
            let mut filled = kept;
            while filled < window.len() {
                match self.0.read_at(&mut window[filled..], at)? {
                    0 => break,
                    count => {
                        filled += count;
                        at += count as u64;
                    }
                }
            }
            let is_last = filled < window.len();
            if each(&window[..filled], is_last).is_break() || is_last {
                return Ok(());
            }
            window.copy_within(filled - overlap.., 0);
            kept = overlap;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(bytes: &[u8]) -> (tempfile::TempDir, ProgramFile) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("program");
        fs_err::write(&path, bytes).unwrap();
        let file = ProgramFile::open(&path).unwrap();
        (folder, file)
    }

    #[test]
    fn what_lies_across_two_parts_is_found_once() {
        for at in [0, PART - 3, PART, PART + 5, 2 * PART - 4, 3 * PART - 13] {
            let mut bytes = vec![b'.'; 3 * PART];
            bytes[at..at + 8].copy_from_slice(b"here/abc");
            let (_folder, file) = program(&bytes);
            assert_eq!(file.holds(&[b"here/abc", b"gone", b"."]).unwrap(), [true, false, true], "{at}");
            assert_eq!(file.after(b"here/", 5).unwrap(), [b"abc.."], "{at}");
        }
        let (_folder, file) = program(b"ends in here/a");
        assert_eq!(file.after(b"here/", 5).unwrap(), [b"a"]);
    }

    #[test]
    fn ranges_are_the_same_or_differ_wherever_they_lie() {
        let mut bytes: Vec<u8> = (0..=250).cycle().take(2 * PART + 7).collect();
        let (_one, one) = program(&bytes);
        bytes[2 * PART + 1] ^= 1;
        bytes.insert(0, 0);
        let (_other, other) = program(&bytes);
        assert!(one.same_range(0, &other, 1, 2 * PART as u64).unwrap());
        assert!(!one.same_range(0, &other, 1, 2 * PART as u64 + 2).unwrap());
        assert!(one.same_range(0, &other, 1, 3 * PART as u64).is_err(), "it is not as long");
    }
}
