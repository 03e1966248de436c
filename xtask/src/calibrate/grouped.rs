//! One comparison as the program makes it: where the first pairs show two speeds, the fastest of several processes of each
//! side makes a pair.

use std::sync::Arc;

use anyhow::Result;
use perfguard_stats::sequential::fastest::LOOKED_AT;
use perfguard_stats::sequential::{Decision, Design, Pair, SequentialTest, processes_in_a_pair};

/// Takes times of base and head from `next` until it decides. Gives the decision and how many processes a side it took;
/// `None` where they end before. `several`: whether more than one process may make a pair.
pub(super) fn compare(
    design: &Arc<Design>,
    several: bool,
    mut next: impl FnMut() -> Option<(f64, f64)>,
) -> Result<Option<(Decision, usize)>> {
    let first: Vec<(f64, f64)> = std::iter::from_fn(&mut next).take(LOOKED_AT).collect();
    let (base, head): (Vec<f64>, Vec<f64>) = first.iter().copied().unzip();
    let repeats = if several { processes_in_a_pair(&base, &head) } else { 1 };
    let mut test = SequentialTest::new(Arc::clone(design));
    let mut taken = 0;
    let mut all = first.into_iter().chain(std::iter::from_fn(next));
    loop {
        let (mut base, mut head) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..repeats {
            let Some(one) = all.next() else { return Ok(None) };
            (base, head) = (base.min(one.0), head.min(one.1));
            taken += 1;
        }
        test.push(Pair::new(base, head)?);
        if let Some(decision) = test.decision() {
            return Ok(Some((decision, taken)));
        }
    }
}
