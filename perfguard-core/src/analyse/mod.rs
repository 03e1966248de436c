//! From observations to what can be said of them: an estimate of one side, a difference of two.
//!
//! Pure. Knows no run, no store and no machine.

mod difference;
mod estimate;

pub use difference::unpaired_difference;
pub use estimate::{LEVEL, estimate, relative_half_width};
