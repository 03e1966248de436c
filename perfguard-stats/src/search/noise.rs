//! How block values scatter about their level: a contaminated normal distribution whose scale is learned on the way.

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
        let normal_height = (1.0 - DISTURBED) / (scale * (2.0 * std::f64::consts::PI).sqrt());
        let laplace_height = DISTURBED / (2.0 * disturbance);
        // Further out the Laplace tail only shrinks, by the same factor at every level.
        let reach = 10.0 * disturbance;
        let position = grid.position(value.clamp(grid.level(0) - reach, grid.level(LEVELS - 1) + reach));
        #[expect(clippy::cast_precision_loss, reason = "a few hundred points")]
        let nearest = position.round().clamp(0.0, (LEVELS - 1) as f64);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the grid")]
        let split = nearest as usize;
        let (below, above) = curve.values.split_at_mut(split);
        // How far the nearest point lies above the value.
        let offset = (nearest - position) * grid.step();
        let tails = Tails { step: grid.step(), scale, disturbance, normal_height, laplace_height };
        tails.multiply(offset, above.iter_mut());
        tails.multiply(grid.step() - offset, below.iter_mut().rev());
    }
}

/// One side of a block's likelihood, walked outwards from its value.
struct Tails {
    step: f64,
    scale: f64,
    disturbance: f64,
    normal_height: f64,
    laplace_height: f64,
}

impl Tails {
    /// Multiplies each value by the density at `distance`, `distance + step`, and so on.
    ///
    /// Both parts follow from their neighbour by multiplication, so that a block costs four exponentials and not two for
    /// each level; rounding adds up to less than 1e-11.
    fn multiply<'a>(&self, distance: f64, values: impl Iterator<Item = &'a mut f64>) {
        let score = distance / self.scale;
        let step = self.step / self.scale;
        let mut normal = self.normal_height * (-0.5 * score * score).exp();
        let mut ratio = (-step * (score + 0.5 * step)).exp();
        let bend = (-step * step).exp();
        let mut laplace = self.laplace_height * (-distance.abs() / self.disturbance).exp();
        let decay = (-self.step / self.disturbance).exp();
        // The first point may lie on the value's other side, so the second one's Laplace part is written out.
        let second = self.laplace_height * (-(distance + self.step).abs() / self.disturbance).exp();
        for (index, value) in values.enumerate() {
            *value *= normal + laplace;
            // Numbers too small to be held in full would slow the walk by a factor of a hundred.
            normal = if normal > 1e-280 { normal * ratio } else { 0.0 };
            ratio *= bend;
            laplace = if index == 0 { second } else { laplace * decay };
        }
    }
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
