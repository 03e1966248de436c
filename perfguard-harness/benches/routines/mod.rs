//! Ten routines from nothing to microseconds, the same for every harness that is measured beside ours.

use std::hint::black_box;

/// A name and what it stands for.
type Routine = (&'static str, fn() -> u64);

/// The routines by their names.
pub(crate) const ROUTINES: [Routine; 10] = [
    ("empty", || 0),
    ("add", || black_box(1_u64) + black_box(2)),
    ("multiply", || black_box(3_u64).wrapping_mul(black_box(5)).rotate_left(7)),
    ("divide", || black_box(1_000_003_u64) / black_box(17)),
    ("hash 8", || hash(black_box(8))),
    ("hash 64", || hash(black_box(64))),
    ("hash 512", || hash(black_box(512))),
    ("sum 100", || (0..black_box(100_u64)).map(|n| n ^ 0x55).sum()),
    ("collatz", || collatz(black_box(97))),
    ("allocate", || black_box(vec![1_u8; 64]).len() as u64),
];

/// Every byte depends on the one before.
fn hash(count: u64) -> u64 {
    (0..count).fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ byte).wrapping_mul(0x100_0000_01b3))
}

fn collatz(start: u64) -> u64 {
    let (mut value, mut steps) = (start, 0);
    while value != 1 {
        value = if value.is_multiple_of(2) { value / 2 } else { 3 * value + 1 };
        steps += 1;
    }
    steps
}
