//! The segmentation of least squares with a penalty for each segment, exactly and in nearly linear time.

use crate::quantile::median;
use crate::sample::{StatsError, at_least, balanced, check_amount, real};

/// Where the segments begin, without the first: those for which the squares about each segment's mean, and `penalty`
/// for each segment, add up to the least, among all segmentations into segments of at least `shortest` values.
///
/// The penalty is in the values' unit squared. Killick, Fearnhead and Eckley, *Optimal detection of changepoints with a
/// linear computational cost*, Journal of the American Statistical Association 107 (2012); beginnings are ruled out by
/// the means for which they could still be best (Maidstone and others, *On optimal multiple changepoint algorithms for
/// large data*, Statistics and Computing 27 (2017)), which is fast without any change too.
///
/// Every spike is worth two changes: clip them first, or use [`super::change_points`].
///
/// # Errors
/// When there is no value, one is not finite, or the penalty is negative or not finite.
///
/// ```
/// # use perfguard_stats::changepoint::segments;
/// let values = [1.0, 1.1, 0.9, 1.0, 5.0, 5.1, 4.9, 5.0];
/// assert_eq!(segments(&values, 1.0, 2).unwrap(), [4]);
/// assert!(segments(&values, 100.0, 2).unwrap().is_empty());
/// ```
pub fn segments(values: &[f64], penalty: f64, shortest: usize) -> Result<Vec<usize>, StatsError> {
    let penalty = check_amount(penalty)?;
    let shortest = shortest.max(1);
    let (values, power) = balanced(at_least(values, 1)?);
    let middle = median(&values)?;
    let largest = values.iter().fold(0.0_f64, |largest, value| largest.max((value - middle).abs()));
    if largest == 0.0 {
        return Ok(Vec::new());
    }
    // Between -1 and 1 no sum can overflow, and a penalty beyond all squares is as good as one that equals them.
    let values: Vec<f64> = values.iter().map(|value| (value - middle) / largest).collect();
    let penalty = (penalty.sqrt() * power / largest).powi(2).min(real(values.len()) + 1.0);
    Ok(Search::new(&values, penalty, shortest).run())
}

/// A place where the last segment may have begun.
struct Beginning {
    index: usize,
    /// The least cost of all before it.
    before: f64,
    /// The means of the last segment for which no later beginning is better lie between these two ...
    low: f64,
    high: f64,
    /// ... and those for which an earlier one is better between these.
    taken: (f64, f64),
}

struct Search {
    /// Sums of the values, and of their squares, before each index.
    sums: Vec<(f64, f64)>,
    /// One over each number of values: dividing is what takes longest.
    shares: Vec<f64>,
    penalty: f64,
    shortest: usize,
    beginnings: Vec<Beginning>,
    /// The least cost of all values before each index, and where the last segment begins that has it.
    least: Vec<(f64, usize)>,
}

impl Search {
    fn new(values: &[f64], penalty: f64, shortest: usize) -> Self {
        let mut sums = vec![(0.0, 0.0)];
        sums.extend(values.iter().scan((0.0, 0.0), |(sum, squares), value| {
            *sum += value;
            *squares += value * value;
            Some((*sum, *squares))
        }));
        let shares = (0..=values.len()).map(|count| 1.0 / real(count)).collect();
        Self {
            sums,
            shares,
            penalty,
            shortest,
            beginnings: Vec::new(),
            least: vec![(f64::INFINITY, 0); values.len() + 1],
        }
    }

    fn run(mut self) -> Vec<usize> {
        let count = self.sums.len() - 1;
        self.least[0] = (0.0, 0);
        for end in self.shortest..=count {
            self.begin(end - self.shortest);
            let mut least = self.least[end];
            for beginning in &self.beginnings {
                let cost = beginning.before + self.segment(beginning.index, end).squares + self.penalty;
                if cost < least.0 {
                    least = (cost, beginning.index);
                }
            }
            self.least[end] = least;
        }
        let mut found = Vec::new();
        let mut end = count;
        while self.least[end].1 > 0 {
            end = self.least[end].1;
            found.push(end);
        }
        found.reverse();
        found
    }

    /// From now on the last segment may begin here too, which rules out earlier beginnings.
    fn begin(&mut self, index: usize) {
        let (before, best) = self.least[index];
        if before.is_infinite() {
            return;
        }
        let mut beginnings = std::mem::take(&mut self.beginnings);
        beginnings.retain_mut(|earlier| {
            // With a mean further from the segment's own than this, it costs less to begin anew.
            let segment = self.segment(earlier.index, index);
            let room = before - earlier.before - segment.squares;
            if room <= 0.0 {
                return false;
            }
            let reach = (room * segment.share).sqrt();
            earlier.low = earlier.low.max(segment.mean - reach);
            earlier.high = earlier.high.min(segment.mean + reach);
            if earlier.low >= earlier.taken.0 {
                earlier.low = earlier.low.max(earlier.taken.1);
            }
            if earlier.high <= earlier.taken.1 {
                earlier.high = earlier.high.min(earlier.taken.0);
            }
            earlier.low <= earlier.high
        });
        let mut taken = (f64::INFINITY, f64::NEG_INFINITY);
        if best < index {
            // With a mean nearer than this, going on is better than beginning anew.
            let segment = self.segment(best, index);
            let reach = (self.penalty * segment.share).sqrt();
            taken = (segment.mean - reach, segment.mean + reach);
        }
        beginnings.push(Beginning { index, before, low: f64::NEG_INFINITY, high: f64::INFINITY, taken });
        self.beginnings = beginnings;
    }

    /// The values from `start` to before `end`.
    fn segment(&self, start: usize, end: usize) -> Segment {
        let ((sum_before, squares_before), (sum, squares)) = (self.sums[start], self.sums[end]);
        let share = self.shares[end - start];
        let sum = sum - sum_before;
        let mean = sum * share;
        Segment { share, mean, squares: (squares - squares_before - sum * mean).max(0.0) }
    }
}

struct Segment {
    /// Of one value.
    share: f64,
    mean: f64,
    /// About the mean.
    squares: f64,
}
