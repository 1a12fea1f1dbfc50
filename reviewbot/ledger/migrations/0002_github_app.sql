-- Who asked for a review by a button, by the value of desk.wanted that the asking raised.
CREATE TABLE askers (
  repository_id BIGINT NOT NULL,
  number        BIGINT NOT NULL,
  wanted        BIGINT NOT NULL,
  login         TEXT NOT NULL,
  PRIMARY KEY (repository_id, number, wanted)
);

-- Installations, and repositories in them, that said how they stand; the others are active.
CREATE TABLE installations (
  id       BIGINT PRIMARY KEY,
  standing TEXT NOT NULL,
  at       BIGINT NOT NULL
);
CREATE TABLE installation_repositories (
  installation_id BIGINT NOT NULL,
  repository_id   BIGINT NOT NULL,
  standing        TEXT NOT NULL,
  at              BIGINT NOT NULL,
  PRIMARY KEY (installation_id, repository_id)
);

-- Commits of merge queues whose check waits for an answer.
CREATE TABLE merge_groups (
  repository_id   BIGINT NOT NULL,
  head_sha        TEXT NOT NULL,
  number          BIGINT NOT NULL,
  repository      TEXT NOT NULL,
  installation_id BIGINT NOT NULL,
  asked_at        BIGINT NOT NULL,
  answered        INTEGER NOT NULL DEFAULT 0,
  attempts        INTEGER NOT NULL DEFAULT 0,
  owner           TEXT NOT NULL DEFAULT '',
  lease_until     BIGINT NOT NULL DEFAULT 0,
  not_before      BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (repository_id, head_sha)
);
CREATE INDEX merge_groups_waiting ON merge_groups (not_before) WHERE answered = 0;

-- What administrators did; rows are only ever added.
CREATE TABLE audit_log (
  id     TEXT PRIMARY KEY,
  at     BIGINT NOT NULL,
  actor  TEXT NOT NULL,
  act    TEXT NOT NULL,
  detail TEXT NOT NULL
);
CREATE INDEX audit_log_by_time ON audit_log (at);
-- One row while all spending is stopped.
CREATE TABLE spending_stopped (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  at       BIGINT NOT NULL,
  actor    TEXT NOT NULL,
  why      TEXT NOT NULL
);
