//! Two sides function by function: what grew most, and at which lines.

use std::collections::{BTreeMap, BTreeSet};

use super::functions::{Function, FunctionId, Functions, Part};
use crate::model::{FunctionGrowth, PartGrowth, Sides};

/// Less than this of a function's growth is none.
const NOTHING: f64 = 1e-6;

/// The functions whose own instructions grew most, at most `most`, the largest growth first; where there is less to
/// execute altogether, those that shrank most. Gives beside it how many others changed.
pub fn growth(base: &Functions, head: &Functions, most: usize) -> (Vec<FunctionGrowth>, usize) {
    let sign = if head.instructions() >= base.instructions() { 1.0 } else { -1.0 };
    let of = |side: &Functions| -> BTreeMap<FunctionId, Function> {
        side.all.iter().map(|function| (function.id.clone(), function.clone())).collect()
    };
    let (base, head) = (of(base), of(head));
    let ids: BTreeSet<&FunctionId> = base.keys().chain(head.keys()).collect();
    let rows = ids.into_iter().map(|id| row(id, base.get(id), head.get(id)));
    let mut changed: Vec<FunctionGrowth> = rows.filter(|row| row.own.change().abs() > NOTHING).collect();
    changed.sort_by(|one, other| (sign * other.own.change()).total_cmp(&(sign * one.own.change())));
    let count = changed.len();
    changed.retain(|row| sign * row.own.change() > 0.0);
    changed.truncate(most);
    let others = count - changed.len();
    (changed, others)
}

fn row(id: &FunctionId, base: Option<&Function>, head: Option<&Function>) -> FunctionGrowth {
    let sides = |of: &dyn Fn(&Function) -> f64| Sides {
        base: base.map(of).unwrap_or_default(),
        head: head.map(of).unwrap_or_default(),
    };
    FunctionGrowth {
        function: id.name.clone(),
        object: id.object.clone(),
        own: sides(&Function::own),
        inclusive: sides(&|function| function.inclusive),
        parts: parts(base, head),
    }
}

/// What of a function changed, the largest change first.
fn parts(base: Option<&Function>, head: Option<&Function>) -> Vec<PartGrowth> {
    let nothing = BTreeMap::new();
    let of_base = base.map_or(&nothing, |function| &function.own);
    let of_head = head.map_or(&nothing, |function| &function.own);
    let keys: BTreeSet<&Part> = of_base.keys().chain(of_head.keys()).collect();
    let part = |key: &Part| {
        let sum = |side: &BTreeMap<Part, BTreeMap<u32, f64>>| side.get(key).map_or(0.0, |lines| lines.values().sum());
        let lines = of_head.get(key).or_else(|| of_base.get(key));
        PartGrowth {
            inlined: key.inlined.clone(),
            file: key.file.clone(),
            line: lines.and_then(busiest).unwrap_or_default(),
            own: Sides { base: sum(of_base), head: sum(of_head) },
        }
    };
    let mut parts: Vec<PartGrowth> = keys.into_iter().map(part).collect();
    parts.retain(|part| part.own.change().abs() > NOTHING);
    parts.sort_by(|one, other| other.own.change().abs().total_cmp(&one.own.change().abs()));
    parts
}

/// The line that executes most.
fn busiest(lines: &BTreeMap<u32, f64>) -> Option<u32> {
    lines.iter().max_by(|one, other| one.1.total_cmp(other.1)).map(|(line, _)| *line)
}

#[cfg(test)]
mod tests {
    use super::super::functions::tests::functions;
    use super::*;

    fn side(main: u32, steps: u32, other: u32, call: u32) -> Functions {
        functions(&format!(
            "events: Ir\nob=p\nfl=/t/a.rs\nfn=main\n1 {main}\ncfn=steps\ncalls=1 0\n2 {call}\nfn=steps\n7 {steps}\n\
             fi=/rustc/x/library/core/src/iter/range.rs\n9 {steps}\nfe=/t/a.rs\nfn=other\n20 {other}\n"
        ))
    }

    #[test]
    fn what_grew_most_comes_first_with_the_lines_that_did() {
        let (rows, others) = growth(&side(10, 100, 50, 200), &side(12, 150, 20, 300), 10);
        let names: Vec<_> = rows.iter().map(|row| row.function.as_str()).collect();
        assert_eq!(names, ["steps", "main"]);
        assert_eq!(others, 1, "one shrank");
        assert_eq!(rows[0].own, Sides { base: 200.0, head: 300.0 });
        let parts: Vec<_> = rows[0].parts.iter().map(|part| (part.file.as_str(), part.line)).collect();
        assert_eq!(parts, [("a.rs", 7), ("core/src/iter/range.rs", 9)]);
        assert_eq!(rows[1].inclusive, Sides { base: 210.0, head: 312.0 });
        let (rows, others) = growth(&side(10, 100, 50, 200), &side(12, 150, 20, 300), 1);
        assert_eq!((rows.len(), others), (1, 2));
    }

    #[test]
    fn where_there_is_less_to_execute_what_shrank_most_comes_first() {
        let (rows, _) = growth(&side(10, 150, 50, 300), &side(12, 100, 50, 200), 10);
        let names: Vec<_> = rows.iter().map(|row| row.function.as_str()).collect();
        assert_eq!(names, ["steps"]);
        assert!(growth(&side(1, 1, 1, 2), &side(1, 1, 1, 2), 10).0.is_empty());
    }
}
