//! Symbol names without what changes from build to build: hashes, and the numbers of code that was moved between units.

/// Hex digits of a hash in a legacy mangled name.
const HASH_DIGITS: usize = 16;

/// The name without the hash of a legacy mangled name (`17h<16 hex digits>E`), the crate hashes of a v0 name
/// (`Cs<base 62>_`), and the suffix of a symbol that was made visible to other units (`.llvm.<number>`).
///
/// What is left need not be unique: two instances of a generic function may share it.
pub(super) fn lasting(name: &str) -> String {
    let name = without_unit(name);
    if let Some(start) = name.find("17h").filter(|_| name.starts_with("_ZN")) {
        return without_legacy_hash(name, start);
    }
    if name.starts_with("_R") { without_crate_hashes(name) } else { name.to_owned() }
}

fn without_unit(name: &str) -> &str {
    match name.find(".llvm.") {
        Some(at) if name[at + 6..].bytes().all(|byte| byte.is_ascii_digit()) => &name[..at],
        _ => name,
    }
}

fn without_legacy_hash(name: &str, mut start: usize) -> String {
    loop {
        let digits = name.as_bytes().get(start + 3..start + 3 + HASH_DIGITS).unwrap_or_default();
        if digits.len() == HASH_DIGITS && digits.iter().all(u8::is_ascii_hexdigit) {
            return format!("{}{}", &name[..start], &name[start + 3 + HASH_DIGITS..]);
        }
        match name[start + 1..].find("17h") {
            Some(next) => start += 1 + next,
            None => return name.to_owned(),
        }
    }
}

fn without_crate_hashes(name: &str) -> String {
    let mut kept = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.find("Cs") {
        let (lead, tail) = rest.split_at(at + 1);
        kept.push_str(lead);
        let hash = tail[1..].bytes().take_while(u8::is_ascii_alphanumeric).count();
        rest = if tail[1 + hash..].starts_with('_') { &tail[hash + 2..] } else { tail };
    }
    kept.push_str(rest);
    kept
}

/// Whether the compiler made up the name, so that it may be another one in the next build: what it stands for is known
/// by its content only.
pub(super) fn is_made_up(name: &str) -> bool {
    const STARTS: [&str; 8] = [".L", "anon.", "alloc_", "vtable.", "switch.table", "str.", "__unnamed_", "__const."];
    name.is_empty() || STARTS.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_and_numbers_go_and_all_else_stays() {
        let pairs = [
            ("_ZN4core3fmt5write17h0123456789abcdefE", "_ZN4core3fmt5writeE"),
            ("_ZN4core3fmt5write17h0123456789abcdefE.llvm.12345", "_ZN4core3fmt5writeE"),
            ("_ZN17high_performance_x4work17hffffffffffffffffE", "_ZN17high_performance_x4workE"),
            ("_RNvNtCsgvbsrvnw3yD_9hashbrown3raw4grow", "_RNvNtC9hashbrown3raw4grow"),
            ("_RNvCsaaa_5crate1f", "_RNvC5crate1f"),
            ("_RNvC5Csomething1f", "_RNvC5Csomething1f"),
            ("memcpy", "memcpy"),
            ("compress.constprop.0", "compress.constprop.0"),
            ("name.llvm.x", "name.llvm.x"),
        ];
        for (name, expected) in pairs {
            assert_eq!(lasting(name), expected, "{name}");
        }
    }

    #[test]
    fn names_that_the_compiler_made_up_are_told_from_those_of_the_source() {
        let made_up = ["", ".Lanon.0123.4", "anon.0123.4.llvm.5", "alloc_0123", "vtable.3", ".LCPI4_0"];
        assert!(made_up.iter().all(|name| is_made_up(name)));
        assert!(["main", "_ZN4core3fmt5writeE", "table", "string_table"].iter().all(|name| !is_made_up(name)));
    }
}
