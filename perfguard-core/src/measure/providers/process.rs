//! What the kernel counts of every process: free, and always taken.

use super::{Offer, Provider};
use crate::model::MetricId;
use crate::process::Usage;

/// What the kernel counts of a process and of the children that it waited for.
#[derive(Debug, Clone, Copy)]
pub struct Process;

const LAUNCHER: &str = "a process of the benchmark's own";
const IO: &str = "a process of the benchmark's own, and a kernel that counts what a process reads and writes";
const NOTHING: &str = "nothing";

const fn offer(metric: &'static str, what: &'static str, needs: &'static str, repeats: &'static str) -> Offer {
    Offer { metric, what, needs, cost: NOTHING, repeats, always: true }
}

const OFFERS: [Offer; 7] = [
    offer("user-time", "CPU time in user space of the whole process", LAUNCHER, "as wall time, in steps of 1 µs"),
    offer("system-time", "CPU time in the kernel of the whole process", LAUNCHER, "worse than wall time"),
    offer(
        "peak-memory",
        "largest resident set of the process",
        LAUNCHER,
        "within some pages; a process that frees memory is seen at its largest",
    ),
    offer("page-faults", "page faults of the process, minor and major", LAUNCHER, "within some"),
    offer("context-switches", "context switches, voluntary and not", LAUNCHER, "by what else the machine does"),
    offer("bytes-read", "bytes read through system calls", IO, "exactly, where the code does"),
    offer("bytes-written", "bytes written through system calls", IO, "exactly, where the code does"),
];

impl Provider for Process {
    fn name(&self) -> &'static str {
        "the kernel's accounting, through the launcher"
    }

    fn offers(&self) -> &'static [Offer] {
        &OFFERS
    }

    fn of_process(&self, usage: &Usage) -> Vec<(MetricId, f64)> {
        #[expect(clippy::cast_precision_loss, reason = "counts of one process are far below 2^53")]
        let known = |id: MetricId, count: u64| Some((id, count as f64));
        let counted = [
            known(MetricId::USER_TIME, usage.user_ns),
            known(MetricId::SYSTEM_TIME, usage.system_ns),
            known(MetricId::PEAK_MEMORY, usage.peak_memory_bytes),
            known(MetricId::PAGE_FAULTS, usage.page_faults),
            known(MetricId::CONTEXT_SWITCHES, usage.context_switches),
            usage.bytes_read.and_then(|count| known(MetricId::BYTES_READ, count)),
            usage.bytes_written.and_then(|count| known(MetricId::BYTES_WRITTEN, count)),
        ];
        counted.into_iter().flatten().collect()
    }
}
