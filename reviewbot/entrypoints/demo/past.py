"""What the demo's past is made of: repositories, models, findings, and reports of reviews."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from reviewbot.domain.finding import Tier
from reviewbot.domain.money import Price, per_million, plain_usd
from reviewbot.domain.outcome import Coverage
from reviewbot.review.record import VERSION, plain_shortage
from reviewbot.sandbox.model import CHEAP_MODEL, STRONG_MODEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.domain.outcome import Shortage
    from reviewbot.domain.pull_request import PullRequest
    from reviewbot.domain.spent import Money


# USD
PER_PULL, PER_INSTALLATION, PER_SERVER = "0.20", "4", "6"
_TOKENS_KNOWN = 5_200  # of an answer that was known, about


@dataclass(frozen=True, slots=True)
class PastModel:
    """A model, its price, and how long it usually takes."""

    name: str
    price: Price
    latency_ms: int


def _price(fresh: str, cached: str, output: str) -> Price:
    return Price(per_million(fresh), per_million(output), per_million(cached), per_million(fresh))


MODELS = {
    Tier.CHEAP: PastModel(CHEAP_MODEL, _price("0.18", "0.05", "0.25"), 3_200),
    Tier.STRONG: PastModel(STRONG_MODEL, _price("2.50", "1.25", "10.00"), 9_500),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to find; *path*, *line* and *fate* once it was found."""

    severity: str
    category: str
    title: str
    explanation: str
    cwe: str | None = None
    path: str = ""
    line: int = 0
    fate: str = ""
    is_confirmed: bool = False

    @property
    def fingerprint(self) -> str:
        """What it is known by in its pull request."""
        return hashlib.sha256(f"{self.title} {self.path}".encode()).hexdigest()[:16]

    def placed(self, chunk: Chunk, fate: str, line: int) -> Finding:
        """The finding where it was found."""
        return replace(self, path=chunk.path, line=line, fate=fate, is_confirmed=chunk.is_escalated)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A file of a diff, and what became of it; *saved* is what its known answer had cost."""

    path: str
    coverage: str
    detail: str
    saved: int = 0
    is_escalated: bool = False


_F = Finding
_ANYWHERE = (
    _F("medium", "correctness", "The last page is never fetched", "The loop ends one page early."),
    _F("medium", "testing", "The new branch has no test", "Nothing calls it with an empty list."),
    _F("high", "correctness", "A missing key raises instead of falling back", "The key may lack."),
    _F("medium", "performance", "One query for each row", "The loop asks the database each time."),
    _F("low", "maintainability", "The same check stands in three places", "They will differ."),
    _F("high", "concurrency", "Two requests may create the row twice", "Check and insert race."),
)


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository of the past: what is in it, what is wrong with it, and its limits in USD."""

    id: int
    name: str
    weight: int
    first: int  # number of its first pull request
    per_day: str
    per_month: str
    files: tuple[str, ...]
    own: tuple[Finding, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that can be found."""
        return (*self.own, *_ANYWHERE)


REPOSITORIES = (
    Repository(
        1001,
        "acme/shop",
        5,
        310,
        "0.26",
        "2.50",
        (
            "src/cart.py",
            "src/orders/search.py",
            "src/orders/refund.py",
            "src/config.py",
            "src/files/download.py",
            "web/src/cart.ts",
            "web/src/checkout.tsx",
            "tests/test_cart.py",
            "poetry.lock",
        ),
        (
            _F("critical", "security", "SQL is built from user input", "Use parameters.", "CWE-89"),
            _F("high", "security", "A path leaves its folder", "`..` is not refused.", "CWE-22"),
            _F("medium", "correctness", "Prices are rounded twice", "Round once, at the end."),
        ),
    ),
    Repository(
        1002,
        "acme/payments",
        3,
        88,
        "0.20",
        "2",
        (
            "src/webhook.py",
            "src/ledger.py",
            "src/refunds/partial.py",
            "src/providers/stripe.py",
            "src/providers/adyen.py",
            "src/crypto/sign.py",
            "migrations/0042_amounts.sql",
            "uv.lock",
        ),
        (
            _F("critical", "security", "The signature is compared in variable time", "", "CWE-208"),
            _F("high", "correctness", "A refund may exceed its payment", "The sum is unchecked."),
            _F("high", "security", "The card's number is logged", "Mask it.", "CWE-532"),
        ),
    ),
    Repository(
        1003,
        "acme/mobile-app",
        2,
        41,
        "0.16",
        "1",
        (
            "app/src/main/Login.kt",
            "app/src/main/Sync.kt",
            "ios/Shop/CartView.swift",
            "ios/Shop/Keychain.swift",
            "shared/api/client.ts",
            "shared/api/retry.ts",
            "Podfile.lock",
        ),
        (
            _F(
                "high",
                "security",
                "The token is kept in plain text",
                "Use the key store.",
                "CWE-312",
            ),
            _F("medium", "concurrency", "The callback comes on another thread", "Post it back."),
        ),
    ),
)


def report_of(
    pull: PullRequest,
    chunks: Sequence[Chunk],
    findings: Sequence[Finding],
    money: Money,
    shortages: Sequence[Shortage],
) -> dict[str, Any]:
    """A report as `review.record` writes it."""
    return {
        "version": VERSION,
        "pull_request": {
            "repository": pull.repository,
            "number": pull.key.number,
            "head_sha": pull.head_sha,
            "base_sha": pull.base_sha,
        },
        "complete": not any(chunk.coverage == Coverage.OVER_BUDGET for chunk in chunks),
        "reaches_fail_on": False,
        "findings": [_finding(each) for each in findings],
        "receipt": _receipt(chunks),
        "escalations": [
            {
                "path": chunk.path,
                "reason": "sensitive path",
                "done": True,
                "over_budget": False,
                "confirmed": 1,
                "rejected": 0,
            }
            for chunk in chunks
            if chunk.is_escalated
        ],
        "cost": _cost(chunks, money),
        "shortages": [plain_shortage(each) for each in shortages],
        "since_last": None,
    }


def _cost(chunks: Sequence[Chunk], money: Money) -> dict[str, Any]:
    known = [chunk for chunk in chunks if chunk.coverage == Coverage.KNOWN]
    return {
        "spent_usd": plain_usd(money.spent),
        "presumed_usd": plain_usd(money.presumed),
        "saved_usd": plain_usd(sum(chunk.saved for chunk in known)),
        "saved_tokens": _TOKENS_KNOWN * len(known),
        "pull_request_total_usd": plain_usd(money.pr_total),
        "pull_request_limit_usd": PER_PULL,
        "tokens_in": money.tokens_in,
        "tokens_out": money.tokens_out,
        "calls": money.calls,
    }


def _receipt(chunks: Sequence[Chunk]) -> dict[str, Any]:
    counts = {
        c.value.replace(" ", "_"): sum(chunk.coverage == c for chunk in chunks) for c in Coverage
    }
    return {
        "segments": len(chunks),
        "counts": counts,
        "added_lines": {name: 34 * count for name, count in counts.items()},
        "entries": [
            {
                "path": chunk.path,
                "lines": f"{len(chunk.path)}-{len(chunk.path) + 34}",
                "added": 34,
                "class": chunk.coverage,
                "detail": chunk.detail,
            }
            for chunk in chunks
        ],
    }


def _finding(each: Finding) -> dict[str, Any]:
    tier = Tier.STRONG if each.is_confirmed else Tier.CHEAP
    place = {"path": each.path, "side": "RIGHT", "start_line": each.line, "line": each.line}
    why = {"summary": "beyond the cap of comments", "withheld": "below the confidence to post"}
    return {
        "fingerprint": each.fingerprint,
        "path": each.path,
        "anchor": place,
        "category": each.category,
        "severity": each.severity,
        "confidence": 0.91 if each.is_confirmed else 0.78,
        "title": each.title,
        "explanation": each.explanation,
        "quote": "",
        "suggestion": None,
        "cwe": each.cwe,
        "rule": None,
        "tier": tier.value,
        "model": MODELS[tier].name,
        "standing": "confirmed" if each.is_confirmed else "unchecked",
        "fate": each.fate,
        "why": why.get(each.fate, ""),
    }
