//! What the usual script says of the same benchmarks: criterion's `--save-baseline`, then `--baseline`, of one executable
//! with itself.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::scratch::Scratch;
use crate::scratch::now;

/// Criterion's verdicts.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Verdicts {
    pub(super) comparisons: u64,
    /// Performance has regressed, or improved.
    pub(super) claims: u64,
}

impl Verdicts {
    /// Reads what criterion printed.
    fn read(text: &str) -> Self {
        let count = |sentence: &str| text.matches(sentence).count() as u64;
        let claims = count("Performance has regressed.") + count("Performance has improved.");
        let others = count("No change in performance detected.") + count("Change within noise threshold.");
        Self { comparisons: claims + others, claims }
    }

    pub(super) fn add(self, other: Self) -> Self {
        Self { comparisons: self.comparisons + other.comparisons, claims: self.claims + other.claims }
    }
}

/// Both passes over the benchmarks whose id contains `filter`. `times`: flags for how long; none: criterion's defaults.
pub(super) fn two_passes(workspace: &Scratch, filter: &str, times: &[&str]) -> Result<(Verdicts, Duration)> {
    let start = now();
    let mut said = String::new();
    for baseline in ["--save-baseline", "--baseline"] {
        let mut cargo = workspace.command(Path::new("cargo"));
        cargo.args(["bench", "--quiet", "--bench", "suite", "--", filter, baseline, "itself"]).args(times);
        let output = cargo.output()?;
        ensure!(output.status.success(), "criterion failed: {}", String::from_utf8_lossy(&output.stderr));
        said = String::from_utf8_lossy(&output.stdout).into_owned();
    }
    let verdicts = Verdicts::read(&said);
    ensure!(verdicts.comparisons > 0, "criterion compared nothing: {said}");
    Ok((verdicts, start.elapsed()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_and_other_verdicts_are_told_apart() {
        let text = "a\n  Performance has regressed.\nb\n  No change in performance detected.\nc\n  Performance has improved.\n\
                    d\n  Change within noise threshold.\n";
        let Verdicts { comparisons, claims } = Verdicts::read(text);
        assert_eq!((comparisons, claims), (4, 2));
    }
}
