//! A program of its own (`harness = false` without a known harness): the whole process is the one benchmark.
//!
//! Such a program runs whatever flags it is given, so it is never probed: it gets `--bench`, as from cargo, and nothing
//! else.

use super::super::driver::{Counting, Driver, Listing, NotListed, Reading, Session, Wanted, Yield};
use super::run;
use crate::model::{Failure, IterationControl, Note};

/// The name of a plain program's only benchmark.
const NAME: &str = "main";

pub(super) struct Plain;

impl Driver for Plain {
    fn list(&self, _: &mut Session<'_>) -> Result<Listing, NotListed> {
        Ok(Listing::of(None, [NAME.to_owned()]))
    }

    fn counting(&self, _: Option<&str>) -> Counting {
        Counting::Whole
    }

    fn observe(
        &self,
        session: &mut Session<'_>,
        _: &mut [Wanted<'_>],
        control: &IterationControl,
    ) -> Result<Yield, Failure> {
        let finished = run(session, &["--bench"], &[])?;
        let asked = control.iterations.filter(|iterations| *iterations != 1);
        let notes = asked.map(|_| Note("a plain program is one iteration: `--iterations` has no effect".to_owned()));
        #[expect(clippy::cast_precision_loss, reason = "a process of 2^53 ns would run for 104 days")]
        let value = finished.wall_ns as f64;
        let samples = vec![crate::model::Sample { iterations: 1, total_ns: value }];
        let notes = notes.into_iter().collect();
        Ok(Yield::single(
            finished,
            Reading { samples, summary: None, iterations: Some(1), value, notes, metrics: Vec::new() },
        ))
    }
}
