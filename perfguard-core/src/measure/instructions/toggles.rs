//! Which functions of a criterion bench time the code: only inside them is counted.
//!
//! `Bencher::iter` and its kin are never inlined, and have one instance a benchmark. Outside of them criterion warms up,
//! talks and allocates, as it likes.

use std::path::Path;

use object::{Object as _, ObjectSymbol as _};

/// The mangled names of the timing functions; none where the program has no symbols.
pub(super) fn of(program: &Path) -> Vec<String> {
    let Ok(bytes) = fs_err::read(program) else { return Vec::new() };
    let Ok(file) = object::File::parse(bytes.as_slice()) else { return Vec::new() };
    let mut names: Vec<String> =
        file.symbols().filter_map(|symbol| symbol.name().ok()).filter(|name| times(name)).map(str::to_owned).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Whether a mangled name is that of a function of criterion's bencher that times. Both manglings write the length of a
/// name before it; the older one ends a path with its hash.
fn times(mangled: &str) -> bool {
    const NAMES: [&str; 7] = [
        "4iter",
        "11iter_custom",
        "12iter_batched",
        "16iter_batched_ref",
        "15iter_with_setup",
        "20iter_with_large_drop",
        "21iter_with_large_setup",
    ];
    let is_bencher = mangled.contains("9criterion7bencher") && mangled.contains("Bencher");
    // Closures within them are part of what is timed already.
    let is_closure = mangled.contains("closure") || mangled.contains("0B");
    let ends = |name: &str| {
        mangled.find(name).is_some_and(|at| {
            let rest = &mangled[at + name.len()..];
            if mangled.starts_with("_R") { !rest.starts_with('_') } else { rest.starts_with("17h") }
        })
    };
    is_bencher && !is_closure && NAMES.iter().any(|name| ends(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timing_functions_are_known_by_their_mangled_names() {
        assert!(times("_ZN9criterion7bencher16Bencher$LT$M$GT$4iter17h0123456789abcdefE"));
        assert!(times("_ZN9criterion7bencher16Bencher$LT$M$GT$12iter_batched17h0123456789abcdefE"));
        assert!(!times(
            "_ZN9criterion7bencher16Bencher$LT$M$GT$4iter28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE"
        ));
        assert!(!times("_ZN4core4iter6traits8iterator8Iterator3sum17h0123456789abcdefE"));
        assert!(times("_RINvMs_NtCs1234_9criterion7bencherINtB5_7BencherpE4iterjNCNvCs5_4suite3fn00EB2_"));
    }
}
