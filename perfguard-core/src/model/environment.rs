//! What machine this is: only what decides whether two runs may be compared (`DESIGN` section 9).

use std::fmt;

use serde::{Deserialize, Serialize};

/// Facts that decide comparability. No host name, user name, path or variable is among them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Environment {
    /// Such as `x86_64`.
    pub architecture: String,
    /// The processor's model name.
    pub cpu_model: String,
    /// BLAKE3 hash (16 hex digits) of the sorted processor feature flags.
    pub cpu_flags_hash: String,
    /// Physical cores.
    pub physical_cores: u32,
    /// Such as `linux`.
    pub operating_system: String,
    /// The kernel's major version, such as `6`.
    pub kernel_major: String,
    /// The hypervisor or container technology, `none` on bare metal.
    pub virtualisation: String,
}

/// A short hash over an [`Environment`]: equal fingerprints may be compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Fingerprint(pub String);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Environment {
    /// The hash of all facts, 16 hex digits.
    pub fn fingerprint(&self) -> Fingerprint {
        let Self {
            architecture,
            cpu_model,
            cpu_flags_hash,
            physical_cores,
            operating_system,
            kernel_major,
            virtualisation,
        } = self;
        let cores = physical_cores.to_string();
        let mut hasher = blake3::Hasher::new();
        for fact in [architecture, cpu_model, cpu_flags_hash, &cores, operating_system, kernel_major, virtualisation] {
            hasher.update(fact.as_bytes());
            hasher.update(&[0]);
        }
        Fingerprint(hasher.finalize().to_hex()[..16].to_owned())
    }
}
