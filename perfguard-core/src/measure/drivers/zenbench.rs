//! zenbench: measures the benchmarks of a group in turn, inside one process, and tells a summary of each as JSON.
//!
//! Only groups can be chosen, so a group shares its processes. It cannot list either: its benchmarks are known from one
//! run of all. Samples are its own affair, and its timer may be the processor's.

use std::ffi::OsString;

use serde::Deserialize;

use super::super::driver::{Driver, Listing, NotListed, Reading, Session, Sharing, Told, Wanted, Yield};
use super::{fresh_folder, iterations_note, no_result, run};
use crate::model::{Failure, IterationControl, Summary};
use crate::process::Finished;

pub(super) struct Zenbench;

impl Driver for Zenbench {
    fn list(&self, session: &mut Session<'_>) -> Result<Listing, NotListed> {
        let finished = run_group(session, None)?;
        Ok(Listing::of(None, parse(&finished)?.into_iter().map(|(name, _)| name)))
    }

    fn sharing<'n>(&self, name: &'n str) -> Sharing<'n> {
        Sharing::Always(group_of(name))
    }

    fn lists_by_running(&self) -> bool {
        true
    }

    fn observe(
        &self,
        session: &mut Session<'_>,
        wanted: &mut [Wanted<'_>],
        control: &IterationControl,
    ) -> Result<Yield, Failure> {
        let group = wanted.first().map(|wanted| group_of(wanted.name));
        let finished = run_group(session, group)?;
        let results = parse(&finished)?;
        let told = wanted.iter().map(|wanted| match results.iter().find(|(name, _)| name == wanted.name) {
            Some((_, found)) => {
                let summary = Summary {
                    fastest_ns: Some(found.min),
                    slowest_ns: Some(found.max),
                    median_ns: Some(found.median),
                    mean_ns: Some(found.mean),
                    samples: Some(found.n),
                    ..Summary::default()
                };
                let notes = iterations_note(control, "zenbench");
                Told::Reading(Reading { summary: Some(summary), value: found.min, notes, ..Reading::default() })
            }
            None => Told::Failed(no_result(format!("zenbench gave no number for `{}`", wanted.name), &finished)),
        });
        let told = told.collect();
        Ok(Yield { finished, told })
    }
}

fn group_of(name: &str) -> &str {
    name.split_once('/').map_or(name, |(group, _)| group)
}

/// Runs a group, or all, without waiting for a quiet machine: which moments are compared is perfguard's affair. Nothing is
/// saved, and what it keeps all the same goes to a folder that goes afterwards.
fn run_group(session: &mut Session<'_>, group: Option<&str>) -> Result<Finished, Failure> {
    let chosen = group.map(|group| format!("--group={group}"));
    let args: Vec<_> = ["--bench", "--format=json", "--no-busy-gate"].into_iter().chain(chosen.as_deref()).collect();
    // In its cache lies the queue in which its benches wait for one another: one that is killed would block it for ever.
    let own = fresh_folder(session)?;
    let env = [
        ("ZENBENCH_NO_SAVE", OsString::from("1")),
        ("ZENBENCH_DATA_DIR", own.path().join("data").into_os_string()),
        ("XDG_CACHE_HOME", own.path().as_os_str().to_owned()),
    ];
    run(session, &args, &env)
}

/// Its summary of one benchmark, nanoseconds per iteration.
#[derive(Debug, Deserialize)]
struct Found {
    n: u64,
    min: f64,
    max: f64,
    mean: f64,
    median: f64,
}

/// The results by name, `GROUP/BENCHMARK`. A number that is none is left out: JSON has no such numbers.
fn parse(finished: &Finished) -> Result<Vec<(String, Found)>, Failure> {
    #[derive(Deserialize)]
    struct Suite {
        comparisons: Vec<Group>,
    }
    #[derive(Deserialize)]
    struct Group {
        group_name: String,
        benchmarks: Vec<Benchmark>,
    }
    #[derive(Deserialize)]
    struct Benchmark {
        name: String,
        summary: Option<Found>,
    }
    let text = String::from_utf8_lossy(&finished.stdout);
    let json = text.find('{').map_or("", |start| &text[start..]);
    let mut values = serde_json::Deserializer::from_str(json).into_iter::<Suite>();
    let suite = match values.next() {
        Some(Ok(suite)) => suite,
        Some(Err(error)) => return Err(no_result(format!("zenbench gave no readable result: {error}"), finished)),
        None => return Err(no_result("zenbench gave no result", finished)),
    };
    let all = suite.comparisons.into_iter().flat_map(|Group { group_name, benchmarks }| {
        benchmarks
            .into_iter()
            .filter_map(move |benchmark| Some((format!("{group_name}/{}", benchmark.name), benchmark.summary?)))
    });
    Ok(all.collect())
}
