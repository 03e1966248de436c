//! Which commit is measured next, where several benchmarks are searched for at once: a build serves all of them.

use super::Hunt;

/// What is measured next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The commit.
    pub commit: usize,
    /// Pairs of each hunt, in their order; 0 for those that it would tell nothing.
    pub pairs: Vec<usize>,
}

/// The commit that most of the hunts want, the first one's among equals; `None` when all are over.
pub fn pick(hunts: &mut [Hunt]) -> Option<Wanted> {
    let wishes: Vec<Option<(usize, usize)>> = hunts.iter_mut().map(Hunt::wants).collect();
    let votes = |commit: usize| wishes.iter().flatten().filter(|(wished, _)| *wished == commit).count();
    let mut chosen: Option<(usize, usize)> = None;
    for (commit, _) in wishes.iter().flatten() {
        let count = votes(*commit);
        if chosen.is_none_or(|(_, most)| count > most) {
            chosen = Some((*commit, count));
        }
    }
    let (commit, _) = chosen?;
    let of = |(hunt, wish): (&Hunt, &Option<(usize, usize)>)| match wish {
        Some((own, pairs)) if *own == commit => *pairs,
        Some(_) => hunt.in_passing(commit),
        None => 0,
    };
    Some(Wanted { commit, pairs: hunts.iter().zip(&wishes).map(of).collect() })
}

#[cfg(test)]
mod tests {
    use super::super::hunt::tests::{answer, hunt};
    use super::*;

    #[test]
    fn a_hunt_that_is_over_is_left_out_and_the_others_share_their_builds() {
        let mut hunts = [hunt("over", 16), hunt("a", 16), hunt("b", 16)];
        answer(&mut hunts[0], 3);
        let wanted = pick(&mut hunts).unwrap();
        assert_eq!(wanted.pairs[0], 0);
        assert!(wanted.pairs[1] > 0 && wanted.pairs[1] == wanted.pairs[2]);
        answer(&mut hunts[1], 5);
        answer(&mut hunts[2], 9);
        assert_eq!(pick(&mut hunts), None);
    }
}
