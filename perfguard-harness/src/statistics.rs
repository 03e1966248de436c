//! Order statistics of a few numbers, and the slope of a series with its interval.

/// The value below which a share of the numbers lies, between neighbours by their distance (Hyndman and Fan's type 7);
/// `None` of none.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positions in a list"
)]
pub(crate) fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = share * sorted.len().checked_sub(1)? as f64;
    let (low, high) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    Some(low + (high - low) * place.fract())
}

/// The middle of some numbers; zero of none.
pub(crate) fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5).unwrap_or(0.0)
}

/// A slope and what else it may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Slope {
    /// The middle of the slopes of all pairs (Theil and Sen's), a value a step.
    pub(crate) middle: f64,
    /// The ends of an interval at 99 %, by the spread of Kendall's score (Sen 1968).
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// Kendall's score in standard deviations: above 0 it goes up.
    pub(crate) score: f64,
}

/// The slope of values at equal distances; `None` of fewer than three.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of a few hundred values"
)]
pub(crate) fn slope(values: &[f64]) -> Option<Slope> {
    /// Of the normal distribution: 99 % lie within so many standard deviations.
    const WITHIN_99: f64 = 2.576;
    if values.len() < 3 {
        return None;
    }
    let mut slopes = Vec::with_capacity(values.len() * values.len() / 2);
    let mut ups = 0.0;
    for (left, one) in values.iter().enumerate() {
        for (distance, other) in values[left + 1..].iter().enumerate() {
            slopes.push((other - one) / (distance + 1) as f64);
            ups += if other > one {
                1.0
            } else if other < one {
                -1.0
            } else {
                0.0
            };
        }
    }
    slopes.sort_by(f64::total_cmp);
    let deviation = deviation(values);
    let (middle, away) = (slopes.len() as f64 / 2.0, WITHIN_99 * deviation / 2.0);
    let at = |place: f64| slopes[(place.max(0.0) as usize).min(slopes.len() - 1)];
    let (low, high) = (at((middle - away).floor()), at((middle + away).ceil()));
    let score = if deviation > 0.0 { ups / deviation } else { 0.0 };
    Some(Slope { middle: median(&slopes), low, high, score })
}

/// The standard deviation of Kendall's score where there is no trend, ties considered.
#[expect(clippy::cast_precision_loss, reason = "counts of a few hundred values")]
fn deviation(values: &[f64]) -> f64 {
    let term = |count: f64| count * (count - 1.0) * (2.0 * count + 5.0);
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let ties: f64 =
        sorted.chunk_by(|one, other| one.total_cmp(other).is_eq()).map(|tied| term(tied.len() as f64)).sum();
    ((term(values.len() as f64) - ties) / 18.0).max(0.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_neighbours() {
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[3.0, 1.0, 2.0, 4.0], 0.5), Some(2.5));
        assert_eq!(quantile(&[5.0], 0.9), Some(5.0));
        assert_eq!(quantile(&[0.0, 10.0], 0.25), Some(2.5));
    }

    #[test]
    fn a_slope_does_not_mind_a_few_wild_values() {
        let mut values: Vec<f64> = (0..50).map(|n| 3.0 * f64::from(n) + f64::from(n % 3)).collect();
        values[10] = 1e9;
        let found = slope(&values).unwrap();
        assert!((found.middle - 3.0).abs() < 0.05 && found.low > 2.9 && found.high < 3.1, "{found:?}");
        let flat = slope(&[7.0; 20]).unwrap();
        assert_eq!((flat.middle, flat.low, flat.high, flat.score), (0.0, 0.0, 0.0, 0.0));
    }
}
