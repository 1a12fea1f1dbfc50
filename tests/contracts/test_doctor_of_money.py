"""The doctor names what money has to do with, and the command that mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.domain.money import Usage
from reviewbot.ledger.drains import drain
from reviewbot.ledger.money import SqlLedger
from reviewbot.ledger.reviews import Reviews
from reviewbot.review.ports import Attempt, Ending
from reviewbot.runtime.core import open_core
from reviewbot.runtime.diagnosis import Diagnosis, Health
from reviewbot.runtime.doctor import examine
from reviewbot.runtime.settings import load_settings
from tests.contracts.ledger.charges import charge
from tests.contracts.ledger.test_records import pull
from tests.contracts.models.scripted import Reply, Scripted

if TYPE_CHECKING:
    from pathlib import Path


def _examined(
    folder: Path, *, starved: bool = False, lied: bool = False, drains: bool = False
) -> list[Diagnosis]:
    with Scripted(Reply(200, b'{"data": []}')).running() as there:
        environ = {
            "REVIEWBOT_API_KEY": "none",
            "REVIEWBOT_BASE_URL": there.url,
            "REVIEWBOT_CHEAP_MODEL": "small",
            "REVIEWBOT_CHEAP_PRICE": "1/1",
            "REVIEWBOT_DATABASE__URL": f"sqlite:///{folder / 'ledger.db'}",
        }
        with open_core(load_settings(environ)) as core:
            if lied:
                grant = SqlLedger(core.database).reserve(charge("0.1"))
                core.ledger.settle(grant, Attempt(Ending.ANSWERED, Usage(300_000, 0)))
            if drains:
                drain(core.database, "one", "ada", "maintenance")
            if starved:
                reviews = Reviews(core.database)
                report = '{"shortages": [{"scope": "the repository today"}]}'
                reviews.close(reviews.open(pull(), "desk 1"), "published", report)
            return list(examine(core))


def test_a_starved_review_comes_with_the_command_that_resumes_it(tmp_path: Path) -> None:
    [found] = [d for d in _examined(tmp_path, starved=True) if d.part.startswith("review ")]
    assert (found.part, found.health) == ("review acme/shop#1", Health.WARNING)
    assert "no room in the repository today" in found.says
    assert "`reviewbot ledger resume acme/shop#1`" in found.advice


def test_an_endpoint_under_quarantine_comes_with_the_command_that_releases_it(
    tmp_path: Path,
) -> None:
    [found] = [d for d in _examined(tmp_path, lied=True) if "quarantine" in d.says]
    assert (found.part, found.health) == ("endpoint one", Health.WARNING)
    assert "`reviewbot ledger release one --why …`" in found.advice


def test_a_drained_endpoint_is_accused_of_nothing(tmp_path: Path) -> None:
    [found] = [d for d in _examined(tmp_path, drains=True) if d.part == "endpoint one"]
    assert (found.health, found.says) == (
        Health.WARNING,
        "out of service, as ada decided: maintenance",
    )
    assert "`reviewbot ledger release one --why …`" in found.advice


def test_a_healthy_ledger_is_not_spoken_of(tmp_path: Path) -> None:
    parts = [d.part for d in _examined(tmp_path)]
    assert not any(part.startswith("review ") or part == "endpoint one" for part in parts)
