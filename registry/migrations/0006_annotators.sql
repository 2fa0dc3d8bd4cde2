-- 0006_annotators.sql: tokens of people who tell what was true of predictions: the role annotate. A CHECK cannot be changed, so
-- the table is made anew.

CREATE TABLE token_with_annotators (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE CHECK (name <> ''),
    hash TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL CHECK (role IN ('predict', 'annotate', 'read', 'write', 'admin')),
    scope TEXT NOT NULL DEFAULT '*',
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER,
    revoked_ms INTEGER
) STRICT;
INSERT INTO token_with_annotators SELECT id, name, hash, role, scope, created_ms, expires_ms, revoked_ms FROM token;
DROP TABLE token;
ALTER TABLE token_with_annotators RENAME TO token;
