"""A past for the demo's ledger: three repositories, two hundred reviews, three months.

Everything goes through the ledger's own reservations and settlements, so that limits, sums,
alerts and quarantine are what they would be.
"""

from __future__ import annotations

import contextlib
import json
import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING

from reviewbot.domain.errors import BudgetExhausted, ModelError
from reviewbot.domain.finding import Category, Severity, Side, Tier
from reviewbot.domain.forecast import forecast
from reviewbot.domain.money import PicoUsd, Usage, parse_usd
from reviewbot.domain.posted import PostedFinding
from reviewbot.domain.pull_request import Author, PullKey, PullRequest, Wish
from reviewbot.entrypoints.demo.fates import received
from reviewbot.entrypoints.demo.one_transaction import OneTransaction
from reviewbot.entrypoints.demo.past import (
    MODELS,
    PER_INSTALLATION,
    PER_PULL,
    PER_SERVER,
    REPOSITORIES,
    Chunk,
    Finding,
    Repository,
    report_of,
)
from reviewbot.ledger.clock import Clock
from reviewbot.ledger.database import open_database
from reviewbot.ledger.desk import Desk, DeskRules
from reviewbot.ledger.migrate import migrate
from reviewbot.ledger.money import SqlLedger
from reviewbot.ledger.reviews import Reviews
from reviewbot.review.ports import Attempt, Charge, Ending, Limits, Purse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reviewbot.domain.forecast import Forecast, Past
    from reviewbot.domain.outcome import Shortage
    from reviewbot.ledger.database import Database

REVIEWS = 200
_DAYS = 90
_SEED = 20
_AGAIN = 0.45  # share of reviews that are a later push to a pull request known already
_LEASE_SECONDS = 86_400.0
_UNCHANGED = 0.7  # share of files of a later push that are as they were
_SURELY_AGAIN = 0.18  # share of files that are read again because of what stands in them
_AGAIN_BY_ANSWER = 0.05  # share of files that are read again because of what was answered
_REFUSED, _LOST = 0.02, 0.01  # shares of calls
_WITH_FINDING = 0.38  # share of files read that have a finding
_QUESTIONS = 0.1  # share of reviews after which somebody asks something
_USUAL_TOKENS = 5_600  # of a chunk's request
_BUSY = (0.5, 1.0, 1.1, 1.15, 1.0, 0.8, 0.08, 0.05)  # by weekday, from Monday; index 0 is unused


@dataclass
class _Pull:
    """A pull request as it grows: what was read before is known in its next review."""

    repository: Repository
    number: int
    author: int
    known: dict[str, int] = field(default_factory=dict)  # what each chunk cost
    found: list[Finding] = field(default_factory=list)
    posted: list[PostedFinding] = field(default_factory=list)  # with what became of them

    @property
    def key(self) -> PullKey:
        """What GitHub knows it by."""
        return PullKey(self.repository.id, self.number)


class _Step(Enum):
    """What will come of a file."""

    KNOWN = "answered before"
    ONCE = "read by the cheap tier"
    AGAIN = "read again, because of an answer"
    SURELY_AGAIN = "read again, because of what the plan sees"


def seed_history(url: str, now: datetime, reviews: int = REVIEWS) -> None:
    """Fill an empty ledger with the three months before *now*."""
    database = open_database(url)
    try:
        migrate(database)
        with database.transaction() as session:  # one for all, for speed
            _Past(OneTransaction(database, session), now).write(reviews)
    finally:
        database.close()


class _Past:
    def __init__(self, database: Database, now: datetime) -> None:
        self._now, self._at = now, now.timestamp()
        clock = Clock(lambda: self._at)
        self._ledger = SqlLedger(
            database, clock, patience=0, yardstick=lambda _at, _tokens: MODELS[Tier.STRONG].price
        )
        self._journal = Reviews(database, clock)
        self._desk = Desk(database, DeskRules(debounce=0, attempts=1), clock)
        self._draw = random.Random(_SEED)  # noqa: S311 - not a secret: the same past each time
        self._judges = random.Random(_SEED)  # noqa: S311 - as above
        self._pulls: list[_Pull] = []

    def write(self, reviews: int) -> None:
        """Reviews in the order of time, and at the end what needs a person."""
        for at in self._moments(reviews):
            self._at = at
            self._review(self._pull())
        self._at = self._now.timestamp() - 120
        self._starve()
        self._overbill()
        self._bury()
        self._leave_open()

    def _moments(self, count: int) -> list[float]:
        """Working hours, mostly; the newest a few minutes ago."""
        midnight = self._now.replace(hour=0, minute=0, second=0, microsecond=0)
        days = [midnight - timedelta(days=back) for back in range(_DAYS)]
        weights = [
            _BUSY[day.isoweekday()] * (0.6 + 0.4 * (1 - back / _DAYS))
            for back, day in enumerate(days)
        ]
        moments = [
            day.timestamp() + self._draw.gauss(13 * 3600, 2.6 * 3600)
            for day in self._draw.choices(days, weights, k=count)
        ]
        latest = self._now.timestamp() - 300
        return sorted(at if at < latest else latest - self._draw.random() * 7200 for at in moments)

    def _pull(self) -> _Pull:
        recent = self._pulls[-12:]
        if recent and self._draw.random() < _AGAIN:
            return self._draw.choice(recent)
        repository = self._draw.choices(REPOSITORIES, [each.weight for each in REPOSITORIES])[0]
        number = repository.first + 2 * sum(p.repository is repository for p in self._pulls)
        author = self._draw.randrange(3001, 3009)
        self._pulls.append(_Pull(repository, number, author))
        return self._pulls[-1]

    # --- one review ----------------------------------------------------------------------------

    def _review(self, pull: _Pull, limits: Limits | None = None) -> None:
        shown = self._shown(pull)
        review_id = self._journal.open(shown, self._draw.choice(("opened", "synchronize")))
        purse = _purse(review_id, shown, pull, limits)
        plan = self._plan(pull)
        expected = self._expected(plan, self._journal.past(shown.key))
        expected = self._journal.foresee(review_id, expected)
        chunks, shortages = self._read(pull, purse, plan)
        fresh = self._find(pull, chunks)
        raised = [self._posted(each) for each in fresh if each.fate == "comment"]
        money = self._journal.money(review_id, shown.key)
        report = report_of(shown, chunks, [*fresh], money, shortages)
        pull.found += fresh
        self._journal.close(review_id, "published", json.dumps(report), raised)
        comments = [each for each in fresh if each.fate == "comment"]
        pull.posted += [
            received(self._judges, posted, confirmed=each.is_confirmed)
            for each, posted in zip(comments, raised, strict=True)
        ]
        self._journal.learn(pull.key, pull.posted)
        if self._draw.random() < _QUESTIONS:
            self._question(pull, shown)

    def _shown(self, pull: _Pull) -> PullRequest:
        return PullRequest(
            key=pull.key,
            repository=pull.repository.name,
            title="",
            author=Author(pull.author, f"dev{pull.author}"),
            head_sha=f"{self._draw.getrandbits(160):040x}",
            base_sha=f"{self._draw.getrandbits(160):040x}",
            base_branch="main",
            default_branch="main",
            installation_id=1,
        )

    def _question(self, pull: _Pull, shown: PullRequest) -> None:
        """Somebody asks what the change does."""
        self._at += self._draw.randint(120, 900)
        purse = _purse(f"ask:{self._draw.getrandbits(32)}", shown, pull)
        with contextlib.suppress(BudgetExhausted):
            self._call(purse, Tier.STRONG, "a question", "ask")

    def _plan(self, pull: _Pull) -> dict[str, _Step]:
        """The files of a change, and what will come of each."""
        files = self._draw.sample(
            pull.repository.files, self._draw.randint(3, len(pull.repository.files))
        )
        if pull.known:
            files = [*list(pull.known)[:3], *files]
        return {path: self._step(pull, path) for path in dict.fromkeys(files)}

    def _step(self, pull: _Pull, path: str) -> _Step:
        if path in pull.known and self._draw.random() < _UNCHANGED:
            return _Step.KNOWN
        draw = self._draw.random()
        if draw < _SURELY_AGAIN:
            return _Step.SURELY_AGAIN
        return _Step.AGAIN if draw < _SURELY_AGAIN + _AGAIN_BY_ANSWER else _Step.ONCE

    def _expected(self, plan: Mapping[str, _Step], past: Sequence[Past]) -> Forecast:
        """A plan knows sizes and triggers, but not what is answered."""
        cheap, strong = MODELS[Tier.CHEAP].price, MODELS[Tier.STRONG].price
        asked = sum(s is not _Step.KNOWN and not p.endswith(".lock") for p, s in plan.items())
        again = sum(step is _Step.SURELY_AGAIN for step in plan.values())
        size = int(_USUAL_TOKENS * self._draw.uniform(0.85, 1.15))
        p50 = asked * cheap.cost(Usage(size, 500)) + again * strong.cost(Usage(size, 500))
        p90 = asked * cheap.cost(Usage(size, 900)) + (again + 1) * strong.cost(Usage(size, 900))
        worst = cheap.worst_case(24_000, 2, 2_000) + strong.worst_case(24_000, 2, 2_000)
        return forecast(PicoUsd(p50), PicoUsd(p90), PicoUsd(asked * worst), past)

    def _read(
        self, pull: _Pull, purse: Purse, plan: Mapping[str, _Step]
    ) -> tuple[list[Chunk], list[Shortage]]:
        chunks: list[Chunk] = []
        shortages: list[Shortage] = []
        for path, step in plan.items():
            if step is _Step.KNOWN:
                chunks.append(Chunk(path, "known", "answered before", saved=pull.known[path]))
            elif path.endswith(".lock"):
                chunks.append(Chunk(path, "excluded", "lock file"))
            else:
                chunk = self._asked(pull, purse, path, shortages)
                if chunk.coverage == "read" and step is not _Step.ONCE:
                    chunk = self._asked_again(pull, purse, path, shortages)
                chunks.append(chunk)
        return chunks, shortages

    def _asked(self, pull: _Pull, purse: Purse, path: str, shortages: list[Shortage]) -> Chunk:
        try:
            cost = self._call(purse, Tier.CHEAP, path)
        except BudgetExhausted as refused:
            if refused.shortage:
                shortages.append(refused.shortage)
            return Chunk(path, "over budget", "no room in the budget")
        pull.known[path] = cost
        return Chunk(path, "read", f"cheap ({MODELS[Tier.CHEAP].name})")

    def _asked_again(
        self, pull: _Pull, purse: Purse, path: str, shortages: list[Shortage]
    ) -> Chunk:
        try:
            reason = self._draw.choice(("sensitive path", "unsure", "grave finding", "audit"))
            pull.known[path] += self._call(purse, Tier.STRONG, path, reason)
        except BudgetExhausted as refused:
            if refused.shortage:
                shortages.append(refused.shortage)
        return Chunk(path, "read", f"strong ({MODELS[Tier.STRONG].name})", is_escalated=True)

    def _call(self, purse: Purse, tier: Tier, path: str, reason: str = "") -> int:
        """One attempt, or a failed one and another: what it cost together."""
        endpoint = self._draw.choices(("global-us", "global-eu"), (3, 1))[0]
        if tier is Tier.STRONG:
            endpoint = "openai"
        draw, cost = self._draw.random(), 0
        if draw < _REFUSED + _LOST:
            ending = Ending.REFUSED if draw < _REFUSED else Ending.UNKNOWN
            error = "http-429" if ending is Ending.REFUSED else "time-out"
            failed = Attempt(ending, latency_ms=self._draw.randint(300, 30_000), error=error)
            cost += self._attempt(purse, (tier, endpoint, path, reason), failed)
        fresh = self._draw.randint(2_500, 9_000)
        usage = Usage(fresh, self._draw.randint(120, 1_400), self._draw.choice((0, 1_200, 1_900)))
        latency = int(self._draw.lognormvariate(0, 0.35) * MODELS[tier].latency_ms)
        answered = Attempt(Ending.ANSWERED, usage, MODELS[tier].name, latency, "", latency // 6)
        return cost + self._attempt(purse, (tier, endpoint, path, reason), answered)

    def _attempt(self, purse: Purse, about: tuple[Tier, str, str, str], attempt: Attempt) -> int:
        grant = self._ledger.reserve(self._charge(purse, *about))
        self._at += attempt.latency_ms / 1000 * self._draw.uniform(0.2, 1.0)  # side by side
        return self._ledger.settle(grant, attempt)

    @staticmethod
    def _charge(purse: Purse, tier: Tier, endpoint: str, path: str, reason: str) -> Charge:
        model = MODELS[tier]
        return Charge(
            purse=purse,
            tier=tier,
            model=model.name,
            endpoint=endpoint,
            upstream=model.name,
            jurisdiction="EU" if endpoint == "global-eu" else "US",
            price=model.price,
            worst=model.price.worst_case(24_000, 2, 2_000),
            lease_seconds=_LEASE_SECONDS,
            label=path,
            reason=reason,
        )

    def _find(self, pull: _Pull, chunks: Sequence[Chunk]) -> list[Finding]:
        """Some of what the repository's code is like, where it was read just now."""
        read = [chunk for chunk in chunks if chunk.coverage == "read"]
        known = {each.title for each in pull.found}
        fresh = [each for each in pull.repository.findings if each.title not in known]
        found = []
        for chunk in read:
            if fresh and self._draw.random() < _WITH_FINDING:
                each = fresh.pop(self._draw.randrange(len(fresh)))
                fate = self._draw.choices(("comment", "summary", "withheld"), (6, 1, 2))[0]
                found.append(each.placed(chunk, fate, self._draw.randint(8, 240)))
        return found

    @staticmethod
    def _posted(each: Finding) -> PostedFinding:
        return PostedFinding(
            each.fingerprint,
            each.path,
            Side.RIGHT,
            Category(each.category),
            Severity(each.severity),
            each.fingerprint,
            each.title,
        )

    # --- what needs a person -------------------------------------------------------------------

    def _starve(self) -> None:
        """A pull request grows beyond what it may cost."""
        pull = self._pulls[-6]
        self._review(pull, replace(_limits(pull), per_pr=parse_usd("0.02")))

    def _overbill(self) -> None:
        """An endpoint bills more than was possible."""
        pull = self._pulls[-1]
        shown = self._shown(pull)
        review_id = self._journal.open(shown, "synchronize")
        purse = _purse(review_id, shown, pull)
        about = (Tier.CHEAP, "global-eu", pull.repository.files[0], "")
        lie = Attempt(Ending.ANSWERED, Usage(96_000, 1_900), "", 2_100)
        self._attempt(purse, about, lie)
        chunks = [Chunk(pull.repository.files[0], "read", "cheap")]
        money = self._journal.money(review_id, shown.key)
        self._journal.close(
            review_id, "published", json.dumps(report_of(shown, chunks, [], money, []))
        )

    def _bury(self) -> None:
        """A pull request that was given up."""
        pull = self._pulls[-4]
        self._desk.record("history", Wish(pull.key, pull.repository.name, 1, "synchronize"))
        if claim := self._desk.claim("history"):
            self._desk.bury(claim, "GitHub answered 404: the head's fork is gone")

    def _leave_open(self) -> None:
        """A review under way, with two calls that have not ended."""
        pull = next(p for p in self._pulls[-2::-1] if p.repository is REPOSITORIES[0])
        self._at = self._now.timestamp() - 20
        shown = self._shown(pull)
        review_id = self._journal.open(shown, "synchronize")
        purse = _purse(review_id, shown, pull)
        for tier, endpoint in ((Tier.CHEAP, "global-us"), (Tier.STRONG, "openai")):
            try:
                self._ledger.reserve(self._charge(purse, tier, endpoint, "src/cart.py", ""))
            except (BudgetExhausted, ModelError):
                return


def _limits(pull: _Pull) -> Limits:
    return Limits(
        per_pr=parse_usd(PER_PULL),
        per_day=parse_usd(pull.repository.per_day),
        per_month=parse_usd(pull.repository.per_month),
        per_installation=parse_usd(PER_INSTALLATION),
        per_server=parse_usd(PER_SERVER),
    )


def _purse(review_id: str, shown: PullRequest, pull: _Pull, limits: Limits | None = None) -> Purse:
    return Purse(
        review_id=review_id,
        pull=shown.key,
        repository=shown.repository,
        installation_id=shown.installation_id,
        head_sha=shown.head_sha,
        limits=limits or _limits(pull),
        author_id=pull.author,
    )
