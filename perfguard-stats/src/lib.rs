//! The statistics of perfguard: slices and seeds in, values out.
//!
//! Pure: no clock, no input or output, no thread, and no notion of commits or units. Every function rejects an empty
//! slice, a NaN or an infinity with a typed error, and none panics.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod interval;
pub mod quantile;
pub mod random;
pub mod sample;
pub mod summary;
pub mod two_sample;

pub use sample::StatsError;
