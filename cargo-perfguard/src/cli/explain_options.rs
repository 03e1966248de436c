//! What `explain` takes.

use std::path::PathBuf;

use clap::Args;

use super::{CargoOptions, OutputOptions, StoreOptions, WaitOptions};

/// The file of a flame graph that has no name.
const FLAME_GRAPH: &str = "perfguard-explain.svg";

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Its id, its name or a part of it; before it BASE HEAD, or `A..B`
    ///
    /// BASE alone means the working tree against it. Without revisions, the sides are those of the last comparison that
    /// found the benchmark regressed; without one, HEAD and the commit before it
    #[arg(value_name = "BENCHMARK", required = true, num_args = 1..=3)]
    pub words: Vec<String>,
    /// Tell of at most this many functions
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub top: usize,
    /// Draw both sides as one picture [default: perfguard-explain.svg]
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = FLAME_GRAPH, value_parser = picture)]
    pub flame_graph: Option<PathBuf>,
    /// Fail with code 97 where there is no Valgrind to count with
    #[arg(long)]
    pub strict: bool,
    /// Time limit of one process, 20 times as long under Valgrind [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = super::measure_options::time, hide = true)]
    pub timeout: Option<String>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub wait: WaitOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub store: StoreOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub output: OutputOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub cargo: CargoOptions,
}

impl ExplainArgs {
    /// The benchmark, and the revisions that were named: base and head.
    pub(crate) fn meant(&self) -> (&str, Option<(&str, Option<&str>)>) {
        match &self.words[..] {
            [base, head, benchmark, ..] => (benchmark, Some((base, Some(head)))),
            [base, benchmark] => (benchmark, Some((base, None))),
            [benchmark] => (benchmark, None),
            [] => unreachable!("clap asks for one"),
        }
    }
}

/// A file's name that says what is in it: a benchmark's would be taken for one else.
fn picture(text: &str) -> Result<PathBuf, String> {
    let file = PathBuf::from(text);
    let is_picture = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("svg"));
    if is_picture { Ok(file) } else { Err("the name of a picture ends in `.svg`".to_owned()) }
}
