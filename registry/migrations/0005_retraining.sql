-- 0005_retraining.sql: what was made from a version, found by it, for a walk along lineage and for the version's removal.

CREATE INDEX version_of_parent ON version (parent_id) WHERE parent_id IS NOT NULL;
