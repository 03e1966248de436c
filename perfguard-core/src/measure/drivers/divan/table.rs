//! divan's table: leaves with six columns, and below each its throughputs and what its profiler counted of allocations.

/// Counters that make divan print the same time four more times, each cut at another digit: flag, count per iteration,
/// and the end of the unit that it prints.
pub(super) const VERNIER: [(&str, &str, &str); 4] = [
    ("--items-count", "1000", "item/s"),
    ("--bytes-count", "1778", "B/s"),
    ("--chars-count", "3162", "char/s"),
    ("--cycles-count", "5623", "Hz"),
];

/// What a printed number stands for: it was cut, so the true value lies from `low` up to `high`, nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Span {
    low: f64,
    high: f64,
}

impl Span {
    pub(super) fn middle(self) -> f64 {
        f64::midpoint(self.low, self.high)
    }

    pub(super) fn relative_half_width(self) -> f64 {
        if self.middle() > 0.0 { (self.high - self.low) / 2.0 / self.middle() } else { 0.0 }
    }

    /// What both allow; a printout that contradicts (a counter that the benchmark itself sets) says nothing.
    fn intersect(&mut self, other: Self) {
        let both = Self { low: self.low.max(other.low), high: self.high.min(other.high) };
        if both.low <= both.high {
            *self = both;
        }
    }
}

/// One result.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Leaf {
    /// What stands in the tree: the benchmark's own last name, or `t=2`.
    pub(super) label: String,
    /// Whether it is one of several thread counts.
    pub(super) threads: bool,
    pub(super) fastest: Span,
    pub(super) slowest: Span,
    pub(super) median: Span,
    pub(super) mean: Span,
    pub(super) samples: u64,
    pub(super) iterations: u64,
    /// What its profiler counted; `None` where it printed nothing of it.
    pub(super) allocated: Option<Allocated>,
}

/// What one iteration allocates, in the mean over all samples.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Allocated {
    /// Blocks that were allocated, or made larger.
    pub(super) blocks: f64,
    /// Bytes of them, as printed: four digits.
    pub(super) bytes: f64,
}

/// What the profiler's rows stand below.
const PROFILED: [&str; 5] = ["max alloc:", "alloc:", "dealloc:", "grow:", "shrink:"];

/// All results of a table.
pub(super) fn parse_table(text: &str) -> Vec<Leaf> {
    let mut leaves: Vec<Leaf> = Vec::new();
    // Rows of the profiler that are still to come: the count, then the bytes, of what is named above them.
    let mut profiled: Option<(bool, u8)> = None;
    for line in text.lines() {
        let cells: Vec<&str> = line.split('│').map(str::trim).collect();
        let Some([first, slowest, median, mean, samples, iterations]) = cells.last_chunk::<6>() else { continue };
        let (label, fastest) = split_first(first);
        let times = [fastest, slowest, median, mean].map(time);
        if let ([Some(fastest), Some(slowest), Some(median), Some(mean)], Ok(samples), Ok(iterations)) =
            (times, samples.parse(), iterations.parse())
        {
            let threads = label.strip_prefix("t=").is_some_and(|count| count.parse::<u32>().is_ok());
            let label = label.to_owned();
            leaves.push(Leaf { label, threads, fastest, slowest, median, mean, samples, iterations, allocated: None });
            profiled = None;
        } else if let Some(leaf) = leaves.last_mut() {
            if PROFILED.contains(first) {
                // What is given back, or peaks in a sample, is no allocation of an iteration.
                profiled = Some((["alloc:", "grow:"].contains(first), 0));
                continue;
            }
            if let Some((counts, row)) = profiled {
                if counts {
                    let allocated = leaf.allocated.get_or_insert_default();
                    let taken = if row == 0 { mean.parse().ok() } else { printed_bytes(mean) };
                    let sum = if row == 0 { &mut allocated.blocks } else { &mut allocated.bytes };
                    *sum += taken.filter(|taken: &f64| taken.is_finite() && *taken >= 0.0).unwrap_or_default();
                }
                profiled = (row == 0).then_some((counts, 1));
                continue;
            }
            let spans = [&mut leaf.fastest, &mut leaf.slowest, &mut leaf.median, &mut leaf.mean];
            for (span, cell) in spans.into_iter().zip([fastest, slowest, median, mean]) {
                if let Some(other) = throughput(cell) {
                    span.intersect(other);
                }
            }
        }
    }
    leaves
}

/// Splits `├─ name  12.3 ns` into the name and the number with its unit, which are the last two words.
fn split_first(cell: &str) -> (&str, &str) {
    let Some(unit) = cell.rfind(' ') else { return ("", cell) };
    let number = cell[..unit].trim_end().rfind(' ').map_or(0, |at| at + 1);
    let label = cell[..number].trim();
    let label = label.find("─ ").map_or(label, |at| &label[at + "─ ".len()..]);
    (label.trim(), &cell[number..])
}

/// A number as divan prints it, with the step at which it was cut: four digits, trailing zeros dropped.
fn cut_number(text: &str) -> Option<(f64, f64)> {
    let value: f64 = text.parse().ok().filter(|value: &f64| value.is_finite() && *value >= 0.0)?;
    let whole = text.split('.').next().unwrap_or_default().len();
    let decimals = i32::try_from(4_usize.saturating_sub(whole)).unwrap_or_default();
    Some((value, 10_f64.powi(-decimals)))
}

/// A printed time.
fn time(cell: &str) -> Option<Span> {
    let (number, unit) = cell.split_once(' ')?;
    let (value, step) = cut_number(number)?;
    let scale = match unit.trim() {
        "ps" => 1e-3,
        "ns" => 1.0,
        "µs" | "us" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        "m" => 60e9,
        "h" => 3_600e9,
        "d" => 86_400e9,
        _ => return None,
    };
    Some(Span { low: value * scale, high: (value + step) * scale })
}

/// The time per iteration that a printed throughput of a known count stands for.
fn throughput(cell: &str) -> Option<Span> {
    let (number, unit) = cell.split_once(' ')?;
    let (value, step) = cut_number(number)?;
    let (_, count, end) = VERNIER.iter().find(|(_, _, end)| unit.ends_with(end))?;
    let scale = match unit.strip_suffix(end)? {
        "" => 1.0,
        "K" | "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        _ => return None,
    };
    let nanoseconds = count.parse::<f64>().ok()? * 1e9;
    if value <= 0.0 {
        return None;
    }
    Some(Span { low: nanoseconds / ((value + step) * scale), high: nanoseconds / (value * scale) })
}

/// An amount of memory as divan prints it, in decimal or binary steps.
fn printed_bytes(cell: &str) -> Option<f64> {
    let (number, unit) = cell.split_once(' ')?;
    let power = |unit: &str, step: f64| {
        ["", "K", "M", "G", "T", "P"]
            .into_iter()
            .position(|known| known == unit)
            .map(|power| step.powi(i32::try_from(power).unwrap_or_default()))
    };
    let scale = match unit.trim().strip_suffix('B')? {
        binary if binary.ends_with('i') => power(binary.trim_end_matches('i'), 1024.0)?,
        decimal => power(decimal, 1000.0)?,
    };
    Some(number.parse::<f64>().ok()? * scale)
}

/// The benchmarks that the tree of a test run names: paths of its leaves, thread counts left out.
pub(super) fn parse_tree(text: &str) -> Vec<String> {
    const WIDTH: usize = 3;
    let mut path: Vec<String> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    let mut add = |path: &[String]| {
        let path = match path.split_last() {
            Some((last, rest)) if last.strip_prefix("t=").is_some_and(|count| count.parse::<u32>().is_ok()) => rest,
            _ => path,
        };
        let name = path.join("::");
        if path.len() > 1 && !names.contains(&name) {
            names.push(name);
        }
    };
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let (depth, label) = match line.find("─ ") {
            Some(at) => (line[..at].chars().count() / WIDTH + 1, &line[at + "─ ".len()..]),
            None => (0, line),
        };
        if depth <= path.len().saturating_sub(1) {
            add(&path);
        }
        path.truncate(depth);
        path.push(label.trim().to_owned());
    }
    add(&path);
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREADS: &str = "\
b      fastest       │ slowest       │ median        │ mean          │ samples │ iters
╰─ th                │               │               │               │         │
   ├─ t=1  12.55 µs      │ 13.67 µs      │ 12.6 µs       │ 12.7 µs       │ 10      │ 10000
   │       141.6 MB/s    │ 130 MB/s      │ 141.1 MB/s    │ 140 MB/s      │         │
   │       251.9 Mchar/s │ 231.3 Mchar/s │ 250.9 Mchar/s │ 248.9 Mchar/s │         │
   ╰─ t=2  12.57 µs      │ 13.7 µs       │ 12.6 µs       │ 12.7 µs       │ 10      │ 10000
";

    #[test]
    fn thread_counts_are_leaves_of_their_own_with_samples_and_iterations() {
        let leaves = parse_table(THREADS);
        let labels: Vec<_> = leaves.iter().map(|leaf| (leaf.label.as_str(), leaf.threads)).collect();
        assert_eq!(labels, [("t=1", true), ("t=2", true)]);
        assert_eq!((leaves[0].samples, leaves[0].iterations), (10, 10_000));
    }

    #[test]
    fn throughputs_narrow_what_the_cut_time_allows() {
        let leaves = parse_table(THREADS);
        let fastest = leaves[0].fastest;
        // 12.55 µs cut at 10 ns alone; 1778 B at 141.6 MB/s and 3162 chars at 251.9 Mchar/s allow 12,552 to 12,552.6.
        assert!(fastest.low >= 12_550.0 && fastest.high < 12_553.0, "{fastest:?}");
        assert!(fastest.relative_half_width() < 2e-4);
        assert!((leaves[1].fastest.relative_half_width() - 5.0 / 12_575.0).abs() < 1e-6, "nothing narrows the second");
    }

    #[test]
    fn names_with_spaces_generics_and_units_are_read() {
        let text = "\
b                  fastest       │ slowest       │ median        │ mean          │ samples │ iters
╰─ nested                        │               │               │               │         │
   ╰─ custom 10 ns name  0.148 ns      │ 1.5 s      │ 2 ms      │ 3 m      │ 10      │ 10000
";
        let leaves = parse_table(text);
        assert_eq!(leaves.len(), 1);
        assert_eq!(leaves[0].label, "custom 10 ns name");
        assert!((leaves[0].fastest.low - 0.148).abs() < 1e-12);
        assert!((leaves[0].mean.low - 180e9).abs() < 1.0);
    }

    #[test]
    fn peaks_of_a_sample_and_contradicting_counters_say_nothing() {
        let text = "\
b  fastest       │ slowest       │ median        │ mean          │ samples │ iters
╰─ x  10 ns      │ 10 ns      │ 10 ns      │ 10 ns      │ 10      │ 10
      1 GB/s     │ 1 GB/s     │ 1 GB/s     │ 1 GB/s     │         │
      max alloc: │            │            │            │         │
        1        │ 1          │ 1          │ 1          │         │
        8 B      │ 8 B        │ 8 B        │ 8 B        │         │
";
        let leaves = parse_table(text);
        assert_eq!(leaves.len(), 1);
        assert!((leaves[0].fastest.low - 10.0).abs() < 1e-12, "{:?}", leaves[0]);
        assert_eq!(leaves[0].allocated, None);
    }

    #[test]
    fn what_the_profiler_counted_is_blocks_and_bytes_of_one_iteration() {
        let text = "\
b  fastest       │ slowest       │ median        │ mean          │ samples │ iters
├─ x  10 ns      │ 10 ns      │ 10 ns      │ 10 ns      │ 10      │ 10
│     1 GB/s     │ 1 GB/s     │ 1 GB/s     │ 1 GB/s     │         │
│     max alloc: │            │            │            │         │
│       1        │ 1          │ 1          │ 1          │         │
│       9 B      │ 9 B        │ 9 B        │ 9 B        │         │
│     alloc:     │            │            │            │         │
│       2        │ 2          │ 2          │ 2.5        │         │
│       1.024 KB │ 1.024 KB   │ 1.024 KB   │ 1.024 KB   │         │
│     dealloc:   │            │            │            │         │
│       2        │ 2          │ 2          │ 2          │         │
│       1.024 KB │ 1.024 KB   │ 1.024 KB   │ 1.024 KB   │         │
│     grow:      │            │            │            │         │
│       1        │ 1          │ 1          │ 1          │         │
│       64 B     │ 64 B       │ 64 B       │ 64 B       │         │
╰─ y  10 ns      │ 10 ns      │ 10 ns      │ 10 ns      │ 10      │ 10
";
        let leaves = parse_table(text);
        assert_eq!(leaves.len(), 2);
        assert_eq!(leaves[0].allocated, Some(Allocated { blocks: 3.5, bytes: 1_088.0 }));
        assert_eq!(leaves[1].allocated, None);
        for (cell, bytes) in [("2 KiB", Some(2048.0)), ("1.5 MB", Some(1.5e6)), ("7 B", Some(7.0)), ("7", None)] {
            assert_eq!(printed_bytes(cell), bytes, "{cell}");
        }
    }

    #[test]
    fn a_test_runs_tree_names_all_benchmarks_once() {
        let text = "b\n├─ fib\n├─ sum\n│  ├─ 1\n│  ╰─ 10\n├─ th\n│  ├─ t=1\n│  ╰─ t=2\n╰─ nested\n   ├─ custom name\n   ╰─ gen\n      ╰─ Vec<u8>\n\n";
        let names = ["b::fib", "b::sum::1", "b::sum::10", "b::th", "b::nested::custom name", "b::nested::gen::Vec<u8>"];
        assert_eq!(parse_tree(text), names);
    }

    mod laws {
        use proptest::prelude::*;

        use super::super::*;

        /// A time as divan prints it: four digits, cut, trailing zeros dropped.
        fn print(picoseconds: u64) -> String {
            #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
            let value = picoseconds as f64;
            let (value, unit) = match picoseconds {
                0..1_000_000 => (value / 1e3, "ns"),
                1_000_000..1_000_000_000 => (value / 1e6, "µs"),
                _ => (value / 1e9, "ms"),
            };
            let text = format!("{value:.9}");
            let whole = text.find('.').unwrap();
            let cut = &text[..whole + 1 + 4_usize.saturating_sub(whole)];
            format!("{} {unit}", cut.trim_end_matches('0').trim_end_matches('.'))
        }

        proptest! {
            #[test]
            fn the_true_time_lies_in_what_was_printed(picoseconds in 1_u64..1_000_000_000_000) {
                let printed = print(picoseconds);
                let span = time(&printed).unwrap();
                #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
                let truth = picoseconds as f64 / 1e3;
                prop_assert!(span.low <= truth * (1.0 + 1e-12) && truth <= span.high * (1.0 + 1e-12), "{printed} {span:?}");
            }
        }
    }
}
