//! What can be wrong with a configuration.

use std::path::PathBuf;

/// A configuration that cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A file is no TOML.
    #[error("{place}: {message}")]
    Syntax {
        /// File and line.
        place: Place,
        /// The parser's own message.
        message: String,
    },
    /// A key that nobody knows.
    #[error("{place}: unknown key `{key}`")]
    UnknownKey {
        /// File and line.
        place: Place,
        /// The whole path.
        key: String,
        /// The nearest known one.
        nearest: Option<String>,
    },
    /// A value that its key does not take.
    #[error("{origin}: `{value}` for `{key}`: expected {expected}")]
    Value {
        /// Where it was given.
        origin: Origin,
        /// The whole path.
        key: String,
        /// As it was given.
        value: String,
        /// What it takes.
        expected: String,
    },
    /// A metric that nobody knows.
    #[error("{origin}: there is no metric `{name}`")]
    UnknownMetric {
        /// Where it was asked for.
        origin: Origin,
        /// As it was given.
        name: String,
        /// The nearest known one.
        nearest: Option<String>,
        /// All that are known.
        known: Vec<String>,
    },
    /// A file cannot be read.
    #[error("could not read `{}`: {message}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        message: String,
    },
    /// A file cannot be written.
    #[error("could not write `{}`: {message}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        message: String,
    },
    /// A file that would be written is there already.
    #[error("`{}` is there already", .0.display())]
    Exists(PathBuf),
}

impl ConfigError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownKey { nearest: Some(nearest), .. } | Self::UnknownMetric { nearest: Some(nearest), .. } => {
                Some(format!("did you mean `{nearest}`?"))
            }
            Self::UnknownKey { nearest: None, .. } => {
                Some("`cargo perfguard config show` lists the keys there are".to_owned())
            }
            Self::UnknownMetric { known, .. } => Some(format!("there are {}", known.join(", "))),
            Self::Exists(_) => Some("`cargo perfguard config show` tells what it says".to_owned()),
            Self::Syntax { .. } | Self::Value { .. } | Self::Unreadable { .. } | Self::Unwritable { .. } => None,
        }
    }
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// From one on.
    pub line: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// Where a value comes from; later ones beat earlier ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody gave it.
    Default,
    /// A file.
    File(Place),
    /// A variable.
    Variable(String),
    /// A flag.
    Flag(String),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(place) => place.fmt(f),
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}
