//! Values brought near 1, so that their squares neither overflow nor vanish.

/// A power of two and its inverse: multiplying by it rounds nothing but what is lost beside the largest value anyway.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    exponent: i32,
}

impl Scale {
    /// The scale at which the largest magnitude lies between 1/2 and 1; a subnormal one lies lower, but far enough from 0.
    pub(crate) fn of<'a>(values: impl IntoIterator<Item = &'a f64>) -> Self {
        let largest = values.into_iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        let biased = i32::try_from(largest.to_bits() >> 52).unwrap_or(0).max(1);
        Self { exponent: biased - 1_022 }
    }

    /// From the values' own unit to the scale.
    pub(crate) fn down(self, value: f64) -> f64 {
        times_power_of_two(value, -self.exponent)
    }

    /// Back to the values' own unit.
    pub(crate) fn up(self, value: f64) -> f64 {
        times_power_of_two(value, self.exponent)
    }
}

/// In two steps, since one factor alone may lie beyond what a double holds.
fn times_power_of_two(value: f64, exponent: i32) -> f64 {
    let half = exponent / 2;
    value * power_of_two(half) * power_of_two(exponent - half)
}

fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(u64::try_from(exponent + 1_023).unwrap_or(0) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_nothing_is_lost_at_any_magnitude() {
        for value in [5e-324, 3e-310, f64::MIN_POSITIVE, 1e-9, 0.5, 1.0, 1e9, f64::MAX, -f64::MAX, -7.0, 0.0] {
            let scale = Scale::of(&[value]);
            let down = scale.down(value);
            assert!(down.abs() <= 1.0 && down * down >= 0.0 && (down * down > 0.0) == (value != 0.0), "{value}");
            assert_eq!(scale.up(down).to_bits(), value.to_bits());
        }
    }
}
