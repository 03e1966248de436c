//! What shape a sample has: tests of normality, and which kind of method fits.
//!
//! The tests ask whether a sample could come from a normal distribution whose mean and deviation are not known;
//! Kolmogorov and Smirnov's compare with a distribution that is known, or with another sample. A test that does not
//! reject has not shown normality: with eight values Shapiro and Wilk's sees one-sided spikes in a quarter of cases.

mod anderson_darling;
mod choice;
mod kolmogorov;
mod kolmogorov_smirnov;
mod lilliefors;
mod modes;
mod shape;
mod shapiro_wilk;
#[cfg(test)]
mod tests;

pub use anderson_darling::anderson_darling;
pub use choice::{Choice, Methods, NormalityTest, Reason, choose};
pub use kolmogorov_smirnov::{kolmogorov_smirnov, kolmogorov_smirnov_between};
pub use lilliefors::lilliefors;
pub use modes::{TwoModes, two_modes};
pub use shape::jittered;
pub use shapiro_wilk::shapiro_wilk;

/// What a test of shape found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShapeTest {
    /// The test's statistic, without unit.
    pub statistic: f64,
    /// The probability of a statistic at least as far from what the hypothesis lets expect, from 0 to 1.
    pub p_value: f64,
    /// How the probability was found.
    pub method: Method,
}

/// How a probability was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// From the statistic's own distribution at this number of values.
    Exact,
    /// From a limit or a formula fitted to simulations.
    Approximate,
}
