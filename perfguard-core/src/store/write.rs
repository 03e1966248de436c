//! Writing: a run, its measurements, each observation as it is taken.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Store, StoreError, codec};
use crate::model::{
    ArtifactHash, BenchmarkId, Failure, Harness, Metric, MetricId, NotMeasured, Note, Observation, Run, RunId, Stopped,
    TargetId, built_in_metrics,
};

/// A measurement that is being written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MeasurementKey(pub(super) i64);

/// A value as JSON text: plain data always is.
pub(super) fn json<T: serde::Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("plain data")
}

/// A unit-like value's name as it is serialised.
pub(super) fn name<T: serde::Serialize + ?Sized>(value: &T) -> String {
    json(value).trim_matches('"').to_owned()
}

impl Store {
    pub(super) fn failed(&self) -> impl Fn(rusqlite::Error) -> StoreError + '_ {
        |error| StoreError::of(&self.path, error)
    }

    /// Begins a run: its own row, those of targets that are not measured, and one for each benchmark. All of it or nothing:
    /// a run that was begun can be resumed whenever it is killed. Gives the keys of the measurements, in their order.
    ///
    /// # Errors
    /// When the store cannot be written, or a benchmark is there twice.
    pub fn begin_run(
        &mut self,
        run: &Run,
        not_measured: &[(TargetId, Option<Harness>, NotMeasured)],
        measurements: &[(BenchmarkId, ArtifactHash, Harness)],
    ) -> Result<Vec<MeasurementKey>, StoreError> {
        self.in_one(|connection| {
            insert_run(connection, run)?;
            for (target, harness, reason) in not_measured {
                let sql = "INSERT INTO target_row VALUES (?1, ?2, ?3, ?4)";
                let row = params![run.id.to_string(), json(target), harness.as_ref().map(json), json(reason)];
                connection.prepare_cached(sql)?.execute(row)?;
            }
            let keys = measurements.iter().map(|(benchmark, artifact, harness)| {
                let id = benchmark.to_string();
                let benchmark: Option<i64> = connection
                    .prepare_cached("SELECT key FROM benchmark WHERE id = ?1")?
                    .query_row([&id], |row| row.get(0))
                    .optional()?;
                let benchmark = match benchmark {
                    Some(key) => key,
                    None => connection.prepare_cached("INSERT INTO benchmark (id) VALUES (?1)")?.insert([&id])?,
                };
                let sql = "INSERT INTO measurement (run, benchmark, artifact, harness, harness_version)
                           VALUES (?1, ?2, ?3, ?4, ?5)";
                let row = params![run.id.to_string(), benchmark, artifact.0, name(&harness.kind), harness.version];
                Ok(MeasurementKey(connection.prepare_cached(sql)?.insert(row)?))
            });
            keys.collect()
        })
    }

    /// Ends a run: from now on it is whole and immutable. The write-ahead log is folded into the file.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn finish_run(&mut self, run: RunId, finished_at_ns: i64) -> Result<(), StoreError> {
        self.connection
            .execute("UPDATE run SET finished_at = ?2 WHERE id = ?1", params![run.to_string(), finished_at_ns])
            .map_err(self.failed())?;
        self.checkpoint();
        Ok(())
    }

    /// Folds the write-ahead log into the file. Another reader may stand in the way: then the next one does it.
    pub fn checkpoint(&self) {
        self.connection.pragma_query(None, "wal_checkpoint", |_| Ok(())).ok();
    }

    /// Runs several statements as one: all of them or none.
    pub(super) fn in_one<T>(
        &mut self,
        write: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let path = &self.path;
        let failed = |error| StoreError::of(path, error);
        let transaction = self.connection.transaction().map_err(failed)?;
        let written = write(&transaction).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(written)
    }

    /// Runs several calls as one: what they write is committed together when this returns, or not at all.
    ///
    /// # Errors
    /// That of `write`, or when the store cannot be written.
    pub fn as_one<T>(&mut self, write: impl FnOnce(&mut Self) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let say = |store: &Self, sql: &str| -> Result<(), StoreError> {
            store.connection.prepare_cached(sql).and_then(|mut said| said.execute([])).map(drop).map_err(store.failed())
        };
        say(self, "BEGIN IMMEDIATE")?;
        match write(self).and_then(|written| say(self, "COMMIT").map(|()| written)) {
            Ok(written) => Ok(written),
            Err(error) => {
                // What stopped it is what matters; some errors end the transaction by themselves.
                say(self, "ROLLBACK").ok();
                Err(error)
            }
        }
    }

    /// Writes an observation; unless it is part of a whole, it is committed when this returns.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn add_observation(
        &mut self,
        measurement: MeasurementKey,
        sequence: usize,
        observation: &Observation,
    ) -> Result<(), StoreError> {
        let mut metrics = Vec::with_capacity(observation.metrics.len());
        for (id, value) in &observation.metrics {
            metrics.push((self.metric_key(id, &observation.own_metrics)?, *value));
        }
        let blob = codec::encode(observation, &metrics);
        let sequence = i64::try_from(sequence).unwrap_or(i64::MAX);
        let sql = "INSERT INTO observation VALUES (?1, ?2, ?3, ?4, ?5)";
        let mut statement = self.connection.prepare_cached(sql).map_err(self.failed())?;
        let row = params![measurement.0, sequence, observation.started_at_ns, observation.value, blob];
        statement.execute(row).map_err(self.failed())?;
        Ok(())
    }

    /// The number of a metric, given on its first use. Built-in ones have a unit and a direction, and so have those that the
    /// bench defines.
    fn metric_key(&mut self, id: &MetricId, own: &[Metric]) -> Result<i64, StoreError> {
        if let Some(key) = self.metrics.get(id) {
            return Ok(*key);
        }
        let built_in = built_in_metrics();
        let key = self.read_metric_key(id, &built_in, own)?;
        // What a bench defines may mean something else in the next; what is not committed yet may still be taken back.
        if self.connection.is_autocommit() && built_in.iter().any(|metric| metric.id == *id) {
            self.metrics.insert(id.clone(), key);
        }
        Ok(key)
    }

    fn read_metric_key(&self, id: &MetricId, built_in: &[Metric], own: &[Metric]) -> Result<i64, StoreError> {
        let known = built_in.iter().chain(own).find(|metric| metric.id == *id);
        let (unit, direction) = known.map_or_else(
            || ("count".to_owned(), "lower-is-better".to_owned()),
            |Metric { unit, direction, .. }| (name(unit), name(direction)),
        );
        let meaning = params![&*id.0, unit, direction];
        let find = |connection: &Connection| {
            let sql = "SELECT key FROM metric WHERE id = ?1 AND unit = ?2 AND direction = ?3";
            connection.prepare_cached(sql)?.query_row(meaning, |row| row.get(0)).optional()
        };
        if let Some(key) = find(&self.connection).map_err(self.failed())? {
            return Ok(key);
        }
        let insert = "INSERT INTO metric (id, unit, direction) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        self.connection.execute(insert, meaning).map_err(self.failed())?;
        find(&self.connection)
            .map_err(self.failed())?
            .ok_or_else(|| StoreError::Damaged { path: self.path.clone(), what: format!("metric `{id}`") })
    }

    /// Adds values of a metric to observations that were written: the first to the first, and so on. A value that is there
    /// already gives way.
    ///
    /// # Errors
    /// When the store cannot be written, or one of those observations cannot be read.
    pub fn attach(&mut self, measurement: MeasurementKey, metric: &Metric, values: &[f64]) -> Result<(), StoreError> {
        let key = self.metric_key(&metric.id, std::slice::from_ref(metric))?;
        let find = "SELECT started_at, value, data FROM observation WHERE measurement = ?1 AND sequence = ?2";
        for (sequence, added) in values.iter().enumerate() {
            let sequence = i64::try_from(sequence).unwrap_or(i64::MAX);
            let mut statement = self.connection.prepare_cached(find).map_err(self.failed())?;
            let row = statement.query_row(params![measurement.0, sequence], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, f64>(1)?, row.get::<_, Vec<u8>>(2)?))
            });
            let (started_at, value, blob) = row.map_err(self.failed())?;
            let (observation, mut metrics) = codec::decode(&blob, started_at, value)
                .ok_or_else(|| StoreError::Damaged { path: self.path.clone(), what: "an observation".to_owned() })?;
            metrics.retain(|(known, _)| *known != key);
            metrics.push((key, *added));
            let blob = codec::encode(&observation, &metrics);
            let sql = "UPDATE observation SET data = ?3 WHERE measurement = ?1 AND sequence = ?2";
            self.connection.execute(sql, params![measurement.0, sequence, blob]).map_err(self.failed())?;
        }
        Ok(())
    }

    /// Ends a benchmark's measurement.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn finish_measurement(
        &mut self,
        measurement: MeasurementKey,
        stopped: Stopped,
        failure: Option<&Failure>,
        notes: &[Note],
    ) -> Result<(), StoreError> {
        let sql = "UPDATE measurement SET stopped = ?2, failure = ?3, notes = ?4 WHERE key = ?1";
        let row = params![measurement.0, name(&stopped), failure.map(json), json(notes)];
        self.connection.execute(sql, row).map_err(self.failed())?;
        Ok(())
    }
}

fn insert_run(connection: &Connection, run: &Run) -> rusqlite::Result<()> {
    let sql =
        "INSERT INTO run (id, started_at, finished_at, commit_id, dirty, branch, subject, fingerprint, environment,
                   toolchain, triple, profile, features, lock_hash, settings, seed, tool_version, command)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)";
    connection.execute(
        sql,
        params![
            run.id.to_string(),
            run.started_at_ns,
            run.finished_at_ns,
            run.source.commit,
            run.source.dirty,
            run.source.branch,
            run.source.subject,
            run.environment.fingerprint().0,
            json(&run.environment),
            run.build.toolchain,
            run.build.triple,
            run.build.profile,
            json(&run.build.features),
            run.build.lock_hash,
            json(&run.settings),
            run.settings.seed.to_string(),
            run.tool_version,
            name(&run.command),
        ],
    )?;
    Ok(())
}
