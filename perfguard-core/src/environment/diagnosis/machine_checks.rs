//! What the machine and its neighbours do to a measurement.

use super::{finding, gibibytes, good, percent};
use crate::model::{FindingLevel, MachineFinding, Seen};

const WARNING: FindingLevel = FindingLevel::Warning;
const NOTE: FindingLevel = FindingLevel::Note;

/// Each check says one thing, or nothing where the system does not tell.
pub(super) fn all(seen: &Seen) -> Vec<MachineFinding> {
    let checks = [
        other_load,
        steal,
        cpu_limit,
        memory_pressure,
        memory_limit,
        battery,
        mixed_cores,
        few_processors,
        governor,
        turbo,
        overheated,
        shared_cores,
        virtual_machine,
        io_pressure,
        clock_source,
        ci,
        container,
        no_pressure,
        frequency_unknown,
    ];
    checks.iter().filter_map(|check| check(seen)).collect()
}

fn other_load(seen: &Seen) -> Option<MachineFinding> {
    const ID: &str = "other-load";
    let weather = &seen.weather;
    let others = weather.other_load?.mean;
    let processors = f64::from(seen.machine.processors);
    let used = others * processors;
    let waited = weather.cpu_pressure.map_or(0.0, |pressure| pressure.mean);
    let load = weather.load.map(|load| format!(", load {:.1}", load.mean)).unwrap_or_default();
    let waited_text = if waited >= 0.01 { format!(", cpu pressure {}", percent(waited)) } else { String::new() };
    let text = format!("others used {used:.1} of {processors} processors{load}{waited_text}");
    // Half a processor left is one that a benchmark has to share.
    let is_full = processors - used < 0.75;
    if others < 0.10 {
        return Some(good(ID, text));
    }
    let cost = if is_full {
        "benchmarks wait for a processor: fewer pairs fit into a budget, and what uses caches and memory spreads wider"
    } else {
        "memory bandwidth, caches and frequency are shared"
    };
    let level = if is_full { WARNING } else { NOTE };
    Some(finding(ID, level, text, cost, &["`top -o %CPU` shows who it is; end it, or measure when it is done"]))
}

fn steal(seen: &Seen) -> Option<MachineFinding> {
    const ID: &str = "steal";
    let now = seen.weather.steal?.mean;
    let before = seen.machine.steal_since_start.unwrap_or(0.0);
    let worst = now.max(before);
    let text = format!("the hypervisor took {} of the time now, {} since the start", percent(now), percent(before));
    if worst < 0.002 {
        return Some(good(ID, text));
    }
    let cost = "processes stand still in the middle of a sample, and no one inside can see when";
    let level = if worst >= 0.02 { WARNING } else { NOTE };
    Some(finding(ID, level, text, cost, &["use a machine with processors of its own (a dedicated or larger instance)"]))
}

fn cpu_limit(seen: &Seen) -> Option<MachineFinding> {
    const ID: &str = "cpu-limit";
    let limits = &seen.machine.limits;
    let granted = limits.processors?;
    let throttled = limits.throttled.unwrap_or(0.0);
    let text =
        format!("the control group grants {granted:.1} processors; it waited in {} of its periods", percent(throttled));
    let cost = "a group that used up its time stands still for the rest of each tenth of a second";
    let change = ["raise the limit (`docker run --cpus`, `resources.limits.cpu`), or pin instead: `--cpuset-cpus 0,1`"];
    let level = if granted < 2.0 || throttled >= 0.01 { WARNING } else { NOTE };
    Some(finding(ID, level, text, cost, &change))
}

fn memory_pressure(seen: &Seen) -> Option<MachineFinding> {
    const ID: &str = "memory-pressure";
    let (all, available) = seen.machine.memory_bytes?;
    let waited = seen.weather.memory_pressure.map_or(0.0, |pressure| pressure.mean);
    #[expect(clippy::cast_precision_loss, reason = "a share to be judged")]
    let left = available as f64 / all.max(1) as f64;
    let text = format!("{} of {} memory can be had", gibibytes(available), gibibytes(all));
    let text = if waited > 0.0 { format!("{text}, memory pressure {}", percent(waited)) } else { text };
    if left >= 0.10 && waited < 0.01 {
        return Some(good(ID, text));
    }
    let cost = "pages are dropped and read again, which takes longer than most benchmarks";
    Some(finding(ID, WARNING, text, cost, &["end what holds the memory: `ps --sort=-rss -eo rss,args | head`"]))
}

fn memory_limit(seen: &Seen) -> Option<MachineFinding> {
    const ID: &str = "memory-limit";
    let (limit, used) = seen.machine.limits.memory_bytes?;
    let text = format!("the control group uses {} of the {} it is granted", gibibytes(used), gibibytes(limit));
    // Files that were read count as used, and give way.
    if used < limit / 10 * 8 {
        return Some(good(ID, text));
    }
    let cost = "what was read from disk is dropped at the limit, and a benchmark that needs more is killed";
    let change = ["raise the limit (`docker run --memory`, `resources.limits.memory`)"];
    Some(finding(ID, NOTE, text, cost, &change))
}

fn battery(seen: &Seen) -> Option<MachineFinding> {
    const ID: &str = "on-battery";
    if !seen.machine.on_battery? {
        return Some(good(ID, "the machine has mains power"));
    }
    let cost = "frequencies are capped and change with what is left";
    Some(finding(ID, WARNING, "the machine runs on its battery", cost, &["plug it in"]))
}

fn mixed_cores(seen: &Seen) -> Option<MachineFinding> {
    const ID: &str = "mixed-cores";
    seen.machine.mixed_cores.then(|| {
        let cost = "a process that lands on a slow core is slower by half: one sample in so many, at random";
        let list =
            "let it run on one kind only: `taskset --cpu-list $(cat /sys/devices/cpu_core/cpus) cargo perfguard …`";
        finding(ID, WARNING, "fast and slow cores are mixed", cost, &[list])
    })
}

#[expect(clippy::unnecessary_wraps, reason = "one among checks that may say nothing")]
fn few_processors(seen: &Seen) -> Option<MachineFinding> {
    const ID: &str = "few-processors";
    let (all, allowed) = (seen.machine.processors, seen.machine.allowed);
    let of = if allowed == all { String::new() } else { format!(" of {all}") };
    let noun = if allowed == 1 { "processor" } else { "processors" };
    let text = format!("perfguard may use {allowed}{of} {noun}");
    match allowed {
        0 | 1 => {
            let cost = "every other process, perfguard among them, runs where the benchmark does";
            Some(finding(ID, WARNING, text, cost, &["use a machine with two processors or more"]))
        }
        2 => {
            let cost = "one benchmark and the system share them: a second busy process is felt";
            Some(finding(ID, NOTE, text, cost, &["let nothing else run meanwhile, or use a machine with more"]))
        }
        _ => Some(good(ID, text)),
    }
}

fn governor(seen: &Seen) -> Option<MachineFinding> {
    const ID: &str = "governor";
    let frequency = &seen.machine.frequency;
    if frequency.governors.is_empty() {
        return None;
    }
    let text = format!("frequency governor: {}", frequency.governors.join(", "));
    if frequency.governors.iter().all(|name| name == "performance") {
        return Some(good(ID, text));
    }
    let range = frequency.range_khz.filter(|(lowest, highest)| lowest < highest);
    let range = range.map(|(lowest, highest)| format!(" (here {} to {} MHz)", lowest / 1000, highest / 1000));
    let cost = format!("a processor begins slow and speeds up within a process{}", range.unwrap_or_default());
    // These drivers let the processor choose by itself, within milliseconds, and call that `powersave`.
    let chooses = frequency
        .driver
        .as_deref()
        .is_some_and(|driver| matches!(driver, "intel_pstate" | "amd-pstate-epp" | "amd_pstate_epp"));
    let saves = frequency.governors.iter().any(|name| name == "powersave");
    let level = if saves && !chooses { WARNING } else { NOTE };
    Some(finding(ID, level, text, cost, &["sudo cpupower frequency-set --governor performance"]))
}

fn turbo(seen: &Seen) -> Option<MachineFinding> {
    const ID: &str = "turbo";
    let frequency = &seen.machine.frequency;
    if !frequency.turbo? {
        return Some(good(ID, "turbo is off"));
    }
    let reach = frequency.base_khz.zip(frequency.range_khz).filter(|(base, (_, most))| most > base && *base > 0);
    #[expect(clippy::cast_precision_loss, reason = "kilohertz")]
    let reach =
        reach.map(|(base, (_, most))| format!(", here up to {:.0} %", (most as f64 / base as f64 - 1.0) * 100.0));
    let cost = format!(
        "speed depends on heat and on what the other cores do{}; pairs cancel most of it",
        reach.unwrap_or_default()
    );
    let switch = frequency.turbo_switch.map(|(path, off)| format!("echo {off} | sudo tee /{path}"));
    let change: Vec<&str> = switch.iter().map(String::as_str).collect();
    Some(finding(ID, NOTE, "turbo is on", cost, &change))
}

fn overheated(seen: &Seen) -> Option<MachineFinding> {
    const ID: &str = "overheated";
    let times = seen.machine.throttled?;
    if times == 0 {
        return Some(good(ID, "no core was slowed because of heat"));
    }
    let text = format!("a core was slowed because of heat {times} times since the start");
    let cost = "frequencies fall while it cools: what is measured later is slower";
    Some(finding(ID, NOTE, text, cost, &["cool it, or turn turbo off; `sensors` shows how hot it is"]))
}

fn shared_cores(seen: &Seen) -> Option<MachineFinding> {
    const ID: &str = "shared-cores";
    if !seen.machine.shared_cores? {
        return Some(good(ID, "no two processors share a core"));
    }
    let cost = "whoever runs on a core's other thread takes up to half of its speed";
    let change = ["echo off | sudo tee /sys/devices/system/cpu/smt/control"];
    Some(finding(ID, NOTE, "two processors share a core (SMT)", cost, &change))
}

#[expect(clippy::unnecessary_wraps, reason = "one among checks that may say nothing")]
fn virtual_machine(seen: &Seen) -> Option<MachineFinding> {
    const ID: &str = "virtual-machine";
    if !seen.machine.virtual_machine {
        return Some(good(ID, "no hypervisor is seen"));
    }
    let cost = "neighbours on the same hardware share its caches, memory and frequency, and nobody inside sees them";
    let change = ["compare within one job only; for numbers to keep, use a machine of your own"];
    Some(finding(ID, NOTE, "this is a virtual machine", cost, &change))
}

fn io_pressure(seen: &Seen) -> Option<MachineFinding> {
    const ID: &str = "io-pressure";
    let waited = seen.weather.io_pressure.map(|pressure| pressure.mean);
    let wait = seen.weather.io_wait.map(|wait| wait.mean);
    let worst = waited.unwrap_or(0.0).max(wait?);
    let told = waited.map(|waited| format!(", i/o pressure {}", percent(waited))).unwrap_or_default();
    let text = format!("processors waited for a disk {} of the time{told}", percent(wait?));
    if worst < 0.05 {
        return Some(good(ID, text));
    }
    let cost = "programs are read late and writes queue up: the starts of processes are slow";
    Some(finding(ID, NOTE, text, cost, &["`iotop -oa` shows who reads and writes"]))
}

fn clock_source(seen: &Seen) -> Option<MachineFinding> {
    const ID: &str = "clock-source";
    const SLOW: [&str; 4] = ["hpet", "acpi_pm", "jiffies", "xen"];
    let source = seen.machine.clock_source.as_deref()?;
    let text = format!("clock source: {source}");
    if !SLOW.contains(&source) {
        return Some(good(ID, text));
    }
    let cost =
        "reading the clock is a call of the kernel, about a microsecond each: samples of short iterations are coarse";
    let change = ["echo tsc | sudo tee /sys/devices/system/clocksource/clocksource0/current_clocksource"];
    Some(finding(ID, WARNING, text, cost, &change))
}

fn ci(seen: &Seen) -> Option<MachineFinding> {
    const ID: &str = "ci";
    let service = seen.ci?;
    let text = format!("this job is run by {} (`{}` is set)", service.name, service.variable);
    let cost = "the next job may get another processor: numbers of two jobs do not compare, pairs within one do";
    let change = ["compare both commits in the same job: `cargo perfguard compare origin/main HEAD`"];
    Some(finding(ID, NOTE, text, cost, &change))
}

fn container(seen: &Seen) -> Option<MachineFinding> {
    const ID: &str = "container";
    let name = seen.machine.container.as_deref()?;
    let cost = "load and limits of the host are seen in part only; the layers of its file system make starts slower";
    let change = ["put the cache on a volume: `PERFGUARD_CACHE=/cache` with `--volume perfguard:/cache`"];
    Some(finding(ID, NOTE, format!("perfguard runs in a container ({name})"), cost, &change))
}

#[expect(clippy::unnecessary_wraps, reason = "one among checks that may say nothing")]
fn no_pressure(seen: &Seen) -> Option<MachineFinding> {
    const ID: &str = "no-pressure";
    if seen.machine.tells_pressure {
        return Some(good(ID, "the kernel tells how long processes wait"));
    }
    let cost = "disturbances are told by steal and by what others use only";
    let change = ["start the kernel with `psi=1`"];
    Some(finding(ID, NOTE, "the kernel does not tell how long processes wait (PSI)", cost, &change))
}

fn frequency_unknown(seen: &Seen) -> Option<MachineFinding> {
    const ID: &str = "frequency-unknown";
    let frequency = &seen.machine.frequency;
    (frequency.governors.is_empty() && frequency.turbo.is_none()).then(|| {
        let cost = "whether frequencies change cannot be told from here; a hypervisor or container hides them";
        finding(ID, NOTE, "the system does not tell how frequencies are chosen", cost, &[])
    })
}
