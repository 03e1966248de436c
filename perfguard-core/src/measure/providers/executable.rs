//! How large an executable is: of its file, of its code, of its data.

use std::path::Path;

use object::{Object, ObjectSection, SectionKind};

use super::{Offer, Provider};
use crate::model::MetricId;

/// Sizes from the executable's file: ELF, Mach-O or PE.
#[derive(Debug, Clone, Copy)]
pub struct Executable;

const fn offer(metric: &'static str, what: &'static str, needs: &'static str) -> Offer {
    let (cost, repeats) = ("reads the file's headers, once an executable", "exactly: the same build, the same bytes");
    Offer { metric, what, needs, cost, repeats, always: false }
}

const SECTIONS: &str = "an executable with a table of sections: ELF, Mach-O or PE";
const OFFERS: [Offer; 3] = [
    offer("executable-size", "the executable's file", "an executable that can be read"),
    offer("text-size", "its sections of code", SECTIONS),
    offer("data-size", "its sections of data: written or not, zero at first or not", SECTIONS),
];

impl Provider for Executable {
    fn name(&self) -> &'static str {
        "the executable's file"
    }

    fn offers(&self) -> &'static [Offer] {
        &OFFERS
    }

    fn of_executable(&self, program: &Path) -> Vec<(MetricId, f64)> {
        let Ok(file) = fs_err::File::open(program) else { return Vec::new() };
        let Ok(length) = file.metadata().map(|metadata| metadata.len()) else { return Vec::new() };
        let mut found = vec![(MetricId::EXECUTABLE_SIZE, size(length))];
        // Only headers are read, however large the file.
        let cache = object::ReadCache::new(file.into_file());
        if let Ok(object) = object::File::parse(&cache) {
            let (text, data) = sections(&object);
            found.extend([(MetricId::TEXT_SIZE, size(text)), (MetricId::DATA_SIZE, size(data))]);
        }
        found
    }
}

/// Bytes of code, and of data.
#[expect(clippy::wildcard_enum_match_arm, reason = "new kinds of sections are neither until somebody says so")]
fn sections<'data>(object: &impl Object<'data>) -> (u64, u64) {
    let (mut text, mut data) = (0_u64, 0_u64);
    for section in object.sections() {
        match section.kind() {
            SectionKind::Text => text = text.saturating_add(section.size()),
            SectionKind::Data
            | SectionKind::ReadOnlyData
            | SectionKind::ReadOnlyDataWithRel
            | SectionKind::ReadOnlyString
            | SectionKind::UninitializedData
            | SectionKind::Tls
            | SectionKind::UninitializedTls => data = data.saturating_add(section.size()),
            // Symbols, relocations, debug information: not what a running program is made of.
            _ => {}
        }
    }
    (text, data)
}

#[expect(clippy::cast_precision_loss, reason = "files are far below 2^53 bytes")]
fn size(bytes: u64) -> f64 {
    bytes as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(program: &Path) -> Vec<(MetricId, f64)> {
        Executable.of_executable(program)
    }

    #[test]
    fn an_executable_has_three_sizes_of_which_the_file_is_the_largest() {
        let own = std::env::current_exe().unwrap();
        let found = taken(&own);
        let of = |id: MetricId| found.iter().find(|(known, _)| *known == id).unwrap().1;
        let whole = of(MetricId::EXECUTABLE_SIZE);
        assert!((whole - size(std::fs::metadata(&own).unwrap().len())).abs() < 0.5);
        assert!(of(MetricId::TEXT_SIZE) > 0.0 && of(MetricId::DATA_SIZE) > 0.0);
        assert!(of(MetricId::TEXT_SIZE) < whole);
    }

    #[test]
    fn a_script_has_a_size_and_no_sections_and_a_missing_file_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("bench.py");
        std::fs::write(&script, "print(1)\n").unwrap();
        assert_eq!(taken(&script), [(MetricId::EXECUTABLE_SIZE, 9.0)]);
        assert_eq!(taken(&folder.path().join("none")), []);
    }
}
