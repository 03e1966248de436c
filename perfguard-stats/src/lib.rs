//! The statistics of perfguard: slices and seeds in, values out.
//!
//! Pure: no clock, no input or output, no thread, and no notion of commits or units. Every function rejects an empty
//! slice, a NaN or an infinity with a typed error, and none panics.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod changepoint;
pub mod dependence;
pub mod effect;
pub mod equivalence;
pub mod interval;
pub mod multiplicity;
pub mod normality;
pub mod outlier;
pub mod paired;
pub mod power;
pub mod quantile;
pub mod random;
pub mod resample;
pub mod sample;
pub mod search;
pub mod sequential;
pub mod smoothing;
pub mod summary;
pub mod trend;
pub mod two_sample;

pub use sample::StatsError;
