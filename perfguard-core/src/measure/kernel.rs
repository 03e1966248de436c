//! The built-in kernel: a loop over integers that never changes, run as a benchmark would be, in processes of its own.

use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use crate::cancel::CancellationToken;
use crate::clock::{Clock, SystemClock};
use crate::process::{CommandSpec, Exit, Launcher, Limits, ProcessError, Usage};

/// The hidden first argument that makes perfguard's executable run the kernel; the second is its iterations.
pub const KERNEL_ARGUMENT: &str = "__kernel";
/// Samples of one process; one more goes before them and is thrown away.
const SAMPLES: usize = 10;
/// Iterations of a process that is to tell how many there should be.
pub const FIRST_ITERATIONS: u64 = 200_000;
/// How long a sample should take, nanoseconds.
const SAMPLE_NS: f64 = 1e6;

/// Runs the kernel and prints the nanoseconds of each sample, a line each.
pub fn kernel_main(iterations: Option<&str>) -> ExitCode {
    let Some(iterations) = iterations.and_then(|text| text.parse().ok()) else { return ExitCode::FAILURE };
    let clock = SystemClock::default();
    let numbers = black_box(numbers());
    let mut text = String::new();
    for sample in 0..=SAMPLES {
        let start = clock.monotonic();
        black_box(steps(black_box(iterations), &numbers));
        let took = clock.monotonic().saturating_sub(start);
        if sample > 0 {
            text += &took.as_nanos().to_string();
            text.push('\n');
        }
    }
    let written = std::io::stdout().write_all(text.as_bytes());
    if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Numbers that the loop reads: 256 KiB, more than the first cache holds and less than the second.
const NUMBERS: usize = 32 * 1024;

fn numbers() -> Vec<u64> {
    (0..NUMBERS as u64).map(|index| index.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect()
}

/// Each step needs the one before and the number that it names, so that the processor can neither skip nor overlap any.
fn steps(iterations: u64, numbers: &[u64]) -> u64 {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    for _ in 0..iterations {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        #[expect(clippy::cast_possible_truncation, reason = "only the low bits count")]
        let place = state as usize % NUMBERS;
        state = state.wrapping_add(numbers.get(place).copied().unwrap_or_default());
    }
    state
}

/// What one process of the kernel gave.
#[derive(Debug, Clone, PartialEq)]
pub struct KernelRun {
    /// Nanoseconds of each sample.
    pub samples: Vec<f64>,
    /// What it used.
    pub usage: Usage,
}

impl KernelRun {
    /// Iterations with which a sample would take about a millisecond, after a run with so many.
    pub fn iterations_for_a_sample(&self, iterations: u64) -> u64 {
        let fastest = self.samples.iter().copied().fold(f64::INFINITY, f64::min).max(1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "positive, and a cast saturates"
        )]
        let wanted = (iterations as f64 * SAMPLE_NS / fastest) as u64;
        wanted.clamp(1_000, 1_000_000_000)
    }
}

/// Runs the kernel in a process of its own. `Ok(None)`: it was started and gave no samples.
///
/// # Errors
/// When it could not be started.
pub fn run_kernel(
    launcher: &mut Launcher,
    executable: &Path,
    iterations: u64,
    limits: Limits,
    cancel: &CancellationToken,
) -> Result<Option<KernelRun>, ProcessError> {
    let spec = CommandSpec {
        program: executable.to_owned(),
        args: vec![KERNEL_ARGUMENT.into(), iterations.to_string().into()],
        env: Vec::new(),
        cwd: "/".into(),
        input: None,
    };
    let finished = launcher.run(&spec, limits, cancel)?;
    let samples = parse(&finished.stdout).filter(|_| finished.exit == Exit::Code(0));
    Ok(samples.map(|samples| KernelRun { samples, usage: finished.usage }))
}

/// The samples that a process printed; `None` unless they are all there.
fn parse(output: &[u8]) -> Option<Vec<f64>> {
    let text = std::str::from_utf8(output).ok()?;
    let samples: Vec<f64> = text.lines().map(str::parse).collect::<Result<_, _>>().ok()?;
    (samples.len() == SAMPLES && samples.iter().all(|sample| sample.is_finite() && *sample > 0.0)).then_some(samples)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_takes_as_many_steps_as_it_is_told() {
        let numbers = numbers();
        assert_eq!(steps(0, &numbers), 0x2545_F491_4F6C_DD1D);
        assert_ne!(steps(1, &numbers), steps(2, &numbers));
        assert_eq!(steps(1000, &numbers), steps(1000, &numbers));
    }

    #[test]
    fn only_a_full_set_of_samples_counts() {
        assert_eq!(parse("7\n".repeat(SAMPLES).as_bytes()), Some(vec![7.0; SAMPLES]));
        assert_eq!(parse(b"7\n"), None);
        assert_eq!(parse("0\n".repeat(SAMPLES).as_bytes()), None);
        assert_eq!(parse("x\n".repeat(SAMPLES).as_bytes()), None);
    }

    #[test]
    fn iterations_are_scaled_to_a_millisecond() {
        let run = |fastest| KernelRun { samples: vec![2.0 * fastest, fastest], usage: Usage::default() };
        assert_eq!(run(400_000.0).iterations_for_a_sample(200_000), 500_000);
        assert_eq!(run(0.0).iterations_for_a_sample(200_000), 1_000_000_000);
        assert_eq!(run(1e15).iterations_for_a_sample(200_000), 1_000);
    }
}
