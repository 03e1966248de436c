//! How block values scatter about their level: a contaminated normal distribution whose scale is learned on the way.

use std::f64::consts::PI;

use super::levels::{Curve, Grid, LEVELS};

/// Share of blocks in which both runs of a side were disturbed.
const DISTURBED: f64 = 0.02;
/// Scale of the Laplace distribution of disturbed blocks, in logs.
const DISTURBANCE: f64 = 0.07;
/// The model's scale over the measured one.
const WIDER: f64 = 1.03;
/// Degrees of freedom that the scale from identical executables counts for.
const STORED_FREEDOM: f64 = 4.0;
/// Deviations beyond this many scales count as if they were there.
const CLIP: f64 = 3.0;
/// The scale moves in steps of 2 %, so that most updates leave every other commit's curve as it is, and the posterior does
/// not depend on the order of the observations.
const RUNG: f64 = 1.02;

/// The distribution of one block's value about its level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Noise {
    /// Standard deviation of a block without disturbances, in logs.
    pub(super) scale: f64,
}

impl Noise {
    /// Multiplies a curve by the likelihood of one block's value at each level, and leaves it to be normalised.
    pub(super) fn multiply(self, curve: &mut Curve, grid: Grid, value: f64) {
        // A scale under half a step would fall between two points of the grid.
        let scale = (WIDER * self.scale).max(grid.step() / 2.0);
        let disturbance = DISTURBANCE.max(2.0 * scale);
        // Further out the Laplace tail only shrinks, by the same factor at every level.
        let reach = 10.0 * disturbance;
        let position = grid.position(value.clamp(grid.level(0) - reach, grid.level(LEVELS - 1) + reach));
        #[expect(clippy::cast_precision_loss, reason = "a few hundred points")]
        let nearest_above = position.ceil().clamp(0.0, LEVELS as f64);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the grid")]
        let (below, above) = curve.values.split_at_mut(nearest_above as usize);
        let offset = (nearest_above - position) * grid.step();
        let tail = |distance| Tail::new(distance, grid.step(), scale, disturbance);
        let mut upper = tail(offset);
        let (chunks, rest) = above.as_chunks_mut::<LANES>();
        for chunk in chunks {
            multiply(chunk, upper.next());
        }
        multiply(rest, upper.next());
        let mut lower = tail(grid.step() - offset);
        let (rest, chunks) = below.as_rchunks_mut::<LANES>();
        for chunk in chunks.iter_mut().rev() {
            multiply(chunk.iter_mut().rev(), lower.next());
        }
        multiply(rest.iter_mut().rev(), lower.next());
    }
}

fn multiply<'a>(values: impl IntoIterator<Item = &'a mut f64>, factors: [f64; LANES]) {
    for (value, factor) in values.into_iter().zip(factors) {
        *value *= factor;
    }
}

/// Points that are worked out side by side, as none need wait for its neighbour.
const LANES: usize = 4;

/// One side of a block's likelihood, walked outwards from its value: the density at `distance`, `distance + step`, and so
/// on.
///
/// Both parts follow from what they were by multiplication, so that a block costs eight exponentials and not two for each
/// level; rounding adds up to less than 1e-11.
struct Tail {
    normal: [f64; LANES],
    /// What each lane of the normal part is multiplied by next, and what that is multiplied by.
    ratio: [f64; LANES],
    bend: f64,
    laplace: [f64; LANES],
    decay: f64,
}

impl Tail {
    fn new(distance: f64, step: f64, scale: f64, disturbance: f64) -> Self {
        let normal_height = (1.0 - DISTURBED) / (scale * (2.0 * PI).sqrt());
        let laplace_height = DISTURBED / (2.0 * disturbance);
        let (start, stride) = (distance / scale, step / scale);
        let ratio = (-stride * (start + 0.5 * stride)).exp();
        let bend = (-stride * stride).exp();
        let decay = (-step / disturbance).exp();
        Self {
            normal: row(normal_height * (-0.5 * start * start).exp(), ratio, bend),
            // From a point to the one four further on, the ratio has bent six times.
            ratio: row(ratio.powi(4) * bend.powi(6), bend.powi(4), 1.0),
            bend: bend.powi(16),
            laplace: row(laplace_height * (-distance / disturbance).exp(), decay, 1.0),
            decay: decay.powi(4),
        }
    }

    /// The next densities.
    fn next(&mut self) -> [f64; LANES] {
        let mut density = self.laplace;
        self.laplace = self.laplace.map(|value| value * self.decay);
        // The first lane is the nearest to the block's value: where it adds no digit, nothing further out does.
        if self.normal[0] > 1e-17 * density[0] {
            for ((density, normal), ratio) in density.iter_mut().zip(&mut self.normal).zip(&mut self.ratio) {
                *density += *normal;
                *normal *= *ratio;
                *ratio *= self.bend;
            }
        }
        density
    }
}

/// The start of a row: each value is the one before times a ratio, which is multiplied by `bend` every time.
fn row(first: f64, mut ratio: f64, bend: f64) -> [f64; LANES] {
    let mut next = first;
    std::array::from_fn(|_| {
        let value = next;
        next *= ratio;
        ratio *= bend;
        value
    })
}

/// The scale that repeats of the same executables show, shrunk to the stored one: squared deviations from each
/// executable's median, clipped at three scales, with the stored scale counting for four degrees of freedom.
///
/// Rounded to steps of 2 %, and at least four fifths of the stored one: few repeats may lie close together by chance.
pub(super) fn scale<'a>(stored: f64, executables: &(impl Iterator<Item = (f64, &'a [f64])> + Clone)) -> f64 {
    let mut scale = stored;
    for _ in 0..4 {
        let mut squares = STORED_FREEDOM * stored * stored;
        let mut freedom = STORED_FREEDOM;
        for (median, values) in executables.clone().filter(|(_, values)| values.len() > 1) {
            for value in values {
                let deviation = (value - median).abs().min(CLIP * scale);
                squares += deviation * deviation;
            }
            #[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
            let repeats = values.len() as f64 - 1.0;
            freedom += repeats;
        }
        scale = (squares / freedom).sqrt();
    }
    let rungs = ((scale / stored).ln() / RUNG.ln()).round();
    stored * RUNG.powf(rungs).max(0.8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likelihood_of_a_block_is_its_density_at_every_level() {
        for (stored, highest) in [(0.0165, 0.0), (1e-6, 0.0), (0.3, 9.0), (40.0, 300.0)] {
            let (noise, grid) = (Noise { scale: stored }, Grid::holding(0.0, highest));
            for value in [-1e3, -0.2, -0.001, 0.0, 0.002, 0.0305, grid.level(LEVELS - 1), 1e3] {
                let mut curve = Curve::flat();
                noise.multiply(&mut curve, grid, value);
                let scale = (WIDER * stored).max(grid.step() / 2.0);
                let disturbance = DISTURBANCE.max(2.0 * scale);
                let reach = 10.0 * disturbance;
                let value = value.clamp(grid.level(0) - reach, grid.level(LEVELS - 1) + reach);
                for (point, found) in curve.values.iter().enumerate() {
                    let distance = (grid.level(point) - value).abs();
                    let normal = (-0.5 * (distance / scale).powi(2)).exp() / (scale * (2.0 * PI).sqrt());
                    let laplace = (-distance / disturbance).exp() / (2.0 * disturbance);
                    let expected = (1.0 - DISTURBED) * normal + DISTURBED * laplace;
                    assert!(
                        (found - expected).abs() < 1e-11 * expected,
                        "{stored}, {value}, {point}: {found} {expected}"
                    );
                }
            }
        }
    }
}
