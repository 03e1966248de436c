//! One side of a comparison: its kit, shown to give the executable again, and the functions that are live in it.

use std::ffi::OsString;
use std::path::Path;

use super::super::artifacts::hash_file;
use super::super::kit_check::{KIT_FOLDER, KIT_REFUSED, Refusal};
use super::super::link_kit::{LinkFailure, LinkKit};
use super::NotLinked;
use super::functions::Function;
use super::reader::{self, LiveCode};
use crate::cancel::CancellationToken;
use crate::model::Artifact;

/// What can be linked in any order.
#[derive(Debug, Clone)]
pub(super) struct Side {
    pub(super) kit: LinkKit,
    code: LiveCode,
}

/// Page sizes to try where a side's sections before the code reach into one page more than the other's: the segments of
/// both must start together. The first is that of the linker itself.
const PAGES: [u64; 4] = [1 << 12, 1 << 16, 1 << 18, 1 << 21];

impl Side {
    /// Links the kit as it is, holds the outcome against the executable, and reads which functions are live. `scratch` is
    /// a folder for this link alone, `reader` perfguard in that role.
    pub(super) fn read(
        artifact: &Artifact,
        scratch: &Path,
        reader: &Path,
        cancel: &CancellationToken,
    ) -> Result<Self, NotLinked> {
        let target = artifact.target.to_string();
        let Some(kit) = LinkKit::open(&artifact.folder().join(KIT_FOLDER)) else {
            return Err(why_no_kit(artifact, target));
        };
        fs_err::create_dir_all(scratch)?;
        let (program, map) = (scratch.join("as-built"), scratch.join("map"));
        let mut option = OsString::from("-Map=");
        option.push(&map);
        let linked = kit.link(&program, &["-Xlinker".into(), option], cancel);
        linked.map_err(|failure| failed(target.clone(), failure))?;
        if hash_file(&program)? != artifact.hash.0 {
            return Err(NotLinked::NotTheSame { target });
        }
        match reader::call(reader, &map, &scratch.join("functions"), cancel)? {
            None => {
                let name = kit.linker(cancel).unwrap_or_else(|| "the linker".to_owned());
                Err(NotLinked::CannotOrder { linker: name })
            }
            Some(code) if code.functions.is_empty() => Err(NotLinked::NoFunctions { target }),
            Some(code) => Ok(Self { kit, code }),
        }
    }

    pub(super) fn functions(&self) -> &[Function] {
        &self.code.functions
    }

    /// Links the functions in an order to `program`; the order is written beside it.
    pub(super) fn link(
        &self,
        target: &str,
        order: &[usize],
        page: Option<u64>,
        program: &Path,
        cancel: &CancellationToken,
    ) -> Result<(), NotLinked> {
        let file = program.with_file_name("order");
        let mut lines = String::new();
        for number in order {
            lines.push_str(&self.code.functions[*number].symbol);
            lines.push('\n');
        }
        fs_err::write(&file, lines)?;
        let mut by_file = OsString::from("--symbol-ordering-file=");
        by_file.push(&file);
        let mut options: Vec<OsString> = vec![
            "-Xlinker".into(),
            by_file,
            "-Wl,--no-warn-symbol-ordering,-z,separate-loadable-segments".into(),
            // Neither debug information, which is most of what would be written, nor symbols are part of what runs; the
            // latter stay, also where the profile strips them, so that it can be seen where functions are.
            "-Wl,--strip-debug".into(),
        ];
        options.extend(page.map(|page| format!("-Wl,-z,max-page-size={page}").into()));
        let linked = self.kit.link(program, &options, cancel);
        fs_err::remove_file(file)?;
        linked.map_err(|failure| failed(target.to_owned(), failure))
    }
}

/// The smallest page size, other than the linker's own, with which the segments of both sides start together.
pub(super) fn page_for(base: &Side, head: &Side) -> Option<u64> {
    let starts = |side: &Side, page: u64| {
        let code = side.code.before_code.next_multiple_of(page);
        (code, (code + side.code.code_bytes).next_multiple_of(page))
    };
    let page = PAGES.into_iter().find(|page| starts(base, *page) == starts(head, *page))?;
    (page != PAGES[0]).then_some(page)
}

fn why_no_kit(artifact: &Artifact, target: String) -> NotLinked {
    let text = fs_err::read(artifact.folder().join(KIT_REFUSED)).ok();
    match text.and_then(|text| serde_json::from_slice(&text).ok()) {
        Some(Refusal::Outside(input)) => NotLinked::InputNotKept { target, input },
        Some(Refusal::Differs) => NotLinked::NotTheSame { target },
        Some(Refusal::Refused(output)) => NotLinked::LinkFailed { target, output },
        None => NotLinked::NoKit { target },
    }
}

fn failed(target: String, failure: LinkFailure) -> NotLinked {
    let output = match failure {
        LinkFailure::Refused(output) => output,
        LinkFailure::Start(error) => error.to_string(),
    };
    NotLinked::LinkFailed { target, output }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(before_code: u64, code_bytes: u64) -> Side {
        Side { kit: LinkKit::default(), code: LiveCode { functions: Vec::new(), before_code, code_bytes } }
    }

    #[test]
    fn pages_grow_until_the_segments_of_both_sides_start_together() {
        let one = side(0x154b4, 0x40430);
        assert_eq!(page_for(&one, &side(0x154c8, 0x40420)), None);
        assert_eq!(page_for(&one, &side(0x16010, 0x40430)), Some(1 << 16));
        assert_eq!(page_for(&one, &side(0x21000, 0x40430)), Some(1 << 18));
        assert_eq!(page_for(&one, &side(0x15400, 0x42000)), Some(1 << 16), "data behind longer code");
        assert_eq!(page_for(&one, &side(0x50_0000, 0x40430)), None, "nothing helps, and nothing is broken");
    }
}
