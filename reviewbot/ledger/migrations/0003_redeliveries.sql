-- Deliveries that GitHub was asked to send again, each once.
CREATE TABLE redeliveries (guid TEXT PRIMARY KEY, at BIGINT NOT NULL);

-- What one process at a time does; *last_end* is when it was last done.
CREATE TABLE turns (
  name     TEXT PRIMARY KEY,
  owner    TEXT NOT NULL,
  until_at BIGINT NOT NULL,
  last_end BIGINT NOT NULL DEFAULT 0
);
