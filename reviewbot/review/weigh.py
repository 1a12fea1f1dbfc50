"""Joins what the two tiers say of a chunk into findings of known standing."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never

from reviewbot.domain.finding import Severity, Standing, Tier, Verdict
from reviewbot.domain.money import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reviewbot.domain.finding import Finding
    from reviewbot.domain.money import PicoUsd
    from reviewbot.review.answer import Reading, Ruling
    from reviewbot.review.plan import Chunk
    from reviewbot.review.prompt import Task

_AGREED = 0.80  # two readers of different make agreeing is stronger than either's own figure
_TRUE = {Verdict.CONFIRMED, Verdict.CORRECTED}
_QUOTED = re.compile(r"`([^`]{4,})`|\"([^\"]{4,})\"|“([^”]{4,})”")


@dataclass(frozen=True, slots=True)
class Weighed:
    """A finding, who stands behind it, and how firmly; *why* is the strong tier's reason."""

    finding: Finding
    tier: Tier
    model: str
    standing: Standing
    why: str = ""
    cost: PicoUsd = NOTHING  # of the answers about its chunk, whenever they were paid for


@dataclass(frozen=True, slots=True)
class Second:
    """The second reader's reading of a task."""

    task: Task
    reading: Reading
    model: str

    @property
    def tier(self) -> Tier:
        """Who looked again."""
        return self.task.tier


def weigh(findings: tuple[Finding, ...], model: str, second: Second | None) -> tuple[Weighed, ...]:
    """Every finding of both tiers, once."""
    if second is None:
        return tuple(Weighed(f, Tier.CHEAP, model, Standing.UNCHECKED) for f in findings)
    rulings = {ruling.id: ruling for ruling in second.reading.rulings}
    claimed = {claim.finding: rulings.get(claim.id) for claim in second.task.claims}
    first = [_ruled(finding, model, claimed.get(finding), second) for finding in findings]
    return (*first, *_reported(second, rulings), *_own(second))


def _reported(second: Second, rulings: Mapping[str, Ruling]) -> Iterator[Weighed]:
    """What other tools reported and the second reader found to be true."""
    for claim in second.task.claims:
        ruling = rulings.get(claim.id)
        if not claim.finding.reported_by or ruling is None or ruling.verdict not in _TRUE:
            continue
        better = replace(_joined(claim.finding, ruling), reported_by=claim.finding.reported_by)
        yield Weighed(better, second.tier, second.model, Standing.CONFIRMED, ruling.reason)


def _own(second: Second) -> Iterator[Weighed]:
    """What it found itself; the cheap tier's word is no firmer for its second look."""
    firm = second.tier is Tier.STRONG
    standing = Standing.CONFIRMED if firm else Standing.UNCHECKED
    for finding in second.reading.findings:
        yield Weighed(finding, second.tier, second.model, standing)


def _ruled(finding: Finding, model: str, ruling: Ruling | None, second: Second) -> Weighed:
    if ruling is None:
        return Weighed(finding, Tier.CHEAP, model, Standing.UNCHECKED)
    match ruling.verdict:
        case Verdict.CONFIRMED | Verdict.CORRECTED:
            better = _joined(finding, ruling)
            return Weighed(better, Tier.STRONG, second.model, Standing.CONFIRMED, ruling.reason)
        case Verdict.REJECTED:
            standing = (
                Standing.REJECTED
                if _is_disproved(finding, ruling, second.task.chunk)
                else Standing.UNCERTAIN
            )
            return Weighed(finding, Tier.STRONG, second.model, standing, ruling.reason)
        case Verdict.UNCERTAIN:
            return Weighed(finding, Tier.STRONG, second.model, Standing.UNCERTAIN, ruling.reason)
        case _:
            assert_never(ruling.verdict)


def _joined(finding: Finding, ruling: Ruling) -> Finding:
    if ruling.finding is None:
        return replace(finding, confidence=max(finding.confidence, _AGREED))
    quote = ruling.finding.quote or finding.quote
    return replace(ruling.finding, path=finding.path, quote=quote)


def _is_disproved(finding: Finding, ruling: Ruling, chunk: Chunk) -> bool:
    """A grave claim needs a quoted line of the chunk against it; a lesser one only the verdict."""
    if not finding.severity.reaches(Severity.HIGH):
        return True
    quotes = [next(filter(None, match.groups())) for match in _QUOTED.finditer(ruling.reason)]
    return any(
        quote.strip() in line.text
        for quote in quotes
        for piece in chunk.pieces
        for line in piece.lines
    )
