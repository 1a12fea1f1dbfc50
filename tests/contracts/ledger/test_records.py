"""Reviews, postings, migrations and the ledger's secret."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.errors import LedgerError, SettingsError
from reviewbot.domain.finding import Category, Severity, Side
from reviewbot.domain.posted import PostedFinding
from reviewbot.domain.posting import Knowledge
from reviewbot.domain.pull_request import Author, PullKey, PullRequest
from reviewbot.ledger.database import open_database
from reviewbot.ledger.house import secret_of
from reviewbot.ledger.migrate import migrate
from reviewbot.ledger.postings import Postings
from reviewbot.ledger.reviews import Reviews

if TYPE_CHECKING:
    from pathlib import Path

    from reviewbot.ledger.database import Database


def pull(head: str = "a" * 40) -> PullRequest:
    author = Author(1, "alice")
    return PullRequest(PullKey(7, 1), "acme/shop", "t", author, head, "b" * 40, "main", "main")


def test_a_review_started_again_is_the_same_review(database: Database) -> None:
    reviews = Reviews(database)
    assert not reviews.is_open(pull(), "desk 1")
    first = reviews.open(pull(), "desk 1")
    assert reviews.is_open(pull(), "desk 1")
    assert not reviews.is_open(pull(), "desk 2")
    assert reviews.open(pull(), "desk 1") == first
    assert reviews.open(pull("c" * 40), "desk 1") != first
    assert reviews.open(pull(), "desk 2") != first


def test_a_review_asked_for_after_it_was_closed_is_a_new_one(database: Database) -> None:
    reviews = Reviews(database)
    first = reviews.open(pull(), "command line")
    reviews.close(first, "published", '{"cost": {"saved_usd": "0.25"}}')
    assert reviews.open(pull(), "command line") != first


def test_a_write_is_known_before_it_is_sent(database: Database) -> None:
    postings = Postings(database)
    assert postings.intend("review:1").knowledge is Knowledge.FRESH
    assert postings.intend("review:1").knowledge is Knowledge.UNKNOWN
    postings.done("review:1", "99", "https://example.test/99")
    known = postings.intend("review:1")
    assert (known.knowledge, known.external_id) == (Knowledge.DONE, "99")
    postings.forget("review:1")
    assert postings.intend("review:1").knowledge is Knowledge.FRESH


def test_the_secret_is_made_once(database: Database) -> None:
    assert secret_of(database) == secret_of(database)


def test_migrating_twice_changes_nothing_and_a_newer_schema_is_refused(database: Database) -> None:
    migrate(database)
    with database.transaction() as session:
        session.change("INSERT INTO migrations (name) VALUES ('9999_later.sql')")
    with pytest.raises(LedgerError, match="newer reviewbot"):
        migrate(database)


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    def fail_halfway() -> None:
        with database.transaction() as session:
            session.change("INSERT INTO budgets (scope) VALUES ('x')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    with database.transaction() as session:
        assert list(session.rows("SELECT scope FROM budgets")) == []


def test_the_file_of_a_ledger_is_its_owner_s_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "ledger.db"
    open_database(f"sqlite:///{path}").close()
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("url", ["mysql://x", "sqlite://x", ""])
def test_an_address_that_is_none_is_named(url: str) -> None:
    with pytest.raises(SettingsError, match=r"database\.url"):
        open_database(url)


def test_a_database_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(LedgerError, match="cannot be used"):
        open_database(f"sqlite:///{tmp_path / 'file' / 'ledger.db'}")
    with pytest.raises(LedgerError, match="cannot be used") as caught:
        open_database("postgresql://me:hunter2@127.0.0.1:1/none")
    assert "hunter2" not in str(caught.value)


def test_what_was_listed_is_remembered_until_it_is_fixed_and_no_comment_is_forgotten(
    database: Database,
) -> None:
    reviews = Reviews(database)
    posted = PostedFinding(
        "f1", "a.py", Side.RIGHT, Category.SECURITY, Severity.HIGH, "d1", "Leaks the key"
    )
    told = replace(posted, fingerprint="f2", is_listed=True)
    reviews.close(reviews.open(pull(), "desk 1"), "published", "{}", [posted, told])
    assert reviews.raised(PullKey(7, 1)) == [posted, told]

    other = replace(pull(), key=PullKey(7, 2))
    gone = [replace(each, is_fixed=True) for each in (told, replace(told, fingerprint="f1"))]
    reviews.close(reviews.open(other, "desk 1"), "published", "{}", gone)
    assert reviews.raised(PullKey(7, 1)) == [posted, told]

    reviews.close(reviews.open(pull("c" * 40), "desk 2"), "published", "{}", gone)
    assert reviews.raised(PullKey(7, 1)) == [posted]
