"""Findings that were posted on a pull request, and what became of them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from reviewbot.domain.command import Sender
from reviewbot.domain.finding import Category, Severity, Side
from reviewbot.domain.posted import PostedFinding
from tests.contracts.ledger.test_records import pull

if TYPE_CHECKING:
    from reviewbot.domain.feedback import Reception
    from reviewbot.ledger.database import Database
    from reviewbot.ledger.reviews import Reviews

MARIA = Sender(8, "maria")


def finding(name: str = "f1", category: Category = Category.SECURITY) -> PostedFinding:
    return PostedFinding(name, "a.py", Side.RIGHT, category, Severity.HIGH, "00", f"title {name}")


def report(*found: PostedFinding, rule: str | None = None) -> str:
    said = [
        {"fingerprint": f.fingerprint, "tier": "strong", "model": "large", "rule": rule}
        for f in found
    ]
    return json.dumps({"findings": said})


def post(reviews: Reviews, *found: PostedFinding, rule: str | None = None) -> None:
    review_id = reviews.open(pull(), "desk 1")
    reviews.close(review_id, "published", report(*found, rule=rule), found)


def fates(database: Database) -> dict[str, tuple[str, str]]:
    with database.transaction() as session:
        rows = session.rows("SELECT fingerprint, acceptance, because FROM raised")
    return {row[0]: (row[1], row[2]) for row in rows}


def seen(reception: Reception, *, fixed: bool = False) -> PostedFinding:
    return replace(finding(), comment_id="17", reception=reception, is_fixed=fixed)
