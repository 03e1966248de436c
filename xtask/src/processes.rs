//! What the kernel tells of a process that runs: CPU, memory, and which of its children plays the launcher.

/// What the kernel counted for one process so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counted {
    pub(crate) cpu_seconds: f64,
    pub(crate) resident_kib: u64,
    pub(crate) peak_kib: u64,
}

#[expect(clippy::cast_precision_loss, reason = "memory of a process")]
pub(crate) fn mebibytes(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

/// The child that plays the launcher.
pub(crate) fn launcher_of(pid: u32) -> Option<u32> {
    let children = fs_err::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    children.split_whitespace().filter_map(|word| word.parse().ok()).find(|child: &u32| {
        fs_err::read(format!("/proc/{child}/cmdline"))
            .is_ok_and(|words| words.windows(10).any(|part| part == b"__launcher"))
    })
}

/// CPU by the scheduler's own clock (nanoseconds, where `stat` has hundredths of a second), and memory.
pub(crate) fn counted(pid: u32) -> Option<Counted> {
    let mut nanoseconds = 0.0;
    for task in fs_err::read_dir(format!("/proc/{pid}/task")).ok()?.flatten() {
        let text = fs_err::read_to_string(task.path().join("schedstat")).ok()?;
        nanoseconds += text.split_whitespace().next()?.parse::<f64>().ok()?;
    }
    let status = fs_err::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let field = |name: &str| {
        status.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse::<u64>().ok())
    };
    Some(Counted {
        cpu_seconds: nanoseconds / 1e9,
        resident_kib: field("VmRSS:").unwrap_or_default(),
        peak_kib: field("VmHWM:").unwrap_or_default(),
    })
}
