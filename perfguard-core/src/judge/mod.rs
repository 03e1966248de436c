//! From what was shown to what it means for the project: limits, severity, acceptances, the gate.
//!
//! Pure. Knows no store, no process and no clock.

mod accepted;
mod budgets;
mod gate;
mod rules;
mod severity;

pub use accepted::{
    Accepted, AcceptedError, Ancestry, FILE as ACCEPTED_FILE, acceptance_for, parse_accepted, render_accepted,
};
pub use budgets::missed_limits;
pub use gate::{GateReport, gate};
pub use rules::{Rules, loosened};
pub use severity::severity;
