-- Amounts are 10^-12 USD, times are milliseconds since 1970 (UTC).

CREATE TABLE settings_of_ledger (name TEXT PRIMARY KEY, value TEXT NOT NULL);

-- One row a scope: a pull request, a repository's day, … cap is the limit that the last
-- reservation was judged by; closed_by names the endpoint that billed more than was possible.
CREATE TABLE budgets (
  scope     TEXT PRIMARY KEY,
  settled   BIGINT NOT NULL DEFAULT 0,
  reserved  BIGINT NOT NULL DEFAULT 0,
  presumed  BIGINT NOT NULL DEFAULT 0,
  cap       BIGINT NOT NULL DEFAULT 0,
  closed_by TEXT NOT NULL DEFAULT '',
  begun_at  BIGINT NOT NULL DEFAULT 0
);

-- One row an HTTP attempt. It is closed once and never changed after that; it is thrown away
-- when its time is over, and lives on in the sums below. reported is what the endpoint says that
-- it billed, where it says so.
CREATE TABLE calls (
  id              TEXT PRIMARY KEY,
  review_id       TEXT NOT NULL,
  repository_id   BIGINT NOT NULL,
  number          BIGINT NOT NULL,
  repository      TEXT NOT NULL,
  installation_id BIGINT NOT NULL,
  author_id       BIGINT NOT NULL,
  head_sha        TEXT NOT NULL,
  tier            TEXT NOT NULL,
  model           TEXT NOT NULL,
  endpoint        TEXT NOT NULL,
  upstream        TEXT NOT NULL,
  jurisdiction    TEXT NOT NULL,
  label           TEXT NOT NULL,
  reason          TEXT NOT NULL,
  scopes          TEXT NOT NULL,
  price           TEXT NOT NULL,
  worst           BIGINT NOT NULL,
  state           TEXT NOT NULL,
  reserved_at     BIGINT NOT NULL,
  lease_until     BIGINT NOT NULL,
  settled_at      BIGINT,
  cost            BIGINT NOT NULL DEFAULT 0,
  ending          TEXT NOT NULL DEFAULT '',
  tokens_in       BIGINT NOT NULL DEFAULT 0,
  tokens_out      BIGINT NOT NULL DEFAULT 0,
  tokens_cached   BIGINT NOT NULL DEFAULT 0,
  tokens_written  BIGINT NOT NULL DEFAULT 0,
  tokens_thought  BIGINT NOT NULL DEFAULT 0,
  model_answered  TEXT NOT NULL DEFAULT '',
  latency_ms      BIGINT NOT NULL DEFAULT 0,
  first_token_ms  BIGINT NOT NULL DEFAULT 0,
  reported        BIGINT,
  error           TEXT NOT NULL DEFAULT ''
);
CREATE INDEX calls_by_review ON calls (review_id);
CREATE INDEX calls_by_time ON calls (reserved_at);
CREATE INDEX calls_in_flight ON calls (lease_until) WHERE state = 'reserved';

-- What became known of a presumed call later; the call itself stays as it was written.
CREATE TABLE corrections (
  call_id        TEXT PRIMARY KEY,
  at             BIGINT NOT NULL,
  cost           BIGINT NOT NULL,
  ending         TEXT NOT NULL,
  tokens_in      BIGINT NOT NULL,
  tokens_out     BIGINT NOT NULL,
  tokens_cached  BIGINT NOT NULL,
  tokens_written BIGINT NOT NULL,
  tokens_thought BIGINT NOT NULL,
  model_answered TEXT NOT NULL
);

CREATE VIEW bills AS
SELECT c.id, c.review_id, c.repository_id, c.number, c.repository, c.installation_id,
  c.tier, c.model, c.endpoint, c.reason, c.reserved_at, c.worst,
  CASE WHEN k.call_id IS NULL THEN c.state ELSE 'settled' END AS state,
  COALESCE(k.cost, c.cost) AS cost,
  COALESCE(k.tokens_in, c.tokens_in) AS tokens_in,
  COALESCE(k.tokens_out, c.tokens_out) AS tokens_out,
  COALESCE(k.ending, c.ending) AS ending
FROM calls c LEFT JOIN corrections k ON k.call_id = c.id;

-- Sums over ended calls, changed in the same transaction as they; grain is 'day' or 'month'.
-- A review counts where its first call is: of all, of its tier, of its model. A question that
-- somebody asked is no review; *asked* is the part of spent and presumed that questions cost.
-- *instead* is what the cheap tier's settled calls would have cost on the strong model, at the
-- price that held when they were made.
CREATE TABLE spending (
  grain            TEXT NOT NULL,
  period           TEXT NOT NULL,
  repository_id    BIGINT NOT NULL,
  repository       TEXT NOT NULL,
  tier             TEXT NOT NULL,
  model            TEXT NOT NULL,
  endpoint         TEXT NOT NULL,
  upstream         TEXT NOT NULL,
  reviews          BIGINT NOT NULL DEFAULT 0,
  reviews_of_tier  BIGINT NOT NULL DEFAULT 0,
  reviews_of_model BIGINT NOT NULL DEFAULT 0,
  questions        BIGINT NOT NULL DEFAULT 0,
  calls            BIGINT NOT NULL DEFAULT 0,
  failed           BIGINT NOT NULL DEFAULT 0,
  tokens_in        BIGINT NOT NULL DEFAULT 0,
  tokens_out       BIGINT NOT NULL DEFAULT 0,
  tokens_cached    BIGINT NOT NULL DEFAULT 0,
  tokens_written   BIGINT NOT NULL DEFAULT 0,
  tokens_thought   BIGINT NOT NULL DEFAULT 0,
  latency_ms       BIGINT NOT NULL DEFAULT 0,
  spent            BIGINT NOT NULL DEFAULT 0,
  presumed         BIGINT NOT NULL DEFAULT 0,
  asked            BIGINT NOT NULL DEFAULT 0,
  instead          BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (grain, period, repository_id, repository, tier, model, endpoint, upstream)
);

CREATE TABLE spending_by_repository (
  grain         TEXT NOT NULL,
  period        TEXT NOT NULL,
  repository_id BIGINT NOT NULL,
  repository    TEXT NOT NULL,
  reviews       BIGINT NOT NULL DEFAULT 0,
  questions     BIGINT NOT NULL DEFAULT 0,
  calls         BIGINT NOT NULL DEFAULT 0,
  tokens_in     BIGINT NOT NULL DEFAULT 0,
  tokens_out    BIGINT NOT NULL DEFAULT 0,
  spent         BIGINT NOT NULL DEFAULT 0,
  presumed      BIGINT NOT NULL DEFAULT 0,
  asked         BIGINT NOT NULL DEFAULT 0,
  saved         BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (grain, period, repository_id, repository)
);

-- A pull request's days, by tier and by what the calls were for: 'review' or 'answer'. What no tier
-- did stands under '': what was saved, findings posted on lines, and those that people accepted.
CREATE TABLE spending_by_pull (
  repository_id BIGINT NOT NULL,
  number        BIGINT NOT NULL,
  period        TEXT NOT NULL,
  tier          TEXT NOT NULL,
  purpose       TEXT NOT NULL,
  reviews       BIGINT NOT NULL DEFAULT 0,
  questions     BIGINT NOT NULL DEFAULT 0,
  calls         BIGINT NOT NULL DEFAULT 0,
  tokens_in     BIGINT NOT NULL DEFAULT 0,
  tokens_out    BIGINT NOT NULL DEFAULT 0,
  spent         BIGINT NOT NULL DEFAULT 0,
  presumed      BIGINT NOT NULL DEFAULT 0,
  asked         BIGINT NOT NULL DEFAULT 0,
  saved         BIGINT NOT NULL DEFAULT 0,
  findings      BIGINT NOT NULL DEFAULT 0,
  accepted      BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (repository_id, number, period, tier, purpose)
);

-- A pull request's whole life in one row, so that the dearest are found without adding up: only
-- those that were there before a time began, or went on after it, are looked up by their days.
CREATE TABLE spending_of_pulls (
  repository_id BIGINT NOT NULL,
  number        BIGINT NOT NULL,
  first_day     TEXT NOT NULL,
  last_day      TEXT NOT NULL,
  reviews       BIGINT NOT NULL DEFAULT 0,
  questions     BIGINT NOT NULL DEFAULT 0,
  calls         BIGINT NOT NULL DEFAULT 0,
  tokens_in     BIGINT NOT NULL DEFAULT 0,
  tokens_out    BIGINT NOT NULL DEFAULT 0,
  spent         BIGINT NOT NULL DEFAULT 0,
  presumed      BIGINT NOT NULL DEFAULT 0,
  asked         BIGINT NOT NULL DEFAULT 0,
  saved         BIGINT NOT NULL DEFAULT 0,
  findings      BIGINT NOT NULL DEFAULT 0,
  accepted      BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (repository_id, number)
);

-- How many calls took how long, in buckets that grow with what they hold; measure is 'answer'
-- (the whole of it) or 'first_token'.
CREATE TABLE timings (
  grain         TEXT NOT NULL,
  period        TEXT NOT NULL,
  repository_id BIGINT NOT NULL,
  endpoint      TEXT NOT NULL,
  measure       TEXT NOT NULL,
  bucket        INTEGER NOT NULL,
  calls         BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (grain, period, repository_id, endpoint, measure, bucket)
);

-- How good forecasts were: reviews by their cost in per mille of what had been forecast (p50),
-- in buckets, how many of them stayed within p90, and both sums.
CREATE TABLE forecasts (
  grain         TEXT NOT NULL,
  period        TEXT NOT NULL,
  repository_id BIGINT NOT NULL,
  bucket        INTEGER NOT NULL,
  reviews       BIGINT NOT NULL DEFAULT 0,
  within_p90    BIGINT NOT NULL DEFAULT 0,
  foreseen      BIGINT NOT NULL DEFAULT 0,
  cost          BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (grain, period, repository_id, bucket)
);

-- Endpoints that billed more than was possible: not called until an administrator releases them.
CREATE TABLE flagged_endpoints (endpoint TEXT PRIMARY KEY, at BIGINT NOT NULL, why TEXT NOT NULL);

-- Endpoints that an administrator took out of service.
CREATE TABLE drained_endpoints (
  endpoint TEXT PRIMARY KEY,
  at       BIGINT NOT NULL,
  who      TEXT NOT NULL,
  why      TEXT NOT NULL
);

-- What administrators decided about money.
CREATE TABLE audit (
  id      TEXT PRIMARY KEY,
  at      BIGINT NOT NULL,
  who     TEXT NOT NULL,
  action  TEXT NOT NULL,
  subject TEXT NOT NULL,
  why     TEXT NOT NULL,
  before  TEXT NOT NULL
);

-- One row a crossing of 50, 80 or 100 % of a limit; told says whether the
-- alerts' address knows it.
CREATE TABLE alerts (
  scope      TEXT NOT NULL,
  level      INTEGER NOT NULL,
  cap        BIGINT NOT NULL,
  spent      BIGINT NOT NULL,
  repository TEXT NOT NULL,
  number     BIGINT NOT NULL,
  at         BIGINT NOT NULL,
  told       INTEGER NOT NULL DEFAULT 0,
  tries      INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (scope, level, cap)
);
CREATE INDEX alerts_untold ON alerts (at) WHERE told = 0;

-- The sum of *bytes* is read out of the index alone.
CREATE TABLE answers (
  key       TEXT NOT NULL,
  model     TEXT NOT NULL,
  text      TEXT NOT NULL,
  cost      BIGINT NOT NULL,
  tokens    BIGINT NOT NULL,
  review_id TEXT NOT NULL,
  at        BIGINT NOT NULL,
  used_at   BIGINT NOT NULL,
  bytes     BIGINT NOT NULL,
  PRIMARY KEY (key, model)
);
CREATE INDEX answers_by_time ON answers (at);
CREATE INDEX answers_by_use ON answers (used_at, bytes);

-- *complete* says whether everything was read, *cost* what it came to. *planned* is the plan's own
-- estimate, *foreseen* what was said with its help before anything was asked, *learned_from* the
-- number of earlier reviews behind that.
CREATE TABLE reviews (
  id            TEXT PRIMARY KEY,
  repository_id BIGINT NOT NULL,
  number        BIGINT NOT NULL,
  repository    TEXT NOT NULL,
  head_sha      TEXT NOT NULL,
  cause         TEXT NOT NULL,
  state         TEXT NOT NULL,
  opened_at     BIGINT NOT NULL,
  closed_at     BIGINT,
  saved         BIGINT NOT NULL DEFAULT 0,
  starved       INTEGER NOT NULL DEFAULT 0,
  report        TEXT NOT NULL DEFAULT '',
  complete      INTEGER NOT NULL DEFAULT 0,
  cost          BIGINT NOT NULL DEFAULT 0,
  planned       BIGINT,
  foreseen_p50  BIGINT,
  foreseen_p90  BIGINT,
  bound         BIGINT,
  learned_from  BIGINT
);
CREATE UNIQUE INDEX reviews_open ON reviews (repository_id, number, head_sha, cause)
  WHERE state = 'open';
CREATE INDEX reviews_by_time ON reviews (opened_at);
CREATE INDEX reviews_to_learn_from ON reviews (repository_id, closed_at)
  WHERE complete = 1 AND starved = 0 AND planned > 0;
CREATE INDEX reviews_starved ON reviews (closed_at) WHERE starved = 1;

CREATE TABLE postings (
  key         TEXT PRIMARY KEY,
  state       TEXT NOT NULL,
  external_id TEXT NOT NULL DEFAULT '',
  url         TEXT NOT NULL DEFAULT '',
  at          BIGINT NOT NULL
);

-- One row a pull request: there is work while wanted > done.
CREATE TABLE desk (
  repository_id   BIGINT NOT NULL,
  number          BIGINT NOT NULL,
  repository      TEXT NOT NULL,
  installation_id BIGINT NOT NULL,
  wanted          BIGINT NOT NULL,
  done            BIGINT NOT NULL DEFAULT 0,
  wanted_since    BIGINT NOT NULL,
  reason          TEXT NOT NULL,
  whole           INTEGER NOT NULL DEFAULT 0,
  attempts        INTEGER NOT NULL DEFAULT 0,
  owner           TEXT NOT NULL DEFAULT '',
  lease_until     BIGINT NOT NULL DEFAULT 0,
  not_before      BIGINT NOT NULL,
  dead            INTEGER NOT NULL DEFAULT 0,
  error           TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (repository_id, number)
);
CREATE INDEX desk_waiting ON desk (not_before) WHERE wanted > done;

CREATE TABLE deliveries (
  id            TEXT PRIMARY KEY,
  repository_id BIGINT NOT NULL,
  number        BIGINT NOT NULL,
  at            BIGINT NOT NULL
);
CREATE INDEX deliveries_by_time ON deliveries (at);

-- What the reviews of a commit concluded; an empty conclusion is a review under way.
CREATE TABLE verdicts (
  repository_id BIGINT NOT NULL,
  head_sha      TEXT NOT NULL,
  number        BIGINT NOT NULL,
  conclusion    TEXT NOT NULL,
  title         TEXT NOT NULL,
  shown         TEXT NOT NULL DEFAULT '',
  at            BIGINT NOT NULL,
  PRIMARY KEY (repository_id, head_sha, number)
);
CREATE INDEX verdicts_by_time ON verdicts (at);

-- Findings that were posted on lines, whether their comments still stand or not; what people made
-- of each by heard_at, and what that is taken from. *listed* says that a finding only stood in a
-- summary: it has no thread, so nobody is asked what became of it, and no sum counts it.
CREATE TABLE raised (
  repository_id BIGINT NOT NULL,
  number        BIGINT NOT NULL,
  fingerprint   TEXT NOT NULL,
  path          TEXT NOT NULL,
  side          TEXT NOT NULL,
  category      TEXT NOT NULL,
  severity      TEXT NOT NULL,
  digest        TEXT NOT NULL,
  title         TEXT NOT NULL,
  listed        INTEGER NOT NULL DEFAULT 0,
  repository    TEXT NOT NULL DEFAULT '',
  tier          TEXT NOT NULL DEFAULT '',
  model         TEXT NOT NULL DEFAULT '',
  rule          TEXT NOT NULL DEFAULT '',
  at            BIGINT NOT NULL DEFAULT 0,
  heard_at      BIGINT NOT NULL DEFAULT 0,
  acceptance    TEXT NOT NULL DEFAULT 'unknown',
  because       TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (repository_id, number, fingerprint)
);
CREATE INDEX raised_by_time ON raised (at);

-- Sums over them, by when they were posted, changed in the same transaction as they.
CREATE TABLE acceptance (
  grain         TEXT NOT NULL,
  period        TEXT NOT NULL,
  repository_id BIGINT NOT NULL,
  repository    TEXT NOT NULL,
  tier          TEXT NOT NULL,
  model         TEXT NOT NULL,
  category      TEXT NOT NULL,
  posted        BIGINT NOT NULL DEFAULT 0,
  accepted      BIGINT NOT NULL DEFAULT 0,
  rejected      BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (grain, period, repository_id, repository, tier, model, category)
);

-- Pull requests whose threads are to be read back although no review of them is wanted.
CREATE TABLE read_backs (
  repository_id   BIGINT NOT NULL,
  number          BIGINT NOT NULL,
  repository      TEXT NOT NULL,
  installation_id BIGINT NOT NULL,
  attempts        INTEGER NOT NULL DEFAULT 0,
  owner           TEXT NOT NULL DEFAULT '',
  lease_until     BIGINT NOT NULL DEFAULT 0,
  not_before      BIGINT NOT NULL,
  PRIMARY KEY (repository_id, number)
);

-- What may have left for a model endpoint: one row a call, written with its reservation and
-- never changed, which a trigger of each database sees to. No prompt is kept, only its digest.
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

-- One row while all spending is stopped.
CREATE TABLE spending_stopped (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  at       BIGINT NOT NULL,
  actor    TEXT NOT NULL,
  why      TEXT NOT NULL
);

-- Deliveries that GitHub was asked to send again, each once.
CREATE TABLE redeliveries (guid TEXT PRIMARY KEY, at BIGINT NOT NULL);

-- What one process at a time does; *last_end* is when it was last done.
CREATE TABLE turns (
  name     TEXT PRIMARY KEY,
  owner    TEXT NOT NULL,
  until_at BIGINT NOT NULL,
  last_end BIGINT NOT NULL DEFAULT 0
);

-- What pages ask for: the reviews of a pull request, and the calls of a repository by time.
CREATE INDEX reviews_by_pull ON reviews (repository_id, number, opened_at);
CREATE INDEX calls_by_repository ON calls (repository_id, reserved_at);
CREATE INDEX calls_of_questions ON calls (repository_id, number)
  WHERE reason IN ('ask', 'describe', 'improve');

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

-- What workflows bought with a token of their job: leave to ask models about one pull request.
-- The session's own token is kept nowhere, only its digest.
CREATE TABLE companion_sessions (
  digest          TEXT PRIMARY KEY,
  review_id       TEXT NOT NULL,
  repository_id   BIGINT NOT NULL,
  installation_id BIGINT NOT NULL,
  terms           TEXT NOT NULL,
  ends_at         BIGINT NOT NULL,
  calls           INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX companion_sessions_by_end ON companion_sessions (ends_at);

-- Jobs' tokens that were shown, by their digest, until they expire: each opens one session.
CREATE TABLE used_tokens (digest TEXT PRIMARY KEY, ends_at BIGINT NOT NULL);

-- Sessions of the pages that were ended before their time; *until_at* is when that would have been.
CREATE TABLE ended_sessions (id TEXT PRIMARY KEY, until_at BIGINT NOT NULL);
