//! A differential flame graph: as wide as head executes, red where there is more than in base, blue where there is less.

use std::collections::BTreeSet;

use inferno::flamegraph::{Options, from_lines};

use super::functions::Functions;
use super::stacks::{Stacks, stacks};

/// What is written on the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlameGraph {
    /// The heading.
    pub title: String,
    /// What the two sides are.
    pub subtitle: String,
    /// What is counted for: `an iteration`, `a process`.
    pub per: String,
}

/// Fewer instructions than this are counted for a thousand iterations: a picture has whole numbers only.
const FEW: f64 = 1e6;
const THOUSAND: f64 = 1e3;

/// Draws both sides into one picture: an SVG that needs nothing else. `None` where head executes nothing.
pub fn flame_graph(base: &Functions, head: &Functions, written: &FlameGraph) -> Option<String> {
    let scale = if head.instructions() < FEW { THOUSAND } else { 1.0 };
    let lines = folded(base, head, scale);
    let mut options = Options::default();
    options.title.clone_from(&written.title);
    options.subtitle = Some(written.subtitle.clone());
    let times = if scale > 1.0 { "in 1,000 times " } else { "" };
    options.count_name = format!("instructions {times}{}", written.per);
    options.deterministic = true;
    let mut picture = Vec::new();
    from_lines(&mut options, lines.iter().map(String::as_str), &mut picture).ok()?;
    String::from_utf8(picture).ok()
}

/// A line a stack: its frames, then how often on base and on head.
fn folded(base: &Functions, head: &Functions, scale: f64) -> Vec<String> {
    let (base, head) = (stacks(base), stacks(head));
    let all: BTreeSet<&Vec<String>> = base.keys().chain(head.keys()).collect();
    let line = |stack: &&Vec<String>| {
        let count = |side: &Stacks| (side.get(*stack).copied().unwrap_or_default() * scale).round();
        let frames: Vec<String> = stack.iter().map(|frame| one_frame(frame)).collect();
        format!("{} {:.0} {:.0}", frames.join(";"), count(&base), count(&head))
    };
    all.iter().map(line).collect()
}

/// A frame's name without what separates frames, as in `[u8; 4]`.
fn one_frame(name: &str) -> String {
    name.replace(';', "\u{ff1b}").replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::super::functions::tests::functions;
    use super::*;

    fn written() -> FlameGraph {
        let [title, subtitle, per] = ["steps", "commit b against commit a", "an iteration"].map(str::to_owned);
        FlameGraph { title, subtitle, per }
    }

    #[test]
    fn the_picture_is_whole_in_itself_and_names_what_grew() {
        let side = |steps: u32| {
            functions(&format!(
                "events: Ir\nob=p\nfl=a\nfn=main\n1 10\ncfn=walk<[u8; 4]>\ncalls=1 0\n2 {steps}\nfn=walk<[u8; 4]>\n3 {steps}\n"
            ))
        };
        let lines = folded(&side(100), &side(200), 1.0);
        assert_eq!(lines, ["main 10 10", "main;walk<[u8\u{ff1b} 4]> 100 200"]);
        let picture = flame_graph(&side(100), &side(200), &written()).unwrap();
        assert!(picture.starts_with("<?xml") && picture.trim_end().ends_with("</svg>"));
        assert!(picture.contains("steps") && picture.contains("commit b against commit a"));
        assert!(picture.contains("walk&lt;[u8\u{ff1b} 4]&gt; (200,000 instructions in 1,000 times an iteration"));
        assert!(!picture.contains("href=\"http") && !picture.contains("src="), "it loads nothing");
        assert_eq!(picture, flame_graph(&side(100), &side(200), &written()).unwrap(), "the same each time");
    }

    #[test]
    fn nothing_gives_no_picture() {
        let nothing = functions("events: Ir\n");
        assert_eq!(flame_graph(&nothing, &nothing, &written()), None);
    }
}
