//! Every finding that there is, what gains most first: its id is a promise, its text what `--explain` prints.

/// A kind of finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FindingKind {
    /// Its stable id.
    pub id: &'static str,
    /// What it is about.
    pub title: &'static str,
    /// From where it is known, and from when on it is a note or a warning.
    pub seen_by: &'static str,
    /// Why it matters to a measurement.
    pub why: &'static str,
    /// What to change, and how to change it back.
    pub change: &'static str,
}

/// All of them, in the order of what changing it usually gains.
pub const FINDINGS: [FindingKind; 28] = [
    FindingKind {
        id: "cache-unusable",
        title: "The cache directory cannot be used",
        seen_by: "A folder is made in it. A warning where that fails.",
        why: "Everything is built and kept there: sources, executables, the lock that lets one perfguard measure at a time.",
        change: "Name a folder that can be written: `PERFGUARD_CACHE=DIR`.",
    },
    FindingKind {
        id: "cache-programs",
        title: "Programs in the cache cannot be started",
        seen_by: "A program is written there and started. A warning where that fails.",
        why: "Bench executables are built in the cache and run from it. A file system that is mounted `noexec` refuses them all.",
        change: "Name a folder on another file system: `PERFGUARD_CACHE=DIR`.",
    },
    FindingKind {
        id: "other-load",
        title: "Other processes use the processors",
        seen_by: "`/proc/stat`, less what perfguard and its children used, while `doctor` runs. A note from 10 % of all \
                  processors on, a warning where less than three quarters of one processor are left.",
        why: "A benchmark that waits for its processor takes several times as long, and is interrupted in the middle of its \
              samples; the fastest of them usually escapes. One that has its own still \
              shares memory bandwidth, caches and the frequency. Pairs cancel what hits both sides alike, not what hits one.",
        change: "`top -o %CPU` shows who it is. Close the browser and the editor's indexer, wait for builds to end, or \
                 measure on another machine.",
    },
    FindingKind {
        id: "steal",
        title: "The hypervisor gives the processors to others",
        seen_by: "The steal count of `/proc/stat`, now and since the start. A note from 0.2 % on, a warning from 2 % on.",
        why: "The whole machine stands still for milliseconds while its clock goes on. The fastest sample of a process \
              usually escapes; medians and means do not.",
        change: "A dedicated instance, or a larger one of its kind. More observations help where that cannot be had.",
    },
    FindingKind {
        id: "cpu-limit",
        title: "A control group limits the processors' time",
        seen_by: "`cpu.max` or `cpu.cfs_quota_us` of this process's groups and all above them. A note; a warning below two \
                  processors, or where the group was made to wait in 1 % of its periods or more.",
        why: "The kernel grants time by periods of usually 100 ms. A group that used up its part stands still for the rest \
              of the period, which looks like a benchmark that takes 50 ms longer.",
        change: "Raise the limit, or give whole processors instead of time: `docker run --cpuset-cpus 0,1`, the static CPU \
                 manager policy of Kubernetes.",
    },
    FindingKind {
        id: "memory-pressure",
        title: "Memory is short",
        seen_by: "`/proc/meminfo` and `/proc/pressure/memory`. A warning where less than a tenth can be had, or processes \
                  waited for memory 1 % of the time.",
        why: "The kernel drops pages of programs and files and reads them again, which costs more than most benchmarks take.",
        change: "End what holds the memory: `ps --sort=-rss -eo rss,args | head`.",
    },
    FindingKind {
        id: "on-battery",
        title: "The machine runs on its battery",
        seen_by: "`/sys/class/power_supply`. A warning where a battery is being discharged.",
        why: "Firmware caps the frequency on battery, and caps it further as the battery empties.",
        change: "Plug it in.",
    },
    FindingKind {
        id: "mixed-cores",
        title: "Fast and slow cores are mixed",
        seen_by: "Two kinds of cores in `/sys/devices`, or capacities that differ. A warning.",
        why: "The scheduler decides on which kind a process runs. Two processes of the same executable differ by half or more.",
        change: "Let perfguard, and all that it starts, run on one kind only: \
                 `taskset --cpu-list $(cat /sys/devices/cpu_core/cpus) cargo perfguard …`. It ends with the command.",
    },
    FindingKind {
        id: "few-processors",
        title: "How many processors perfguard may use",
        seen_by: "`Cpus_allowed_list` of `/proc/self/status`. A warning for one, a note for two.",
        why: "On one processor every other process interrupts the benchmark. On two, the system's own work still does at times.",
        change: "Use a machine, or a control group, with more.",
    },
    FindingKind {
        id: "clock-source",
        title: "The clock is slow to read",
        seen_by: "The kernel's current clock source. A warning for `hpet`, `acpi_pm`, `jiffies` and `xen`.",
        why: "With these, each look at the clock is a call of the kernel, and harnesses look twice a sample.",
        change: "`echo tsc | sudo tee /sys/devices/system/clocksource/clocksource0/current_clocksource`, if it is among the \
                 `available_clocksource`. The next start undoes it.",
    },
    FindingKind {
        id: "overheated",
        title: "Cores were slowed because of heat",
        seen_by: "The cores' throttle counts since the start. A note where one is not zero.",
        why: "A hot processor lowers its frequency, so that what is measured later is slower. Pairs cancel a slow drift; \
              absolute numbers do not come back.",
        change: "Clean the fans, raise the laptop, or turn turbo off (`turbo`).",
    },
    FindingKind {
        id: "governor",
        title: "How the kernel chooses frequencies",
        seen_by: "The governors of `cpufreq`. Good where all are `performance`; a note for others; a warning for \
                  `powersave` where the driver then stays at the lowest frequency.",
        why: "A process of 20 ms begins on a slow processor and ends on a fast one; how fast that goes depends on what ran before.",
        change: "`sudo cpupower frequency-set --governor performance`; back with the governor that is shown now.",
    },
    FindingKind {
        id: "turbo",
        title: "Processors may run faster than they can for long",
        seen_by: "`intel_pstate/no_turbo` or `cpufreq/boost`. A note where turbo is on.",
        why: "How fast depends on temperature, on the supply and on how many cores are busy. Pairs that are close in time \
              cancel most of it, so this matters for absolute numbers more than for comparisons.",
        change: "Intel: `echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo`; others: \
                 `echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost`. The other digit turns it on again, and so does \
                 the next start.",
    },
    FindingKind {
        id: "shared-cores",
        title: "Two processors share a core",
        seen_by: "`/sys/devices/system/cpu/smt/active`, else the numbers of cores and processors. A note.",
        why: "Whatever runs on the core's other thread takes a part of its execution units and half of its first caches.",
        change: "`echo off | sudo tee /sys/devices/system/cpu/smt/control`; `on` undoes it. Or keep the machine idle: an \
                 idle thread takes nothing.",
    },
    FindingKind {
        id: "memory-limit",
        title: "A control group limits memory",
        seen_by: "`memory.max` or `memory.limit_in_bytes`. A note where four fifths are used.",
        why: "Near the limit, what was read from disk is dropped and read again; beyond it the kernel ends a process.",
        change: "Raise the limit: `docker run --memory`, `resources.limits.memory`.",
    },
    FindingKind {
        id: "virtual-machine",
        title: "This is a virtual machine",
        seen_by: "The processor's `hypervisor` flag, or the firmware's vendor. A note.",
        why: "Neighbours share caches, memory bandwidth and the frequency. None of it shows inside, but in `noise-floor`.",
        change: "Nothing inside. Comparisons in pairs work; keep absolute limits wide.",
    },
    FindingKind {
        id: "io-pressure",
        title: "Processes wait for a disk",
        seen_by: "`/proc/pressure/io` and the I/O wait of `/proc/stat`. A note from 5 % of the time on.",
        why: "Each observation starts a process. Programs that are no longer in memory are read first.",
        change: "`iotop -oa` shows who reads and writes.",
    },
    FindingKind {
        id: "ordering",
        title: "Whether the linker can put functions in an order",
        seen_by: "A program is linked with an empty order. A note where that fails. Linker arguments in a cargo \
                  configuration are not known here.",
        why: "Where code lies decides some percent of its speed. perfguard links base and head in several common layouts, \
              so that a change of the layout is not taken for one of the code. GNU ld cannot.",
        change: "Install LLD, and add `-C link-arg=-fuse-ld=lld` to the `rustflags` of the cargo configuration. Recent \
                 compilers use LLD by themselves on x86-64 Linux.",
    },
    FindingKind {
        id: "cache-room",
        title: "Room in the cache's file system",
        seen_by: "Free bytes. A warning below 2 GiB.",
        why: "Two commits with their target directories are kept there.",
        change: "`cargo perfguard clean --unused`, or another folder: `PERFGUARD_CACHE=DIR`.",
    },
    FindingKind {
        id: "container",
        title: "perfguard runs in a container",
        seen_by: "What container engines leave in the file system and in control groups. A note.",
        why: "Load, limits and frequencies of the host are seen in part only. Layered file systems are slow where programs \
              are started and folders renamed.",
        change: "Put the cache on a volume: `PERFGUARD_CACHE=/cache` with `--volume perfguard:/cache`.",
    },
    FindingKind {
        id: "ci",
        title: "A service runs this job",
        seen_by: "The variables that services set. A note.",
        why: "The next job may get another processor model or busier neighbours, so numbers of two jobs do not compare.",
        change: "Compare both commits in the same job, and keep the history of each kind of machine apart (perfguard does).",
    },
    FindingKind {
        id: "exchange",
        title: "Whether folders can change places in one step",
        seen_by: "Two folders in the cache change places (`renameat2` with `RENAME_EXCHANGE`). A note where that fails.",
        why: "Each side runs in one folder, whose path is compiled into programs. Where the exchange is refused (some \
              network and layered file systems), three renames stand in for it.",
        change: "Name a folder on another file system: `PERFGUARD_CACHE=DIR`.",
    },
    FindingKind {
        id: "hard-links",
        title: "Whether files can have two names",
        seen_by: "A file in the cache gets a second name. A note where that fails.",
        why: "The inputs of links are kept by a second name; where there are none, they are copied.",
        change: "Name a folder on another file system: `PERFGUARD_CACHE=DIR`.",
    },
    FindingKind {
        id: "no-pressure",
        title: "Whether the kernel tells how long processes wait",
        seen_by: "`/proc/pressure`. A note where it is missing.",
        why: "Waiting is the best sign of a disturbance; load averages lag by a minute.",
        change: "Start the kernel with `psi=1`, or one that was built with `CONFIG_PSI`.",
    },
    FindingKind {
        id: "frequency-unknown",
        title: "How frequencies are chosen cannot be seen",
        seen_by: "There is neither a governor nor a switch for turbo in `/sys`. A note.",
        why: "Frequencies may change without a trace. Common in virtual machines and containers.",
        change: "Nothing inside; the host's owner can tell.",
    },
    FindingKind {
        id: "counters",
        title: "Whether hardware counters can be read",
        seen_by: "A counter of this process's instructions is opened. A note where that fails.",
        why: "Cycles, cache misses and branch misses help to explain a change. No verdict depends on them.",
        change: "`sudo sysctl kernel.perf_event_paranoid=2`; in a container also a seccomp profile that allows \
                 `perf_event_open`. Most virtual machines have none to read.",
    },
    FindingKind {
        id: "valgrind",
        title: "Whether Valgrind is there",
        seen_by: "`valgrind --version`. A note where that fails.",
        why: "Harnesses that count instructions run under it, wherever they run: their numbers have no noise.",
        change: "`sudo apt-get install valgrind`, or your system's package.",
    },
    FindingKind {
        id: "noise-floor",
        title: "The smallest change that this machine can show",
        seen_by: "A built-in loop is run in pairs of processes, as a benchmark would be. Good up to a spread of 2 %, a note \
                  up to 4 %, a warning above.",
        why: "The loop fits into the second cache: benchmarks that use more memory, allocate, or call the kernel are \
              noisier, so this is the least that there is. A comparison of N pairs shows changes \
              beyond `1 % + 5.1 × spread / √(N - 5)`.",
        change: "All of the above, then more pairs: a larger `--budget`.",
    },
];

impl FindingKind {
    /// The kind of this id.
    pub fn of(id: &str) -> Option<&'static Self> {
        FINDINGS.iter().find(|kind| kind.id == id)
    }
}
