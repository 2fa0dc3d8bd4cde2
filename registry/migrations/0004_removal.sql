-- 0004_removal.sql: since when something is deleted, by which gc takes what has long been; and which workspace this is, so that
-- one is not backed up over another.

ALTER TABLE experiment ADD COLUMN deleted_ms INTEGER;
ALTER TABLE run ADD COLUMN deleted_ms INTEGER;
ALTER TABLE model ADD COLUMN deleted_ms INTEGER;
ALTER TABLE version ADD COLUMN deleted_ms INTEGER;

CREATE TRIGGER experiment_is_deleted AFTER UPDATE OF stage ON experiment WHEN new.stage <> old.stage
BEGIN
    UPDATE experiment SET deleted_ms = CASE new.stage WHEN 'deleted'
        THEN CAST((julianday() - 2440587.5) * 86400000 AS INTEGER) END WHERE id = new.id;
END;
CREATE TRIGGER run_is_deleted AFTER UPDATE OF stage ON run WHEN new.stage <> old.stage
BEGIN
    UPDATE run SET deleted_ms = CASE new.stage WHEN 'deleted'
        THEN CAST((julianday() - 2440587.5) * 86400000 AS INTEGER) END WHERE id = new.id;
END;
CREATE TRIGGER model_is_deleted AFTER UPDATE OF stage ON model WHEN new.stage <> old.stage
BEGIN
    UPDATE model SET deleted_ms = CASE new.stage WHEN 'deleted'
        THEN CAST((julianday() - 2440587.5) * 86400000 AS INTEGER) END WHERE id = new.id;
END;
CREATE TRIGGER version_is_deleted AFTER UPDATE OF stage ON version WHEN new.stage <> old.stage
BEGIN
    UPDATE version SET deleted_ms = CASE new.stage WHEN 'deleted'
        THEN CAST((julianday() - 2440587.5) * 86400000 AS INTEGER) END WHERE id = new.id;
END;
CREATE INDEX experiment_deleted ON experiment (deleted_ms) WHERE deleted_ms IS NOT NULL;
CREATE INDEX run_deleted ON run (deleted_ms) WHERE deleted_ms IS NOT NULL;
CREATE INDEX model_deleted ON model (deleted_ms) WHERE deleted_ms IS NOT NULL;
CREATE INDEX version_deleted ON version (deleted_ms) WHERE deleted_ms IS NOT NULL;

INSERT INTO setting (key, value) VALUES ('workspace', lower(hex(randomblob(16))));
