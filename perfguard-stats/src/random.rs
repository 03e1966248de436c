//! Random numbers from a recorded seed: the same on every platform and with every version of any library.
//!
//! The stream is `ChaCha8`'s, which is fixed; drawing below a bound and shuffling are our own, because libraries change
//! theirs.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of a seed.
    ///
    /// ```
    /// # use perfguard_stats::random::Stream;
    /// assert_eq!(Stream::new(7).next_u64(), Stream::new(7).next_u64());
    /// ```
    pub fn new(seed: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        Self(ChaCha8Rng::from_seed(key))
    }

    /// The next 64 bits.
    ///
    /// ```
    /// # use perfguard_stats::random::Stream;
    /// let mut stream = Stream::new(7);
    /// assert_ne!(stream.next_u64(), stream.next_u64());
    /// ```
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number from 0 to `bound - 1`, each as likely as any other; 0 for a bound of 0.
    ///
    /// Draws again where a plain remainder would favour small numbers.
    ///
    /// ```
    /// # use perfguard_stats::random::Stream;
    /// let mut stream = Stream::new(1);
    /// assert!((0..100).all(|_| stream.below(6) < 6));
    /// ```
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        let fair = u64::MAX - u64::MAX % bound;
        loop {
            let drawn = self.next_u64();
            if drawn < fair {
                return drawn % bound;
            }
        }
    }

    /// Hands on `count` numbers from 0 to `bound - 1`, each as likely as any other; nothing for a bound of 0.
    ///
    /// For resampling, which draws by the million: two numbers from every 64 bits, the lower half first, and no division:
    /// Lemire, *Fast random integer generation in an interval*, ACM Transactions on Modeling and Computer Simulation 29
    /// (2019). The numbers are other than those of [`below`](Self::below).
    ///
    /// ```
    /// # use perfguard_stats::random::Stream;
    /// let mut counts = [0; 6];
    /// Stream::new(1).each_below(6, 600, |drawn| counts[drawn] += 1);
    /// assert_eq!(counts.iter().sum::<i32>(), 600);
    /// assert!(counts.iter().all(|count| (55..=145).contains(count)));
    /// ```
    pub fn each_below(&mut self, bound: u32, count: usize, mut take: impl FnMut(usize)) {
        if bound == 0 {
            return;
        }
        // Where 2^32 is no multiple of the bound, the lowest remainders are drawn once more often: those are drawn again.
        let unfair = bound.wrapping_neg() % bound;
        let mut left = count;
        while left > 0 {
            let bits = self.next_u64();
            for half in [bits & 0xffff_ffff, bits >> 32] {
                let product = half * u64::from(bound);
                if left > 0 && product & 0xffff_ffff >= u64::from(unfair) {
                    take((product >> 32) as usize);
                    left -= 1;
                }
            }
        }
    }

    /// A number above 0 and below 1, each of 2^53 steps as likely as any other.
    ///
    /// ```
    /// # use perfguard_stats::random::Stream;
    /// let mut stream = Stream::new(1);
    /// assert!((0..100).map(|_| stream.unit()).all(|drawn| 0.0 < drawn && drawn < 1.0));
    /// ```
    pub fn unit(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
        let step = (self.next_u64() >> 11) as f64;
        (step + 0.5) / 9_007_199_254_740_992.0
    }

    /// True as often as false.
    ///
    /// ```
    /// # use perfguard_stats::random::Stream;
    /// let mut stream = Stream::new(1);
    /// let heads = (0..1_000).filter(|_| stream.coin()).count();
    /// assert!((430..=570).contains(&heads));
    /// ```
    pub fn coin(&mut self) -> bool {
        self.next_u64() >> 63 == 1
    }

    /// A number from the standard normal distribution: Marsaglia and Bray, *A convenient method for generating normal
    /// variables*, SIAM Review 6 (1964).
    ///
    /// ```
    /// # use perfguard_stats::random::Stream;
    /// let mut stream = Stream::new(1);
    /// let mean = (0..10_000).map(|_| stream.normal()).sum::<f64>() / 10_000.0;
    /// assert!(mean.abs() < 0.05);
    /// ```
    pub fn normal(&mut self) -> f64 {
        loop {
            let (one, other) = (2.0 * self.unit() - 1.0, 2.0 * self.unit() - 1.0);
            let square = one * one + other * other;
            if square > 0.0 && square < 1.0 {
                return one * (-2.0 * square.ln() / square).sqrt();
            }
        }
    }

    /// A number from the exponential distribution with mean 1.
    ///
    /// ```
    /// # use perfguard_stats::random::Stream;
    /// let mut stream = Stream::new(1);
    /// let mean = (0..10_000).map(|_| stream.exponential()).sum::<f64>() / 10_000.0;
    /// assert!((mean - 1.0).abs() < 0.05);
    /// ```
    pub fn exponential(&mut self) -> f64 {
        -self.unit().ln()
    }

    /// Puts the items into a random order, each as likely as any other (Fisher and Yates, in Durstenfeld's form).
    ///
    /// ```
    /// # use perfguard_stats::random::Stream;
    /// let mut items = [1, 2, 3];
    /// Stream::new(1).shuffle(&mut items);
    /// items.sort();
    /// assert_eq!(items, [1, 2, 3]);
    /// ```
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = usize::try_from(self.below(last as u64 + 1)).unwrap_or(last);
            items.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_of_a_seed_is_fixed_for_ever() {
        let mut stream = Stream::new(42);
        let drawn: Vec<u64> = (0..8).map(|_| stream.below(1000)).collect();
        assert_eq!(drawn, FIXED, "a change here breaks the replay of every recorded seed");
    }

    #[test]
    fn numbers_handed_on_are_fixed_for_ever_and_drawing_in_parts_wastes_only_half_a_word() {
        let mut drawn = Vec::new();
        Stream::new(42).each_below(1000, 8, |number| drawn.push(number));
        assert_eq!(drawn, FIXED_EACH, "a change here breaks the replay of every recorded seed");
        let mut in_parts = Vec::new();
        let mut stream = Stream::new(42);
        stream.each_below(1000, 4, |number| in_parts.push(number));
        stream.each_below(1000, 4, |number| in_parts.push(number));
        assert_eq!(drawn, in_parts);
    }

    #[test]
    fn every_order_of_three_is_as_likely() {
        let mut stream = Stream::new(3);
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..6000 {
            let mut items = [0, 1, 2];
            stream.shuffle(&mut items);
            *counts.entry(items).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6);
        // Five standard deviations of a binomial with 6000 draws at 1/6.
        assert!(counts.values().all(|count| (856..=1144).contains(count)), "{counts:?}");
    }

    /// The first draws of seed 42, written down when the stream was made.
    const FIXED: [u64; 8] = [879, 99, 902, 802, 322, 945, 723, 433];
    const FIXED_EACH: [usize; 8] = [99, 348, 88, 285, 394, 493, 589, 367];
}
