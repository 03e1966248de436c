//! What `doctor` takes.

use clap::Args;

use super::{OutputOptions, WaitOptions};

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Tell all about a finding, and examine nothing
    #[arg(long, value_name = "ID")]
    pub explain: Option<String>,
    /// Leave with code 97 where there is a warning
    #[arg(long)]
    pub strict: bool,
    /// Do not measure how noisy the machine is, which takes some seconds
    #[arg(long)]
    pub no_noise_floor: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub wait: WaitOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub output: OutputOptions,
}
