//! What an explanation looks like.

use super::*;
use crate::model::Explanation;
use crate::report::SideView;

fn sides(base: f64, head: f64) -> Sides {
    Sides { base, head }
}

fn part(inlined: &[&str], file: &str, line: u32, own: Sides) -> PartGrowth {
    PartGrowth { inlined: inlined.iter().map(ToString::to_string).collect(), file: file.to_owned(), line, own }
}

fn counted() -> Instructions {
    let steps = FunctionGrowth {
        function: "suite::steps".to_owned(),
        object: None,
        own: sides(1_000.0, 2_000.0),
        inclusive: sides(1_050.0, 2_100.0),
        parts: vec![
            part(&[], "src/lib.rs", 12, sides(400.0, 1_300.0)),
            part(&["fold", "next"], "core/src/iter/range.rs", 845, sides(600.0, 700.0)),
            part(&[], "src/other.rs", 1, sides(0.0, 1.0)),
        ],
    };
    let copy = FunctionGrowth {
        function: "__memcpy_avx_unaligned_erms".to_owned(),
        object: Some("libc.so.6".to_owned()),
        own: sides(50.0, 100.25),
        inclusive: sides(50.0, 100.25),
        parts: vec![part(&[], "???", 0, sides(50.0, 100.25))],
    };
    Instructions::Counted(InstructionGrowth {
        per_iteration: true,
        total: sides(1_050.0, 2_100.25),
        functions: vec![steps, copy],
        others: 3,
    })
}

fn view(instructions: Instructions) -> ExplainView {
    let side = |label: &str| SideView { label: label.to_owned(), variant: None, commit: None };
    let metric = |name: &str, unit, sides| MetricChange { metric: name.to_owned(), unit, sides };
    let explanation = Explanation {
        benchmark: "suite::first::steps".parse().unwrap(),
        instructions,
        metrics: vec![
            metric("simulated-l1-data-misses", Unit::Count, sides(0.0, 4.5)),
            metric("executable-size", Unit::Bytes, sides(2_097_152.0, 2_097_152.0)),
            metric("text-size", Unit::Bytes, sides(1_048_576.0, 1_153_434.0)),
        ],
        dependencies: vec![
            DependencyChange { name: "serde".into(), base: vec!["1.0.1".into()], head: vec!["1.0.2".into()] },
            DependencyChange { name: "new".into(), base: Vec::new(), head: vec!["0.3.0".into()] },
        ],
        differences: vec!["`Cargo.toml` changed: profile or dependencies may differ".to_owned()],
        remarks: vec!["with line tables, 2 functions of head became other code than without".to_owned()],
    };
    ExplainView::new(side("commit 0123456"), side("commit 89abcde"), explanation)
}

fn text(view: &ExplainView, width: usize) -> String {
    explain_table(view, Style { width, color: false })
}

#[test]
fn what_grew_comes_first_then_what_else_differs_then_the_next_step() {
    insta::assert_snapshot!("explained_100", text(&view(counted()), 100));
    let narrow = text(&view(counted()), 50);
    assert!(narrow.lines().all(|line| line.chars().count() <= 50), "{narrow}");
}

#[test]
fn without_valgrind_the_rest_is_told_with_the_line_that_installs_it() {
    let nothing = Instructions::NotCounted {
        reason: "Valgrind is not installed".to_owned(),
        hint: Some("install it: `apt-get install valgrind`".to_owned()),
    };
    let text = text(&view(nothing), 100);
    assert!(text.starts_with("suite::first::steps\n"), "{text}");
    assert!(text.contains("instructions were not counted: Valgrind is not installed\n  hint: install it"), "{text}");
    assert!(text.contains("serde: 1.0.1 → 1.0.2") && !text.contains("--flame-graph"), "{text}");
}

#[test]
fn identical_sides_have_nothing_to_explain_and_the_same_count_is_said_so() {
    let identical = text(&view(Instructions::Identical), 120);
    assert!(identical.contains("what both sides would run is the same: there is nothing to explain"), "{identical}");
    assert_eq!((number(-0.001), signed(-0.001, Unit::Count)), ("0".to_owned(), "0".to_owned()));
    let same = InstructionGrowth { per_iteration: false, total: sides(7.0, 7.0), functions: Vec::new(), others: 0 };
    let same = text(&view(Instructions::Counted(same)), 120);
    assert!(same.contains("7 → 7 instructions a process (0.0 %)"), "{same}");
    assert!(same.contains("head executes no more than base"), "{same}");
}

#[test]
fn inlined_functions_are_named_without_what_they_are_instances_of() {
    for (name, expected) in [
        ("next<i32>", "next"),
        ("{closure#0}<(), a::b<c::D, &str>>", "{closure#0}"),
        (
            "<alloc::vec::Vec<u8> as core::iter::Extend<u8>>::extend::<I>",
            "<alloc::vec::Vec as core::iter::Extend>::extend",
        ),
        ("call<fn(u8) -> Option<u8>, u8>", "call"),
        ("<core::option::Option<T>>::map::<U, F>::{closure#0}", "<core::option::Option>::map::{closure#0}"),
        ("operator<", "operator"),
        ("a::b", "a::b"),
    ] {
        assert_eq!(without_generics(name), expected);
    }
    let names = |count: usize| (0..count).map(|number| format!("f{number}<T>")).collect::<Vec<_>>();
    assert_eq!(through(&names(0)), "");
    assert_eq!(through(&names(3)), ", inlined f0 › f1 › f2");
    assert_eq!(through(&names(9)), ", inlined f0 › … › f7 › f8");
}
