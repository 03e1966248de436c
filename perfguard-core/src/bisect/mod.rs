//! The search for the commit that made a benchmark slower, apart from builds and processes: what each pair tells, which
//! commit tells most next, and the journal from which a search goes on.

mod hunt;
mod journal;
mod pick;

pub use hunt::{Ends, Hunt};
pub use journal::{BISECT_FILE, Fact, Journal, JournalError};
pub use pick::{Wanted, pick};
