//! Ranks of values with ties.

/// Twice the midrank of each of the sorted items, so that ranks are whole numbers whatever the ties: 2, 4, 6 … without
/// any, and for a group of ties the sum of its first and last rank.
pub(crate) fn doubled_midranks<T>(sorted: &[T], value: impl Fn(&T) -> f64) -> Vec<usize> {
    let mut ranks = Vec::with_capacity(sorted.len());
    // In ascending order "at least" can only be "equal"; unlike an order of bits it also ties 0 with -0.
    for tied in sorted.chunk_by(|one, next| value(one) >= value(next)) {
        let before = ranks.len();
        ranks.resize(before + tied.len(), 2 * before + tied.len() + 1);
    }
    ranks
}

/// The greatest common divisor; 0 has every divisor.
pub(crate) fn common_divisor(one: usize, other: usize) -> usize {
    if other == 0 { one } else { common_divisor(other, one % other) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_share_the_middle_of_their_ranks_and_both_zeros_are_one() {
        assert_eq!(doubled_midranks(&[-0.0, 0.0, 1.0, 2.0, 2.0, 2.0], |value| *value), [3, 3, 6, 10, 10, 10]);
        assert!(doubled_midranks(&[], |value: &f64| *value).is_empty());
    }
}
