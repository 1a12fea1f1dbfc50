-- What may have left for a model endpoint: one row a call, written with its reservation and
-- never changed. No prompt is kept, only its digest.
CREATE TABLE egress (
  call_id       TEXT PRIMARY KEY,
  at            BIGINT NOT NULL,
  repository_id BIGINT NOT NULL,
  repository    TEXT NOT NULL,
  number        BIGINT NOT NULL,
  endpoint      TEXT NOT NULL,
  jurisdiction  TEXT NOT NULL,
  bytes         BIGINT NOT NULL,
  digest        TEXT NOT NULL,
  redactions    BIGINT NOT NULL
);
CREATE INDEX egress_by_time ON egress (at);
