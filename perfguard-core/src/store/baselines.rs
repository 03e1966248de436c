//! Names that point at runs, and move.

use rusqlite::{Row, params};

use super::write::json;
use super::{Store, StoreError};
use crate::model::{Baseline, Fingerprint};

const COLUMNS: &str = "name, run, commit_id, fingerprint, profile, features, set_at";

impl Store {
    /// Points a name at a run, in the environment, profile and feature set that it says; an older one moves.
    ///
    /// # Errors
    /// When the store cannot be written, or has no such run.
    pub fn set_baseline(&mut self, baseline: &Baseline) -> Result<(), StoreError> {
        let sql = "INSERT OR REPLACE INTO baseline (name, run, commit_id, fingerprint, profile, features, set_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let row = params![
            baseline.name,
            baseline.run.to_string(),
            baseline.commit,
            baseline.fingerprint.0,
            baseline.profile,
            json(&baseline.features),
            baseline.set_at_ns,
        ];
        self.connection.execute(sql, row).map_err(self.failed())?;
        self.checkpoint();
        Ok(())
    }

    /// The baseline of a name in one environment, profile and feature set.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn baseline(
        &self,
        name: &str,
        fingerprint: &Fingerprint,
        profile: &str,
        features: &[String],
    ) -> Result<Option<Baseline>, StoreError> {
        let all = self.baselines()?;
        Ok(all.into_iter().find(|known| {
            known.name == name
                && known.fingerprint == *fingerprint
                && known.profile == profile
                && known.features == features
        }))
    }

    /// All baselines, by name, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn baselines(&self) -> Result<Vec<Baseline>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM baseline ORDER BY name, set_at DESC");
        let mut statement = self.connection.prepare(&sql).map_err(self.failed())?;
        let read = |row: &Row<'_>| {
            let (run, features): (String, String) = (row.get(1)?, row.get(5)?);
            let baseline = (row.get(0)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(6)?);
            Ok((run, features, baseline))
        };
        let rows = statement.query_map([], read).map_err(self.failed())?;
        rows.map(|row| {
            let (run, features, (name, commit, fingerprint, profile, set_at_ns)) = row.map_err(self.failed())?;
            let damaged = || StoreError::Damaged { path: self.path.clone(), what: format!("baseline `{name}`") };
            let run = run.parse().map_err(|_| damaged())?;
            let features = serde_json::from_str(&features).map_err(|_| damaged())?;
            Ok(Baseline { name, run, commit, fingerprint: Fingerprint(fingerprint), profile, features, set_at_ns })
        })
        .collect()
    }

    /// Removes a name everywhere. Gives how many it was. The runs stay.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn remove_baseline(&mut self, name: &str) -> Result<usize, StoreError> {
        self.connection.execute("DELETE FROM baseline WHERE name = ?1", [name]).map_err(self.failed())
    }
}
