-- A small ledger of this version: calls that were answered, presumed, corrected, under way.

INSERT INTO settings_of_ledger (name, value) VALUES
  ('secret', '0000000000000000000000000000000000000000000000000000000000000000');

INSERT INTO budgets (scope, settled, reserved, presumed, cap, closed_by, begun_at) VALUES
  ('installation:3:2027-01', 30000000000, 30000000000, 20000000000, 500000000000000, '', 1800000000000),
  ('pr:7/1', 30000000000, 30000000000, 20000000000, 1000000000000, '', 1800000000000),
  ('repo:7:2027-01', 30000000000, 30000000000, 20000000000, 50000000000000, '', 1800000000000),
  ('repo:7:2027-01-15', 30000000000, 30000000000, 20000000000, 5000000000000, '', 1800000000000),
  ('server:2027-01', 30000000000, 30000000000, 20000000000, 500000000000000, '', 1800000000000);

INSERT INTO calls (id, review_id, repository_id, number, repository, installation_id, author_id, head_sha, tier, model, endpoint, upstream, jurisdiction, label, reason, scopes, price, worst, state, reserved_at, lease_until, settled_at, cost, ending, tokens_in, tokens_out, tokens_cached, tokens_written, tokens_thought, model_answered, latency_ms, first_token_ms, error) VALUES
  ('e1e404256b91440cb1d2ded8d5d36cdc', 'review-1', 7, 1, 'acme/shop', 3, 0, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'cheap', 'small', 'one', 'small-v1', 'EU', 'src/a.py', '', '["installation:3:2027-01", "pr:7/1", "repo:7:2027-01", "repo:7:2027-01-15", "server:2027-01"]', '{"input": 1000000, "output": 1000000, "cached": 1000000, "cache_write": 1000000}', 100000000000, 'settled', 1800000000000, 1800000060000, 1800000000000, 10000000000, 'answered', 10000, 0, 0, 0, 0, 'small-2027', 900, 0, ''),
  ('187b6a67fa3648ffa68681c42020c6cb', 'review-1', 7, 1, 'acme/shop', 3, 0, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'cheap', 'small', 'one', 'small-v1', 'EU', 'src/a.py', '', '["installation:3:2027-01", "pr:7/1", "repo:7:2027-01", "repo:7:2027-01-15", "server:2027-01"]', '{"input": 1000000, "output": 1000000, "cached": 1000000, "cache_write": 1000000}', 20000000000, 'presumed', 1800000000000, 1800000060000, 1800000000000, 20000000000, 'unknown', 0, 0, 0, 0, 0, '', 0, 0, ''),
  ('ed0f9999a3044eeebcbf4e43a01e5ade', 'review-1', 7, 1, 'acme/shop', 3, 0, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'cheap', 'small', 'one', 'small-v1', 'EU', 'src/a.py', '', '["installation:3:2027-01", "pr:7/1", "repo:7:2027-01", "repo:7:2027-01-15", "server:2027-01"]', '{"input": 1000000, "output": 1000000, "cached": 1000000, "cache_write": 1000000}', 50000000000, 'presumed', 1800000000000, 1800000010000, 1800000011000, 50000000000, 'unknown', 0, 0, 0, 0, 0, '', 0, 0, 'lease-expired'),
  ('c92f76699cbf448eaa9afa56ba1f5c33', 'review-1', 7, 1, 'acme/shop', 3, 0, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'cheap', 'small', 'one', 'small-v1', 'EU', 'src/a.py', '', '["installation:3:2027-01", "pr:7/1", "repo:7:2027-01", "repo:7:2027-01-15", "server:2027-01"]', '{"input": 1000000, "output": 1000000, "cached": 1000000, "cache_write": 1000000}', 30000000000, 'reserved', 1800000011000, 1900000011000, NULL, 0, '', 0, 0, 0, 0, 0, '', 0, 0, '');

INSERT INTO corrections (call_id, at, cost, ending, tokens_in, tokens_out, tokens_cached, tokens_written, tokens_thought, model_answered) VALUES
  ('ed0f9999a3044eeebcbf4e43a01e5ade', 1800000011000, 20000000000, 'answered', 20000, 0, 0, 0, 0, 'small-2027');

INSERT INTO spending (grain, period, repository_id, repository, tier, model, endpoint, upstream, reviews, reviews_of_tier, reviews_of_model, calls, failed, tokens_in, tokens_out, tokens_cached, tokens_written, tokens_thought, latency_ms, spent, presumed) VALUES
  ('day', '2027-01-15', 7, 'acme/shop', 'cheap', 'small', 'one', 'small-v1', 1, 1, 1, 3, 1, 30000, 0, 0, 0, 0, 900, 30000000000, 20000000000),
  ('month', '2027-01', 7, 'acme/shop', 'cheap', 'small', 'one', 'small-v1', 1, 1, 1, 3, 1, 30000, 0, 0, 0, 0, 900, 30000000000, 20000000000);

INSERT INTO spending_by_repository (grain, period, repository_id, repository, reviews, calls, tokens_in, tokens_out, spent, presumed, saved) VALUES
  ('day', '2027-01-15', 7, 'acme/shop', 1, 3, 30000, 0, 30000000000, 20000000000, 0),
  ('month', '2027-01', 7, 'acme/shop', 1, 3, 30000, 0, 30000000000, 20000000000, 0);

INSERT INTO spending_by_pull (repository_id, number, period, tier, purpose, reviews, questions, calls, tokens_in, tokens_out, spent, presumed, asked, saved, findings, accepted) VALUES
  (7, 1, '2027-01-15', 'cheap', 'review', 1, 0, 3, 30000, 0, 30000000000, 20000000000, 0, 0, 0, 0),
  (7, 1, '2027-01-15', '', 'review', 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1);

INSERT INTO spending_of_pulls (repository_id, number, first_day, last_day, reviews, questions, calls, tokens_in, tokens_out, spent, presumed, asked, saved, findings, accepted) VALUES
  (7, 1, '2027-01-15', '2027-01-15', 1, 0, 3, 30000, 0, 30000000000, 20000000000, 0, 0, 1, 1);

INSERT INTO timings (grain, period, repository_id, endpoint, measure, bucket, calls) VALUES
  ('day', '2027-01-15', 7, 'one', 'answer', 62, 1),
  ('month', '2027-01', 7, 'one', 'answer', 62, 1);

INSERT INTO forecasts (grain, period, repository_id, bucket, reviews, within_p90, foreseen, cost) VALUES
  ('day', '2027-01-15', 7, 66, 1, 1, 40000000000, 50000000000),
  ('month', '2027-01', 7, 66, 1, 1, 40000000000, 50000000000);

INSERT INTO ended_sessions (id, until_at) VALUES ('s1', 1800003600000);

INSERT INTO flagged_endpoints (endpoint, at, why) VALUES
  ('two', 1800000000000, 'billed $0.300 where $0.100 was the bound');

INSERT INTO drained_endpoints (endpoint, at, who, why) VALUES
  ('three', 1800000000000, 'ada', 'its region is down');

INSERT INTO audit (id, at, who, action, subject, why, before) VALUES
  ('a1', 1800000000000, 'ada', 'release', 'one', 'the price was wrong', 'billed too much');

INSERT INTO answers (key, model, text, cost, tokens, review_id, at, used_at, bytes) VALUES
  ('key-1', 'small', '{"findings": []}', 10000000000, 10000, 'review-1', 1800000000000, 1800000000000, 416);

INSERT INTO reviews (id, repository_id, number, repository, head_sha, cause, state, opened_at, closed_at, saved, starved, report, complete, cost, planned, foreseen_p50, foreseen_p90, bound, learned_from) VALUES
  ('review-1', 7, 1, 'acme/shop', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'desk 1', 'published', 1800000000000, 1800000020000, 0, 0, '{}', 1, 50000000000, 40000000000, 40000000000, 60000000000, 90000000000, 0);

INSERT INTO postings (key, state, external_id, url, at) VALUES
  ('review:1', 'done', '99', 'https://example.test/99', 1800000020000);

INSERT INTO desk (repository_id, number, repository, installation_id, wanted, done, wanted_since, reason, whole, attempts, owner, lease_until, not_before, dead, error) VALUES
  (7, 1, 'acme/shop', 3, 2, 1, 1800000000000, 'synchronize', 0, 0, '', 0, 1800000020000, 0, '');

INSERT INTO deliveries (id, repository_id, number, at) VALUES
  ('d1', 7, 1, 1800000000000);

INSERT INTO egress (call_id, at, repository_id, repository, number, endpoint, jurisdiction, bytes, digest, redactions) VALUES
  ('e1e404256b91440cb1d2ded8d5d36cdc', 1800000000000, 7, 'acme/shop', 1, 'one', 'EU', 900, '0000000000000000000000000000000000000000000000000000000000000000', 1);

INSERT INTO raised (repository_id, number, fingerprint, path, side, category, severity, digest, title, repository, tier, model, rule, at, heard_at, acceptance, because) VALUES
  (7, 1, 'f1', 'src/a.py', 'RIGHT', 'security', 'high', '00', 'SQL is built from input', 'acme/shop', 'strong', 'large', '', 1800000020000, 1800000030000, 'accepted', 'fixed');

INSERT INTO acceptance (grain, period, repository_id, repository, tier, model, category, posted, accepted, rejected) VALUES
  ('day', '2027-01-15', 7, 'acme/shop', 'strong', 'large', 'security', 1, 1, 0),
  ('month', '2027-01', 7, 'acme/shop', 'strong', 'large', 'security', 1, 1, 0);

INSERT INTO read_backs (repository_id, number, repository, installation_id, attempts, owner, lease_until, not_before) VALUES
  (7, 1, 'acme/shop', 3, 0, '', 0, 1800000020000);

INSERT INTO companion_sessions (digest, review_id, repository_id, installation_id, terms, ends_at, calls) VALUES
  ('0000000000000000000000000000000000000000000000000000000000000000', 'review-1', 7, 3, '{}', 1800000900000, 4);

INSERT INTO used_tokens (digest, ends_at) VALUES
  ('1111111111111111111111111111111111111111111111111111111111111111', 1800000300000);
