"""Values that the tests of a review begin with, and one whole review in memory."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from reviewbot.domain.diff import Anchor, Diff
from reviewbot.domain.finding import Category, Finding, Severity, Side, Standing, Tier
from reviewbot.domain.money import PicoUsd
from reviewbot.domain.outcome import Bill, Fate, Judged, Outcome, Receipt, Report, Reviewed
from reviewbot.domain.patch import parse_diff
from reviewbot.domain.policy import Policy
from reviewbot.domain.pull_request import Author, PullKey, PullRequest, ReviewRequest
from reviewbot.review.conduct import review_pull_request
from reviewbot.review.house import House
from reviewbot.review.ports import BaseFiles, Document, Ports
from tests.fakes.forge import FakeForge
from tests.fakes.journal import FakeJournal, FakeObserver, one_by_one
from tests.fakes.ledger import FakeLedger
from tests.fakes.model import FakeModel
from tests.fakes.rulings import FakeRulings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reviewbot.review.ports import Question

PULL = PullRequest(
    key=PullKey(7, 42),
    repository="acme/shop",
    title="Add a discount",
    author=Author(3, "ada"),
    head_sha="a" * 40,
    base_sha="b" * 40,
    base_branch="main",
    default_branch="main",
)
REQUEST = ReviewRequest("acme/shop", 42, "opened")
FINDING = Finding(
    path="src/pay.py",
    side=Side.RIGHT,
    start_line=2,
    end_line=2,
    quote="    return price / count",
    category=Category.CORRECTNESS,
    severity=Severity.HIGH,
    confidence=0.9,
    title="Division by zero for an empty basket",
    explanation="With count = 0 the division raises.",
)
NOTHING = '{"findings":[],"risk":0.1,"summary":"fine"}'


def entry(path: str, *added: str) -> str:
    """A new file in a diff."""
    lines = "".join(f"+{line}\n" for line in added)
    return (
        f"diff --git a/{path} b/{path}\nnew file mode 100644\n"
        f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{len(added)} @@\n{lines}"
    )


def diff(*entries: str) -> Diff:
    return parse_diff("".join(entries).encode())


PAY = entry("src/pay.py", "def pay(price, count):", "    return price / count")


def claimed(finding: Finding = FINDING, **changes: Any) -> dict[str, Any]:
    """A finding as a model writes it."""
    names = ("path", "start_line", "end_line", "quote", "title", "explanation", "suggestion")
    raw = {name: getattr(finding, name) for name in (*names, "cwe", "rule", "confidence")}
    words = {name: getattr(finding, name).value for name in ("side", "category", "severity")}
    return raw | words | changes


def answer(*findings: dict[str, Any], verdicts: Sequence[dict[str, Any]] = ()) -> str:
    said = {"findings": list(findings), "verdicts": list(verdicts), "risk": 0.5, "summary": "s"}
    return json.dumps(said)


def judged(finding: Finding = FINDING, **changes: Any) -> Judged:
    """A finding that stands on its line."""
    plain = Judged(
        finding=finding,
        fingerprint="f",
        anchor=Anchor(finding.path, Side.RIGHT, finding.start_line, finding.end_line),
        tier=Tier.STRONG,
        model="large",
        standing=Standing.CONFIRMED,
        fate=Fate.COMMENT,
        code=(finding.quote,),
    )
    return replace(plain, **changes)


def report(*findings: Judged, **changes: Any) -> Report:
    zero = PicoUsd(0)
    bill = Bill(zero, zero, zero, zero, PicoUsd(10**12))
    return replace(Report(PULL, findings, Receipt(()), (), bill, None), **changes)


def claim_ids(question: Question) -> list[str]:
    """The names of the claims that a question to the strong tier shows."""
    return re.findall(r'^\{"id": "(c[0-9a-f]{7})"', question.prompt.user, re.MULTILINE)


@dataclass
class World:
    """A pull request, two tiers and a ledger; *say* is what the tiers answer."""

    forge: FakeForge
    ledger: FakeLedger
    model: FakeModel
    journal: FakeJournal
    observer: FakeObserver
    house: House
    rulings: FakeRulings = field(default_factory=FakeRulings)

    @property
    def ports(self) -> Ports:
        said = (self.forge, self.model, self.ledger, self.journal, self.observer)
        return Ports(*said, one_by_one, self.rulings)

    def review(self, request: ReviewRequest = REQUEST) -> Outcome:
        return review_pull_request(request, self.ports, self.house)

    def reviewed(self, request: ReviewRequest = REQUEST) -> Report:
        outcome = self.review(request)
        assert isinstance(outcome, Reviewed)
        return outcome.report


def world(
    changes: Diff | None = None,
    say: Callable[[Question], str] = lambda _: NOTHING,
    policy: str | None = None,
    server: Policy | None = None,
    pull: PullRequest = PULL,
) -> World:
    ledger = FakeLedger()
    document = None if policy is None else Document(".reviewbot.yml", policy)
    forge = FakeForge(pull, changes or diff(PAY), BaseFiles(document, None, ()))
    house = House(server or Policy(), PicoUsd(10**15), PicoUsd(10**15), audited=lambda _: False)
    journal = FakeJournal(ledger)
    return World(forge, ledger, FakeModel(ledger, say), journal, FakeObserver(), house)
