//! Opening, and bringing a file to the newest schema: forward only, each step whole or not at all.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::{Store, StoreError, StoreLocation};

/// `perf` in ASCII: tells a perfguard store from any other SQLite file.
const APPLICATION_ID: i64 = 0x7065_7266;

/// How long to wait for another program that writes.
const PATIENCE: Duration = Duration::from_secs(5);

/// The steps from an empty file to the newest schema. Never changed once released, only added to.
pub(super) const STEPS: [&str; 5] = [
    "
    CREATE TABLE run (
        id             TEXT PRIMARY KEY,      -- UUID, version 7
        started_at     INTEGER NOT NULL,      -- ns since the Unix epoch
        finished_at    INTEGER,               -- ns since the Unix epoch; NULL while it runs, or if it did not finish
        commit_id      TEXT,                  -- 40 hex digits; NULL outside git
        dirty          INTEGER NOT NULL,      -- 1: the source differs from the commit
        branch         TEXT,
        subject        TEXT,                  -- first line of the commit's message
        fingerprint    TEXT NOT NULL,         -- of the environment
        environment    TEXT NOT NULL,         -- JSON
        toolchain      TEXT NOT NULL,         -- as `rustc --version` says
        triple         TEXT NOT NULL,
        profile        TEXT NOT NULL,
        features       TEXT NOT NULL,         -- JSON list
        lock_hash      TEXT,
        settings       TEXT NOT NULL,         -- JSON
        seed           TEXT NOT NULL,         -- unsigned 64 bits
        tool_version   TEXT NOT NULL
    ) STRICT;
    CREATE INDEX run_by_commit ON run (commit_id, fingerprint, profile, features);
    CREATE INDEX run_by_time ON run (started_at);

    CREATE TABLE benchmark (
        key            INTEGER PRIMARY KEY,
        id             TEXT NOT NULL UNIQUE   -- package::target::name
    ) STRICT;

    CREATE TABLE metric (
        key            INTEGER PRIMARY KEY,
        id             TEXT NOT NULL UNIQUE,
        unit           TEXT NOT NULL,
        direction      TEXT NOT NULL
    ) STRICT;

    CREATE TABLE measurement (
        key            INTEGER PRIMARY KEY,
        run            TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
        benchmark      INTEGER NOT NULL REFERENCES benchmark (key),
        artifact       TEXT NOT NULL,         -- BLAKE3 of the executable
        harness        TEXT NOT NULL,
        harness_version TEXT,
        stopped        TEXT,                  -- why no further observation was taken
        failure        TEXT,                  -- JSON
        notes          TEXT NOT NULL DEFAULT '[]',
        UNIQUE (run, benchmark)
    ) STRICT;
    CREATE INDEX measurement_by_benchmark ON measurement (benchmark, run);

    CREATE TABLE observation (
        measurement    INTEGER NOT NULL REFERENCES measurement (key) ON DELETE CASCADE,
        sequence       INTEGER NOT NULL,
        started_at     INTEGER NOT NULL,      -- ns since the Unix epoch
        value          REAL NOT NULL,         -- what decides: ns per iteration of the fastest sample, or a count
        data           BLOB NOT NULL,         -- samples, summary and metrics
        PRIMARY KEY (measurement, sequence)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE target_row (
        run            TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
        target         TEXT NOT NULL,         -- JSON: package, kind, name
        harness        TEXT,                  -- JSON
        reason         TEXT NOT NULL,         -- JSON: why it was not measured
        PRIMARY KEY (run, target)
    ) STRICT;

    CREATE TABLE baseline (
        name           TEXT NOT NULL,
        fingerprint    TEXT NOT NULL,
        profile        TEXT NOT NULL,
        features       TEXT NOT NULL,         -- JSON list
        run            TEXT NOT NULL REFERENCES run (id),
        commit_id      TEXT NOT NULL,
        set_at         INTEGER NOT NULL,      -- ns since the Unix epoch
        PRIMARY KEY (name, fingerprint, profile, features)
    ) STRICT;
",
    // Whether `run` or `baseline` began it: a run is resumed by the command that began it.
    "ALTER TABLE run ADD COLUMN command TEXT NOT NULL DEFAULT 'run';",
    // Paired comparisons: two runs, the pairs of their observations, and what was shown.
    "
    CREATE TABLE comparison_run (
        head           TEXT PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
        base           TEXT NOT NULL UNIQUE REFERENCES run (id) ON DELETE CASCADE,
        data           TEXT NOT NULL          -- JSON
    ) STRICT;

    CREATE TABLE comparison (
        head           TEXT NOT NULL REFERENCES comparison_run (head) ON DELETE CASCADE,
        benchmark      INTEGER NOT NULL REFERENCES benchmark (key),
        place          INTEGER NOT NULL,      -- in the order of targets and harnesses
        verdict        TEXT NOT NULL,
        ratio          REAL,                  -- head over base
        pair_spread    REAL,                  -- standard deviation of the logarithm of one pair's ratio
        data           TEXT NOT NULL,         -- JSON
        PRIMARY KEY (head, benchmark)
    ) STRICT;
    CREATE INDEX comparison_by_benchmark ON comparison (benchmark);

    CREATE TABLE pair (
        measurement    INTEGER NOT NULL REFERENCES measurement (key) ON DELETE CASCADE,  -- head's
        sequence       INTEGER NOT NULL,
        stage          INTEGER NOT NULL,      -- 0 first pass, 1 confirmation, 2 null control
        layout         INTEGER NOT NULL,
        head_first     INTEGER NOT NULL,
        base           INTEGER NOT NULL,      -- sequence of base's observation in base's measurement
        head           INTEGER NOT NULL,      -- of head's in head's; of a null pair, in base's
        PRIMARY KEY (measurement, sequence)
    ) STRICT, WITHOUT ROWID;
",
    // A bench may give a metric of its own another unit or direction: the old values keep theirs.
    "
    CREATE TABLE metric_by_meaning (
        key            INTEGER PRIMARY KEY,
        id             TEXT NOT NULL,
        unit           TEXT NOT NULL,
        direction      TEXT NOT NULL,
        UNIQUE (id, unit, direction)
    ) STRICT;
    INSERT INTO metric_by_meaning SELECT key, id, unit, direction FROM metric;
    DROP TABLE metric;
    ALTER TABLE metric_by_meaning RENAME TO metric;
",
    // An observation's blob may end in a timeline: who does not know that would take it for damaged.
    "-- blobs of version 2",
];

/// The newest schema known here.
const NEWEST: i64 = 5;

impl Store {
    /// Opens a store, makes it where it is missing, and brings an older one to the newest schema.
    ///
    /// # Errors
    /// When it cannot be opened or made, is no store, is newer, damaged, or locked by another program.
    pub fn open(location: &StoreLocation) -> Result<Self, StoreError> {
        let path = &location.0;
        if let Some(folder) = path.parent() {
            let made = fs_err::create_dir_all(folder);
            made.map_err(|source| StoreError::Open { path: path.clone(), source: Box::new(source) })?;
        }
        let mut connection = Connection::open(path).map_err(|error| StoreError::of(path, error))?;
        prepare(&mut connection, path)?;
        Ok(Self { connection, path: path.clone(), metrics: BTreeMap::new() })
    }

    /// Opens a store for reading only; `None` where there is none yet. Nothing is written, not even beside it, unless
    /// another program left it half-written.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_to_read(location: &StoreLocation) -> Result<Option<Self>, StoreError> {
        let path = &location.0;
        if !path.exists() {
            return Ok(None);
        }
        // A store of an older schema is brought up to date first.
        match Self::open(location) {
            Err(StoreError::Database { .. } | StoreError::Open { .. }) => {}
            opened => return opened.map(Some),
        }
        // On a read-only disk the write-ahead log cannot be opened: the file alone is read as it is.
        let uri = format!("file:{}?immutable=1", path.display().to_string().replace('?', "%3f").replace('#', "%23"));
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        let connection = Connection::open_with_flags(uri, flags).map_err(|error| StoreError::of(path, error))?;
        check(&connection, path)?;
        Ok(Some(Self { connection, path: path.clone(), metrics: BTreeMap::new() }))
    }
}

fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

/// Refuses what is not ours or is newer, unharmed. Gives the schema version.
fn check(connection: &Connection, path: &Path) -> Result<i64, StoreError> {
    let read = |name| pragma(connection, name).map_err(|error| StoreError::of(path, error));
    // The tables first: another process may make them between these reads, and sets the numbers with them.
    let count = || connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get::<_, i64>(0));
    let is_empty = count().map_err(|error| StoreError::of(path, error))? == 0;
    let (application, version) = (read("application_id")?, read("user_version")?);
    let is_empty = is_empty && (application == 0 && version == 0 || application == APPLICATION_ID);
    if application != APPLICATION_ID && !is_empty {
        return Err(StoreError::Foreign { path: path.to_owned() });
    }
    if version > NEWEST {
        return Err(StoreError::Newer { path: path.to_owned(), found: version, known: NEWEST });
    }
    Ok(version)
}

/// Pages of the write-ahead log, of 4 KiB each, at which it is folded into the file.
const LOG_PAGES: i64 = 2_048;

fn prepare(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError::of(path, error);
    connection.busy_timeout(PATIENCE).map_err(failed)?;
    check(connection, path)?;
    // Observations are written while the machine measures: no synchronising write for each. The log is folded in now and
    // then, between two observations: it takes twenty times the room of what is in it.
    connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
    connection.pragma_update(None, "synchronous", "NORMAL").map_err(failed)?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES).map_err(failed)?;
    connection.pragma_update(None, "foreign_keys", true).map_err(failed)?;
    // A small cache: what is written is not read again, and memory counts while benches run.
    connection.pragma_update(None, "cache_size", -512).map_err(failed)?;
    if pragma(connection, "user_version").map_err(failed)? == NEWEST {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    // Another process may have been faster.
    let version = check(&transaction, path)?;
    let done = usize::try_from(version).unwrap_or_default();
    for step in &STEPS[done..] {
        transaction.execute_batch(step).map_err(failed)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
    transaction.pragma_update(None, "user_version", NEWEST).map_err(failed)?;
    transaction.commit().map_err(failed)
}
