//! Stacks out of a call graph, as a flame graph needs them.
//!
//! callgrind knows who called whom and what that cost, not the whole way down to it. So what is executed below a function
//! is shared among its callers in proportion to what each call of it cost: true where a function does the same whoever
//! calls it, and an approximation elsewhere. Nothing is lost and nothing is counted twice: every function hands on exactly
//! what it was given, in proportion to its own instructions and to those of its calls. Where a function is met again below
//! itself, its share stays where it was met.

use std::collections::BTreeMap;

use super::functions::{Function, FunctionId, Functions};

/// Less than this share of the whole is not followed any further (0.001 is 0.1 %).
const SMALLEST_SHARE: f64 = 0.001;
/// Deeper than this nobody looks.
const DEEPEST: usize = 200;

/// Instructions by stack, the outermost function first.
pub(super) type Stacks = BTreeMap<Vec<String>, f64>;

/// Folds a call graph.
pub(super) fn stacks(functions: &Functions) -> Stacks {
    let mut folding = Folding {
        all: &functions.all,
        smallest: functions.instructions() * SMALLEST_SHARE,
        found: Stacks::new(),
        frames: Vec::new(),
        open: vec![false; functions.all.len()],
    };
    for (number, given) in roots(functions) {
        folding.follow(number, given);
    }
    folding.found
}

/// Functions that nobody calls, or that execute more than their callers know of, with how much that is: counting may have
/// begun within them. Of functions that call one another in a circle, the one that is called most from outside stands for
/// all.
fn roots(functions: &Functions) -> Vec<(usize, f64)> {
    let all = &functions.all;
    let mut entered = vec![0.0; all.len()];
    for function in all {
        for ((_, callee), instructions) in &function.calls {
            if all[*callee].circle != function.circle {
                entered[*callee] += instructions;
            }
        }
    }
    let mut circles: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (number, function) in all.iter().enumerate() {
        circles.entry(function.circle).or_default().push(number);
    }
    let least = functions.instructions() * SMALLEST_SHARE;
    let root = |members: Vec<usize>| {
        let called: f64 = members.iter().map(|number| entered[*number]).sum();
        let order = |number: &usize| (entered[*number], all[*number].own());
        let first = members.into_iter().max_by(|one, other| {
            let (one, other) = (order(one), order(other));
            one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1))
        })?;
        let beyond = all[first].inclusive - called;
        (beyond > least).then_some((first, beyond))
    };
    circles.into_values().filter_map(root).collect()
}

struct Folding<'a> {
    all: &'a [Function],
    smallest: f64,
    found: Stacks,
    frames: Vec<String>,
    /// Which functions are among the frames.
    open: Vec<bool>,
}

impl Folding<'_> {
    /// Shares what a function was given.
    fn follow(&mut self, number: usize, given: f64) {
        let function = &self.all[number];
        self.frames.push(frame(&function.id));
        self.open[number] = true;
        let calls: Vec<(&Vec<String>, usize, f64)> = function
            .calls
            .iter()
            .filter(|((_, callee), instructions)| !self.open[*callee] && **instructions > 0.0)
            .map(|((through, callee), instructions)| (through, *callee, *instructions))
            .collect();
        let own = function.own().max(0.0);
        let whole = own + calls.iter().map(|(.., instructions)| instructions).sum::<f64>();
        if whole <= 0.0 || given < self.smallest || self.frames.len() >= DEEPEST {
            self.add(&[], given);
        } else {
            let share = given / whole;
            for (part, lines) in &function.own {
                self.add(&part.inlined, share * lines.values().sum::<f64>());
            }
            for (through, callee, instructions) in calls {
                let depth = self.frames.len();
                self.frames.extend(through.iter().map(|name| inlined(name)));
                self.follow(callee, share * instructions);
                self.frames.truncate(depth);
            }
        }
        self.open[number] = false;
        self.frames.pop();
    }

    fn add(&mut self, through: &[String], instructions: f64) {
        if instructions > 0.0 {
            let stack = self.frames.iter().cloned().chain(through.iter().map(|name| inlined(name))).collect();
            *self.found.entry(stack).or_default() += instructions;
        }
    }
}

fn frame(id: &FunctionId) -> String {
    match &id.object {
        Some(object) => format!("{} [{object}]", id.name),
        None => id.name.clone(),
    }
}

fn inlined(name: &str) -> String {
    format!("{name} (inlined)")
}

#[cfg(test)]
mod tests {
    use super::super::functions::tests::functions;
    use super::*;

    fn folded(dump: &str) -> Vec<(String, f64)> {
        stacks(&functions(dump)).into_iter().map(|(stack, sum)| (stack.join(";"), sum)).collect()
    }

    #[test]
    fn what_is_called_from_two_places_is_shared_by_what_the_calls_cost() {
        let found = folded(
            "events: Ir\nob=p\nfl=a\nfn=main\n1 10\ncfn=one\ncalls=1 0\n2 40\ncfn=two\ncalls=1 0\n3 70\nfn=one\n4 10\n\
             cfn=leaf\ncalls=1 0\n5 30\nfn=two\n6 10\ncfn=leaf\ncalls=2 0\n7 60\nfn=leaf\n8 60\ncob=libc\ncfn=memcpy\n\
             calls=3 0\n9 30\nob=libc\nfl=m\nfn=memcpy\n1 30\n",
        );
        let expected = [
            ("main", 10.0),
            ("main;one", 10.0),
            ("main;one;leaf", 20.0),
            ("main;one;leaf;memcpy [libc]", 10.0),
            ("main;two", 10.0),
            ("main;two;leaf", 40.0),
            ("main;two;leaf;memcpy [libc]", 20.0),
        ];
        for ((stack, sum), (wanted, value)) in found.iter().zip(expected) {
            assert_eq!(stack, wanted);
            assert!((sum - value).abs() < 1e-9, "{stack}: {sum}");
        }
        assert_eq!(found.len(), expected.len());
    }

    #[test]
    fn recursion_ends_and_nothing_is_lost() {
        let found = folded(
            "events: Ir\nob=p\nfl=a\nfn=main\n1 1\ncfn=even\ncalls=1 0\n2 20\nfn=even\n3 8\ncfn=odd\ncalls=2 0\n4 27\n\
             cfn=even\ncalls=2 0\n9 7\nfn=odd\n5 12\ncfn=even\ncalls=1 0\n6 11\n",
        );
        let sum: f64 = found.iter().map(|(_, sum)| sum).sum();
        assert!((sum - 21.0).abs() < 1e-9, "{found:?}");
        assert!(found.iter().all(|(stack, _)| stack.matches("even").count() <= 1));
    }

    #[test]
    fn a_share_below_a_thousandth_is_not_followed() {
        let found = folded(
            "events: Ir\nob=p\nfl=a\nfn=main\n1 1000000\ncfn=small\ncalls=1 0\n2 30\nfn=small\n3 10\ncfn=smaller\ncalls=1 0\n\
             4 20\nfn=smaller\n5 20\n",
        );
        assert_eq!(found.iter().map(|(stack, _)| stack.as_str()).collect::<Vec<_>>(), ["main", "main;small"]);
    }
}
