"""What people made of findings, within somebody's sight: sums, and single findings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from reviewbot.domain.money import PicoUsd

if TYPE_CHECKING:
    from reviewbot.ledger.database import Session
    from reviewbot.ledger.sight import Sight, Span


class Aspect(StrEnum):
    """What findings are told apart by."""

    MODEL = "model"  # and tier
    CATEGORY = "category"
    REPOSITORY = "repository"


_KEYS = {
    Aspect.MODEL: "tier, model",
    Aspect.CATEGORY: "category",
    Aspect.REPOSITORY: "repository_id",
}


@dataclass(frozen=True, slots=True)
class Worth:
    """How many findings were posted on lines, and what people made of them.

    *key* is what they have in common.
    """

    key: tuple[Any, ...]
    posted: int
    accepted: int
    rejected: int

    @property
    def judged(self) -> int:
        """Those of which it is known."""
        return self.accepted + self.rejected

    @property
    def unknown(self) -> int:
        """All others."""
        return self.posted - self.judged


def worths(session: Session, aspect: Aspect, span: Span, sight: Sight) -> list[Worth]:
    """Of what was posted in that time; what there is most of comes first."""
    when, values = span.condition()
    key = _KEYS[aspect]
    rows = session.rows(
        f"SELECT SUM(posted), SUM(accepted), SUM(rejected), {key} FROM acceptance"  # noqa: S608 - fixed texts and integers
        f" WHERE {when} AND {sight.condition()} GROUP BY {key} ORDER BY SUM(posted) DESC, {key}",
        *values,
    )
    return [Worth(tuple(row[3:]), int(row[0]), int(row[1]), int(row[2])) for row in rows]


def total(worth: list[Worth]) -> Worth:
    """All of them together."""
    return Worth(
        (),
        sum(each.posted for each in worth),
        sum(each.accepted for each in worth),
        sum(each.rejected for each in worth),
    )


def cost_each(cost: int, findings: int) -> PicoUsd | None:
    """What one of so many findings cost; *cost* is that of the reviews of the same time."""
    return PicoUsd(cost // findings) if findings else None


@dataclass(frozen=True, slots=True)
class Received:
    """A finding that was posted on a line, and what people made of it."""

    fingerprint: str
    title: str
    severity: str
    category: str
    path: str
    tier: str
    model: str
    at: int  # milliseconds since 1970
    acceptance: str
    because: str


def received(session: Session, repository_id: int, number: int) -> list[Received]:
    """What was posted on a pull request's lines, the oldest first."""
    rows = session.rows(
        "SELECT fingerprint, title, severity, category, path, tier, model, at, acceptance, because"
        " FROM raised WHERE repository_id = ? AND number = ? AND listed = 0"
        " ORDER BY at, path, fingerprint",
        repository_id,
        number,
    )
    return [Received(*row) for row in rows]
