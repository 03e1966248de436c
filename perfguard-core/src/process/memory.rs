//! The memory of this process: what it no longer needs goes back to the system.
#![expect(unsafe_code, reason = "the calls of the allocator and of the kernel have no safe face")]

/// Hands freed memory back to the system, where the allocator can be told.
pub(super) fn give_memory_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: a plain call of the allocator that this process uses.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Lets go of the code that has been used so far: what is used again comes back from its file, a page at a time, and most
/// of it is not. Only the executable parts of files go: nothing is ever written there.
#[cfg(target_os = "linux")]
fn let_code_go() {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    for (start, length) in maps.lines().filter_map(code) {
        // SAFETY: the range is one whole mapping as the kernel names it, private, of a file, and clean, because it cannot
        // be written: dropping its pages loses nothing.
        unsafe {
            libc::madvise(std::ptr::with_exposed_provenance_mut(start), length, libc::MADV_DONTNEED);
        }
    }
}

/// The same elsewhere: nothing.
#[cfg(not(target_os = "linux"))]
fn let_code_go() {}

/// Both: between one part of the work and the next, of which neither needs what the other did.
pub fn settle() {
    give_memory_back();
    let_code_go();
}

/// Start and length of a line's mapping, if it is code of a file: `START-END r-xp OFFSET DEVICE INODE   /PATH`.
#[cfg(target_os = "linux")]
fn code(line: &str) -> Option<(usize, usize)> {
    let mut words = line.split_ascii_whitespace();
    let (range, mode, path) = (words.next()?, words.next()?, words.nth(3)?);
    let (start, end) = range.split_once('-')?;
    let (start, end) = (usize::from_str_radix(start, 16).ok()?, usize::from_str_radix(end, 16).ok()?);
    (mode == "r-xp" && path.starts_with('/')).then(|| (start, end.saturating_sub(start)))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn only_code_of_files_is_let_go() {
        assert_eq!(code("1000-3000 r-xp 00001000 08:01 42      /usr/bin/a b"), Some((0x1000, 0x2000)));
        for line in [
            "1000-3000 r--p 00001000 08:01 42      /usr/bin/a",
            "1000-3000 rw-p 00001000 08:01 42      /usr/bin/a",
            "1000-3000 rwxp 00001000 08:01 42      /usr/bin/a",
            "1000-3000 r-xp 00000000 00:00 0       [vdso]",
            "1000-3000 r-xp 00000000 00:00 0",
            "",
        ] {
            assert_eq!(code(line), None, "{line}");
        }
    }

    #[test]
    fn code_that_was_let_go_comes_back() {
        let before: u64 = (1..=20).product();
        let_code_go();
        assert_eq!((1..=20).product::<u64>(), before);
    }
}
