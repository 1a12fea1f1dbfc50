-- Commands in comments, one row each; what was said is forgotten once it is done.
CREATE TABLE commands (
  place           TEXT NOT NULL,
  comment_id      BIGINT NOT NULL,
  repository_id   BIGINT NOT NULL,
  number          BIGINT NOT NULL,
  repository      TEXT NOT NULL,
  installation_id BIGINT NOT NULL,
  thread          BIGINT NOT NULL,
  sender_id       BIGINT NOT NULL,
  sender          TEXT NOT NULL,
  verb            TEXT NOT NULL,
  said            TEXT NOT NULL,
  state           TEXT NOT NULL DEFAULT 'waiting',
  attempts        INTEGER NOT NULL DEFAULT 0,
  owner           TEXT NOT NULL DEFAULT '',
  lease_until     BIGINT NOT NULL DEFAULT 0,
  not_before      BIGINT NOT NULL,
  at              BIGINT NOT NULL,
  error           TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (place, comment_id)
);
CREATE INDEX commands_waiting ON commands (at) WHERE state = 'waiting';
CREATE INDEX commands_by_sender ON commands (sender_id, at);

-- Pull requests that are left alone until somebody says otherwise.
CREATE TABLE pauses (
  repository_id BIGINT NOT NULL,
  number        BIGINT NOT NULL,
  sender        TEXT NOT NULL,
  at            BIGINT NOT NULL,
  PRIMARY KEY (repository_id, number)
);

-- What people do not want to hear on a pull request: findings by fingerprint, rules by id.
CREATE TABLE silences (
  repository_id BIGINT NOT NULL,
  number        BIGINT NOT NULL,
  breadth       TEXT NOT NULL,
  name          TEXT NOT NULL,
  sender_id     BIGINT NOT NULL,
  sender        TEXT NOT NULL,
  up_to         TEXT NOT NULL,
  at            BIGINT NOT NULL,
  PRIMARY KEY (repository_id, number, breadth, name, sender_id)
);

-- Heads whose review is dearer than the policy lets pass unasked.
CREATE TABLE holds (
  repository_id BIGINT NOT NULL,
  number        BIGINT NOT NULL,
  head_sha      TEXT NOT NULL,
  quoted        BIGINT NOT NULL,
  at            BIGINT NOT NULL,
  approved      BIGINT NOT NULL DEFAULT 0,
  approved_by   TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (repository_id, number, head_sha)
);
