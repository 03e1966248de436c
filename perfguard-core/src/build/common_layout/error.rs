//! Why no common layouts could be linked.

use std::path::PathBuf;
use std::time::Duration;

/// Common layouts could not be linked: the executables as built are all that there is.
#[derive(Debug, thiserror::Error)]
pub enum NotLinked {
    /// The inputs of the executable's last link are not kept.
    #[error("the inputs of `{target}`'s link are not kept")]
    NoKit {
        /// The target.
        target: String,
    },
    /// The kit does not give the executable again.
    #[error("linking `{target}` again gives another executable")]
    NotTheSame {
        /// The target.
        target: String,
    },
    /// The link reads a file of the build tree that is not kept.
    #[error("the link of `{target}` reads `{input}`, which is not kept")]
    InputNotKept {
        /// The target.
        target: String,
        /// The file.
        input: PathBuf,
    },
    /// The linker puts functions in an order of its own only.
    #[error("{linker} cannot put functions in a given order")]
    CannotOrder {
        /// What the linker calls itself.
        linker: String,
    },
    /// The executable's functions cannot be told apart.
    #[error("the functions of `{target}` do not stand in sections of their own that could be read")]
    NoFunctions {
        /// The target.
        target: String,
    },
    /// The linker said no.
    #[error("`{target}` could not be linked again\n{output}")]
    LinkFailed {
        /// The target.
        target: String,
        /// The end of what the linker wrote.
        output: String,
    },
    /// The linker did not end.
    #[error("linking `{target}` again took longer than {} s", .limit.as_secs())]
    TookTooLong {
        /// The target.
        target: String,
        /// How long it may take.
        limit: Duration,
    },
    /// The cache could not be read or written.
    #[error("could not use the cache")]
    Cache(#[from] std::io::Error),
    /// The user ended it.
    #[error("interrupted")]
    Interrupted,
}

impl NotLinked {
    /// The reason in one line, as it stands in a row.
    ///
    /// ```
    /// # use perfguard_core::build::NotLinked;
    /// let reason = NotLinked::CannotOrder { linker: "GNU ld 2.40".to_owned() };
    /// assert_eq!(reason.in_a_row(), "layout not checked: GNU ld 2.40 cannot put functions in a given order");
    /// ```
    pub fn in_a_row(&self) -> String {
        let text = self.to_string();
        format!("layout not checked: {}", text.lines().next().unwrap_or_default())
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoKit { .. } => Some(
                "kits are made when perfguard itself builds an executable: `cargo perfguard clean` and build again"
                    .to_owned(),
            ),
            Self::CannotOrder { .. } => {
                Some("LLD can: `rustflags = [\"-C\", \"link-arg=-fuse-ld=lld\"]` in the cargo configuration".to_owned())
            }
            Self::Cache(_) => Some("`PERFGUARD_CACHE` names another folder for what is built".to_owned()),
            Self::InputNotKept { .. } => {
                Some("name the library's folder by `cargo::rustc-link-search` in the build script".to_owned())
            }
            Self::NotTheSame { .. }
            | Self::NoFunctions { .. }
            | Self::LinkFailed { .. }
            | Self::TookTooLong { .. }
            | Self::Interrupted => None,
        }
    }
}
