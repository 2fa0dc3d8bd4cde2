-- 0003_jobs.sql: jobs with leases; tokens.

CREATE TABLE job ( -- `key` makes a second start with the same one a no-op
    id INTEGER PRIMARY KEY,
    uuid TEXT NOT NULL UNIQUE CHECK (length(uuid) = 32),
    key TEXT UNIQUE,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL DEFAULT '', -- the model it is about
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'skipped', 'cancelled')),
    spec TEXT NOT NULL DEFAULT '{}',
    progress TEXT NOT NULL DEFAULT '{}', -- what its holder noted for who takes it when that one is lost
    result TEXT NOT NULL DEFAULT '{}',
    reason TEXT NOT NULL DEFAULT '',
    run_id INTEGER REFERENCES run (id) ON DELETE SET NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    holder TEXT NOT NULL DEFAULT '',
    lease_ms INTEGER,
    fence INTEGER NOT NULL DEFAULT 0,
    stop_asked INTEGER NOT NULL DEFAULT 0 CHECK (stop_asked IN (0, 1)),
    not_before_ms INTEGER NOT NULL DEFAULT 0,
    created_ms INTEGER NOT NULL,
    started_ms INTEGER,
    ended_ms INTEGER
) STRICT;
CREATE INDEX job_waiting ON job (kind, state, not_before_ms, id);
CREATE INDEX job_of_subject ON job (kind, subject, state);

CREATE TABLE token ( -- none: open, on loopback only. The first one closes everything that no token opens
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE CHECK (name <> ''),
    hash TEXT NOT NULL UNIQUE, -- BLAKE2b-256 of the secret: 256 random bits need no slow hash
    role TEXT NOT NULL CHECK (role IN ('predict', 'read', 'write', 'admin')),
    scope TEXT NOT NULL DEFAULT '*', -- lines of experiments/NAME and models/NAME, with * at the end all that begin so; '*' all
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER,
    revoked_ms INTEGER
) STRICT;
