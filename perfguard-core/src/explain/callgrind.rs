//! The files that callgrind writes, as its manual specifies them: names and positions may be compressed, a block of lines
//! belongs to a function, lines of other files (inlined code) stand within it, and calls carry what they cost inclusive.
//!
//! Read are instructions (the event `Ir`) line by line, and of every other event the sum.

use std::collections::HashMap;

/// One dump.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Dump {
    /// The events that were counted, in their order, with the sum of each over all lines.
    pub(super) events: Vec<(String, u64)>,
    /// Every text once: objects, files, functions.
    pub(super) texts: Vec<String>,
    /// The functions.
    pub(super) functions: Vec<Symbol>,
    /// What lines cost themselves.
    pub(super) lines: Vec<Line>,
    /// What calls cost, all that was called included.
    pub(super) calls: Vec<Call>,
}

/// A function by its numbers among the texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Symbol {
    /// The program or shared object that it is in.
    pub(super) object: usize,
    /// Its mangled name.
    pub(super) name: usize,
}

/// What one line, or one instruction of it, costs itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line {
    /// Number of the function that holds the code.
    pub(super) function: usize,
    /// The file of the source, by its number among the texts: another one than the function's where code was inlined.
    pub(super) file: usize,
    /// The line; 0 where it is not known.
    pub(super) number: u32,
    /// Where the instruction stands in its object; 0 where the dump does not say.
    pub(super) address: u64,
    /// Instructions executed.
    pub(super) instructions: u64,
}

/// What the calls from one place to one function cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Call {
    /// Number of the function that calls.
    pub(super) caller: usize,
    /// Number of the function that is called.
    pub(super) callee: usize,
    /// Where the call stands in the caller's object; 0 where the dump does not say.
    pub(super) address: u64,
    /// Instructions executed until it returned.
    pub(super) instructions: u64,
}

/// A dump that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of what callgrind wrote is not understood: `{text}`")]
pub struct DumpError {
    line: usize,
    text: String,
}

impl Dump {
    /// Reads a dump.
    ///
    /// # Errors
    /// At the first line that is not understood.
    pub fn read(text: &str) -> Result<Self, DumpError> {
        let mut reader = Reader::default();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim_end();
            if reader.line(line).is_none() {
                let text = line.chars().take(SHOWN).collect();
                return Err(DumpError { line: index + 1, text });
            }
        }
        Ok(reader.dump)
    }
}

/// So much of a line is shown.
const SHOWN: usize = 80;

/// Kinds of names, each with numbers of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Object,
    File,
    Function,
}

/// What stands between `calls=` and the line that says what they cost.
#[derive(Debug, Clone, Copy, Default)]
struct Callee {
    object: Option<usize>,
    name: Option<usize>,
    is_called: bool,
}

#[derive(Debug, Default)]
struct Reader {
    dump: Dump,
    numbers: HashMap<String, usize>,
    /// Texts by the number that the dump itself gave them.
    compressed: HashMap<(Kind, u64), usize>,
    symbols: HashMap<Symbol, usize>,
    /// Whether positions have an address, and a line.
    has_address: bool,
    has_no_line: bool,
    object: usize,
    file: usize,
    function: usize,
    callee: Callee,
    /// The next line belongs to a jump and costs nothing.
    is_jump: bool,
    address: u64,
    line: u64,
}

impl Reader {
    /// Takes a line; `None` where it is not understood.
    fn line(&mut self, line: &str) -> Option<()> {
        let first = line.chars().next();
        match first {
            None | Some('#') => Some(()),
            Some('0'..='9' | '+' | '-' | '*') => self.cost_line(line),
            Some(_) => match line.split_once('=') {
                // A header is `key: value`, and its value may have a `=`.
                Some((key, value)) if key.bytes().all(|byte| byte.is_ascii_lowercase()) => self.name_line(key, value),
                Some(_) | None => self.header(line),
            },
        }
    }

    fn header(&mut self, line: &str) -> Option<()> {
        let (key, value) = line.split_once(':')?;
        if key == "events" {
            self.dump.events = value.split_whitespace().map(|name| (name.to_owned(), 0)).collect();
        } else if key == "positions" {
            self.has_address = value.split_whitespace().any(|kind| kind == "instr");
            self.has_no_line = !value.split_whitespace().any(|kind| kind == "line");
        }
        Some(())
    }

    fn name_line(&mut self, key: &str, value: &str) -> Option<()> {
        match key {
            "ob" => self.object = self.name(Kind::Object, value)?,
            "fl" | "fi" | "fe" => self.file = self.name(Kind::File, value)?,
            "fn" => {
                let name = self.name(Kind::Function, value)?;
                self.function = self.symbol(Symbol { object: self.object, name });
            }
            "cob" => self.callee.object = Some(self.name(Kind::Object, value)?),
            "cfi" | "cfl" => {
                self.name(Kind::File, value)?;
            }
            "cfn" => self.callee.name = Some(self.name(Kind::Function, value)?),
            // The place that is called follows the number: the function is known by its name.
            "calls" => self.callee.is_called = true,
            "jump" | "jcnd" => self.is_jump = true,
            _ => return None,
        }
        Some(())
    }

    /// The number of a text: `(3) text` gives a text the number 3, `(3)` refers to it, all else stands for itself.
    fn name(&mut self, kind: Kind, value: &str) -> Option<usize> {
        let number = value.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        let number = number.and_then(|(digits, text)| Some((digits.parse::<u64>().ok()?, text.trim_start())));
        match number {
            Some((number, "")) => self.compressed.get(&(kind, number)).copied(),
            Some((number, text)) => {
                let known = self.text(text);
                self.compressed.insert((kind, number), known);
                Some(known)
            }
            None => Some(self.text(value)),
        }
    }

    fn text(&mut self, text: &str) -> usize {
        if let Some(known) = self.numbers.get(text) {
            return *known;
        }
        self.dump.texts.push(text.to_owned());
        self.numbers.insert(text.to_owned(), self.dump.texts.len() - 1);
        self.dump.texts.len() - 1
    }

    fn symbol(&mut self, symbol: Symbol) -> usize {
        let next = self.dump.functions.len();
        let number = *self.symbols.entry(symbol).or_insert(next);
        if number == next {
            self.dump.functions.push(symbol);
        }
        number
    }

    /// A position and what it costs: events that are left out at the end are 0.
    fn cost_line(&mut self, line: &str) -> Option<()> {
        let mut words = line.split_ascii_whitespace();
        if self.has_address {
            self.address = position(words.next()?, self.address)?;
        }
        if !self.has_no_line {
            self.line = position(words.next()?, self.line)?;
        }
        let costs: Vec<u64> = words.map(number).collect::<Option<_>>()?;
        if std::mem::take(&mut self.is_jump) {
            return Some(());
        }
        let instructions = self.dump.events.iter().position(|(name, _)| name == "Ir");
        let instructions = instructions.and_then(|place| costs.get(place)).copied().unwrap_or_default();
        let callee = std::mem::take(&mut self.callee);
        if callee.is_called {
            let object = callee.object.unwrap_or(self.object);
            let callee = self.symbol(Symbol { object, name: callee.name? });
            let call = Call { caller: self.function, callee, address: self.address, instructions };
            self.dump.calls.push(call);
            return Some(());
        }
        self.dump.events.iter_mut().zip(costs).for_each(|((_, sum), cost)| *sum += cost);
        let number = u32::try_from(self.line).unwrap_or_default();
        let (function, file, address) = (self.function, self.file, self.address);
        // Whatever stands before the first function belongs to none.
        self.dump.functions.get(function)?;
        self.dump.lines.push(Line { function, file, number, address, instructions });
        Some(())
    }
}

/// A position: `*` is the last one, `+3` and `-3` are counted from it.
fn position(word: &str, last: u64) -> Option<u64> {
    match word.split_at_checked(1)? {
        ("*", "") => Some(last),
        ("+", by) => last.checked_add(number(by)?),
        ("-", by) => last.checked_sub(number(by)?),
        _ => number(word),
    }
}

fn number(word: &str) -> Option<u64> {
    match word.strip_prefix("0x") {
        Some(hexadecimal) => u64::from_str_radix(hexadecimal, 16).ok(),
        None => word.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(dump: &Dump) -> Vec<(&str, &str, u32, u64, u64)> {
        let text = |number: usize| dump.texts[number].as_str();
        let of = |line: &Line| {
            (text(dump.functions[line.function].name), text(line.file), line.number, line.address, line.instructions)
        };
        dump.lines.iter().map(of).collect()
    }

    #[test]
    fn compressed_names_and_positions_mean_what_whole_ones_do() {
        let whole = "version: 1\ncreator: callgrind-3.19.0\ncmd: ./bench --bench=a\npositions: instr line\nevents: Ir Dr\n\
                     \nob=/bin/bench\nfl=/src/a.rs\nfn=main\n0x1000 10 5 2\nfi=/std/b.rs\n0x1004 99 7\nfe=/src/a.rs\n\
                     0x1008 12 1\ncob=/lib/libc.so\ncfi=/c/m.c\ncfn=memcpy\ncalls=3 0x20 7\n0x1008 12 300 10\n\n\
                     totals: 13 2\n";
        let compressed = "positions: instr line\nevents: Ir Dr\n\
                          ob=(1) /bin/bench\nfl=(1) /src/a.rs\nfn=(1) main\n0x1000 10 5 2\nfi=(2) /std/b.rs\n\
                          +4 +89 7\nfe=(1)\n+4 -87 1\ncob=(2) /lib/libc.so\ncfi=(3) /c/m.c\n\
                          cfn=(2) memcpy\ncalls=3 0x20 7\n* * 300 10\n";
        let (whole, compressed) = (Dump::read(whole).unwrap(), Dump::read(compressed).unwrap());
        assert_eq!(whole, compressed);
        assert_eq!(
            lines(&whole),
            [
                ("main", "/src/a.rs", 10, 0x1000, 5),
                ("main", "/std/b.rs", 99, 0x1004, 7),
                ("main", "/src/a.rs", 12, 0x1008, 1)
            ]
        );
        assert_eq!(whole.events, [("Ir".to_owned(), 13), ("Dr".to_owned(), 2)]);
        let [call] = whole.calls[..] else { panic!("one call") };
        assert_eq!((call.caller, call.address, call.instructions), (0, 0x1008, 300));
        let callee = whole.functions[call.callee];
        assert_eq!((&*whole.texts[callee.object], &*whole.texts[callee.name]), ("/lib/libc.so", "memcpy"));
    }

    #[test]
    fn jumps_cost_nothing_and_names_in_parentheses_are_no_numbers() {
        let text = "events: Ir\nob=p\nfl=a\nfn=(below main)\n1 10\njump=5 0\n3\njcnd=2/5 +1\n*\n4 1\n";
        let dump = Dump::read(text).unwrap();
        assert_eq!(lines(&dump), [("(below main)", "a", 1, 0, 10), ("(below main)", "a", 4, 0, 1)]);
        assert!(dump.calls.is_empty());
    }

    #[test]
    fn a_line_that_is_not_understood_is_named() {
        let says = |text: &str| Dump::read(text).unwrap_err().to_string();
        assert_eq!(says("events: Ir\nfn=f\n1 x\n"), "line 3 of what callgrind wrote is not understood: `1 x`");
        assert!(says("fn=(7)\n").contains("`fn=(7)`"), "a number that stands for nothing");
        assert!(says("fn=f\ncalls=1 2\n3 4\n").contains("`3 4`"), "a call of nobody");
        assert!(says("what is this\n").starts_with("line 1 "));
        assert!(says("events: Ir\n1 5\n").starts_with("line 2 "), "a cost without a function");
        assert!(Dump::read("").unwrap().lines.is_empty());
    }
}
