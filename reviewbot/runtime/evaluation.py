"""Reviews labelled changes through the real pipeline, once a routing, and scores what it shows."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from reviewbot.domain.errors import (
    BudgetExhausted,
    ModelError,
    SettingsError,
    UsageError,
)
from reviewbot.domain.finding import Tier
from reviewbot.domain.money import PicoUsd
from reviewbot.domain.outcome import Coverage, Reviewed
from reviewbot.domain.patch import parse_diff
from reviewbot.domain.pull_request import ReviewRequest
from reviewbot.lab.evaluation import Evaluation, Result, Routing
from reviewbot.lab.scoring import Claim, Score, score
from reviewbot.review.house import purse_of
from reviewbot.review.judge import Pair, same_defect
from reviewbot.review.places import data_of
from reviewbot.runtime.core import open_core
from reviewbot.runtime.local import LocalForge
from reviewbot.runtime.tiers import router_config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from reviewbot.domain.diff import Diff
    from reviewbot.domain.outcome import Judged, Report
    from reviewbot.domain.pull_request import PullRequest
    from reviewbot.lab.cases import Case, Expected
    from reviewbot.models.config import RouterConfig
    from reviewbot.review.ports import Observer
    from reviewbot.runtime.core import Core
    from reviewbot.runtime.settings import Settings

_TRIGGER = "evaluation"


class Watcher(Protocol):
    """Is told how far an evaluation is."""

    def advances(self, routing: Routing) -> None:
        """One case further."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is tried, and how it is judged; *most* bounds all of it, in 10**-12 USD."""

    routings: tuple[Routing, ...]
    tolerance: int
    judge: str
    most: PicoUsd


@dataclass(frozen=True, slots=True)
class StillForge(LocalForge):
    """A diff that was read once and is reviewed again and again."""

    still: Diff = field(kw_only=True)

    def diff(self, pull: PullRequest) -> Diff:
        """As it was read."""
        del pull
        return self.still


def routed(config: RouterConfig, routing: Routing) -> RouterConfig:
    """The tiers of a routing, without shadows; raises SettingsError where there is none."""
    cheap, strong = (
        tuple(model.name for model in config.tier(tier)) for tier in (Tier.CHEAP, Tier.STRONG)
    )
    if routing is not Routing.CHEAP and not strong:
        message = f"there is no strong tier, so nothing can be routed {routing}"
        raise SettingsError(message, "Configure tiers.strong, or evaluate --routing cheap-only.")
    match routing:
        case Routing.CHEAP:
            return replace(config, cheap=cheap, strong=())
        case Routing.STRONG:
            return replace(config, cheap=strong, strong=())
        case Routing.TIERED:
            return replace(config, cheap=cheap, strong=strong)


def judged_by(config: RouterConfig, model: str) -> RouterConfig:
    """One model alone; raises SettingsError for one that is not configured."""
    names = [each.name for each in config.models]
    if model not in names:
        message = f"--judge {model!r} is no configured model"
        raise SettingsError(message, f"Configured are: {', '.join(names)}.")
    return replace(config, cheap=(model,), strong=(model,))


def evaluate(
    settings: Settings,
    plan: Plan,
    cases: Sequence[Case],
    observer: Callable[[], Observer],
    watcher: Watcher,
) -> Evaluation:
    """Review every case by every routing.

    Raises SettingsError, and what reading a case raises; a review that fails is a result.
    """
    settings = settings.with_budget(plan.most)
    config = router_config(settings)
    with ExitStack() as stack:

        def core(shape: RouterConfig) -> Core:
            return stack.enter_context(open_core(settings, config=shape))

        readers = {routing: core(routed(config, routing)) for routing in plan.routings}
        till = Till(plan.most)
        judge = Bench(core(judged_by(config, plan.judge)), till) if plan.judge else None
        results: list[Result] = []
        for case in cases:
            forge = _still(case, next(iter(readers.values())))
            for routing, reader in readers.items():
                trial = Trial(case, routing, forge, plan.tolerance)
                results += trial.held(reader, till, observer(), judge)
                watcher.advances(routing)
        return Evaluation(
            at=datetime.now(UTC),
            tolerance=plan.tolerance,
            judge=plan.judge,
            judged_for=PicoUsd(judge.cost if judge else 0),
            results=tuple(results),
            skipped=till.refused,
        )


@dataclass(slots=True)
class Till:
    """The money of an evaluation, in 10**-12 USD, and how many reviews it was too little for."""

    left: PicoUsd
    refused: int = 0

    def pay(self, amount: int) -> None:
        """Take what something cost."""
        self.left = PicoUsd(max(0, self.left - amount))


@dataclass(slots=True)
class Bench:
    """A model that judges whether words mean the same; without money lines alone decide."""

    core: Core
    till: Till
    cost: int = 0  # in 10**-12 USD

    def same(self, claim: Claim, label: Expected, pull: PullRequest) -> bool:
        """Whether a claim names the expected defect; what has no note is taken to be it."""
        if not label.note:
            return True
        core, pair = self.core, Pair(claim.code, label.note, claim.text)
        house = replace(core.house(), per_review=self.till.left)
        policy = core.settings.values.policy
        purse = replace(
            purse_of(f"judge:{pull.key}", pull, policy, house),
            data=data_of((claim.path,), policy.data),
        )
        before = core.spent(pull.key)
        try:
            return same_defect(pair, core.model, core.ledger, purse)
        finally:
            cost = core.spent(pull.key) - before
            self.cost += cost
            self.till.pay(cost)


@dataclass(frozen=True, slots=True)
class Trial:
    """One case under one routing."""

    case: Case
    routing: Routing
    forge: StillForge
    tolerance: int

    def held(
        self, core: Core, till: Till, observer: Observer, judge: Bench | None
    ) -> Iterator[Result]:
        """Its result; nothing where the money does not reach."""
        try:
            outcome = core.review(self._request(), self.forge, observer, till.left)
            if not isinstance(outcome, Reviewed):
                yield self._failed("it was not reviewed")
                return
            till.pay(outcome.report.bill.spent + outcome.report.bill.presumed)
            if outcome.report.receipt.count(Coverage.OVER_BUDGET):
                till.refused += 1
                return
            yield self._scored(outcome.report, judge)
        except BudgetExhausted:
            till.refused += 1
        except ModelError as error:
            yield self._failed(str(error))

    def _request(self) -> ReviewRequest:
        return ReviewRequest(str(self.case), 0, _TRIGGER, full=True)

    def _scored(self, report: Report, judge: Bench | None) -> Result:
        claims = tuple(_claim(judged) for judged in report.open_findings)

        def same(claim: Claim, label: Expected) -> bool:
            return judge is None or judge.same(claim, label, report.pull)

        bill = report.bill
        return Result(
            case=self.case,
            routing=self.routing,
            claims=claims,
            score=score(claims, self.case.expected, self.tolerance, same),
            cost=PicoUsd(bill.spent + bill.presumed + bill.saved),
            unread=report.receipt.count(Coverage.FAILED),
        )

    def _failed(self, why: str) -> Result:
        nothing = Score(0, len(self.case.expected), ())
        return Result(self.case, self.routing, (), nothing, PicoUsd(0), failed=why)


def _claim(judged: Judged) -> Claim:
    """What a person would see, and where; without a proven line, where the model says it is."""
    found, place = judged.finding, judged.anchor
    return Claim(
        path=place.path if place else found.path,
        side=place.side if place else found.side,
        start_line=place.start_line if place else found.start_line,
        end_line=place.line if place else found.end_line,
        severity=found.severity,
        tier=judged.tier,
        text=f"{found.title}. {found.explanation}",
        proven=place is not None,
        code=judged.code,
    )


def _still(case: Case, core: Core) -> StillForge:
    """The case's diff, read once; raises UsageError, DiffError, SettingsError, ForgeError."""
    if case.diff is not None:
        raw = _raw(case.diff)
        return StillForge(f"{_TRIGGER}:{case.diff.resolve()}", raw, still=parse_diff(raw))
    forge = core.forge_with_token()
    pull = forge.pull_request(ReviewRequest(case.repository, case.number, _TRIGGER))
    diff = forge.diff(pull)
    return StillForge(f"{_TRIGGER}:{case}:{pull.head_sha}", b"", still=diff)


def _raw(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise UsageError(message, "A case names its diff relative to the file of cases.") from error
