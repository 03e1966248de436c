//! `clean`: what is kept of a repository, how large it is, and what may go; and the limits that every run keeps.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use super::prepare::{Bench, BuildOptions};
use super::{PipelineError, Place, Tools};
use crate::build::{self, Kept};
use crate::cancel::CancellationToken;
use crate::clock::Clock;
use crate::event::{Event, EventSink};
use crate::report::{CleanView, KeptRow};
use crate::store::{Store, StoreError};

/// What is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CleanScope {
    /// Nothing: only tell.
    Nothing,
    /// What no baseline needs.
    Unused,
    /// Everything that can be had again by building: the build tree and what baselines need too.
    All,
}

/// Tells what is kept, and removes what is asked for.
///
/// # Errors
/// When another perfguard measures and this one may not wait, or the cache or the store cannot be used.
pub fn clean(
    place: &Place,
    tools: &Tools,
    options: &BuildOptions,
    scope: CleanScope,
    store: Option<&Store>,
    events: &mut dyn EventSink,
    cancel: &CancellationToken,
) -> Result<CleanView, PipelineError> {
    let mut bench = Bench::open(place, tools, options, "cargo perfguard clean", events, cancel)?;
    let needed = store.map(needed).transpose()?.unwrap_or_default();
    let kept = bench.workbench.kept()?;
    let gone = match scope {
        CleanScope::Nothing => Vec::new(),
        CleanScope::Unused => bench.workbench.clean(&needed, false)?,
        CleanScope::All => bench.workbench.clean(&BTreeSet::new(), true)?,
    };
    let own = place.cache_key();
    let others = build::repositories(&tools.cache).into_iter().filter(|(name, _)| *name != own);
    let (others, other_bytes) = others.fold((0, 0), |(count, bytes), (_, size)| (count + 1, bytes + size));
    let row = |one: Kept| KeptRow {
        is_needed: needed.contains(&one.key),
        is_removed: gone.iter().any(|gone| gone.key == one.key && gone.kind == one.kind),
        last_used: crate::report::timestamp(unix_ns(one.used)),
        kind: one.kind,
        key: one.key,
        bytes: one.bytes,
    };
    let folder = tools.cache.join(&own).display().to_string();
    Ok(CleanView::new(folder, kept.into_iter().map(row).collect(), others, other_bytes))
}

/// Holds what is kept to the limits, once a day, and says what went.
pub(super) fn keep_within(
    bench: &mut Bench,
    options: &BuildOptions,
    store: &Store,
    clock: &dyn Clock,
    events: &mut dyn EventSink,
) -> Result<(), PipelineError> {
    let Some(limits) = options.keep else { return Ok(()) };
    let since = Duration::from_nanos(u64::try_from(clock.unix_ns()).unwrap_or_default());
    let gone = bench.workbench.keep_within(limits, &needed(store)?, SystemTime::UNIX_EPOCH + since)?;
    for one in gone {
        let message = format!("removed from the cache, past its limits: {} {}", one.kind, one.key);
        events.event(Event::Detail(message));
    }
    Ok(())
}

/// The commits and executables that baselines need.
fn needed(store: &Store) -> Result<BTreeSet<String>, StoreError> {
    let mut needed = BTreeSet::new();
    for baseline in store.baselines()? {
        needed.extend(store.artifacts(baseline.run)?);
        needed.insert(baseline.commit);
    }
    Ok(needed)
}

fn unix_ns(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}
