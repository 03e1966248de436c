//! Times of operations, by their percentiles: exact within a thousandth, in a size that does not grow.

use std::time::Duration;

use hdrhistogram::Histogram;

/// Longest time that is told from longer ones: an hour.
const LONGEST_NS: u64 = 3_600_000_000_000;
/// Digits that are kept.
const DIGITS: u8 = 3;

/// Times of many operations.
#[derive(Debug, Clone)]
pub(crate) struct Latencies(Histogram<u64>);

impl Latencies {
    pub(crate) fn new() -> Self {
        Self(Histogram::new_with_bounds(1, LONGEST_NS, DIGITS).expect("the bounds are constants that it takes"))
    }

    #[inline]
    pub(crate) fn record(&mut self, time: Duration) {
        self.0.saturating_record(u64::try_from(time.as_nanos()).unwrap_or(LONGEST_NS).max(1));
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.0.add(&other.0).expect("both have the same bounds");
    }

    /// The time within which a share of the operations ended, nanoseconds; zero of none.
    #[expect(clippy::cast_precision_loss, reason = "times are below 2^53 ns")]
    pub(crate) fn within_ns(&self, share: f64) -> f64 {
        self.0.value_at_quantile(share) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_within_a_hundredth_of_the_exact_ones() {
        // A recorded list would do the same: any list, long tail and all, from a generator that is written down here.
        let mut state = 0x2545_F491_4F6C_DD1D_u64;
        let mut times: Vec<u64> = (0..20_000)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let tail = if state.is_multiple_of(100) { 1_000_000 } else { 1_000 };
                500 + state % tail
            })
            .collect();
        let (mut left, mut right) = (Latencies::new(), Latencies::new());
        for (index, time) in times.iter().enumerate() {
            let half = if index % 2 == 0 { &mut left } else { &mut right };
            half.record(Duration::from_nanos(*time));
        }
        left.add(&right);
        times.sort_unstable();
        for share in [0.5, 0.9, 0.95, 0.99, 0.999, 1.0] {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a list")]
            let place = (share * 20_000.0_f64).ceil() as usize - 1;
            #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
            let exact = times[place] as f64;
            let found = left.within_ns(share);
            assert!((found / exact - 1.0).abs() < 0.01, "{share}: {found} rather than {exact}");
        }
        assert!(Latencies::new().within_ns(0.5).abs() < 1e-9);
    }
}
