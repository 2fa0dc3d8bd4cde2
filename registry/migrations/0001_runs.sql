-- 0001_runs.sql: objects, experiments, runs and what is known of them; the audit log. Never changed once released: what is to
-- be different comes as a further file.
--
-- Times are milliseconds since 1970 UTC by the machine's clock. Digests are BLAKE2b-256 as 64 hexadecimal letters. Rows that
-- others may name from outside (runs, jobs) have a `uuid` of 32 hexadecimal letters; inside, integers join. A deleted
-- experiment, run, model or version stays until `fovea registry gc`: `stage` says so.

-- ---- what holds the rest together ----

CREATE TABLE setting ( -- of the workspace: 'workspace' its uuid
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The files in objects/. `uses` counts the rows that name one; triggers keep it, whatever statement made or removed a row.
CREATE TABLE object (
    digest TEXT PRIMARY KEY CHECK (length(digest) = 64),
    size INTEGER NOT NULL CHECK (size >= 0),
    uses INTEGER NOT NULL DEFAULT 0 CHECK (uses >= 0),
    created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX object_unused ON object (created_ms) WHERE uses = 0;

-- ---- runs ----

CREATE TABLE experiment ( -- a name with / is a path in a tree
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE CHECK (name <> ''),
    stage TEXT NOT NULL DEFAULT 'active' CHECK (stage IN ('active', 'deleted')),
    description TEXT NOT NULL DEFAULT '',
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE experiment_tag (
    experiment_id INTEGER NOT NULL REFERENCES experiment (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (experiment_id, key)
) STRICT, WITHOUT ROWID;

-- `running` whose lease is over (fv_lease_holds) is what readers call lost: whoever held it is gone. `fence` grows with every
-- taking of the lease; a writer that comes with an older one has lost it and is refused.
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    uuid TEXT NOT NULL UNIQUE CHECK (length(uuid) = 32),
    experiment_id INTEGER NOT NULL REFERENCES experiment (id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('train', 'eval', 'retrain', 'sweep', 'other')),
    status TEXT NOT NULL CHECK (status IN ('scheduled', 'running', 'stopped', 'finished', 'failed', 'killed')),
    stage TEXT NOT NULL DEFAULT 'active' CHECK (stage IN ('active', 'deleted')),
    user TEXT NOT NULL DEFAULT '',
    host TEXT NOT NULL DEFAULT '',
    folder TEXT NOT NULL DEFAULT '',     -- where its files are, as an absolute path
    parent_id INTEGER REFERENCES run (id) ON DELETE SET NULL,
    seed_group TEXT NOT NULL DEFAULT '', -- digest of the recipe without its seed and of the data: runs that differ by chance
    error TEXT NOT NULL DEFAULT '',      -- why it failed
    started_ms INTEGER NOT NULL,
    ended_ms INTEGER,
    holder TEXT NOT NULL DEFAULT '',     -- of the lease: host and process
    lease_ms INTEGER,                    -- until when it is held
    fence INTEGER NOT NULL DEFAULT 0,
    stop_asked INTEGER NOT NULL DEFAULT 0 CHECK (stop_asked IN (0, 1))
) STRICT;
CREATE INDEX run_of_experiment ON run (experiment_id, stage, started_ms DESC, id DESC);
CREATE INDEX run_by_start ON run (stage, started_ms DESC, id DESC);
CREATE INDEX run_of_seed_group ON run (seed_group) WHERE seed_group <> '';
CREATE INDEX run_of_folder ON run (folder) WHERE folder <> '';
CREATE INDEX run_of_parent ON run (parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE param ( -- written once; the same value again is no change
    run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    key TEXT NOT NULL CHECK (key <> ''),
    value TEXT NOT NULL,
    PRIMARY KEY (run_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX param_by_value ON param (key, value);

CREATE TABLE run_tag (
    run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    key TEXT NOT NULL CHECK (key <> ''),
    value TEXT NOT NULL,
    PRIMARY KEY (run_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_tag_by_value ON run_tag (key, value);

CREATE TABLE metric_key (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE CHECK (name <> '')
) STRICT;

-- Every point, once: the same row sent again is the same row. SQLite has no NaN: is_nan says it, with value 0. What a run logs
-- at one time lies together, since a batch of 10 metrics in 10 places is 10 pages written; one metric's history is read past
-- the others of its run.
CREATE TABLE metric (
    run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    key_id INTEGER NOT NULL REFERENCES metric_key (id),
    step INTEGER NOT NULL,
    time_ms INTEGER NOT NULL,
    value REAL NOT NULL,
    is_nan INTEGER NOT NULL DEFAULT 0 CHECK (is_nan IN (0, 1)),
    PRIMARY KEY (run_id, step, time_ms, key_id, value, is_nan)
) STRICT, WITHOUT ROWID;

-- One row a run and metric, kept up with every point, and the same in whatever order they came. `last` is of the largest
-- (step, time, value). `direction`: 1 higher is better, -1 lower is, 0 not known, and then there is no best. The step of an
-- extreme is the first that has it. Columns are NULL while all values were NaN; a last value that is NaN is NULL.
CREATE TABLE metric_summary (
    run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    key_id INTEGER NOT NULL REFERENCES metric_key (id),
    count INTEGER NOT NULL,
    direction INTEGER NOT NULL CHECK (direction IN (-1, 0, 1)),
    last REAL, last_step INTEGER NOT NULL, last_ms INTEGER NOT NULL,
    min REAL, min_step INTEGER,
    max REAL, max_step INTEGER,
    best REAL AS (CASE direction WHEN 1 THEN max WHEN -1 THEN min END),
    best_step INTEGER AS (CASE direction WHEN 1 THEN max_step WHEN -1 THEN min_step END),
    PRIMARY KEY (run_id, key_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE artifact ( -- a run's file: its path in the run, / between folders, no leading /, no ..
    run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    path TEXT NOT NULL CHECK (path <> ''),
    digest TEXT NOT NULL REFERENCES object (digest),
    media_type TEXT NOT NULL DEFAULT '',
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (run_id, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX artifact_of_object ON artifact (digest);

CREATE TABLE dataset ( -- a set of samples as it was: `digest` is its fingerprint
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    source TEXT NOT NULL DEFAULT '',   -- where it lay
    samples INTEGER,
    licence TEXT NOT NULL DEFAULT '',
    profile TEXT NOT NULL DEFAULT '{}', -- JSON: classes, counts, parts
    created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE run_dataset (
    run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    dataset_id INTEGER NOT NULL REFERENCES dataset (id),
    role TEXT NOT NULL CHECK (role IN ('train', 'val', 'test')),
    PRIMARY KEY (run_id, role, dataset_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_of_dataset ON run_dataset (dataset_id);

-- What came of what: ('run', id) 'made' ('version', id). Kinds are names of tables; 'deployment' is free text in to_ref.
CREATE TABLE lineage (
    id INTEGER PRIMARY KEY,
    from_kind TEXT NOT NULL,
    from_ref TEXT NOT NULL, -- digest of a data set, uuid of a run or job, NAME/NUMBER of a version
    relation TEXT NOT NULL, -- trained, evaluated, made, retrained, imported, deployed
    to_kind TEXT NOT NULL,
    to_ref TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    UNIQUE (from_kind, from_ref, relation, to_kind, to_ref)
) STRICT;
CREATE INDEX lineage_back ON lineage (to_kind, to_ref);

CREATE TABLE note (
    id INTEGER PRIMARY KEY,
    subject_kind TEXT NOT NULL CHECK (subject_kind IN ('experiment', 'run', 'model', 'version', 'dataset')),
    subject_ref TEXT NOT NULL,
    text TEXT NOT NULL,
    author TEXT NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX note_of ON note (subject_kind, subject_ref, id);

-- Append-only. mac = keyed BLAKE2b-256 over the previous mac and this row's columns; the key is in a file beside the database
-- (audit.key), so an edit through SQL alone is found by `fovea registry verify`.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    time_ms INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    details TEXT NOT NULL,
    mac TEXT NOT NULL CHECK (length(mac) = 64)
) STRICT;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_not_cut BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

-- ---- uses of objects ----

CREATE TRIGGER artifact_uses AFTER INSERT ON artifact
    BEGIN UPDATE object SET uses = uses + 1 WHERE digest = new.digest; END;
CREATE TRIGGER artifact_changes AFTER UPDATE OF digest ON artifact
BEGIN
    UPDATE object SET uses = uses + 1 WHERE digest = new.digest;
    UPDATE object SET uses = uses - 1 WHERE digest = old.digest;
END;
CREATE TRIGGER artifact_leaves AFTER DELETE ON artifact
    BEGIN UPDATE object SET uses = uses - 1 WHERE digest = old.digest; END;

INSERT INTO experiment (id, name, created_ms, updated_ms) VALUES (0, 'Default', 0, 0);
