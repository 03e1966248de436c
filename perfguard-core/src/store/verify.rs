//! Looking through a whole store for what cannot be read, and carrying over what can.

use super::{Store, StoreError};
use crate::model::{Run, RunId};

/// What was carried over to another store, and what was not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Salvage {
    /// Runs that are whole.
    pub runs: usize,
    /// Baselines whose run is whole.
    pub baselines: usize,
    /// What was lost, a line each.
    pub lost: Vec<String>,
}

impl Store {
    /// Looks through everything. Gives what is wrong, a line each; nothing for a store that is whole.
    pub fn verify(&self) -> Vec<String> {
        let mut problems = self.file_problems();
        match self.all_runs() {
            Ok(ids) => {
                for id in ids {
                    problems.extend(self.whole_run(id).err().map(|problem| format!("run {id}: {problem}")));
                }
            }
            Err(error) => problems.push(format!("the list of runs: {error}")),
        }
        match self.baselines() {
            Ok(baselines) => {
                let broken = baselines.iter().filter(|baseline| !matches!(self.run(baseline.run), Ok(Some(_))));
                problems
                    .extend(broken.map(|one| format!("baseline `{}`: its run {} cannot be read", one.name, one.run)));
            }
            Err(error) => problems.push(format!("the list of baselines: {error}")),
        }
        problems
    }

    /// What SQLite itself finds: pages that are damaged, rows that point at nothing.
    fn file_problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let checked = self.connection.pragma_query(None, "integrity_check", |row| {
            let line: String = row.get(0)?;
            if line != "ok" {
                problems.extend(line.lines().map(|line| format!("the file: {line}")));
            }
            Ok(())
        });
        problems.extend(checked.err().map(|error| format!("the file: {error}")));
        let pointing = self.connection.pragma_query(None, "foreign_key_check", |row| {
            let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
            problems.push(format!("a row of `{table}` belongs to a row of `{parent}` that is gone"));
            Ok(())
        });
        problems.extend(pointing.err().map(|error| format!("the file: {error}")));
        problems
    }

    fn all_runs(&self) -> Result<Vec<RunId>, StoreError> {
        // Without an index: that may be what is damaged.
        self.run_ids("SELECT id FROM run NOT INDEXED ORDER BY rowid", [])
    }

    /// Reads every part of a run.
    fn whole_run(&self, id: RunId) -> Result<Run, StoreError> {
        let run = self.run(id)?.ok_or_else(|| self.damaged(format!("run `{id}` is in no index")))?;
        self.measurements(id)?;
        self.not_measured(id)?;
        self.comparison(id)?;
        Ok(run)
    }

    /// Writes every run that is whole, and the baselines that point at one, to another, empty store.
    ///
    /// # Errors
    /// When the other store cannot be written, or this one has no readable list of runs.
    pub fn salvage_to(&self, other: &mut Self) -> Result<Salvage, StoreError> {
        let mut salvage = Salvage::default();
        for id in self.all_runs()? {
            match self.whole_run(id) {
                Ok(run) => {
                    self.copy_run(&run, other)?;
                    salvage.runs += 1;
                }
                Err(error) => salvage.lost.push(format!("run {id}: {error}")),
            }
        }
        for id in other.all_runs()? {
            self.copy_comparison(id, other)?;
        }
        for baseline in self.baselines().unwrap_or_default() {
            if matches!(other.run(baseline.run), Ok(Some(_))) {
                other.set_baseline(&baseline)?;
                salvage.baselines += 1;
            } else {
                salvage.lost.push(format!("baseline `{}`: its run is lost", baseline.name));
            }
        }
        other.checkpoint();
        Ok(salvage)
    }

    fn copy_run(&self, run: &Run, other: &mut Self) -> Result<(), StoreError> {
        let measurements = self.measurements(run.id)?;
        let rows: Vec<_> = measurements
            .iter()
            .map(|known| (known.id.clone(), known.artifact.clone(), known.harness.clone()))
            .collect();
        let keys = other.begin_run(run, &self.not_measured(run.id)?, &rows)?;
        for (key, measurement) in keys.into_iter().zip(&measurements) {
            for (sequence, observation) in measurement.observations.iter().enumerate() {
                other.add_observation(key, sequence, observation)?;
            }
            if let Some(stopped) = measurement.stopped {
                other.finish_measurement(key, stopped, measurement.failure.as_ref(), &measurement.notes)?;
            }
        }
        Ok(())
    }
}
