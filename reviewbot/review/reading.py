"""What became of every chunk, on both looks; the receipt and the findings follow from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reviewbot.domain.finding import Tier, Verdict
from reviewbot.domain.money import PicoUsd
from reviewbot.domain.outcome import Coverage, Covered, Escalation, Receipt
from reviewbot.domain.phrase import Phrase
from reviewbot.review.escalate import Surveyed
from reviewbot.review.examine import Gap
from reviewbot.review.prompt import claim, task
from reviewbot.review.weigh import Second, Weighed, weigh

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reviewbot.review.answer import Reading
    from reviewbot.review.escalate import Choice, SecondLook
    from reviewbot.review.examine import Examined, Heard
    from reviewbot.review.plan import Plan
    from reviewbot.review.prompt import Briefing, Task

_NO_SHARE = "over the policy's max_share"
_REAL = {Verdict.CONFIRMED, Verdict.CORRECTED}
_NOT_ASKED = Gap(Coverage.OVER_BUDGET, Phrase("not asked: the budget is for the first reading"))


def surveyed(tasks: Sequence[Task], survey: Examined) -> list[Surveyed]:
    """What the cheap tier left to decide on: chunks that it read, or read to no use."""
    left: list[Surveyed] = []
    for each in tasks:
        heard, gap = survey.heard.get(each.key), survey.gaps.get(each.key)
        if heard is not None:
            left.append(Surveyed(each, heard.reading, heard.answer.model))
        elif gap is not None and gap.unusable:
            left.append(Surveyed(each, None))
    return left


def second_tasks(choice: Choice, briefing: Briefing) -> list[tuple[SecondLook, Task]]:
    """The second reader's tasks: the chunk, cheap findings and other tools' as claims.

    Nobody is asked to confirm his own findings.
    """
    looks: list[tuple[SecondLook, Task]] = []
    for look in choice.taken:
        reading = look.surveyed.reading
        stranger = briefing.tier is Tier.STRONG
        claims = [claim(finding) for finding in reading.findings] if reading and stranger else []
        first = look.surveyed.task
        claims += first.tips
        looks.append((look, task(first.chunk, briefing, claims, look.reason, first.twin)))
    return looks


@dataclass(frozen=True, slots=True)
class Story:
    """One chunk's way: the first look, and the second one if there was any."""

    first: Task
    cheap: Heard | Gap
    look: SecondLook | None
    second: Task | None
    strong: Heard | Gap | None

    @property
    def heard(self) -> list[Heard]:
        """The answers that count, cheap first."""
        return [each for each in (self.cheap, self.strong) if each and not isinstance(each, Gap)]

    def weighed(self) -> tuple[Weighed, ...]:
        """The findings of both tiers, and what it cost to read their code."""
        cost = PicoUsd(sum(each.answer.cost for each in self.heard))
        return tuple(replace(each, cost=cost) for each in self._weighed())

    def _weighed(self) -> tuple[Weighed, ...]:
        cheap, second = self.cheap, None
        if self.second is not None and self.strong and not isinstance(self.strong, Gap):
            second = Second(self.second, self.strong.reading, self.strong.answer.model)
        if isinstance(cheap, Gap):
            return weigh((), "", second)
        return weigh(cheap.reading.findings, cheap.answer.model, second)

    def strong_reading(self) -> Reading | None:
        """What the second look said, if there was one."""
        return self.strong.reading if self.strong and not isinstance(self.strong, Gap) else None

    def unjudged(self) -> str:
        """Why there was no second look."""
        if isinstance(self.strong, Gap):
            return self.strong.why
        if isinstance(self.cheap, Gap):
            return self.cheap.why
        return _NO_SHARE

    def covered(self, review_id: str, tiers: tuple[Tier, Tier]) -> Iterator[Covered]:
        """Every segment of the chunk, in exactly one class."""
        heard = self.heard
        if heard:
            paid = any(each.answer.review_id == review_id for each in heard)
            coverage = Coverage.READ if paid else Coverage.KNOWN
            tier = tiers[1] if heard[-1] is self.strong else tiers[0]
            who = heard[-1].answer.model
            detail: str = Phrase("{tier} tier {model}", tier=tier, model=who)
        else:
            gap = self.cheap if isinstance(self.cheap, Gap) else _NOT_ASKED
            coverage, detail = gap.coverage, gap.why
        for piece in self.first.chunk.pieces:
            yield Covered(piece.segment, coverage, detail)

    def escalation(self) -> Escalation | None:
        """What came of the second look, if one was wanted."""
        if self.look is None:
            return None
        path, reason = self.first.chunk.path, self.look.reason
        if self.strong is None or isinstance(self.strong, Gap):
            why = self.strong.why if self.strong else _NO_SHARE
            over_budget = self.strong and self.strong.coverage is Coverage.OVER_BUDGET
            told = f"{reason}; not done: {why}"
            return Escalation(path, told, done=False, over_budget=bool(over_budget))
        verdicts = [ruling.verdict for ruling in self.strong.reading.rulings]
        return Escalation(
            path,
            reason,
            confirmed=sum(verdict in _REAL for verdict in verdicts),
            rejected=verdicts.count(Verdict.REJECTED),
        )


@dataclass(frozen=True, slots=True)
class Readings:
    """The whole diff's stories, and what was never to be read."""

    plan: Plan
    stories: tuple[Story, ...]

    def receipt(self, review_id: str, tiers: tuple[Tier, Tier]) -> Receipt:
        """The proof that nothing was lost."""
        read = [entry for story in self.stories for entry in story.covered(review_id, tiers)]
        return Receipt((*read, *self.plan.excluded))

    def weighed(self) -> list[Weighed]:
        """All findings."""
        return [weighed for story in self.stories for weighed in story.weighed()]

    def escalations(self) -> tuple[Escalation, ...]:
        """All second looks."""
        found = (story.escalation() for story in self.stories)
        return tuple(escalation for escalation in found if escalation)

    def saved(self, review_id: str) -> tuple[PicoUsd, int]:
        """What the answers of earlier reviews cost when they were asked, and their tokens."""
        answers = [
            heard.answer
            for story in self.stories
            for heard in story.heard
            if heard.answer.review_id != review_id
        ]
        return PicoUsd(sum(a.cost for a in answers)), sum(a.tokens for a in answers)


def tell(
    plan: Plan,
    tasks: Sequence[Task],
    survey: Examined,
    choice: Choice,
    looks: Sequence[tuple[SecondLook, Task]],
    second: Examined,
) -> Readings:
    """Join both rounds, chunk by chunk."""
    wanted = {look.surveyed.task.key: look for look in (*choice.taken, *choice.left)}
    tasked = {look.surveyed.task.key: second_task for look, second_task in looks}

    def story(first: Task) -> Story:
        again = tasked.get(first.key)
        strong = _ended(second, again.key) if again else None
        return Story(first, _ended(survey, first.key), wanted.get(first.key), again, strong)

    return Readings(plan, tuple(story(first) for first in tasks))


def _ended(examined: Examined, key: str) -> Heard | Gap:
    return examined.heard.get(key) or examined.gaps.get(key) or _NOT_ASKED
