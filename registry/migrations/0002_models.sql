-- 0002_models.sql: models, their versions, aliases, and every decision about an alias.

CREATE TABLE model (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE CHECK (name <> ''),
    stage TEXT NOT NULL DEFAULT 'active' CHECK (stage IN ('active', 'deleted')),
    description TEXT NOT NULL DEFAULT '',
    last_number INTEGER NOT NULL DEFAULT 0, -- of its versions, those that are gone included
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE model_tag (
    model_id INTEGER NOT NULL REFERENCES model (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (model_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE version ( -- never changed but for description and stage: `digest` is the model file
    id INTEGER PRIMARY KEY,
    model_id INTEGER NOT NULL REFERENCES model (id) ON DELETE CASCADE,
    number INTEGER NOT NULL CHECK (number > 0), -- from 1, never used again
    digest TEXT NOT NULL REFERENCES object (digest),
    run_id INTEGER REFERENCES run (id) ON DELETE SET NULL,
    parent_id INTEGER REFERENCES version (id) ON DELETE SET NULL, -- the version it was retrained or fine-tuned from
    source TEXT NOT NULL DEFAULT '',                              -- the file it was registered from
    stage TEXT NOT NULL DEFAULT 'active' CHECK (stage IN ('active', 'deleted')),
    description TEXT NOT NULL DEFAULT '',
    facts TEXT NOT NULL DEFAULT '{}', -- JSON: what the file says of itself: network, classes, figures, size
    created_by TEXT NOT NULL DEFAULT '',
    created_ms INTEGER NOT NULL,
    UNIQUE (model_id, number)
) STRICT;
CREATE INDEX version_of_object ON version (digest);
CREATE INDEX version_of_run ON version (run_id) WHERE run_id IS NOT NULL;

CREATE TABLE version_tag (
    version_id INTEGER NOT NULL REFERENCES version (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (version_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE version_file ( -- what belongs to a version beside its model file: card, reference profile, predictions
    version_id INTEGER NOT NULL REFERENCES version (id) ON DELETE CASCADE,
    path TEXT NOT NULL CHECK (path <> ''),
    digest TEXT NOT NULL REFERENCES object (digest),
    PRIMARY KEY (version_id, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX version_file_of_object ON version_file (digest);

CREATE TABLE version_licence ( -- of the data, weights and code that a version comes from, carried from parent to child
    version_id INTEGER NOT NULL REFERENCES version (id) ON DELETE CASCADE,
    subject TEXT NOT NULL,
    carried_from TEXT NOT NULL DEFAULT '', -- NAME/NUMBER of the version whose it was first; '': its own
    licence TEXT NOT NULL,
    PRIMARY KEY (version_id, carried_from, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE alias ( -- a name that points to one version of a model and is moved: champion
    model_id INTEGER NOT NULL REFERENCES model (id) ON DELETE CASCADE,
    name TEXT NOT NULL CHECK (name <> ''),
    version_id INTEGER NOT NULL REFERENCES version (id),
    set_ms INTEGER NOT NULL,
    PRIMARY KEY (model_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX alias_of_version ON alias (version_id);

CREATE TABLE promotion ( -- every decision about an alias, taken or refused; rollback goes back along the taken ones
    id INTEGER PRIMARY KEY,
    model_id INTEGER NOT NULL REFERENCES model (id) ON DELETE CASCADE,
    alias TEXT NOT NULL,
    version INTEGER NOT NULL,  -- its number, which stays when the version is gone; 0: none, the alias was removed
    previous INTEGER NOT NULL, -- where the alias pointed before; 0: nowhere
    verb TEXT NOT NULL CHECK (verb IN ('promote', 'rollback', 'set', 'remove')),
    taken INTEGER NOT NULL CHECK (taken IN (0, 1)),
    reasons TEXT NOT NULL, -- JSON: an array of {check, passed, text, …}
    actor TEXT NOT NULL,
    decided_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX promotion_of_alias ON promotion (model_id, alias, id DESC);

CREATE TRIGGER version_uses AFTER INSERT ON version
    BEGIN UPDATE object SET uses = uses + 1 WHERE digest = new.digest; END;
CREATE TRIGGER version_is_not_changed BEFORE UPDATE OF digest, number, model_id ON version
    BEGIN SELECT RAISE(ABORT, 'a version is not changed'); END;
CREATE TRIGGER version_leaves AFTER DELETE ON version
    BEGIN UPDATE object SET uses = uses - 1 WHERE digest = old.digest; END;
CREATE TRIGGER version_file_uses AFTER INSERT ON version_file
    BEGIN UPDATE object SET uses = uses + 1 WHERE digest = new.digest; END;
CREATE TRIGGER version_file_changes AFTER UPDATE OF digest ON version_file
BEGIN
    UPDATE object SET uses = uses + 1 WHERE digest = new.digest;
    UPDATE object SET uses = uses - 1 WHERE digest = old.digest;
END;
CREATE TRIGGER version_file_leaves AFTER DELETE ON version_file
    BEGIN UPDATE object SET uses = uses - 1 WHERE digest = old.digest; END;

-- What came of what, with what other tables know by themselves: data sets of runs, runs of versions, versions of versions.
CREATE VIEW came_of (from_kind, from_ref, from_name, relation, to_kind, to_ref, to_name, created_ms) AS
SELECT 'dataset', dataset.digest, dataset.name, CASE role WHEN 'train' THEN 'trained' ELSE 'evaluated' END,
       'run', run.uuid, run.name, run.started_ms
FROM run_dataset JOIN dataset ON dataset.id = dataset_id JOIN run ON run.id = run_id
UNION ALL
SELECT 'run', run.uuid, run.name, 'made', 'version', model.name || '/' || number, '', version.created_ms
FROM version JOIN run ON run.id = run_id JOIN model ON model.id = model_id
UNION ALL
SELECT 'version', elder.name || '/' || parent.number, '', 'retrained',
       'version', model.name || '/' || version.number, '', version.created_ms
FROM version
JOIN model ON model.id = version.model_id
JOIN version AS parent ON parent.id = version.parent_id
JOIN model AS elder ON elder.id = parent.model_id
UNION ALL
SELECT from_kind, from_ref, '', relation, to_kind, to_ref, '', created_ms FROM lineage;
