-- What pages ask for: the reviews of a pull request, and the calls of a repository by time.
CREATE INDEX reviews_by_pull ON reviews (repository_id, number, opened_at);
CREATE INDEX calls_by_repository ON calls (repository_id, reserved_at);
