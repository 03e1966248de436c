//! What of a process's samples decides.

use std::fmt;
use std::str::FromStr;

use super::{Sample, Summary};

/// Which of a process's samples is its value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Statistic {
    /// The fastest per iteration: on a busy machine it varies least between processes.
    #[default]
    Fastest,
    /// The median.
    Median,
    /// The mean, each sample weighing the same.
    Mean,
}

impl Statistic {
    /// The value of a process, nanoseconds per iteration; `None` where the harness does not tell it, and for the fastest,
    /// which every driver gives by itself.
    pub fn of(self, samples: &[Sample], summary: Option<&Summary>) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "iterations and samples are far below 2^53")]
        let mut each: Vec<f64> =
            samples.iter().map(|sample| sample.total_ns / sample.iterations.max(1) as f64).collect();
        each.sort_by(f64::total_cmp);
        match self {
            Self::Fastest => None,
            Self::Median if each.is_empty() => summary?.median_ns,
            Self::Median => Some(f64::midpoint(each[(each.len() - 1) / 2], each[each.len() / 2])),
            Self::Mean if each.is_empty() => summary?.mean_ns,
            #[expect(clippy::cast_precision_loss, reason = "a few samples")]
            Self::Mean => Some(each.iter().sum::<f64>() / each.len() as f64),
        }
    }
}

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fastest => "fastest",
            Self::Median => "median",
            Self::Mean => "mean",
        })
    }
}

impl FromStr for Statistic {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Fastest, Self::Median, Self::Mean].into_iter().find(|known| known.to_string() == text).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_and_mean_are_of_the_samples_or_else_the_harnesss_own() {
        let sample = |total_ns| Sample { iterations: 2, total_ns };
        let samples = [sample(2.0), sample(8.0), sample(4.0), sample(6.0)];
        assert_eq!(Statistic::Median.of(&samples, None), Some(2.5));
        assert_eq!(Statistic::Mean.of(&samples, None), Some(2.5));
        assert_eq!(Statistic::Median.of(&samples[..3], None), Some(2.0));
        let summary = Summary { median_ns: Some(7.0), ..Summary::default() };
        assert_eq!(Statistic::Median.of(&[], Some(&summary)), Some(7.0));
        assert_eq!(Statistic::Mean.of(&[], Some(&summary)), None);
        assert_eq!(Statistic::Fastest.of(&samples, None), None, "each driver's own value");
    }
}
