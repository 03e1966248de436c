//! The memory of this process.
#![expect(unsafe_code, reason = "the allocator's own call has no safe face")]

/// Hands freed memory back to the system, where the allocator can be told.
pub fn give_memory_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: a plain call of the allocator that this process uses.
    unsafe {
        libc::malloc_trim(0);
    }
}
