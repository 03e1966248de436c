//! An observation as a compact blob: a version byte, then integers of variable length and plain floats. Version 2 ends in a
//! timeline; where there is none, version 1 is written.
//!
//! Times that are whole nanoseconds, as nearly all are, take as many bytes as they need; others eight and a mark. Every
//! bit survives.

use std::collections::BTreeMap;

use crate::model::{Observation, Sample, Summary, Timeline, TimelinePoint};

/// The formats: without a timeline, and with one.
const PLAIN: u8 = 1;
const WITH_TIMELINE: u8 = 2;

/// Writes an observation; metrics by the numbers that `metric_key` gives them.
pub(super) fn encode(observation: &Observation, metrics: &[(i64, f64)]) -> Vec<u8> {
    let mut out = Writer(vec![if observation.timeline.is_some() { WITH_TIMELINE } else { PLAIN }]);
    out.integer(observation.process_ns);
    out.optional(observation.iterations);
    out.integer(observation.samples.len() as u64);
    for sample in &observation.samples {
        out.integer(sample.iterations);
        out.float(sample.total_ns);
    }
    match &observation.summary {
        None => out.0.push(0),
        Some(summary) => {
            out.0.push(1);
            let times = [summary.fastest_ns, summary.slowest_ns, summary.median_ns, summary.mean_ns, summary.range_ns];
            for time in times {
                match time {
                    None => out.0.push(0),
                    Some(time) => {
                        out.0.push(1);
                        out.float(time);
                    }
                }
            }
            out.optional(summary.samples);
            out.float(summary.relative_quantum);
        }
    }
    out.integer(metrics.len() as u64);
    for (key, value) in metrics {
        out.integer(key.cast_unsigned());
        out.float(*value);
    }
    if let Some(timeline) = &observation.timeline {
        out.timeline(timeline);
    }
    out.0
}

/// Reads an observation back, with its metrics by number; `None` where the blob is not whole.
pub(super) fn decode(blob: &[u8], started_at_ns: i64, value: f64) -> Option<(Observation, Vec<(i64, f64)>)> {
    let mut from = Reader(blob);
    let version = from.byte()?;
    if ![PLAIN, WITH_TIMELINE].contains(&version) {
        return None;
    }
    let process_ns = from.integer()?;
    let iterations = from.optional()?;
    let mut samples = Vec::new();
    for _ in 0..from.integer()? {
        samples.push(Sample { iterations: from.integer()?, total_ns: from.float()? });
    }
    let summary = if from.byte()? == 0 {
        None
    } else {
        let mut time = || Some(if from.byte()? == 0 { None } else { Some(from.float()?) });
        let (fastest_ns, slowest_ns, median_ns, mean_ns, range_ns) = (time()?, time()?, time()?, time()?, time()?);
        let (samples, relative_quantum) = (from.optional()?, from.float()?);
        Some(Summary { fastest_ns, slowest_ns, median_ns, mean_ns, range_ns, samples, relative_quantum })
    };
    let mut metrics = Vec::new();
    for _ in 0..from.integer()? {
        metrics.push((from.integer()?.cast_signed(), from.float()?));
    }
    let timeline = if version == WITH_TIMELINE { Some(from.timeline()?) } else { None };
    let observation = Observation {
        started_at_ns,
        samples,
        summary,
        iterations,
        value,
        metrics: BTreeMap::new(),
        own_metrics: Vec::new(),
        process_ns,
        timeline,
    };
    from.0.is_empty().then_some((observation, metrics))
}

/// A point as numbers; zero stands for what is not known.
fn numbers(point: &TimelinePoint) -> [u64; 6] {
    let known = |bytes: Option<u64>| bytes.map_or(0, |bytes| bytes.saturating_add(1));
    let TimelinePoint { at_ns, resident_bytes, cpu_ns, threads, bytes_read, bytes_written } = *point;
    [at_ns, resident_bytes, cpu_ns, threads, known(bytes_read), known(bytes_written)]
}

struct Writer(Vec<u8>);

impl Writer {
    /// Seven bits a byte, lowest first; the eighth says that more follow.
    fn integer(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.0.push(value.to_le_bytes()[0]);
    }

    /// The difference to a number before it: small whichever is larger.
    fn step(&mut self, before: u64, now: u64) {
        let step = now.wrapping_sub(before).cast_signed();
        self.integer((step << 1 ^ step >> 63).cast_unsigned());
    }

    /// The period and the cost, then of each point what it differs by from the one before.
    fn timeline(&mut self, timeline: &Timeline) {
        self.integer(timeline.period_ns);
        self.integer(timeline.cost_ns);
        self.integer(timeline.points.len() as u64);
        let mut before = [0; 6];
        for point in &timeline.points {
            let now = numbers(point);
            before.iter().zip(now).for_each(|(before, now)| self.step(*before, now));
            before = now;
        }
    }

    fn optional(&mut self, value: Option<u64>) {
        match value {
            None => self.0.push(0),
            Some(value) => {
                self.0.push(1);
                self.integer(value);
            }
        }
    }

    /// A whole number that an integer holds exactly is twice itself; 1 stands for the eight bytes that follow.
    fn float(&mut self, value: f64) {
        const MOST: f64 = 9_007_199_254_740_992.0;
        if (0.0..=MOST).contains(&value) && value.fract() == 0.0 && !value.is_sign_negative() {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number up to 2^53")]
            self.integer(value as u64 * 2);
        } else {
            self.0.push(1);
            self.0.extend_from_slice(&value.to_le_bytes());
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn integer(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn step(&mut self, before: u64) -> Option<u64> {
        let step = self.integer()?;
        Some(before.wrapping_add((step >> 1) ^ (step & 1).wrapping_neg()))
    }

    fn timeline(&mut self) -> Option<Timeline> {
        let mut timeline = Timeline { period_ns: self.integer()?, cost_ns: self.integer()?, points: Vec::new() };
        let mut now = [0; 6];
        for _ in 0..self.integer()? {
            for number in &mut now {
                *number = self.step(*number)?;
            }
            let [at_ns, resident_bytes, cpu_ns, threads, read, written] = now;
            let (bytes_read, bytes_written) = (read.checked_sub(1), written.checked_sub(1));
            timeline.points.push(TimelinePoint { at_ns, resident_bytes, cpu_ns, threads, bytes_read, bytes_written });
        }
        Some(timeline)
    }

    #[expect(clippy::option_option, reason = "outside: whether it could be read; inside: whether there is one")]
    fn optional(&mut self) -> Option<Option<u64>> {
        Some(if self.byte()? == 0 { None } else { Some(self.integer()?) })
    }

    fn float(&mut self) -> Option<f64> {
        if self.0.first() == Some(&1) {
            let bytes = self.0.get(1..9)?.try_into().ok()?;
            self.0 = &self.0[9..];
            return Some(f64::from_le_bytes(bytes));
        }
        #[expect(clippy::cast_precision_loss, reason = "only whole numbers up to 2^53 are written so")]
        Some((self.integer()? / 2) as f64)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn observation() -> impl Strategy<Value = Observation> {
        let float =
            prop_oneof![any::<f64>().prop_filter("finite", |f| f.is_finite()), any::<u32>().prop_map(f64::from)];
        let sample = (any::<u64>(), float.clone()).prop_map(|(iterations, total_ns)| Sample { iterations, total_ns });
        let time = prop::option::of(float.clone());
        let summary = (time.clone(), time.clone(), time, prop::option::of(any::<u64>()), float).prop_map(
            |(fastest_ns, median_ns, range_ns, samples, relative_quantum)| Summary {
                fastest_ns,
                median_ns,
                range_ns,
                samples,
                relative_quantum,
                ..Summary::default()
            },
        );
        let bytes = || prop::option::of(0..u64::MAX);
        let point = (any::<u64>(), any::<u64>(), any::<u64>(), any::<u64>(), bytes(), bytes()).prop_map(
            |(at_ns, resident_bytes, cpu_ns, threads, bytes_read, bytes_written)| TimelinePoint {
                at_ns,
                resident_bytes,
                cpu_ns,
                threads,
                bytes_read,
                bytes_written,
            },
        );
        let timeline = (any::<u64>(), any::<u64>(), prop::collection::vec(point, 0..5))
            .prop_map(|(period_ns, cost_ns, points)| Timeline { period_ns, cost_ns, points });
        let timeline = prop::option::of(timeline);
        let iterations = prop::option::of(any::<u64>());
        (prop::collection::vec(sample, 0..20), prop::option::of(summary), iterations, any::<u64>(), timeline).prop_map(
            |(samples, summary, iterations, process_ns, timeline)| Observation {
                started_at_ns: 5,
                samples,
                summary,
                iterations,
                value: 1.5,
                metrics: BTreeMap::new(),
                own_metrics: Vec::new(),
                process_ns,
                timeline,
            },
        )
    }

    proptest! {
        #[test]
        fn every_bit_survives(original in observation(), metrics in prop::collection::vec((0_i64..1000, 0.0..1e12_f64), 0..9)) {
            let blob = encode(&original, &metrics);
            prop_assert_eq!(decode(&blob, 5, 1.5), Some((original, metrics)));
        }

        #[test]
        fn a_blob_that_is_not_whole_is_no_observation_and_no_panic(original in observation(), cut in 0_usize..200) {
            let blob = encode(&original, &[(1, 2.0)]);
            prop_assume!(cut < blob.len());
            prop_assert_eq!(decode(&blob[..cut], 5, 1.5), None);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            decode(&bytes, 0, 0.0);
        }
    }

    #[test]
    fn a_typical_observation_takes_at_most_250_bytes() {
        let sample = |k: u32| Sample { iterations: 160_000 * u64::from(k), total_ns: f64::from(k) * 1_000_123.0 };
        let observation = Observation {
            started_at_ns: 0,
            samples: (1..=10).map(sample).collect(),
            summary: None,
            iterations: None,
            value: 6.25,
            metrics: BTreeMap::new(),
            own_metrics: Vec::new(),
            process_ns: 25_000_000,
            timeline: None,
        };
        let metrics: Vec<_> = (1..=7).map(|key| (key, 12_345_678.0)).collect();
        assert!(encode(&observation, &metrics).len() <= 250);
    }

    #[test]
    fn a_full_timeline_takes_at_most_10_kilobytes() {
        let point = |k: u64| TimelinePoint {
            at_ns: k * 100_030_000,
            resident_bytes: (50 << 20) + ((k % 7) << 12),
            cpu_ns: k * 90_000_000,
            threads: 8,
            bytes_read: Some(k * 65_536),
            bytes_written: None,
        };
        let points = (1..=600).map(point).collect();
        let timeline = Some(Timeline { points, ..Timeline::new(100_000_000) });
        let observation = Observation { timeline, ..Observation::of_value(1.0) };
        let blob = encode(&observation, &[]);
        assert!(blob.len() <= 10_000, "{} bytes", blob.len());
        assert_eq!(decode(&blob, 0, 1.0), Some((observation, Vec::new())));
    }
}
