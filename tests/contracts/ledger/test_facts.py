"""Small things that are worth knowing after a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.ledger.facts import Facts
from reviewbot.ledger.house import secret_of

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database


def test_a_fact_is_known_to_everybody_on_the_ledger_and_its_change_to_one(
    database: Database,
) -> None:
    one, two = Facts(database), Facts(database)
    assert one.value("about", "x") == ""
    assert [one.keep("about", "x", "so"), two.keep("about", "x", "so")] == [True, False]
    assert two.keep("about", "x", "otherwise")
    assert (one.value("about", "x"), one.value("about", "y")) == ("otherwise", "")


def test_no_fact_is_the_ledger_s_secret(database: Database) -> None:
    secret = secret_of(database)
    assert Facts(database).value("", "secret") == ""
    Facts(database).keep("", "secret", "00")
    assert secret_of(database) == secret
