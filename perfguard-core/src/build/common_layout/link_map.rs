//! The map that LLD writes of a link: which section of which input ended where. Tells exactly what is live, also where
//! the executable has no symbols.

/// A section of an input that is part of the executable's code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placed {
    /// The object or archive, as the linker was given it.
    pub(super) file: String,
    /// The archive's member; `None` for an object.
    pub(super) member: Option<String>,
    /// The section's name.
    pub(super) section: String,
}

/// What a map says of the executable's code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LinkMap {
    /// The sections in `.text`, in the order of their addresses.
    pub(super) code: Vec<Placed>,
    /// Where the last section ends that stands before `.text`: the first address that `.text` could have.
    pub(super) before_code: u64,
    /// How long `.text` and what follows it in its segment are, bytes.
    pub(super) code_bytes: u64,
}

/// The output section with the functions.
const CODE: &str = ".text";
/// Output sections that share a segment with it.
const SAME_SEGMENT: [&str; 6] = [".init", ".fini", ".plt", ".plt.got", ".plt.sec", ".iplt"];
/// The columns before names: address, load address, size, alignment.
const NUMBERS: usize = 4;

/// Reads a map; `None` if it is not one of LLD's.
pub(super) fn parse(text: &str) -> Option<LinkMap> {
    let mut lines = text.lines();
    let header = lines.next()?;
    if header.split_whitespace().collect::<Vec<_>>() != ["VMA", "LMA", "Size", "Align", "Out", "In", "Symbol"] {
        return None;
    }
    let (output_at, input_at) = (header.find("Out")?, header.find("In")?);
    let mut map = LinkMap::default();
    let mut current = "";
    let mut previous_end = 0;
    for line in lines {
        let is_blank = |from, to| line.get(from..to).is_some_and(|part| part.bytes().all(|byte| byte == b' '));
        let starts_at = |at: usize| line.as_bytes().get(at).is_some_and(|byte| *byte != b' ');
        if starts_at(output_at) {
            current = &line[output_at..];
            let (address, size) = numbers(line)?;
            if current == CODE {
                map.before_code = previous_end;
            }
            if current == CODE || SAME_SEGMENT.contains(&current) {
                map.code_bytes += size;
            }
            previous_end = address + size;
        } else if current == CODE && is_blank(output_at, input_at) && starts_at(input_at) {
            map.code.extend(input(&line[input_at..]));
        }
    }
    Some(map)
}

fn numbers(line: &str) -> Option<(u64, u64)> {
    let words: Vec<_> = line.split_whitespace().take(NUMBERS).collect();
    Some((u64::from_str_radix(words.first()?, 16).ok()?, u64::from_str_radix(words.get(2)?, 16).ok()?))
}

/// `FILE:(SECTION)` or `FILE(MEMBER):(SECTION)`; what the linker made itself is no input.
fn input(text: &str) -> Option<Placed> {
    let (file, section) = text.strip_suffix(')')?.rsplit_once(":(")?;
    if file == "<internal>" {
        return None;
    }
    let archive = file.strip_suffix(')').and_then(|file| file.rsplit_once('('));
    let (file, member) = archive.map_or((file, None), |(archive, member)| (archive, Some(member.to_owned())));
    Some(Placed { file: file.to_owned(), member, section: section.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Begins with a line break, so that the header keeps its columns.
    const MAP: &str = "
             VMA              LMA     Size Align Out     In      Symbol
             2e0              2e0       1c     1 .interp
             2e0              2e0       1c     1         <internal>:(.interp)
            52d0             52d0       18    16 .rodata
            52d0             52d0       18     4         /a b/lib(x).rlib(m.o):(.rodata.x)
           154c0            154c0    40473    16 .text
           154c0            154c0       22    16         /usr/lib/Scrt1.o:(.text)
           154c0            154c0       22     1                 _start
           155b0            155b0       18    16         /a b/lib(x).rlib(m.o):(.text._ZN1a1bE)
           155b0            155b0       18     1                 a::b:(c)
           55940            55940       10     4 .init
           55940            55940       10     4         /usr/lib/crti.o:(.init)
           56950            56950        8     8 .data
";

    #[test]
    fn the_code_is_read_in_its_order_and_nothing_else() {
        let map = parse(&MAP[1..]).unwrap();
        let placed = |file: &str, member: Option<&str>, section: &str| Placed {
            file: file.to_owned(),
            member: member.map(str::to_owned),
            section: section.to_owned(),
        };
        assert_eq!(
            map.code,
            [placed("/usr/lib/Scrt1.o", None, ".text"), placed("/a b/lib(x).rlib", Some("m.o"), ".text._ZN1a1bE"),]
        );
        assert_eq!((map.before_code, map.code_bytes), (0x52d0 + 0x18, 0x40483));
    }

    #[test]
    fn another_linkers_map_is_not_taken_for_one() {
        assert_eq!(parse("               VMA       Size Align Out     In      Symbol\n"), None);
        assert_eq!(parse("Archive member included to satisfy reference by file (symbol)\n"), None);
        assert_eq!(parse(""), None);
    }
}
