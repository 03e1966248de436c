//! A value by its rank among very many, without writing them down.

/// The value of a rank, from 0, among values of which only a count is known: how many are at most some number.
///
/// All of them lie from `least` to `greatest`. Halves the numbers in between, which are ordered like whole numbers once
/// their bits are turned round below zero: at most 64 counts, and the value found is one of them, to the last bit.
pub(crate) fn value_of_rank(least: f64, greatest: f64, rank: usize, at_most: impl Fn(f64) -> usize) -> f64 {
    let (mut low, mut high) = (ordinal(least), ordinal(greatest));
    while low < high {
        let middle = i64::midpoint(low, high - 1);
        if at_most(value(middle)) > rank {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    // Both zeros are one.
    value(low) + 0.0
}

/// The place of a number among all numbers.
fn ordinal(value: f64) -> i64 {
    turned(value.to_bits().cast_signed())
}

fn value(ordinal: i64) -> f64 {
    f64::from_bits(turned(ordinal).cast_unsigned())
}

fn turned(bits: i64) -> i64 {
    if bits < 0 { bits ^ i64::MAX } else { bits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rank_is_found_exactly() {
        let values = [-1e300, -3.0, -3.0, -5e-324, 0.0, 5e-324, 0.1, 0.1, 0.1 + 1e-17, 2.0, 1e300];
        for (rank, expected) in values.iter().enumerate() {
            let found = value_of_rank(values[0], values[10], rank, |limit| {
                values.iter().filter(|value| **value <= limit).count()
            });
            assert_eq!(found.to_bits(), expected.to_bits(), "{rank}");
        }
    }
}
