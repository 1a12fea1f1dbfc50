"""What administrators do with the ledger from the command line."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from reviewbot.domain.egress import Egress
from reviewbot.domain.errors import LedgerError, UsageError
from reviewbot.domain.money import Usage
from reviewbot.domain.pull_request import PullKey, Wish
from reviewbot.entrypoints.cli import cli
from reviewbot.ledger.audit import decisions
from reviewbot.ledger.database import open_database
from reviewbot.ledger.desk import Desk, DeskRules
from reviewbot.ledger.drains import drained
from reviewbot.ledger.migrate import migrate
from reviewbot.ledger.money import SqlLedger
from reviewbot.review.ports import Attempt, Ending
from tests.contracts.ledger.charges import charge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reviewbot.ledger.database import Database


class _Shell:
    """Runs commands over one ledger."""

    def __init__(self, url: str) -> None:
        self._environ = {"REVIEWBOT_DATABASE__URL": url}

    def run(self, *words: str) -> str:
        result = CliRunner().invoke(cli, words, env=self._environ, standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        assert result.return_value == 0
        return result.output


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """A ledger with three calls: one as usual, one whose chunk has a strange name, one lie."""
    opened = open_database(url)
    migrate(opened)
    ledger = SqlLedger(opened, patience=0)
    for label in ("src/a.py", "=cmd|'/c calc'!A1"):
        grant = ledger.reserve(charge("0.1", label=label))
        ledger.settle(grant, Attempt(Ending.ANSWERED, Usage(10_000, 0), "small-2027"))
    lied = ledger.reserve(charge("0.1", number=2))
    ledger.settle(lied, Attempt(Ending.ANSWERED, Usage(200_000, 0)))
    yield opened
    opened.close()


@pytest.fixture
def shell(url: str, database: Database) -> _Shell:
    del database  # it is there
    return _Shell(url)


def test_an_export_can_be_read_by_spreadsheets_and_scripts(shell: _Shell, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(shell.run("ledger", "export"))))
    plain: list[dict[str, Any]] = json.loads(shell.run("ledger", "export", "--format", "json"))
    assert [row["cost_usd"] for row in rows] == ["0.01", "0.01", "0.2"]
    assert {row["chunks"] for row in rows} == {"src/a.py", "'=cmd|'/c calc'!A1"}
    assert {row["chunks"] for row in plain} == {"src/a.py", "=cmd|'/c calc'!A1"}
    shell.run("ledger", "export", "--output", str(tmp_path / "calls.csv"))
    assert len((tmp_path / "calls.csv").read_text().splitlines()) == 4
    assert json.loads(shell.run("ledger", "export", "--repo", "a/b", "--format", "json")) == []


def test_what_left_for_which_endpoint_is_listed(shell: _Shell, database: Database) -> None:
    leaving = Egress(900, "ab" * 32, 1)
    SqlLedger(database, patience=0).reserve(charge("0.1", number=3, endpoint="two", egress=leaving))
    [row] = csv.DictReader(io.StringIO(shell.run("ledger", "egress")))
    assert (row["endpoint"], row["pull_request"], row["bytes"]) == ("two", "3", "900")
    [plain] = json.loads(shell.run("ledger", "egress", "--since", "1d", "--format", "json"))
    assert (plain["prompt_sha256"], plain["redactions"]) == ("ab" * 32, 1)
    assert json.loads(shell.run("ledger", "egress", "--repo", "a/b", "--format", "json")) == []


def test_an_endpoint_is_released_by_name_and_for_a_reason(
    shell: _Shell, database: Database
) -> None:
    with pytest.raises(UsageError, match="under no quarantine"):
        shell.run("ledger", "release", "two", "--why", "a slip")
    said = shell.run("ledger", "release", "one", "--why", "the vendor mended its bill")
    assert said == "one may be called again; 1 pull requests are open again.\n"
    [decision] = decisions(database)
    assert decision.why == "the vendor mended its bill"
    assert decision.who
    SqlLedger(database, patience=0).reserve(charge("0.1", number=2))


def test_an_endpoint_is_drained_by_name_and_brought_back(shell: _Shell, database: Database) -> None:
    with pytest.raises(UsageError, match="there is no endpoint") as caught:
        shell.run("ledger", "drain", "api.opnai.com", "--why", "a slip")
    assert caught.value.advice == "Configured are: api.openai.com."
    assert decisions(database) == []
    name = "api.openai.com"
    said = shell.run("ledger", "drain", name, "--why", "maintenance")
    assert said == f"{name} is out of service; `reviewbot ledger release` brings it back.\n"
    assert "out of service already" in shell.run("ledger", "drain", name, "--why", "again")
    assert [each.why for each in drained(database)] == ["maintenance"]
    said = shell.run("ledger", "release", name, "--why", "it is over")
    assert said == f"{name} may be called again.\n"
    assert drained(database) == []
    acts = json.loads(shell.run("audit", "--json"))
    assert [(each["action"], each["subject"]) for each in acts] == [
        ("release", name),
        ("drain", name),
        ("drain", name),
    ]
    with pytest.raises(UsageError, match="was not drained"):
        shell.run("ledger", "release", name, "--why", "again")


def test_a_starved_review_goes_through_the_desk(shell: _Shell, database: Database) -> None:
    desk = Desk(database, DeskRules(debounce=0))
    desk.record("d1", Wish(PullKey(7, 42), "acme/shop", 3, "opened"))
    claim = desk.claim("w1")
    assert claim is not None
    desk.finish(claim)
    assert desk.claim("w1") is None
    assert shell.run("ledger", "resume", "Acme/Shop#42") == "Acme/Shop#42 is on the desk.\n"
    [decision] = json.loads(shell.run("audit", "--json"))
    assert (decision["action"], decision["subject"]) == ("resume", "acme/shop#42")
    assert "@" in decision["who"]
    [(key, seconds)] = desk.waiting()
    assert key == PullKey(7, 42)
    assert seconds <= DeskRules().debounce
    with pytest.raises(UsageError, match="never on this ledger's desk"):
        shell.run("ledger", "resume", "acme/shop#43")


def test_a_backup_is_a_ledger(shell: _Shell, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    assert str(copy) in shell.run("ledger", "backup", str(copy))
    with sqlite3.connect(copy) as connection:
        assert connection.execute("SELECT COUNT(*) FROM calls").fetchone() == (3,)
    connection.close()
    costs = ("costs", "--format", "json", "--by", "pr")
    assert _Shell(f"sqlite:///{copy}").run(*costs) == shell.run(*costs)
    with pytest.raises(LedgerError, match="there already"):
        shell.run("ledger", "backup", str(copy))


def test_an_invoice_is_compared_with_what_was_entered(shell: _Shell, tmp_path: Path) -> None:
    first, *_ = csv.DictReader(io.StringIO(shell.run("ledger", "export")))
    day = first["reserved_at"][:10]
    invoice = tmp_path / "invoice.csv"
    invoice.write_text(f"date,model,cost,currency\n{day},small-v1,0.25,EUR\n", encoding="utf-8-sig")
    words = ("ledger", "reconcile", str(invoice), "--currency", "EUR", "--rate", "1.08")
    [line] = json.loads(shell.run(*words, "--format", "json"))
    assert line == {
        "day": day,
        "model": "small-v1",
        "calls": 3,
        "billed_usd": "0.27",
        "settled_usd": "0.22",
        "gap_usd": "0.05",
        "presumed_usd": "0",
    }
    assert shell.run(*words, "--format", "csv").splitlines()[1].endswith("0.27,0.22,0.05,0")
    assert "$0.050" in shell.run(*words)
    with pytest.raises(UsageError, match="it is in EUR"):
        shell.run("ledger", "reconcile", str(invoice))


def test_costs_of_many_pull_requests_show_the_dearest(shell: _Shell) -> None:
    lines = json.loads(shell.run("costs", "--by", "pr", "--top", "1", "--format", "json"))
    assert [(line["name"], line["spent_usd"]) for line in lines] == [
        ("acme/shop#2", "0.2"),
        ("all others", "0.02"),
    ]
    assert "acme/shop#1" in shell.run("costs", "--by", "pr")
