//! From observations to what can be said of them: an estimate of one side, a difference of two, what pairs show.
//!
//! Pure. Knows no run, no store and no machine.

mod difference;
mod estimate;
mod noise_floor;
mod paired;
mod whole;

pub use difference::unpaired_difference;
pub use estimate::{LEVEL, estimate, relative_half_width};
pub use noise_floor::noise_floor;
pub use paired::{Conclusion, Designs, Known, PairedTest, TestPlan, conclude, quantum_of};
pub use whole::{NullPairs, suite_wide};
