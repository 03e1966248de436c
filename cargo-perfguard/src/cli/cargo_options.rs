//! Cargo's own selection flags: they mean what they mean to cargo, and are handed to it. Help names them in one line, so
//! that it fits a screen; the reference and the manual page have each.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use perfguard_core::build::KeepLimits;
use perfguard_core::config::Config;
use perfguard_core::pipeline::BuildOptions;
use perfguard_core::plan::Selection;

use crate::ui::Ui;

/// Cargo's own selection flags.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Cargo")]
#[expect(clippy::struct_excessive_bools, reason = "cargo's own switches")]
pub struct CargoOptions {
    /// Package to measure (can be repeated)
    #[arg(short, long, value_name = "SPEC", hide = true)]
    pub package: Vec<String>,
    /// All packages of the workspace
    #[arg(long, alias = "all", hide = true)]
    pub workspace: bool,
    /// Leave out a package of the workspace (can be repeated)
    #[arg(long, value_name = "SPEC", requires = "workspace", hide = true)]
    pub exclude: Vec<String>,
    /// Only this bench target (can be repeated)
    #[arg(long, value_name = "NAME", hide = true)]
    pub bench: Vec<String>,
    /// Features to turn on, separated by commas or blanks (can be repeated)
    #[arg(short = 'F', long, value_name = "FEATURES", hide = true)]
    pub features: Vec<String>,
    /// Turn on all features
    #[arg(long, hide = true)]
    pub all_features: bool,
    /// Leave the default feature off
    #[arg(long, hide = true)]
    pub no_default_features: bool,
    /// Build with this profile [default: bench]
    #[arg(long, value_name = "NAME", default_value = "bench", hide_default_value = true, hide = true)]
    pub profile: String,
    /// Build for this target triple
    #[arg(long, value_name = "TRIPLE", hide = true)]
    pub target: Option<String>,
    /// Use the package or workspace of this Cargo.toml
    #[arg(long, value_name = "PATH", hide = true)]
    pub manifest_path: Option<PathBuf>,
    /// Fail rather than change Cargo.lock
    #[arg(long, hide = true)]
    pub locked: bool,
    /// Do without the network
    #[arg(long, hide = true)]
    pub offline: bool,
    /// Both --locked and --offline
    #[arg(long, hide = true)]
    pub frozen: bool,
}

/// How much of what is built is kept.
fn keep_limits(config: &Config) -> Option<KeepLimits> {
    let (bytes, age) = (config.bytes("workbench.cache-size")?, config.duration("workbench.cache-age")?);
    Some(KeepLimits { bytes, age })
}

impl CargoOptions {
    /// How to build, in the engine's words.
    pub(crate) fn build_options(&self, wait: bool, config: &Config) -> BuildOptions {
        let words = |list: &[String]| list.iter().flat_map(|item| item.split([',', ' '])).map(str::to_owned).collect();
        let features: Vec<String> = words(&self.features);
        BuildOptions {
            manifest: self.manifest_path.clone(),
            cargo_args: self.cargo_args(),
            profile: self.profile.clone(),
            features: self.stored_features(&features),
            variant: perfguard_core::model::Variant::default(),
            selection: Selection {
                packages: self.package.clone(),
                workspace: self.workspace,
                exclude: self.exclude.clone(),
                benches: self.bench.clone(),
                features,
                all_features: self.all_features,
                no_default_features: self.no_default_features,
            },
            color: Ui::colors_talk(),
            wait,
            include: config.list("workbench.include").to_vec(),
            tables: config.tables(),
            programs: config.programs.clone(),
            own_metrics: config.own_metrics.clone(),
            keep: keep_limits(config),
        }
    }

    /// The flags for cargo, but for the manifest.
    fn cargo_args(&self) -> Vec<OsString> {
        let mut args: Vec<OsString> = Vec::new();
        let lists = [
            ("--package", &self.package),
            ("--exclude", &self.exclude),
            ("--bench", &self.bench),
            ("--features", &self.features),
        ];
        for (flag, values) in lists {
            for value in values {
                args.extend([flag.into(), value.into()]);
            }
        }
        let switches = [
            ("--workspace", self.workspace),
            ("--all-features", self.all_features),
            ("--no-default-features", self.no_default_features),
            ("--locked", self.locked),
            ("--offline", self.offline),
            ("--frozen", self.frozen),
        ];
        args.extend(switches.iter().filter(|(_, on)| *on).map(|(flag, _)| flag.into()));
        if self.profile != "bench" {
            args.extend(["--profile".into(), OsString::from(&self.profile)]);
        }
        if let Some(triple) = &self.target {
            args.extend(["--target".into(), OsString::from(triple)]);
        }
        args
    }

    /// The feature flags as they are stored: the same set in one way only.
    fn stored_features(&self, features: &[String]) -> Vec<String> {
        let mut stored: Vec<String> = features.iter().filter(|feature| !feature.is_empty()).cloned().collect();
        stored.sort();
        stored.dedup();
        let switches = [("--all-features", self.all_features), ("--no-default-features", self.no_default_features)];
        stored.extend(switches.iter().filter(|(_, on)| *on).map(|(flag, _)| (*flag).to_owned()));
        stored
    }
}
