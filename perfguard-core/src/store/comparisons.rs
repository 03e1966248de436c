//! Paired comparisons: which two runs, which of their observations were pairs, and what was shown.

use rusqlite::{OptionalExtension, params};

use super::write::{json, name};
use super::{MeasurementKey, Store, StoreError};
use crate::model::{BenchmarkId, Comparison, ComparisonRun, Fingerprint, PairRecord, RunId, Stage, Verdict};

/// How a stage is written.
const STAGES: [Stage; 3] = [Stage::First, Stage::Confirmation, Stage::NullControl];

fn stage_number(stage: Stage) -> i64 {
    match stage {
        Stage::First => 0,
        Stage::Confirmation => 1,
        Stage::NullControl => 2,
    }
}

impl Store {
    /// Writes down that two observations, which are written already, are a pair. `head` is head's measurement of the
    /// benchmark, `sequence` the pair's own number in it.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn add_pair(&mut self, head: MeasurementKey, sequence: usize, pair: &PairRecord) -> Result<(), StoreError> {
        let sql = "INSERT INTO pair VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let mut statement = self.connection.prepare_cached(sql).map_err(self.failed())?;
        let sequence = i64::try_from(sequence).unwrap_or(i64::MAX);
        let stage = stage_number(pair.stage);
        let row = params![head.0, sequence, stage, pair.layout, pair.head_first, pair.base, pair.head];
        statement.execute(row).map_err(self.failed())?;
        Ok(())
    }

    /// Writes down what a comparison showed, all of it or nothing.
    ///
    /// # Errors
    /// When the store cannot be written, or does not have the runs.
    pub fn add_comparison(&mut self, whole: &ComparisonRun, comparisons: &[Comparison]) -> Result<(), StoreError> {
        self.in_one(|connection| {
            let sql = "INSERT INTO comparison_run (head, base, data) VALUES (?1, ?2, ?3)";
            connection.execute(sql, params![whole.head.to_string(), whole.base.to_string(), json(whole)])?;
            for (place, one) in comparisons.iter().enumerate() {
                let id = one.id.to_string();
                connection.execute("INSERT INTO benchmark (id) VALUES (?1) ON CONFLICT DO NOTHING", [&id])?;
                let sql = "INSERT INTO comparison (head, benchmark, place, verdict, ratio, pair_spread, data)
                           VALUES (?1, (SELECT key FROM benchmark WHERE id = ?2), ?3, ?4, ?5, ?6, ?7)";
                let ratio = one.effect.map(|effect| effect.ratio);
                let place = i64::try_from(place).unwrap_or(i64::MAX);
                let spread = one.evidence.pair_spread;
                let row = params![whole.head.to_string(), id, place, name(&one.verdict), ratio, spread, json(one)];
                connection.execute(sql, row)?;
            }
            Ok(())
        })
    }

    /// What a comparison showed, by the id of head's run or of base's; `None` where that run is no side of one.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn comparison(&self, run: RunId) -> Result<Option<(ComparisonRun, Vec<Comparison>)>, StoreError> {
        let sql = "SELECT data FROM comparison_run WHERE head = ?1 OR base = ?1";
        let found = self.connection.query_row(sql, [run.to_string()], |row| row.get::<_, String>(0)).optional();
        let Some(text) = found.map_err(self.failed())? else { return Ok(None) };
        let whole: ComparisonRun = self.parse(&text, "comparison")?;
        let sql = "SELECT data FROM comparison WHERE head = ?1 ORDER BY place";
        let mut statement = self.connection.prepare(sql).map_err(self.failed())?;
        let rows = statement.query_map([whole.head.to_string()], |row| row.get::<_, String>(0));
        let rows: Vec<String> = rows.and_then(Iterator::collect).map_err(self.failed())?;
        let comparisons = rows.iter().map(|text| self.parse(text, "comparison")).collect::<Result<_, _>>()?;
        Ok(Some((whole, comparisons)))
    }

    /// The comparisons of two commits in which something had this verdict, newest first: base's commit, head's, and the
    /// benchmarks.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn changed_commits(&self, verdict: Verdict) -> Result<Vec<(String, String, Vec<BenchmarkId>)>, StoreError> {
        let sql = "SELECT base_run.commit_id, head_run.commit_id, group_concat(benchmark.id, char(10))
                   FROM comparison
                   JOIN comparison_run USING (head)
                   JOIN run AS head_run ON head_run.id = comparison_run.head
                   JOIN run AS base_run ON base_run.id = comparison_run.base
                   JOIN benchmark ON benchmark.key = comparison.benchmark
                   WHERE verdict = ?1 AND NOT head_run.dirty AND NOT base_run.dirty
                     AND head_run.commit_id IS NOT NULL AND base_run.commit_id IS NOT NULL
                   GROUP BY comparison.head ORDER BY head_run.started_at DESC";
        let mut statement = self.connection.prepare(sql).map_err(self.failed())?;
        let rows =
            statement.query_map([name(&verdict)], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?)));
        let rows: Vec<_> = rows.and_then(Iterator::collect).map_err(self.failed())?;
        let ids = |text: String| text.lines().filter_map(|id| id.parse().ok()).collect();
        Ok(rows.into_iter().map(|(base, head, text)| (base, head, ids(text))).collect())
    }

    /// The comparisons with a base commit in this environment: head's commit, and head's run, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn compared_with(&self, base: &str, fingerprint: &Fingerprint) -> Result<Vec<(String, RunId)>, StoreError> {
        let sql = "SELECT head_run.commit_id, head_run.id FROM comparison_run
                   JOIN run AS head_run ON head_run.id = comparison_run.head
                   JOIN run AS base_run ON base_run.id = comparison_run.base
                   WHERE base_run.commit_id = ?1 AND head_run.fingerprint = ?2 AND head_run.commit_id IS NOT NULL
                     AND NOT head_run.dirty AND NOT base_run.dirty ORDER BY head_run.started_at DESC";
        let mut statement = self.connection.prepare(sql).map_err(self.failed())?;
        let rows = statement.query_map(params![base, fingerprint.0], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)));
        let rows: Vec<(String, String)> = rows.and_then(Iterator::collect).map_err(self.failed())?;
        Ok(rows.into_iter().filter_map(|(commit, run)| Some((commit, run.parse().ok()?))).collect())
    }

    /// The pairs of a benchmark in a comparison, by the id of head's run, in the order in which they were taken.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn pairs(&self, head: RunId, benchmark: &BenchmarkId) -> Result<Vec<PairRecord>, StoreError> {
        let sql = "SELECT stage, layout, head_first, pair.base, pair.head FROM pair
                   JOIN measurement ON measurement.key = measurement JOIN benchmark ON benchmark.key = benchmark
                   WHERE run = ?1 AND benchmark.id = ?2 ORDER BY sequence";
        let mut statement = self.connection.prepare(sql).map_err(self.failed())?;
        let rows = statement.query_map(params![head.to_string(), benchmark.to_string()], |row| {
            Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        });
        let rows: Vec<_> = rows.and_then(Iterator::collect).map_err(self.failed())?;
        let pairs = rows.into_iter().map(|(stage, layout, head_first, base, head)| {
            let known = usize::try_from(stage).ok().and_then(|stage| STAGES.get(stage));
            let stage = *known.ok_or_else(|| self.damaged(format!("stage {stage} of a pair")))?;
            Ok(PairRecord { stage, layout, head_first, base, head })
        });
        pairs.collect()
    }

    /// The spread of one pair of a benchmark, as the newest comparison in this environment found it; `None` where there is
    /// none.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn pair_spread(&self, benchmark: &BenchmarkId, fingerprint: &Fingerprint) -> Result<Option<f64>, StoreError> {
        let sql = "SELECT pair_spread FROM comparison JOIN benchmark ON benchmark.key = benchmark
                   JOIN run ON run.id = head WHERE benchmark.id = ?1 AND fingerprint = ?2 AND pair_spread IS NOT NULL
                   ORDER BY started_at DESC LIMIT 1";
        let mut statement = self.connection.prepare_cached(sql).map_err(self.failed())?;
        let row = params![benchmark.to_string(), fingerprint.0];
        statement.query_row(row, |row| row.get(0)).optional().map_err(self.failed())
    }

    /// Carries a comparison over to another store that has its runs already.
    pub(super) fn copy_comparison(&self, head: RunId, other: &mut Self) -> Result<(), StoreError> {
        let Some((whole, comparisons)) = self.comparison(head)?.filter(|(whole, _)| whole.head == head) else {
            return Ok(());
        };
        if !matches!(other.run(whole.base), Ok(Some(_))) {
            return Ok(());
        }
        for one in &comparisons {
            let Some(key) = other.measurement_key(head, &one.id)? else { continue };
            for (sequence, pair) in self.pairs(head, &one.id)?.iter().enumerate() {
                other.add_pair(key, sequence, pair)?;
            }
        }
        other.add_comparison(&whole, &comparisons)
    }

    fn measurement_key(&self, run: RunId, benchmark: &BenchmarkId) -> Result<Option<MeasurementKey>, StoreError> {
        let sql = "SELECT measurement.key FROM measurement JOIN benchmark ON benchmark.key = benchmark
                   WHERE run = ?1 AND benchmark.id = ?2";
        let row = params![run.to_string(), benchmark.to_string()];
        let found = self.connection.query_row(sql, row, |row| row.get(0)).optional().map_err(self.failed())?;
        Ok(found.map(MeasurementKey))
    }
}
