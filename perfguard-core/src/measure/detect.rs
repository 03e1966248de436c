//! Which harness an executable was built with, from marks in its bytes: passive, and true after `strip`.

use std::io::{self, Read};
use std::path::Path;

use memchr::memmem::Finder;

use crate::model::HarnessKind;

/// Marks in the order in which they decide: a library's unit tests carry libtest's whatever else is linked in.
const MARKS: [(&str, HarnessKind); 10] = [
    ("__RUST_TEST_INVOKE", HarnessKind::Libtest),
    ("PERFGUARD_PROTOCOL_FD", HarnessKind::Native),
    ("gungraun-runner", HarnessKind::Gungraun),
    ("iai-callgrind-runner", HarnessKind::Gungraun),
    ("CARGO_CRITERION_PORT", HarnessKind::Criterion),
    ("DIVAN_SAMPLE_COUNT", HarnessKind::Divan),
    ("Tango benchmarking harness", HarnessKind::Tango),
    ("ZENBENCH_FORMAT", HarnessKind::Zenbench),
    ("NO_BRUNCH_HISTORY", HarnessKind::Brunch),
    // bencher has no name of its own in its executables. criterion and libtest, which print the same, are known before.
    (" ns/iter (+/- ", HarnessKind::Bencher),
];

/// Bytes read at a time: the whole of an executable is never in memory.
const CHUNK: usize = 256 * 1024;
/// Bytes carried from one chunk to the next, so that a mark across the border is seen: the longest mark, less one.
const CARRIED: usize = 25;

/// The harness of an executable.
///
/// # Errors
/// When the file cannot be read.
pub fn detect_file(path: &Path) -> io::Result<HarnessKind> {
    detect(fs_err::File::open(path)?)
}

fn detect(mut from: impl Read) -> io::Result<HarnessKind> {
    let finders: Vec<_> = MARKS.iter().map(|(mark, _)| Finder::new(mark)).collect();
    let mut found = [false; MARKS.len()];
    let mut buffer = vec![0; CARRIED + CHUNK];
    let mut filled = 0;
    loop {
        let count = match from.read(&mut buffer[filled..]) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let end = filled + count;
        for (seen, finder) in found.iter_mut().zip(&finders) {
            *seen = *seen || finder.find(&buffer[..end]).is_some();
        }
        if count == 0 {
            let first = found.iter().zip(MARKS).find(|(seen, _)| **seen);
            return Ok(first.map_or(HarnessKind::Plain, |(_, (_, kind))| kind));
        }
        let carried = end.min(CARRIED);
        buffer.copy_within(end - carried..end, 0);
        filled = carried;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_carried_bytes_hold_the_longest_mark_but_one() {
        assert_eq!(MARKS.iter().map(|(mark, _)| mark.len()).max(), Some(CARRIED + 1));
    }

    #[test]
    fn a_mark_is_found_wherever_it_lies_and_the_first_of_the_order_decides() {
        for at in [0, CHUNK - 10, CHUNK + CARRIED - 10, CHUNK + CARRIED, 3 * CHUNK] {
            let mut bytes = vec![b'x'; 4 * CHUNK];
            bytes[at..at + 20].copy_from_slice(b"CARGO_CRITERION_PORT");
            assert_eq!(detect(bytes.as_slice()).unwrap(), HarnessKind::Criterion, "at {at}");
        }
        assert_eq!(detect(&b"DIVAN_SAMPLE_COUNT __RUST_TEST_INVOKE"[..]).unwrap(), HarnessKind::Libtest);
        assert_eq!(detect(&b"nothing"[..]).unwrap(), HarnessKind::Plain);
    }
}
