//! A profile function by function: what each executes itself, at which lines and inlined through what, and with all that
//! it calls.
//!
//! Instances of one generic function that differ in nothing but a hash are one function. A call graph has no stacks, so
//! that recursion cannot be unrolled: functions that call one another in a circle each have, inclusive, what all of the
//! circle executes and what is called from it, which counts nothing twice.

use std::collections::{BTreeMap, BTreeSet};

use super::cycles::components;
use super::inlined::{Inlines, Source, demangled};
use super::paths::shown;
use super::profile::Profile;

/// The executable that was profiled.
#[derive(Debug, Clone, Copy)]
pub struct Program<'data> {
    /// Its file's name: what callgrind counted in other objects is told apart by that.
    pub name: &'data str,
    /// Its bytes.
    pub bytes: &'data [u8],
    /// Where the sources lay when it was built.
    pub tree: &'data str,
}

/// All functions of a profile.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Functions {
    pub(super) all: Vec<Function>,
}

/// What tells functions apart, also those of two builds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FunctionId {
    /// Demangled, without hashes.
    pub(super) name: String,
    /// The shared object that it is in; `None` for the program itself.
    pub(super) object: Option<String>,
}

/// A part of a function's own code: what was inlined through the same functions, from one file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Part {
    /// The outermost first; none for the function's own lines.
    pub(super) inlined: Vec<String>,
    pub(super) file: String,
}

/// One function.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Function {
    pub(super) id: FunctionId,
    /// Its own instructions by part and line.
    pub(super) own: BTreeMap<Part, BTreeMap<u32, f64>>,
    /// Instructions in calls: through which inlined functions, and of which function by its place.
    pub(super) calls: BTreeMap<(Vec<String>, usize), f64>,
    /// Instructions inclusive.
    pub(super) inclusive: f64,
    /// The number of its circle: functions that call one another have the same.
    pub(super) circle: usize,
}

impl Function {
    /// Instructions of its own.
    pub(super) fn own(&self) -> f64 {
        self.own.values().flat_map(BTreeMap::values).sum()
    }
}

impl Functions {
    /// Adds up a profile.
    pub fn of(profile: &Profile, program: &Program<'_>) -> Self {
        let mut names =
            Names { program: *program, inlines: Inlines::of(program.bytes, program.tree), all: Self::default() };
        let numbers = names.number_all(profile);
        for place in &profile.lines {
            let (object, _) = &profile.functions[place.function];
            let Source { inlined, line } = names.source(object, place.address);
            let (file, line) = line.unwrap_or_else(|| (place.file.clone(), place.line));
            let part = Part { inlined, file: shown(&file, program.tree) };
            let own = &mut names.all.all[numbers[place.function]].own;
            *own.entry(part).or_default().entry(line).or_default() += place.instructions;
        }
        for call in &profile.calls {
            let (object, _) = &profile.functions[call.caller];
            let through = names.source(object, call.address).inlined;
            let calls = &mut names.all.all[numbers[call.caller]].calls;
            *calls.entry((through, numbers[call.callee])).or_default() += call.instructions;
        }
        let mut all = names.all;
        all.add_inclusive();
        all
    }

    /// Instructions of all functions.
    pub fn instructions(&self) -> f64 {
        self.all.iter().map(Function::own).sum()
    }

    /// Those of these functions of the program itself that execute anything.
    pub fn executed_of(&self, mut names: BTreeSet<String>) -> BTreeSet<String> {
        let executed = self.all.iter().filter(|function| function.id.object.is_none() && function.own() > 0.0);
        let executed: BTreeSet<&str> = executed.map(|function| function.id.name.as_str()).collect();
        names.retain(|name| executed.contains(name.as_str()));
        names
    }

    fn add_inclusive(&mut self) {
        let successors: Vec<Vec<usize>> =
            self.all.iter().map(|function| function.calls.keys().map(|(_, callee)| *callee).collect()).collect();
        let component = components(&successors);
        let mut sums = vec![0.0; self.all.len()];
        for (number, function) in self.all.iter().enumerate() {
            let leaving = function.calls.iter().filter(|((_, callee), _)| component[*callee] != component[number]);
            sums[component[number]] += function.own() + leaving.map(|(_, instructions)| instructions).sum::<f64>();
        }
        for (function, component) in self.all.iter_mut().zip(component) {
            function.inclusive = sums[component];
            function.circle = component;
        }
    }
}

/// Gives functions their names and numbers.
struct Names<'data> {
    program: Program<'data>,
    inlines: Option<Inlines<'data>>,
    all: Functions,
}

impl Names<'_> {
    /// The number of each of the profile's functions among those with names.
    fn number_all(&mut self, profile: &Profile) -> Vec<usize> {
        let mut known: BTreeMap<FunctionId, usize> = BTreeMap::new();
        let mut numbers = Vec::new();
        for (object, name) in &profile.functions {
            let object = Some(file_name(object)).filter(|name| *name != self.program.name);
            let id = FunctionId { name: demangled(name), object: object.map(str::to_owned) };
            let next = self.all.all.len();
            let number = *known.entry(id.clone()).or_insert(next);
            if number == next {
                let (own, calls) = (BTreeMap::new(), BTreeMap::new());
                self.all.all.push(Function { id, own, calls, inclusive: 0.0, circle: 0 });
            }
            numbers.push(number);
        }
        numbers
    }

    /// What stands at an address of an object: known of the program only.
    fn source(&self, object: &str, address: u64) -> Source {
        let is_program = file_name(object) == self.program.name && address != 0;
        self.inlines.as_ref().filter(|_| is_program).map(|inlines| inlines.at(address)).unwrap_or_default()
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::callgrind::Dump;
    use super::*;

    /// The functions of a dump of the program `p`, without line tables.
    pub(in crate::explain) fn functions(dump: &str) -> Functions {
        let program = Program { name: "p", bytes: b"", tree: "/t" };
        Functions::of(&Profile::of_process(&Dump::read(dump).unwrap()), &program)
    }

    fn of<'a>(all: &'a Functions, name: &str) -> &'a Function {
        all.all.iter().find(|function| function.id.name == name).unwrap_or_else(|| panic!("no `{name}`"))
    }

    #[test]
    fn own_and_inclusive_are_told_apart_and_instances_are_one_function() {
        let all = functions(
            "events: Ir\nob=/x/p\nfl=/t/src/a.rs\nfn=main\n1 10\ncfn=_ZN1a1f17h0000000000000001E\ncalls=1 0\n2 30\n\
             cfn=_ZN1a1f17h0000000000000002E\ncalls=1 0\n3 40\nfn=_ZN1a1f17h0000000000000001E\n5 20\nfi=/t/src/b.rs\n\
             7 10\nfe=/t/src/a.rs\nfn=_ZN1a1f17h0000000000000002E\n5 35\ncob=/lib/libc.so.6\ncfn=memcpy\ncalls=1 0\n6 5\n\
             ob=/lib/libc.so.6\nfl=m.c\nfn=memcpy\n1 5\n",
        );
        let (main, f) = (of(&all, "main"), of(&all, "a::f"));
        assert_eq!((main.own(), main.inclusive), (10.0, 80.0));
        assert_eq!((f.own(), f.inclusive), (65.0, 70.0));
        let part = |file: &str| Part { inlined: Vec::new(), file: file.to_owned() };
        let lines = [f.own[&part("src/a.rs")][&5], f.own[&part("src/b.rs")][&7]];
        assert_eq!((lines[0], lines[1]), (55.0, 10.0));
        assert_eq!(of(&all, "memcpy").id.object.as_deref(), Some("libc.so.6"));
        assert!((all.instructions() - 80.0).abs() < 1e-9);
        let names = ["a::f", "memcpy", "unknown"].map(str::to_owned).into();
        assert_eq!(all.executed_of(names), BTreeSet::from(["a::f".to_owned()]));
    }

    #[test]
    fn recursion_and_circles_count_nothing_twice() {
        // `walk` calls itself: each level's call is inclusive of the deeper ones.
        let own = functions(
            "events: Ir\nob=p\nfl=a\nfn=main\n1 1\ncfn=walk\ncalls=1 0\n2 30\nfn=walk\n3 24\ncfn=walk\ncalls=2 0\n4 40\n\
             cfn=leaf\ncalls=3 0\n5 6\nfn=leaf\n6 6\n",
        );
        assert_eq!((of(&own, "walk").own(), of(&own, "walk").inclusive), (24.0, 30.0));
        assert!((of(&own, "main").inclusive - 31.0).abs() < 1e-9);
        let circle = functions(
            "events: Ir\nob=p\nfl=a\nfn=main\n1 1\ncfn=even\ncalls=1 0\n2 20\nfn=even\n3 8\ncfn=odd\ncalls=2 0\n4 27\n\
             fn=odd\n5 12\ncfn=even\ncalls=1 0\n6 11\n",
        );
        assert_eq!((of(&circle, "even").inclusive, of(&circle, "odd").inclusive), (20.0, 20.0));
        assert!((of(&circle, "main").inclusive - 21.0).abs() < 1e-9);
    }
}
