//! What a measurement is expected to tell.

/// The largest distance of the points of the integral: it is smooth, so that the sum is right to 1e-6.
const STEP: f64 = 0.5;
/// How far the integral reaches beyond both means.
const REACH: f64 = 6.0;

/// The mutual information, in nats, between a coin that shows 1 with probability `p` and a normal variable with standard
/// deviation 1 whose mean is `distance` if it does, else 0.
pub(super) fn information(p: f64, distance: f64) -> f64 {
    if p <= 1e-9 || p >= 1.0 - 1e-9 || distance <= 1e-6 {
        return 0.0;
    }
    // Beyond this the two cannot be mistaken for each other.
    let distance = distance.min(20.0);
    let mut entropy = 0.0;
    // Points that lie alike around both means.
    let points = ((distance + 2.0 * REACH) / STEP).ceil();
    let step = (distance + 2.0 * REACH) / points;
    let mut index = 0.0;
    while index <= points {
        let at = index * step - REACH;
        let density = (1.0 - p) * (-0.5 * at * at).exp() + p * (-0.5 * (at - distance) * (at - distance)).exp();
        if density > 0.0 {
            entropy -= density * density.ln();
        }
        index += 1.0;
    }
    // The entropy of the mixture less that of the noise; the densities above lack their factor 1 / sqrt(2 pi).
    (entropy * step / (2.0 * std::f64::consts::PI).sqrt() - 0.5).max(0.0)
}

/// The precision that so many blocks give of a commit's level, its executable's bias included.
pub(super) fn precision(blocks: usize, scale: f64, bias: f64) -> f64 {
    if blocks == 0 {
        return 0.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
    let blocks = blocks as f64;
    1.0 / (scale * scale / blocks + bias * bias)
}

#[cfg(test)]
mod tests {
    use super::information;

    #[test]
    fn a_measurement_without_noise_tells_the_whole_coin() {
        let entropy = |p: f64| -p * p.ln() - (1.0 - p) * (1.0 - p).ln();
        for p in [0.5, 0.1, 0.9] {
            assert!((information(p, 15.0) - entropy(p)).abs() < 1e-7, "{p}");
        }
    }

    #[test]
    fn weak_measurements_tell_the_variance_of_the_mean_over_two() {
        // To second order in the distance: p (1 - p) distance² / 2.
        for p in [0.5, 0.2] {
            let expected = p * (1.0 - p) * 1e-4 / 2.0;
            assert!((information(p, 0.01) - expected).abs() < 1e-3 * expected, "{p}");
        }
    }

    #[test]
    fn information_grows_with_the_distance_and_is_the_same_for_both_faces_of_the_coin() {
        let mut last = 0.0;
        for tenths in 1..100 {
            let told = information(0.3, f64::from(tenths) / 10.0);
            assert!(told > last - 1e-6 && (told - information(0.7, f64::from(tenths) / 10.0)).abs() < 1e-6);
            last = told;
        }
    }
}
