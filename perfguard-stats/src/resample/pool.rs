//! A sample that is drawn from again and again.

use crate::random::Stream;
use crate::sample::{StatsError, sorted};

/// As many copies of a value are written at once, wanted or not: nearly no value is drawn more often, and what is too many
/// the next value writes over.
const COPIES: usize = 4;

/// The sorted values, how often each is in the present resample, and room to write it.
pub(super) struct Pool {
    sorted: Vec<f64>,
    counts: Vec<usize>,
    written: Vec<f64>,
}

impl Pool {
    /// With room for resamples of up to `most` values.
    pub(super) fn new(values: &[f64], most: usize) -> Result<Self, StatsError> {
        let sorted = sorted(values)?;
        Ok(Self { counts: vec![0; sorted.len()], written: vec![0.0; most + COPIES], sorted })
    }

    pub(super) fn all(&self) -> &[f64] {
        &self.sorted
    }

    pub(super) fn len(&self) -> usize {
        self.sorted.len()
    }

    /// As many values as there are, each drawn from all of them; sorted.
    pub(super) fn draw(&mut self, stream: &mut Stream) -> &[f64] {
        let counts = &mut self.counts;
        let bound = u32::try_from(counts.len()).unwrap_or(u32::MAX);
        stream.each_below(bound, counts.len(), |drawn| counts[drawn] += 1);
        self.write()
    }

    /// All values but one; sorted.
    pub(super) fn without(&mut self, index: usize) -> &[f64] {
        self.counts.fill(1);
        self.counts[index] = 0;
        self.write()
    }

    /// How often each of the sorted values shall be in the next resample; all 0 before and after it is written.
    pub(super) fn counts(&mut self) -> &mut [usize] {
        &mut self.counts
    }

    /// The resample that the counts describe, sorted; there is room for it.
    pub(super) fn write(&mut self) -> &[f64] {
        let mut end = 0;
        for (value, count) in self.sorted.iter().zip(&mut self.counts) {
            if *count <= COPIES {
                self.written[end..end + COPIES].fill(*value);
            } else {
                self.written[end..end + *count].fill(*value);
            }
            end += *count;
            *count = 0;
        }
        &self.written[..end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resample_is_sorted_as_long_as_the_sample_and_has_nothing_new() {
        let mut pool = Pool::new(&[5.0, 1.0, 3.0, 2.0, 4.0], 5).unwrap();
        let mut stream = Stream::new(1);
        for _ in 0..100 {
            let drawn = pool.draw(&mut stream);
            assert!(drawn.len() == 5 && drawn.is_sorted() && drawn.iter().all(|value| (1.0..=5.0).contains(value)));
        }
        assert_eq!(pool.without(2), [1.0, 2.0, 4.0, 5.0]);
        pool.counts()[1] = 5;
        assert_eq!(pool.write(), [2.0; 5]);
    }
}
