//! Whether the kernel lets this process count its own instructions: by trying it.

use crate::model::Ability;

/// Opens a counter of this process's own instructions in user space, and closes it.
#[cfg(target_os = "linux")]
pub fn hardware_counters() -> Ability {
    use std::io;
    use std::os::fd::{FromRawFd, OwnedFd, RawFd};

    const THIS_PROCESS: libc::pid_t = 0;
    const ANY: libc::c_int = -1;
    /// `PERF_COUNT_HW_INSTRUCTIONS`.
    const INSTRUCTIONS: u64 = 1;
    /// Off at first, not the kernel, not the hypervisor.
    const FLAGS: u64 = 1 | 1 << 5 | 1 << 6;
    // `struct perf_event_attr` in its first version, 64 bytes, in words: type (0: hardware) and size share the first.
    let (head, flags) =
        if cfg!(target_endian = "little") { (64 << u32::BITS, FLAGS) } else { (64, FLAGS.reverse_bits()) };
    let attributes: [u64; 8] = [head, INSTRUCTIONS, 0, 0, 0, flags, 0, 0];
    // SAFETY: the kernel reads as many bytes as the size in the structure says, which lives until the call returns.
    #[expect(unsafe_code, reason = "no safe crate opens a counter")]
    let descriptor = unsafe {
        libc::syscall(
            libc::SYS_perf_event_open,
            attributes.as_ptr(),
            THIS_PROCESS,
            ANY,
            ANY,
            libc::c_ulong::from(0_u32),
        )
    };
    let Some(descriptor) = RawFd::try_from(descriptor).ok().filter(|descriptor| *descriptor >= 0) else {
        let error = io::Error::last_os_error();
        return Ability::fails(match error.raw_os_error() {
            Some(libc::EACCES | libc::EPERM) => "the kernel does not grant them to this user".to_owned(),
            Some(libc::ENOENT | libc::ENODEV | libc::EOPNOTSUPP) => {
                "the processor has none that could be read (virtual machines often hide them)".to_owned()
            }
            Some(libc::ENOSYS) => "the kernel was built without them".to_owned(),
            _ => error.to_string(),
        });
    };
    // SAFETY: the kernel just gave this descriptor, and nobody else has it.
    #[expect(unsafe_code, reason = "the descriptor has to be closed")]
    drop(unsafe { OwnedFd::from_raw_fd(descriptor) });
    Ability::works("perf_event_open")
}

/// Elsewhere there is no such call.
#[cfg(not(target_os = "linux"))]
pub fn hardware_counters() -> Ability {
    Ability::fails("only Linux has perf_event_open")
}
