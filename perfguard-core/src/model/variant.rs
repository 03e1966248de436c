//! A variant: what one build of a tree does otherwise, and how a user writes that in one line.

use std::fmt;
use std::str::FromStr;

/// What a build does otherwise than without it. An empty one changes nothing.
///
/// Written as pairs between commas or blanks: `features=simd,avx profile=release-lto`. `rustflags=` comes last, as what
/// follows it are the compiler's words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variant {
    /// Features to turn on beside those that are on anyway, sorted.
    pub features: Vec<String>,
    /// All features on.
    pub all_features: bool,
    /// The default feature off.
    pub no_default_features: bool,
    /// Another profile.
    pub profile: Option<String>,
    /// Settings of the profile, by cargo's own keys, sorted.
    pub profile_settings: Vec<(String, String)>,
    /// Another toolchain, as rustup names it.
    pub toolchain: Option<String>,
    /// `-C target-cpu`.
    pub target_cpu: Option<String>,
    /// Words for the compiler, after those that hold anyway.
    pub rustflags: Vec<String>,
}

/// Keys that a profile has, too: they are set for the profile that is built with.
const PROFILE_SETTINGS: [&str; 5] = ["lto", "opt-level", "codegen-units", "debug-assertions", "overflow-checks"];
/// Words that stand alone.
const SWITCHES: [&str; 2] = ["all-features", "no-default-features"];
/// What comes last.
const FLAGS: &str = "rustflags=";

/// A variant that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VariantError {
    /// A key that nothing is known of.
    #[error("variant `{variant}` has the unknown key `{key}`")]
    UnknownKey {
        /// The variant as it was written.
        variant: String,
        /// The key.
        key: String,
    },
    /// A key without anything after it.
    #[error("variant `{variant}` gives `{key}` no value")]
    NoValue {
        /// The variant as it was written.
        variant: String,
        /// The key.
        key: String,
    },
    /// A switch with a value.
    #[error("variant `{variant}` gives `{key}` a value, and it takes none")]
    ValueOfSwitch {
        /// The variant as it was written.
        variant: String,
        /// The key.
        key: String,
    },
    /// A key with two values.
    #[error("variant `{variant}` sets `{key}` twice")]
    Twice {
        /// The variant as it was written.
        variant: String,
        /// The key.
        key: String,
    },
}

impl VariantError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::UnknownKey { .. } => format!(
                "the keys are `features`, `profile`, `toolchain`, `target-cpu`, {}, {}, and `rustflags`, which comes last",
                quoted(&PROFILE_SETTINGS),
                quoted(&SWITCHES)
            ),
            Self::NoValue { key, .. } => format!("write `{key}=…`, or leave it out"),
            Self::ValueOfSwitch { key, .. } => format!("write `{key}` alone, or leave it out"),
            Self::Twice { key, .. } if key == "profile" || key == "toolchain" => {
                "one build has one of them: give each its own `--variant`".to_owned()
            }
            Self::Twice { key, .. } => format!("leave one `{key}` out"),
        }
    }
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

impl FromStr for Variant {
    type Err = VariantError;

    fn from_str(text: &str) -> Result<Self, VariantError> {
        let separates = |letter: char| letter == ',' || letter.is_whitespace();
        let starts_a_word = |at: &usize| text[..*at].chars().next_back().is_none_or(separates);
        let flags = text.match_indices(FLAGS).map(|(at, _)| at).find(starts_a_word);
        let (pairs, flags) = match flags {
            Some(at) => (&text[..at], Some(&text[at + FLAGS.len()..])),
            None => (text, None),
        };
        let variant = || text.trim().to_owned();
        let mut found = Self::default();
        let mut in_features = false;
        for word in pairs.split(separates).filter(|word| !word.is_empty()) {
            match word.split_once('=') {
                None if SWITCHES.contains(&word) => {
                    found.switch(word);
                    in_features = false;
                }
                None if in_features => found.features.push(word.to_owned()),
                None if is_known(word) => {
                    return Err(VariantError::NoValue { variant: variant(), key: word.to_owned() });
                }
                None => return Err(VariantError::UnknownKey { variant: variant(), key: word.to_owned() }),
                Some((key, value)) => {
                    let key = key.to_owned();
                    if SWITCHES.contains(&&*key) {
                        return Err(VariantError::ValueOfSwitch { variant: variant(), key });
                    } else if !is_known(&key) {
                        return Err(VariantError::UnknownKey { variant: variant(), key });
                    } else if value.is_empty() {
                        return Err(VariantError::NoValue { variant: variant(), key });
                    }
                    in_features = key == "features";
                    if !found.set(&key, value) {
                        return Err(VariantError::Twice { variant: variant(), key });
                    }
                }
            }
        }
        if let Some(flags) = flags {
            found.rustflags = flags.split_whitespace().map(str::to_owned).collect();
            if found.rustflags.is_empty() {
                return Err(VariantError::NoValue { variant: variant(), key: "rustflags".to_owned() });
            }
        }
        found.features.sort();
        found.features.dedup();
        found.profile_settings.sort();
        Ok(found)
    }
}

fn is_known(key: &str) -> bool {
    ["features", "profile", "toolchain", "target-cpu", "rustflags"].contains(&key) || PROFILE_SETTINGS.contains(&key)
}

impl Variant {
    /// Whether it changes nothing.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// All words for the compiler.
    pub fn compiler_flags(&self) -> Vec<String> {
        let cpu = self.target_cpu.iter().flat_map(|cpu| ["-C".to_owned(), format!("target-cpu={cpu}")]);
        cpu.chain(self.rustflags.iter().cloned()).collect()
    }

    fn switch(&mut self, name: &str) {
        if name == "all-features" {
            self.all_features = true;
        } else {
            self.no_default_features = true;
        }
    }

    /// Gives whether the key had no value yet.
    fn set(&mut self, key: &str, value: &str) -> bool {
        let place = match key {
            "features" => {
                self.features.push(value.to_owned());
                return true;
            }
            "profile" => &mut self.profile,
            "toolchain" => &mut self.toolchain,
            "target-cpu" => &mut self.target_cpu,
            setting => {
                let is_new = self.profile_settings.iter().all(|(known, _)| known != setting);
                self.profile_settings.push((setting.to_owned(), value.to_owned()));
                return is_new;
            }
        };
        // On the command line of cargo, a toolchain has a plus before it.
        let value = if key == "toolchain" { value.trim_start_matches('+') } else { value };
        place.replace(value.to_owned()).is_none()
    }
}

/// As it can be typed again; the same variant is written in one way only.
impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words = Vec::new();
        words.extend((!self.features.is_empty()).then(|| format!("features={}", self.features.join(","))));
        words.extend(self.all_features.then(|| "all-features".to_owned()));
        words.extend(self.no_default_features.then(|| "no-default-features".to_owned()));
        words.extend(self.profile.iter().map(|profile| format!("profile={profile}")));
        words.extend(self.profile_settings.iter().map(|(key, value)| format!("{key}={value}")));
        words.extend(self.toolchain.iter().map(|toolchain| format!("toolchain={toolchain}")));
        words.extend(self.target_cpu.iter().map(|cpu| format!("target-cpu={cpu}")));
        words.extend((!self.rustflags.is_empty()).then(|| format!("{FLAGS}{}", self.rustflags.join(" "))));
        f.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Result<String, VariantError> {
        text.parse::<Variant>().map(|variant| variant.to_string())
    }

    #[test]
    fn pairs_stand_between_commas_or_blanks_and_flags_come_last() {
        let same = [
            ("", ""),
            (" , ", ""),
            ("features=b,a", "features=a,b"),
            ("features=b features=a,b, profile=x", "features=a,b profile=x"),
            ("profile=x,features=a,b,no-default-features", "features=a,b no-default-features profile=x"),
            ("toolchain=+nightly", "toolchain=nightly"),
            ("lto=fat codegen-units=1", "codegen-units=1 lto=fat"),
            (
                "target-cpu=native,rustflags=-C opt-level=1 --cfg x=\"y\"",
                "target-cpu=native rustflags=-C opt-level=1 --cfg x=\"y\"",
            ),
        ];
        for (text, expected) in same {
            assert_eq!(shown(text).as_deref(), Ok(expected), "{text}");
            assert_eq!(shown(expected).as_deref(), Ok(expected), "it can be typed again");
        }
        assert_eq!(
            "target-cpu=native rustflags=-Z x".parse::<Variant>().unwrap().compiler_flags(),
            ["-C", "target-cpu=native", "-Z", "x"]
        );
    }

    #[test]
    fn what_is_not_understood_is_named() {
        let says = |text: &str| shown(text).unwrap_err().to_string();
        assert_eq!(says("feature=simd"), "variant `feature=simd` has the unknown key `feature`");
        assert_eq!(says("simd"), "variant `simd` has the unknown key `simd`");
        assert_eq!(says("profile=x simd"), "variant `profile=x simd` has the unknown key `simd`");
        assert_eq!(says("profile"), "variant `profile` gives `profile` no value");
        assert_eq!(says("features="), "variant `features=` gives `features` no value");
        assert_eq!(says("rustflags="), "variant `rustflags=` gives `rustflags` no value");
        assert_eq!(says("lto=fat lto=off"), "variant `lto=fat lto=off` sets `lto` twice");
        assert!(says("all-features=1").ends_with("and it takes none"));
        assert!(shown("x=1").unwrap_err().hint().contains("`target-cpu`"));
    }
}
