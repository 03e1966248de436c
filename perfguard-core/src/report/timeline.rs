//! A timeline in one line: how memory and CPU went, as small bars, and the numbers at their ends.

use super::format::{bytes, counted, duration, percent};
use crate::model::{Timeline, TimelinePoint};

/// Bars of a line.
const BARS: usize = 24;
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A timeline in words and bars; `None` where there are no points.
pub(super) fn timeline_line(timeline: &Timeline) -> Option<String> {
    let points = &timeline.points;
    let last = points.last()?;
    let memory: Vec<f64> = points.iter().map(|point| number(point.resident_bytes)).collect();
    let (low, high) = ends(&memory);
    let threads = points.iter().map(|point| point.threads).max().unwrap_or_default();
    let load = number(last.cpu_ns) / number(last.at_ns).max(1.0);
    let mut parts = vec![
        format!("memory {} {} … {}", bars(&memory, low), bytes(low), bytes(high)),
        format!("CPU {} {} of a processor", bars(&loads(points), 0.0), percent(load)),
        counted(usize::try_from(threads).unwrap_or(usize::MAX), "thread"),
    ];
    parts.extend(last.bytes_read.map(|read| format!("read {}", bytes(number(read)))));
    parts.extend(last.bytes_written.map(|written| format!("wrote {}", bytes(number(written)))));
    let (time, count) = (duration(number(last.at_ns)), counted(points.len(), "point"));
    Some(format!("timeline of {time}, {count}: {}", parts.join(", ")))
}

/// CPU time of each point's period, as processors.
fn loads(points: &[TimelinePoint]) -> Vec<f64> {
    let before = [TimelinePoint::default()].into_iter().chain(points.iter().copied());
    let one = |(before, now): (TimelinePoint, &TimelinePoint)| {
        let used = now.cpu_ns.saturating_sub(before.cpu_ns);
        number(used) / number(now.at_ns.saturating_sub(before.at_ns)).max(1.0)
    };
    before.zip(points).map(one).collect()
}

/// Bars from a lowest value on; each is the largest of its share of the values.
fn bars(values: &[f64], lowest: f64) -> String {
    let (_, highest) = ends(values);
    let count = values.len().min(BARS);
    let bar = |index: usize| {
        let share = &values[index * values.len() / count..(index + 1) * values.len() / count];
        let part = (ends(share).1 - lowest) / (highest - lowest);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 8")]
        let level = if part.is_finite() { (part.clamp(0.0, 1.0) * 8.0) as usize } else { 0 };
        LEVELS[level.min(LEVELS.len() - 1)]
    };
    (0..count).map(bar).collect()
}

fn ends(values: &[f64]) -> (f64, f64) {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    (low, values.iter().copied().fold(f64::NEG_INFINITY, f64::max))
}

#[expect(clippy::cast_precision_loss, reason = "to be shown")]
fn number(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(at: u64, mebibytes: u64, cpu: u64) -> TimelinePoint {
        let (at_ns, cpu_ns, resident_bytes) = (at * 100_000_000, cpu * 10_000_000, mebibytes << 20);
        TimelinePoint { at_ns, resident_bytes, cpu_ns, threads: 2, bytes_read: Some(2048), bytes_written: None }
    }

    #[test]
    fn a_timeline_is_one_line_of_bars_and_ends() {
        let mut timeline = Timeline::new(100_000_000);
        assert_eq!(timeline_line(&timeline), None);
        timeline.points = vec![point(1, 8, 10), point(2, 16, 20), point(3, 24, 20)];
        let line = timeline_line(&timeline).unwrap();
        let expected = "timeline of 300.0 ms, 3 points: memory ▁▅█ 8.0 MiB … 24.0 MiB, CPU ██▁ 66.7 % of a processor, \
                        2 threads, read 2.0 KiB";
        assert_eq!(line, expected);
    }

    #[test]
    fn bars_are_never_too_many_and_flat_ones_are_low() {
        let many: Vec<f64> = (0..600).map(f64::from).collect();
        let text = bars(&many, 0.0);
        assert_eq!(text.chars().count(), BARS);
        assert!(text.starts_with('▁') && text.ends_with('█'), "{text}");
        assert_eq!(bars(&[5.0; 4], 5.0), "▁▁▁▁");
    }
}
