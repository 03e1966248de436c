//! A global allocator that counts, when it is asked to; else it costs one look at a flag.
#![expect(unsafe_code, reason = "an allocator is unsafe by its trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU64, Ordering::Relaxed};

/// The system's allocator, which counts while the harness asks for it: never while a benchmark is timed.
///
/// ```
/// #[global_allocator]
/// static ALLOCATOR: perfguard_harness::Alloc = perfguard_harness::Alloc;
/// # let _ = vec![1];
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Alloc;

/// Nothing is counted.
const OFF: u8 = 0;
/// Live bytes are counted: what set-up makes for a routine, the routine frees.
const LIVE_ONLY: u8 = 1;
/// Everything is counted: the routine runs.
const EVERYTHING: u8 = 2;
/// What is counted now.
static COUNTING: AtomicU8 = AtomicU8::new(OFF);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static ALLOCATED: AtomicU64 = AtomicU64::new(0);
/// Bytes allocated less bytes freed since counting began: what was there before may be freed too.
static LIVE: AtomicI64 = AtomicI64::new(0);
static PEAK: AtomicI64 = AtomicI64::new(0);

/// What was allocated while counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    /// Calls that gave memory, those that made a block larger or smaller among them.
    pub(crate) allocations: u64,
    /// Bytes that these asked for; of a block that grew, what it grew by.
    pub(crate) allocated: u64,
    /// Bytes allocated and not freed.
    pub(crate) live: i64,
    /// The most of these at any time.
    pub(crate) peak: i64,
}

/// Whether [`Alloc`] is the program's allocator.
pub(crate) fn is_installed() -> bool {
    // An allocation that the compiler cannot take out.
    let allocate = || {
        enter();
        drop(std::hint::black_box(Box::new(1_u8)));
        leave();
    };
    counted(allocate).1.allocations > 0
}

/// The routine begins: from now on everything is counted, if anything is.
#[inline]
pub(crate) fn enter() {
    COUNTING.compare_exchange(LIVE_ONLY, EVERYTHING, Relaxed, Relaxed).ok();
}

/// The routine ended.
#[inline]
pub(crate) fn leave() {
    COUNTING.compare_exchange(EVERYTHING, LIVE_ONLY, Relaxed, Relaxed).ok();
}

/// Counts live bytes meanwhile, and everything between [`enter`] and [`leave`], of all threads.
pub(crate) fn counted<T>(act: impl FnOnce() -> T) -> (T, Counts) {
    for count in [&ALLOCATIONS, &ALLOCATED] {
        count.store(0, Relaxed);
    }
    LIVE.store(0, Relaxed);
    PEAK.store(0, Relaxed);
    COUNTING.store(LIVE_ONLY, Relaxed);
    let result = act();
    COUNTING.store(OFF, Relaxed);
    let counts = Counts {
        allocations: ALLOCATIONS.load(Relaxed),
        allocated: ALLOCATED.load(Relaxed),
        live: LIVE.load(Relaxed),
        peak: PEAK.load(Relaxed),
    };
    (result, counts)
}

/// Bytes allocated and not freed since counting began.
pub(crate) fn live() -> i64 {
    LIVE.load(Relaxed)
}

/// Notes that a block has so many bytes more, or fewer.
#[inline]
fn note(grown: i64, is_allocation: bool) {
    let counting = COUNTING.load(Relaxed);
    if counting != OFF {
        count(grown, is_allocation && counting == EVERYTHING);
    }
}

#[cold]
#[inline(never)]
fn count(grown: i64, is_allocation: bool) {
    let live = LIVE.fetch_add(grown, Relaxed) + grown;
    if is_allocation {
        ALLOCATIONS.fetch_add(1, Relaxed);
        ALLOCATED.fetch_add(u64::try_from(grown).unwrap_or(0), Relaxed);
        PEAK.fetch_max(live, Relaxed);
    }
}

/// A size as a signed number: a block never has more than half of the address space.
fn signed(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

// SAFETY: every call is handed on to the system's allocator with the same arguments; counting allocates nothing.
unsafe impl GlobalAlloc for Alloc {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(signed(layout.size()), true);
        // SAFETY: the caller keeps to the trait's contract.
        unsafe { System.alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(signed(layout.size()), true);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        note(-signed(layout.size()), false);
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(signed(size) - signed(layout.size()), true);
        // SAFETY: as above.
        unsafe { System.realloc(block, layout, size) }
    }
}
