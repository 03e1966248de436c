//! Reading back what was written.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Row, params};
use serde::de::DeserializeOwned;

use super::write::{json, name};
use super::{MeasurementKey, Store, StoreError, codec};
use crate::model::{
    ArtifactHash, BenchmarkId, BuildContext, Fingerprint, Harness, Measurement, Metric, MetricId, NotMeasured,
    Observation, Run, RunCommand, RunId, Source, TargetId, built_in_metrics,
};

/// A run and how much is in it.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSummary {
    /// The run.
    pub run: Run,
    /// Benchmarks measured.
    pub benchmarks: u64,
    /// Observations of all of them.
    pub observations: u64,
    /// Benchmarks that failed.
    pub failures: u64,
}

const RUN_COLUMNS: &str = "run.id, started_at, finished_at, commit_id, dirty, branch, subject, environment, toolchain, \
                           triple, profile, features, lock_hash, settings, tool_version, command";

impl Store {
    pub(super) fn damaged(&self, what: impl Into<String>) -> StoreError {
        StoreError::Damaged { path: self.path.clone(), what: what.into() }
    }

    pub(super) fn parse<T: DeserializeOwned>(&self, text: &str, what: &str) -> Result<T, StoreError> {
        serde_json::from_str(text).map_err(|error| self.damaged(format!("{what}: {error}")))
    }

    /// A name that was written without quotes.
    fn parse_name<T: DeserializeOwned>(&self, name: &str, what: &str) -> Result<T, StoreError> {
        self.parse(&json(name), what)
    }

    /// A run by its id; `None` where there is none.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn run(&self, id: RunId) -> Result<Option<Run>, StoreError> {
        let sql = format!("SELECT {RUN_COLUMNS} FROM run WHERE id = ?1");
        let row = self.connection.query_row(&sql, [id.to_string()], RunRow::read).optional().map_err(self.failed())?;
        row.map(|row| self.run_of(row)).transpose()
    }

    fn run_of(&self, row: RunRow) -> Result<Run, StoreError> {
        let build = BuildContext {
            toolchain: row.toolchain,
            triple: row.triple,
            profile: row.profile,
            features: self.parse(&row.features, "features")?,
            lock_hash: row.lock_hash,
        };
        Ok(Run {
            id: row.id.parse().map_err(|_| self.damaged(format!("run id `{}`", row.id)))?,
            started_at_ns: row.started_at,
            finished_at_ns: row.finished_at,
            command: self.parse_name(&row.command, "command")?,
            source: row.source,
            build,
            environment: self.parse(&row.environment, "environment")?,
            settings: self.parse(&row.settings, "settings")?,
            tool_version: row.tool_version,
        })
    }

    /// The run that a user means: the beginning of its id, or `latest`; `None` where there is none.
    ///
    /// # Errors
    /// When several runs begin so, or the store cannot be read.
    pub fn find_run(&self, text: &str) -> Result<Option<RunId>, StoreError> {
        let (sql, argument) = if text == "latest" {
            ("SELECT id FROM run WHERE ?1 = ?1 ORDER BY rowid DESC LIMIT 1", String::new())
        } else {
            ("SELECT id FROM run WHERE substr(id, 1, length(?1)) = ?1 LIMIT 100", text.to_lowercase())
        };
        let mut statement = self.connection.prepare(sql).map_err(self.failed())?;
        let ids = statement.query_map([argument], |row| row.get::<_, String>(0)).map_err(self.failed())?;
        let ids: Vec<String> = ids.collect::<Result<_, _>>().map_err(self.failed())?;
        match ids.as_slice() {
            [] => Ok(None),
            [id] => id.parse().map(Some).map_err(|_| self.damaged(format!("run id `{id}`"))),
            several => Err(StoreError::Ambiguous { prefix: text.to_owned(), count: several.len() }),
        }
    }

    /// The newest runs, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn runs(&self, most: usize) -> Result<Vec<RunSummary>, StoreError> {
        let sql = format!(
            "SELECT {RUN_COLUMNS},
                (SELECT count(*) FROM measurement WHERE run = run.id),
                (SELECT count(*) FROM measurement JOIN observation ON measurement = key WHERE run = run.id),
                (SELECT count(*) FROM measurement WHERE run = run.id AND failure IS NOT NULL)
             FROM run ORDER BY started_at DESC, id DESC LIMIT ?1"
        );
        let mut statement = self.connection.prepare(&sql).map_err(self.failed())?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows = statement
            .query_map([most], |row| Ok((RunRow::read(row)?, row.get(16)?, row.get(17)?, row.get(18)?)))
            .map_err(self.failed())?;
        rows.map(|row| {
            let (run, benchmarks, observations, failures): (_, i64, i64, i64) = row.map_err(self.failed())?;
            let count = |count: i64| u64::try_from(count).unwrap_or_default();
            let run = self.run_of(run)?;
            Ok(RunSummary {
                run,
                benchmarks: count(benchmarks),
                observations: count(observations),
                failures: count(failures),
            })
        })
        .collect()
    }

    /// Whole runs of a commit itself (no dirty tree), in one environment, profile and feature set, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn measured_runs(
        &self,
        commit: &str,
        fingerprint: &Fingerprint,
        profile: &str,
        features: &[String],
    ) -> Result<Vec<RunId>, StoreError> {
        let sql = "SELECT id FROM run WHERE commit_id = ?1 AND fingerprint = ?2 AND profile = ?3 AND features = ?4
                   AND dirty = 0 AND finished_at IS NOT NULL AND command <> 'compare' ORDER BY rowid DESC";
        self.run_ids(sql, params![commit, fingerprint.0, profile, json(features)])
    }

    pub(super) fn run_ids(&self, sql: &str, arguments: impl rusqlite::Params) -> Result<Vec<RunId>, StoreError> {
        let mut statement = self.connection.prepare(sql).map_err(self.failed())?;
        let ids = statement.query_map(arguments, |row| row.get::<_, String>(0)).map_err(self.failed())?;
        ids.map(|id| {
            let id = id.map_err(self.failed())?;
            id.parse().map_err(|_| self.damaged(format!("run id `{id}`")))
        })
        .collect()
    }

    /// Runs that a command began and did not finish, of one source, environment, profile and feature set, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn unfinished_runs(
        &self,
        command: RunCommand,
        source: &Source,
        fingerprint: &Fingerprint,
        profile: &str,
        features: &[String],
    ) -> Result<Vec<RunId>, StoreError> {
        let sql = "SELECT id FROM run WHERE command = ?1 AND commit_id IS ?2 AND dirty = ?3 AND fingerprint = ?4
                   AND profile = ?5 AND features = ?6 AND finished_at IS NULL ORDER BY rowid DESC";
        let arguments = params![name(&command), source.commit, source.dirty, fingerprint.0, profile, json(features)];
        self.run_ids(sql, arguments)
    }

    /// What a run has of each of its benchmarks, with the key by which more can be added.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn measurements_to_resume(&self, run: RunId) -> Result<Vec<(MeasurementKey, Measurement)>, StoreError> {
        let sql = "SELECT key FROM measurement WHERE run = ?1 ORDER BY key";
        let mut statement = self.connection.prepare(sql).map_err(self.failed())?;
        let keys = statement.query_map([run.to_string()], |row| row.get(0).map(MeasurementKey));
        let keys: Vec<_> = keys.and_then(Iterator::collect).map_err(self.failed())?;
        Ok(keys.into_iter().zip(self.measurements(run)?).collect())
    }

    /// The hashes of the executables that a run measured.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn artifacts(&self, run: RunId) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT DISTINCT artifact FROM measurement WHERE run = ?1";
        let mut statement = self.connection.prepare(sql).map_err(self.failed())?;
        let hashes = statement.query_map([run.to_string()], |row| row.get(0));
        hashes.and_then(Iterator::collect).map_err(self.failed())
    }

    /// The measurements of a run, in the order in which they were begun.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn measurements(&self, run: RunId) -> Result<Vec<Measurement>, StoreError> {
        let mut found = Vec::new();
        self.each_measurement(run, &mut |measurement| found.push(measurement))?;
        Ok(found)
    }

    /// What a run measured of one benchmark; `None` where it has it not.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn measurement(&self, run: RunId, benchmark: &BenchmarkId) -> Result<Option<Measurement>, StoreError> {
        let mut found = None;
        self.measurements_where(
            "run = ?1 AND benchmark.id = ?2",
            &[&run.to_string(), &benchmark.to_string()],
            &mut |one| {
                found = Some(one);
            },
        )?;
        Ok(found)
    }

    /// Gives the measurements of a run one by one, in the order in which they were begun: a run may be larger than what
    /// is wanted of it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn each_measurement(&self, run: RunId, visit: &mut dyn FnMut(Measurement)) -> Result<(), StoreError> {
        self.measurements_where("run = ?1", &[&run.to_string()], visit)
    }

    fn measurements_where(
        &self,
        condition: &str,
        values: &[&dyn rusqlite::ToSql],
        visit: &mut dyn FnMut(Measurement),
    ) -> Result<(), StoreError> {
        let metrics = self.metrics()?;
        let sql = format!(
            "SELECT measurement.key, benchmark.id, artifact, harness, harness_version, stopped, failure, notes
             FROM measurement JOIN benchmark ON benchmark.key = benchmark WHERE {condition} ORDER BY measurement.key"
        );
        let mut statement = self.connection.prepare(&sql).map_err(self.failed())?;
        let rows = statement
            .query_map(values, |row| {
                let texts: (String, String, String, Option<String>) =
                    (row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
                let end: (Option<String>, Option<String>, String) = (row.get(5)?, row.get(6)?, row.get(7)?);
                Ok((row.get::<_, i64>(0)?, texts, end))
            })
            .map_err(self.failed())?;
        for row in rows {
            let (key, (id, artifact, harness, version), (stopped, failure, notes)) = row.map_err(self.failed())?;
            visit(Measurement {
                id: id.parse().map_err(|_| self.damaged(format!("benchmark id `{id}`")))?,
                artifact: ArtifactHash(artifact),
                harness: Harness { kind: self.parse_name(&harness, "harness")?, version },
                observations: self.observations(key, &metrics)?,
                stopped: stopped.map(|stopped| self.parse_name(&stopped, "stopped")).transpose()?,
                failure: failure.map(|failure| self.parse(&failure, "failure")).transpose()?,
                notes: self.parse(&notes, "notes")?,
            });
        }
        Ok(())
    }

    fn observations(&self, measurement: i64, metrics: &BTreeMap<i64, Metric>) -> Result<Vec<Observation>, StoreError> {
        let sql = "SELECT started_at, value, data FROM observation WHERE measurement = ?1 ORDER BY sequence";
        let mut statement = self.connection.prepare_cached(sql).map_err(self.failed())?;
        let mut rows = statement.query([measurement]).map_err(self.failed())?;
        let (mut found, built_in) = (Vec::new(), built_in_metrics());
        while let Some(row) = rows.next().map_err(self.failed())? {
            let (started_at, value) = (row.get(0).map_err(self.failed())?, row.get(1).map_err(self.failed())?);
            let blob = row.get_ref(2).and_then(|blob| Ok(blob.as_blob()?)).map_err(self.failed())?;
            let decoded = codec::decode(blob, started_at, value);
            let (mut observation, values) = decoded.ok_or_else(|| self.damaged("an observation"))?;
            for (key, value) in values {
                let metric = metrics.get(&key).ok_or_else(|| self.damaged(format!("metric {key}")))?;
                observation.metrics.insert(metric.id.clone(), value);
                if built_in.iter().all(|known| known.id != metric.id) {
                    observation.own_metrics.push(metric.clone());
                }
            }
            found.push(observation);
        }
        Ok(found)
    }

    fn metrics(&self) -> Result<BTreeMap<i64, Metric>, StoreError> {
        let mut statement =
            self.connection.prepare("SELECT key, id, unit, direction FROM metric").map_err(self.failed())?;
        let rows = statement
            .query_map([], |row| {
                let texts: (String, String, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
                Ok((row.get(0)?, texts))
            })
            .map_err(self.failed())?;
        rows.map(|row| {
            let (key, (id, unit, direction)) = row.map_err(self.failed())?;
            let (unit, direction) = (self.parse_name(&unit, "unit")?, self.parse_name(&direction, "direction")?);
            Ok((key, Metric { id: MetricId(id.into()), unit, direction }))
        })
        .collect()
    }

    /// The targets that a run did not measure.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn not_measured(&self, run: RunId) -> Result<Vec<(TargetId, Option<Harness>, NotMeasured)>, StoreError> {
        let sql = "SELECT target, harness, reason FROM target_row WHERE run = ?1 ORDER BY rowid";
        let mut statement = self.connection.prepare(sql).map_err(self.failed())?;
        let rows = statement
            .query_map([run.to_string()], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?, row.get::<_, String>(2)?))
            })
            .map_err(self.failed())?;
        rows.map(|row| {
            let (target, harness, reason) = row.map_err(self.failed())?;
            let harness = harness.map(|harness| self.parse(&harness, "harness")).transpose()?;
            Ok((self.parse(&target, "target")?, harness, self.parse(&reason, "reason")?))
        })
        .collect()
    }
}

/// A run's columns as they are stored.
struct RunRow {
    id: String,
    started_at: i64,
    finished_at: Option<i64>,
    source: Source,
    environment: String,
    toolchain: String,
    triple: String,
    profile: String,
    features: String,
    lock_hash: Option<String>,
    settings: String,
    tool_version: String,
    command: String,
}

impl RunRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let source = Source { commit: row.get(3)?, dirty: row.get(4)?, branch: row.get(5)?, subject: row.get(6)? };
        Ok(Self {
            id: row.get(0)?,
            started_at: row.get(1)?,
            finished_at: row.get(2)?,
            source,
            environment: row.get(7)?,
            toolchain: row.get(8)?,
            triple: row.get(9)?,
            profile: row.get(10)?,
            features: row.get(11)?,
            lock_hash: row.get(12)?,
            settings: row.get(13)?,
            tool_version: row.get(14)?,
            command: row.get(15)?,
        })
    }
}
