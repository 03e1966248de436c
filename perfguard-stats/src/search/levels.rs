//! How likely each level is: curves over a grid of levels, multiplied, normalised and summed without a logarithm.

/// Points of the grid, a multiple of eight.
pub(super) const LEVELS: usize = 320;
/// The point whose level is zero: a quarter of the grid lies below, three quarters above.
const ZERO: usize = 80;
/// Distance of two points where the data do not ask for a wider grid, in logs: .2 %, so -16 to +47.8 %.
const STEP: f64 = 0.002;
/// What no value falls below, relative to a curve's largest: far below anything that matters, and a product of two stays
/// above zero.
const FLOOR: f64 = 1e-150;
/// The farthest that an executable's bias is summed over, in points.
const REACH: usize = 160;

/// Levels in equal steps, in logs, counted in the direction of the change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Grid {
    step: f64,
}

impl Grid {
    /// The grid that holds levels from `lowest` to `highest` with a fifth to spare, and is never finer than .2 %.
    pub(super) fn holding(lowest: f64, highest: f64) -> Self {
        // Powers of two, so that a level that wavers at an edge does not rebuild every curve each time.
        let needed = (highest / 0.4).max(-lowest / 0.13).clamp(1.0, 1e3);
        Self { step: STEP * needed.log2().ceil().exp2() }
    }

    pub(super) fn step(self) -> f64 {
        self.step
    }

    /// The level of a point.
    pub(super) fn level(self, point: usize) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a few hundred points")]
        let steps = point as f64 - ZERO as f64;
        steps * self.step
    }

    /// Where a value lies, in points, possibly outside the grid or between two.
    pub(super) fn position(self, value: f64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a few hundred points")]
        let zero = ZERO as f64;
        value / self.step + zero
    }
}

/// A positive function of the level, up to a factor: `values * exp(log_factor)`.
#[derive(Debug, Clone)]
pub(super) struct Curve {
    pub(super) values: Box<[f64; LEVELS]>,
    /// Logarithm of what was divided out.
    pub(super) log_factor: f64,
}

impl Curve {
    /// One everywhere.
    pub(super) fn flat() -> Self {
        Self { values: Box::new([1.0; LEVELS]), log_factor: 0.0 }
    }

    /// A normal density around zero that sums to one over the grid.
    pub(super) fn normal(grid: Grid, deviation: f64) -> Self {
        let mut curve = Self::flat();
        for (point, value) in curve.values.iter_mut().enumerate() {
            let score = grid.level(point) / deviation;
            *value = (-0.5 * score * score).exp().max(FLOOR);
        }
        let sum = curve.sum();
        curve.values.iter_mut().for_each(|value| *value /= sum);
        curve
    }

    /// One everywhere again.
    pub(super) fn reset(&mut self) {
        self.values.fill(1.0);
        self.log_factor = 0.0;
    }

    /// Takes over another curve without allocating.
    pub(super) fn copy_from(&mut self, other: &Self) {
        self.values.copy_from_slice(&other.values[..]);
        self.log_factor = other.log_factor;
    }

    /// Multiplies by another curve, whose factor does not count: it is the same under every hypothesis.
    pub(super) fn multiply(&mut self, other: &Self) {
        for (value, factor) in self.values.iter_mut().zip(other.values.iter()) {
            *value *= factor;
        }
        self.normalise();
    }

    /// Divides by the largest value and lifts what is negligible to the floor.
    pub(super) fn normalise(&mut self) {
        let largest = self.reduce(|one, other| if other > one { other } else { one });
        if largest > 0.0 {
            let inverse = 1.0 / largest;
            for value in self.values.iter_mut() {
                let scaled = *value * inverse;
                *value = if scaled > FLOOR { scaled } else { FLOOR };
            }
            self.log_factor += largest.ln();
        }
    }

    /// The values' sum.
    pub(super) fn sum(&self) -> f64 {
        self.reduce(|one, other| one + other)
    }

    /// Combines all values, from zero on: eight side by side, as none need wait for its neighbour.
    fn reduce(&self, combine: impl Fn(f64, f64) -> f64) -> f64 {
        let mut lanes = [0.0; 8];
        for chunk in self.values.chunks_exact(lanes.len()) {
            for (lane, value) in lanes.iter_mut().zip(chunk) {
                *lane = combine(*lane, *value);
            }
        }
        lanes.into_iter().fold(0.0, combine)
    }

    /// The logarithm of the sum with its factor.
    pub(super) fn log_sum(&self) -> f64 {
        self.sum().ln() + self.log_factor
    }

    /// Mean and variance of the level, were the curve a density.
    pub(super) fn moments(&self, grid: Grid) -> (f64, f64) {
        let (mut sums, mut firsts, mut seconds) = ([0.0; 4], [0.0; 4], [0.0; 4]);
        let add =
            |sums: &mut [f64; 4], terms: &[f64; 4]| sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
        // In steps of the grid, whose squares are exact.
        let mut levels = [0.0, 1.0, 2.0, 3.0].map(|point| point - grid.position(0.0));
        for values in self.values.as_chunks::<4>().0 {
            let mut weighted = *values;
            add(&mut sums, &weighted);
            weighted.iter_mut().zip(levels).for_each(|(value, level)| *value *= level);
            add(&mut firsts, &weighted);
            weighted.iter_mut().zip(levels).for_each(|(value, level)| *value *= level);
            add(&mut seconds, &weighted);
            levels = levels.map(|level| level + 4.0);
        }
        let [sum, first, second] = [sums, firsts, seconds].map(|lanes| lanes.iter().sum::<f64>());
        let mean = first / sum;
        (grid.step * mean, grid.step * grid.step * (second / sum - mean * mean).max(0.0))
    }

    /// Sums `source` over a normal bias of the executable, on the grid's own steps out to 2.5 standard deviations; at
    /// the edges the outermost value stands for all beyond.
    pub(super) fn spread_from(&mut self, source: &Self, grid: Grid, bias: f64) {
        self.copy_from(source);
        if bias <= 0.0 {
            return;
        }
        let mut padded = [0.0; LEVELS + 2 * REACH];
        padded[..REACH].fill(source.values[0]);
        padded[REACH..REACH + LEVELS].copy_from_slice(&source.values[..]);
        padded[REACH + LEVELS..].fill(source.values[LEVELS - 1]);
        #[expect(clippy::cast_precision_loss, reason = "a few hundred points")]
        let reach = (2.5 * bias / grid.step).ceil().clamp(1.0, REACH as f64);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and the reach")]
        let reach = reach as usize;
        for distance in 1..=reach {
            #[expect(clippy::cast_precision_loss, reason = "a few hundred points")]
            let score = distance as f64 * grid.step / bias;
            let weight = (-0.5 * score * score).exp();
            let (left, right) = (&padded[REACH - distance..], &padded[REACH + distance..]);
            for ((value, left), right) in self.values.iter_mut().zip(left).zip(right) {
                *value += weight * (left + right);
            }
        }
        self.normalise();
    }
}
