//! Student's t distribution, in the tails too.

use statrs::distribution::{Continuous, ContinuousCDF, Normal, StudentsT};
use statrs::function::beta::beta_reg;

use crate::sample::StatsError;

/// The t distribution.
pub(crate) struct Student {
    distribution: StudentsT,
    degrees: f64,
}

impl Student {
    /// With at least 1 degree of freedom.
    pub(crate) fn new(degrees: f64) -> Result<Self, StatsError> {
        // Refuses only what is not positive.
        let distribution = StudentsT::new(0.0, 1.0, degrees).map_err(|_| StatsError::TooLarge)?;
        Ok(Self { distribution, degrees })
    }

    /// The chances of a value at most, and at least, as large.
    pub(crate) fn tails(&self, t: f64) -> (f64, f64) {
        (self.exceeds(-t), self.exceeds(t))
    }

    /// The value that is exceeded with a chance of `tail`, which lies between 0 and 1/2.
    ///
    /// Newton's steps from the normal distribution's value, which is never larger. The tail is convex there, so they come
    /// nearer from below and never pass. (The library's inverse is wrong by 79 % far out at one degree of freedom.)
    pub(crate) fn exceeded_with(&self, tail: f64) -> f64 {
        let mut value = Normal::standard().inverse_cdf(tail).abs();
        // With one degree, where steps are shortest, each doubles the value: 60 of them reach any level below 1.
        for _ in 0..100 {
            let step = (self.exceeds(value) - tail) / self.distribution.pdf(value);
            value += step;
            if step <= value * 1e-9 {
                break;
            }
        }
        value
    }

    fn exceeds(&self, t: f64) -> f64 {
        if t.abs() >= 1.0 {
            return self.distribution.sf(t);
        }
        // The library works with 1 / (1 + t² / degrees), in which a small t drowns: the middle is taken instead.
        let middle = beta_reg(0.5, self.degrees / 2.0, t * t / (self.degrees + t * t));
        0.5 - 0.5 * middle.copysign(t)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_degree_of_freedom_has_a_closed_form_down_to_the_smallest_tails() {
        let student = Student::new(1.0).unwrap();
        for tail in [0.49, 0.25, 0.025, 0.005, 1e-6, 1e-9, 1e-12, f64::EPSILON / 4.0] {
            let expected = 1.0 / (std::f64::consts::PI * tail).tan();
            let found = student.exceeded_with(tail);
            assert!((found / expected - 1.0).abs() < 1e-9, "{tail}: {found} rather than {expected}");
        }
        assert!(student.exceeded_with(0.5).abs() < 1e-9);
    }

    #[test]
    fn the_value_found_is_exceeded_as_often_as_asked_at_any_degrees() {
        for degrees in [1.0, 1.3, 2.0, 2.7, 5.0, 15.0, 39.5, 400.0, 1e5] {
            let student = Student::new(degrees).unwrap();
            for tail in [0.499_999, 0.3, 0.05, 0.025, 1e-4, 1e-9, 1e-15] {
                let found = student.tails(student.exceeded_with(tail)).1;
                assert!((found / tail - 1.0).abs() < 1e-9, "{degrees} {tail}: {found}");
            }
        }
    }
}
