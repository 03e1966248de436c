//! Settings as people write them: with units.

pub mod units;
