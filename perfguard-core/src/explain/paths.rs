//! Paths of sources as a reader knows them: below the tree, below a dependency, below the standard library.

/// The path without what differs from machine to machine. `tree` is where the sources lay when they were built.
pub(super) fn shown(path: &str, tree: &str) -> String {
    if let Some(inside) = path.strip_prefix(tree).map(|rest| rest.trim_start_matches('/')).filter(|_| !tree.is_empty())
    {
        return inside.to_owned();
    }
    // `…/registry/src/index.crates.io-1949cf8c6b5b557f/serde-1.0.1/src/lib.rs`: what follows the index's folder; and of a
    // dependency by git what follows its checkout's, `…/git/checkouts/serde-0123/1a2b3c4/src/lib.rs`.
    for (folder, parts) in [("/registry/src/", 1), ("/git/checkouts/", 0)] {
        if let Some((_, rest)) = path.split_once(folder) {
            let mut rest = rest;
            for _ in 0..parts {
                rest = rest.split_once('/').map_or(rest, |(_, below)| below);
            }
            return rest.to_owned();
        }
    }
    // `/rustc/<hash>/library/core/src/iter.rs`, or where rustup put the same.
    match path.split_once("/library/") {
        Some((lead, rest)) if lead.starts_with("/rustc/") || lead.ends_with("/src/rust") => rest.to_owned(),
        Some(_) | None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lose_what_differs_from_machine_to_machine() {
        let pairs = [
            ("/c/here/wb/src/lib.rs", "src/lib.rs"),
            ("/h/.cargo/registry/src/index.crates.io-19/serde-1.0.1/src/lib.rs", "serde-1.0.1/src/lib.rs"),
            ("/h/.cargo/git/checkouts/serde-01/1a2b/src/lib.rs", "serde-01/1a2b/src/lib.rs"),
            ("/rustc/59807616e/library/core/src/iter/range.rs", "core/src/iter/range.rs"),
            ("/h/.rustup/toolchains/x/lib/rustlib/src/rust/library/std/src/io.rs", "std/src/io.rs"),
            ("/usr/src/library/x.c", "/usr/src/library/x.c"),
            ("???", "???"),
        ];
        for (path, expected) in pairs {
            assert_eq!(shown(path, "/c/here/wb"), expected);
        }
        assert_eq!(shown("src/lib.rs", ""), "src/lib.rs");
    }
}
