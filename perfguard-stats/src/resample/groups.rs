//! Bootstrapping values that come in groups: runs within sessions, pairs within blocks.

use super::bootstrap::{Bootstrap, acceleration, at_least_two, influences, replicate};
use super::pool::Pool;
use crate::random::Stream;
use crate::sample::{StatsError, check_finite, check_result};

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Levels {
    /// Whole groups. Nearly right whatever happens within them, and so the default.
    Groups,
    /// Groups, and within each as many of its values. Adds the groups' inner noise a second time: only where groups are
    /// few and large.
    GroupsAndValues,
}

impl Bootstrap {
    /// Of grouped values, which are not independent within a group: Davison and Hinkley, *Bootstrap Methods and their
    /// Application* (1997), section 3.8. As many groups as there are are drawn, with replacement, and the statistic gets
    /// the values of all of them together, sorted. The acceleration is from leaving each group out.
    ///
    /// With fewer than eight groups its intervals are too narrow.
    ///
    /// # Errors
    /// When there are fewer than two groups or resamples, a group is empty, a value is not finite, or the statistic is
    /// not. The index of a value that is not finite counts through all groups.
    ///
    /// ```
    /// # use perfguard_stats::resample::{Bootstrap, Levels, statistic::mean};
    /// let blocks: [&[f64]; 8] =
    ///     [&[1.0, 1.2], &[3.0, 3.1], &[2.0, 2.2], &[5.0, 5.1], &[4.0, 4.2], &[1.5, 1.6], &[2.5, 2.4], &[3.5, 3.3]];
    /// let width = |levels| {
    ///     let ends = Bootstrap::of_groups(&blocks, levels, 999, 1, mean).unwrap().percentile(0.95).unwrap();
    ///     ends.high - ends.low
    /// };
    /// let alone = Bootstrap::of_sample(&blocks.concat(), 999, 1, mean).unwrap().percentile(0.95).unwrap();
    /// assert!(width(Levels::Groups) > alone.high - alone.low, "values of a block say the same twice");
    /// ```
    pub fn of_groups(
        groups: &[&[f64]],
        levels: Levels,
        resamples: usize,
        seed: u64,
        mut statistic: impl FnMut(&[f64]) -> f64,
    ) -> Result<Self, StatsError> {
        let places = Places::of(groups)?;
        let largest = groups.iter().map(|group| group.len()).max().unwrap_or(0);
        let mut pool = Pool::new(&groups.concat(), groups.len() * largest)?;
        let estimate = check_result(statistic(pool.all()))?;
        let mut stream = Stream::new(seed);
        let mut chosen = Vec::with_capacity(groups.len());
        let replicates = replicate(resamples, || {
            draw(groups.len(), &mut stream, &mut chosen);
            for group in &chosen {
                let places = places.of_group(*group);
                let counts = pool.counts();
                match levels {
                    Levels::Groups => places.iter().for_each(|place| counts[*place] += 1),
                    Levels::GroupsAndValues => {
                        stream.each_below(bound(places.len()), places.len(), |drawn| counts[places[drawn]] += 1);
                    }
                }
            }
            statistic(pool.write())
        })?;
        let influences = influences((0..groups.len()).map(|group| {
            pool.counts().fill(1);
            for place in places.of_group(group) {
                pool.counts()[*place] = 0;
            }
            statistic(pool.write())
        }))?;
        Ok(Self::new(estimate, replicates, acceleration(&influences)))
    }

    /// Of a statistic of the groups' summaries, where each summary is itself noisy: groups are drawn, within each as many
    /// of its values, and from these its summary anew. `summary` gets the values drawn from one group, `statistic` the
    /// summaries, both sorted.
    ///
    /// Where summaries are to stay as they are, summarise first and take [`of_sample`](Self::of_sample).
    ///
    /// # Errors
    /// When there are fewer than two groups or resamples, a group is empty, a value is not finite, or a summary or the
    /// statistic is not.
    ///
    /// ```
    /// # use perfguard_stats::resample::{Bootstrap, statistic::{mean, median}};
    /// let runs: [&[f64]; 4] = [&[1.0, 1.1, 1.2], &[2.0, 2.1, 2.2], &[3.0, 3.1, 3.2], &[4.0, 4.1, 4.2]];
    /// let bootstrap = Bootstrap::of_summaries(&runs, 999, 1, median, mean).unwrap();
    /// assert!((bootstrap.estimate() - 2.6).abs() < 1e-12);
    /// ```
    pub fn of_summaries(
        groups: &[&[f64]],
        resamples: usize,
        seed: u64,
        mut summary: impl FnMut(&[f64]) -> f64,
        mut statistic: impl FnMut(&[f64]) -> f64,
    ) -> Result<Self, StatsError> {
        let mut pools = groups.iter().map(|group| Pool::new(group, group.len())).collect::<Result<Vec<_>, _>>()?;
        let summaries: Vec<f64> = pools.iter().map(|pool| summary(pool.all())).collect();
        let mut of_all = at_least_two(&summaries)?;
        let estimate = check_result(statistic(of_all.all()))?;
        let mut stream = Stream::new(seed);
        let mut chosen = Vec::with_capacity(groups.len());
        let mut drawn = Vec::with_capacity(groups.len());
        let replicates = replicate(resamples, || {
            draw(groups.len(), &mut stream, &mut chosen);
            drawn.clear();
            drawn.extend(chosen.iter().map(|group| summary(pools[*group].draw(&mut stream))));
            drawn.sort_unstable_by(f64::total_cmp);
            statistic(&drawn)
        })?;
        let influences = influences((0..of_all.len()).map(|index| statistic(of_all.without(index))))?;
        Ok(Self::new(estimate, replicates, acceleration(&influences)))
    }
}

/// Where each group's values lie among all values, sorted.
struct Places {
    places: Vec<usize>,
    /// The first place of each group, and the end.
    starts: Vec<usize>,
}

impl Places {
    fn of(groups: &[&[f64]]) -> Result<Self, StatsError> {
        if groups.len() < 2 {
            return Err(StatsError::TooFew { needed: 2, given: groups.len() });
        }
        if groups.iter().any(|group| group.is_empty()) {
            return Err(StatsError::TooFew { needed: 1, given: 0 });
        }
        let all = groups.concat();
        check_finite(&all, 1)?;
        let mut order: Vec<usize> = (0..all.len()).collect();
        order.sort_by(|one, other| all[*one].total_cmp(&all[*other]));
        let mut places = vec![0; all.len()];
        for (place, index) in order.into_iter().enumerate() {
            places[index] = place;
        }
        let mut starts = vec![0];
        starts.extend(groups.iter().scan(0, |end, group| {
            *end += group.len();
            Some(*end)
        }));
        Ok(Self { places, starts })
    }

    fn of_group(&self, group: usize) -> &[usize] {
        &self.places[self.starts[group]..self.starts[group + 1]]
    }
}

/// Draws as many of the groups as there are.
fn draw(groups: usize, stream: &mut Stream, chosen: &mut Vec<usize>) {
    chosen.clear();
    stream.each_below(bound(groups), groups, |group| chosen.push(group));
}

fn bound(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resample::statistic::mean;

    #[test]
    fn groups_of_one_are_a_sample() {
        let values = [1.0, 1.5, 2.6, 3.0, 4.0, 9.0];
        let groups: Vec<&[f64]> = values.chunks(1).collect();
        let grouped = |levels| Bootstrap::of_groups(&groups, levels, 99, 5, mean);
        assert_eq!(grouped(Levels::Groups), Bootstrap::of_sample(&values, 99, 5, mean));
        assert_ne!(grouped(Levels::Groups), grouped(Levels::GroupsAndValues), "which draws within them too");
    }

    #[test]
    fn an_empty_group_or_only_one_is_an_error() {
        let of = |groups: &[&[f64]]| Bootstrap::of_groups(groups, Levels::Groups, 99, 1, mean);
        assert_eq!(of(&[&[1.0]]), Err(StatsError::TooFew { needed: 2, given: 1 }));
        assert_eq!(of(&[&[1.0], &[]]), Err(StatsError::TooFew { needed: 1, given: 0 }));
        assert_eq!(of(&[&[1.0], &[f64::NAN]]), Err(StatsError::NotFinite { index: 1 }));
    }
}
