"""An endpoint that bills more than is possible is asked once, and then another one is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.errors import BudgetExhausted, ModelRefused
from reviewbot.domain.pull_request import PullKey
from reviewbot.ledger.database import open_database
from reviewbot.ledger.migrate import migrate
from reviewbot.ledger.money import SqlLedger
from reviewbot.ledger.quarantine import release
from reviewbot.models.router import Router
from tests.contracts.models.scripted import Scripted, says
from tests.contracts.models.world import Hours, config, endpoint, purse, question

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reviewbot.ledger.database import Database
    from reviewbot.review.ports import Purse

_LIE = says(usage={"prompt_tokens": 900_000, "completion_tokens": 20})


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path / 'ledger.db'}")
    migrate(opened)
    yield opened
    opened.close()


def _purse(number: int) -> Purse:
    return replace(purse(), pull=PullKey(1, number), review_id=f"review-{number}")


def test_the_next_route_is_asked_instead_until_the_liar_is_released(database: Database) -> None:
    liar, honest = Scripted(_LIE), Scripted(says())
    with liar.running(), honest.running():
        routes = config(endpoint("liar", liar.url), endpoint("honest", honest.url))
        router = Router(routes, SqlLedger(database, patience=0), Hours().clock)
        router.ask(question(), _purse(1))
        assert (len(liar.heard), len(honest.heard)) == (1, 0), "its answer was paid, and is taken"
        with pytest.raises(BudgetExhausted, match="closed: liar overbilled"):
            router.ask(question(), _purse(1))
        router.ask(question(), _purse(2))
        assert (len(liar.heard), len(honest.heard)) == (1, 1)
        release(database, "liar", "ada", "it is mended")
        router.ask(question(), _purse(3))
        assert (len(liar.heard), len(honest.heard)) == (2, 1)
        router.close()


def test_without_another_route_the_tier_refuses_and_says_why(database: Database) -> None:
    liar = Scripted(_LIE)
    with liar.running():
        ledger = SqlLedger(database, patience=0)
        router = Router(config(endpoint("liar", liar.url)), ledger, Hours().clock)
        router.ask(question(), _purse(1))
        with pytest.raises(ModelRefused, match="liar is under quarantine: it billed"):
            router.ask(question(), _purse(2))
        router.close()
    assert len(liar.heard) == 1
