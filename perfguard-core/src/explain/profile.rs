//! What one iteration executes, place by place: the difference of two dumps with different numbers of iterations, in which
//! all set-up cancels; or the whole of one.

use std::collections::BTreeMap;

use super::callgrind::{Dump, Symbol};

/// A function of an executable: its object and its mangled name.
pub(super) type FunctionKey = (String, String);

/// What one iteration executes; the whole process, where iterations could not be chosen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Profile {
    /// Every event that was counted, by callgrind's name of it.
    pub events: BTreeMap<String, f64>,
    pub(super) functions: Vec<FunctionKey>,
    /// By function, file, line and address: instructions of its own.
    pub(super) lines: Vec<Place>,
    pub(super) calls: Vec<CallSite>,
}

/// What code at one place executes itself.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    pub(super) function: usize,
    pub(super) file: String,
    pub(super) line: u32,
    pub(super) address: u64,
    pub(super) instructions: f64,
}

/// What is executed in calls from one place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CallSite {
    pub(super) caller: usize,
    pub(super) callee: usize,
    pub(super) address: u64,
    pub(super) instructions: f64,
}

impl Profile {
    /// The whole of one process.
    pub fn of_process(dump: &Dump) -> Self {
        Sums::default().with(dump, 1.0).profile(1.0)
    }

    /// One iteration: what `many` executed beyond `few`, divided by the iterations that it had more.
    pub fn of_iteration(few: &Dump, many: &Dump, iterations: f64) -> Self {
        Sums::default().with(many, 1.0).with(few, -1.0).profile(iterations)
    }

    /// Instructions altogether.
    pub fn instructions(&self) -> f64 {
        self.events.get("Ir").copied().unwrap_or_default()
    }
}

/// Sums over dumps of one executable, in which addresses mean the same.
#[derive(Debug, Default)]
struct Sums {
    events: BTreeMap<String, f64>,
    functions: Vec<FunctionKey>,
    numbers: BTreeMap<FunctionKey, usize>,
    lines: BTreeMap<(usize, String, u32, u64), f64>,
    calls: BTreeMap<(usize, usize, u64), f64>,
}

impl Sums {
    #[expect(clippy::cast_precision_loss, reason = "counts of one process are far below 2^53")]
    fn with(mut self, dump: &Dump, sign: f64) -> Self {
        for (name, sum) in &dump.events {
            *self.events.entry(name.clone()).or_default() += sign * *sum as f64;
        }
        let numbers: Vec<usize> = dump.functions.iter().map(|symbol| self.number(dump, *symbol)).collect();
        for line in &dump.lines {
            let key = (numbers[line.function], dump.texts[line.file].clone(), line.number, line.address);
            *self.lines.entry(key).or_default() += sign * line.instructions as f64;
        }
        for call in &dump.calls {
            let key = (numbers[call.caller], numbers[call.callee], call.address);
            *self.calls.entry(key).or_default() += sign * call.instructions as f64;
        }
        self
    }

    fn number(&mut self, dump: &Dump, symbol: Symbol) -> usize {
        let key = (dump.texts[symbol.object].clone(), dump.texts[symbol.name].clone());
        let next = self.functions.len();
        let number = *self.numbers.entry(key.clone()).or_insert(next);
        if number == next {
            self.functions.push(key);
        }
        number
    }

    /// What is zero cancelled, and is left out.
    fn profile(self, iterations: f64) -> Profile {
        let is_something = |sum: &f64| sum.abs() > 0.0;
        let lines = self.lines.into_iter().filter(|(_, sum)| is_something(sum));
        let calls = self.calls.into_iter().filter(|(_, sum)| is_something(sum));
        Profile {
            events: self.events.into_iter().map(|(name, sum)| (name, sum / iterations)).collect(),
            functions: self.functions,
            lines: lines
                .map(|((function, file, line, address), sum)| Place {
                    function,
                    file,
                    line,
                    address,
                    instructions: sum / iterations,
                })
                .collect(),
            calls: calls
                .map(|((caller, callee, address), sum)| CallSite {
                    caller,
                    callee,
                    address,
                    instructions: sum / iterations,
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_up_cancels_and_what_is_left_is_of_one_iteration() {
        let dump = |set_up: u32, work: u32| {
            let text = format!(
                "events: Ir Dw\nob=p\nfl=a\nfn=set_up\n1 {set_up} 1\nfn=run\n2 4\ncfn=work\ncalls=1 0\n2 {work}\n\
                 fn=work\n3 {work} 5\n"
            );
            Dump::read(&text).unwrap()
        };
        let found = Profile::of_iteration(&dump(900, 100), &dump(900, 700), 3.0);
        let rows: Vec<_> =
            found.lines.iter().map(|place| (&*found.functions[place.function].1, place.instructions)).collect();
        assert_eq!(rows, [("work", 200.0)]);
        assert_eq!(found.calls.len(), 1);
        assert!((found.instructions() - 200.0).abs() < 1e-9);
        assert!(found.events["Dw"].abs() < 1e-9);
        let whole = Profile::of_process(&dump(900, 100));
        assert!((whole.instructions() - 1004.0).abs() < 1e-9);
    }

    #[test]
    fn what_only_the_shorter_process_did_is_negative_and_kept() {
        let dump = |name: &str| Dump::read(&format!("events: Ir\nob=p\nfl=a\nfn={name}\n1 6\n")).unwrap();
        let found = Profile::of_iteration(&dump("once"), &dump("other"), 2.0);
        let mut rows: Vec<_> = found.lines.iter().map(|place| place.instructions).collect();
        rows.sort_by(f64::total_cmp);
        assert_eq!(rows, [-3.0, 3.0]);
        assert!(found.instructions().abs() < 1e-9);
    }
}
