//! What can go wrong between a source tree and its executables.

use super::CheckoutError;
use crate::process::ProcessError;

/// A tree could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The compiler said no; its message was shown as it came.
    #[error("could not build the bench targets of {what}")]
    Compile {
        /// What was built, in words.
        what: String,
        /// The compiler refused an unstable feature.
        needs_nightly: bool,
    },
    /// Cargo itself said no: a manifest, the lock file, a missing package.
    #[error("cargo could not read {what}\n{message}")]
    Metadata {
        /// What was built, in words.
        what: String,
        /// Cargo's own message.
        message: String,
    },
    /// The tree asks for a toolchain that is not installed.
    #[error("toolchain `{toolchain}` is not installed, and {what} asks for it")]
    ToolchainMissing {
        /// As rustup names it.
        toolchain: String,
        /// What was built, in words.
        what: String,
    },
    /// A toolchain is chosen by name, which only rustup can.
    #[error("toolchain `{toolchain}` needs rustup, which cannot be called")]
    NoRustup {
        /// As rustup names it.
        toolchain: String,
    },
    /// The commit has no package where the user stands.
    #[error("there is no `{manifest}` in {what}")]
    NoManifest {
        /// Relative to the repository's root.
        manifest: String,
        /// What was built, in words.
        what: String,
    },
    /// Cargo built an executable and did not say how it would run it.
    #[error("cargo did not say how it would run `{target}`")]
    NotCaptured {
        /// The target.
        target: String,
    },
    /// An executable that should be kept is not.
    #[error("it is gone from the cache")]
    ArtifactGone,
    /// An executable is not the bytes that were measured.
    #[error("its bytes are not those that were measured")]
    ArtifactDamaged,
    /// Cargo or the compiler could not be called.
    #[error("could not call cargo")]
    Call(#[source] ProcessError),
    /// The sources could not be brought to where they are built.
    #[error(transparent)]
    Checkout(#[from] CheckoutError),
    /// The cache could not be read or written.
    #[error("could not use the cache")]
    Cache(#[source] std::io::Error),
    /// The user ended it.
    #[error("interrupted")]
    Interrupted,
}

impl BuildError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Compile { needs_nightly: true, .. } => {
                Some("use a nightly compiler (`cargo +nightly perfguard …`), or set `RUSTC_BOOTSTRAP=1`".to_owned())
            }
            Self::Compile { .. } => {
                Some("the compiler's message is above; `cargo bench --no-run` shows it too".to_owned())
            }
            Self::ToolchainMissing { toolchain, .. } => Some(format!("`rustup toolchain install {toolchain}`")),
            Self::NoRustup { .. } => {
                Some("install rustup from https://rustup.rs, or leave `toolchain=` out".to_owned())
            }
            Self::NoManifest { .. } => {
                Some("call this from a package that the commit has, or give `--manifest-path`".to_owned())
            }
            Self::ArtifactGone | Self::ArtifactDamaged => {
                Some("`cargo perfguard baseline --commit REV --fresh` builds and measures it again".to_owned())
            }
            Self::Call(_) => Some("install Rust and cargo, or put `cargo` on the PATH".to_owned()),
            Self::Checkout(error) => error.hint(),
            Self::Cache(_) => Some("`PERFGUARD_CACHE` names another folder for what is built".to_owned()),
            Self::Metadata { .. } | Self::NotCaptured { .. } | Self::Interrupted => None,
        }
    }
}

/// The right to measure on this machine was not had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another perfguard has it, and this one may not wait.
    #[error("another perfguard measures on this machine: {holder}")]
    Held {
        /// Who, in words.
        holder: String,
    },
    /// The lock file could not be used.
    #[error("could not lock the cache")]
    Cache(#[source] std::io::Error),
    /// The user ended the waiting.
    #[error("interrupted")]
    Interrupted,
}

impl LockError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Held { .. } => Some("without `--no-wait` this one waits for its turn".to_owned()),
            Self::Cache(_) => Some("`PERFGUARD_CACHE` names another folder".to_owned()),
            Self::Interrupted => None,
        }
    }
}
