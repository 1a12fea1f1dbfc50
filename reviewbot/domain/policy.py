"""What a repository asks of its reviews; the server's defaults stand here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from reviewbot.domain.finding import Severity
from reviewbot.domain.money import PicoUsd, parse_usd, plain_usd
from reviewbot.domain.phrase import Phrase

if TYPE_CHECKING:
    from reviewbot.domain.pull_request import PullRequest

MAX_PATTERNS = 100
MAX_PATTERN_LENGTH = 256

Pattern = Annotated[str, Field(min_length=1, max_length=MAX_PATTERN_LENGTH)]
Patterns = Annotated[tuple[Pattern, ...], Field(max_length=MAX_PATTERNS)]
Word = Annotated[str, Field(min_length=1, max_length=100)]
Words = Annotated[tuple[Word, ...], Field(max_length=MAX_PATTERNS)]


def _read_usd(value: object) -> PicoUsd:
    """Accept what YAML and TOML make of an amount; a float is read by its shortest text."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        message = "write an amount in USD such as 0.75"
        raise ValueError(message)  # noqa: TRY004 - pydantic reports only ValueError
    return parse_usd(str(value))


Usd = Annotated[
    PicoUsd,
    BeforeValidator(_read_usd, json_schema_input_type=float | str),
    PlainSerializer(plain_usd, return_type=str),
]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class AutoReview(_Section):
    """Which pull requests are reviewed without being asked for."""

    drafts: bool = False
    base_branches: Patterns = ()
    labels: Words = ()
    ignore_authors: Words = ()
    ignore_title_keywords: Words = ()
    outside_contributors: bool = False
    bots: bool = False


class PathInstructions(_Section):
    """What to look for under some paths."""

    path: Pattern
    instructions: Annotated[str, Field(min_length=1, max_length=2000)]


class Rule(_Section):
    """A project rule that findings cite by id."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    description: Annotated[str, Field(min_length=1, max_length=1000)]
    paths: Patterns = ()
    severity: Severity = Severity.MEDIUM


class Escalation(_Section):
    """What the strong tier reads again; *max_share* is a share of the changed lines."""

    confidence_below: Annotated[float, Field(ge=0, le=1)] = 0.70
    severities: tuple[Severity, ...] = (Severity.CRITICAL, Severity.HIGH)
    sensitive_paths: Patterns = ()
    max_share: Annotated[float, Field(ge=0, le=1)] = 0.15


class Budget(_Section):
    """Limits in USD; a repository's can only narrow the server's."""

    per_pr: Usd = parse_usd("1")
    per_day: Usd = parse_usd("5")
    per_month: Usd = parse_usd("50")
    approve_above: Usd = parse_usd("0.75")
    on_exhausted: Literal["degrade", "stop"] = "degrade"

    def within(self, other: Budget) -> Budget:
        """The lower of each limit."""
        stops = "stop" in (self.on_exhausted, other.on_exhausted)
        return Budget.model_construct(
            per_pr=min(self.per_pr, other.per_pr),
            per_day=min(self.per_day, other.per_day),
            per_month=min(self.per_month, other.per_month),
            approve_above=min(self.approve_above, other.approve_above),
            on_exhausted="stop" if stops else "degrade",
        )


class DataPath(_Section):
    """Where the code of some files may be sent; None is as for all others."""

    # A pattern that lists nothing (a comment, an exception) would protect nothing.
    path: Annotated[str, Field(max_length=MAX_PATTERN_LENGTH, pattern=r"^[^!#]")]
    allowed_jurisdictions: Words | None = None
    allowed_endpoints: Words | None = None


class Data(_Section):
    """Where code may be sent; None is anywhere the server allows. *paths* narrow it further."""

    allowed_jurisdictions: Words | None = None
    allowed_endpoints: Words | None = None
    paths: Annotated[tuple[DataPath, ...], Field(max_length=50)] = ()

    def allows(self, endpoint: str, jurisdiction: str) -> bool:
        """Whether code may go there; a place that nobody named is not on any list."""
        jurisdictions, endpoints = self.allowed_jurisdictions, self.allowed_endpoints
        return (jurisdictions is None or jurisdiction in jurisdictions) and (
            endpoints is None or endpoint in endpoints
        )

    def within(self, other: Data) -> Data:
        """The places that both allow."""
        return Data.model_construct(
            allowed_jurisdictions=_both(self.allowed_jurisdictions, other.allowed_jurisdictions),
            allowed_endpoints=_both(self.allowed_endpoints, other.allowed_endpoints),
            paths=tuple(dict.fromkeys(self.paths + other.paths)),
        )

    def narrowed_by(self, path: DataPath) -> Data:
        """The places that are left for files which *path* lists."""
        return self.within(Data.model_construct(**path.model_dump(exclude={"path"})))


class Policy(_Section):
    """One repository's wishes."""

    enabled: bool = True
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")] = "en"
    auto_review: AutoReview = AutoReview()
    path_filters: Patterns = ()
    path_instructions: Annotated[tuple[PathInstructions, ...], Field(max_length=50)] = ()
    rules: Annotated[tuple[Rule, ...], Field(max_length=50)] = ()
    focus: Annotated[str, Field(max_length=2000)] = ""
    min_severity: Severity = Severity.MEDIUM
    max_comments: Annotated[int, Field(ge=0, le=50)] = 10
    max_comments_per_file: Annotated[int, Field(ge=0, le=50)] = 3
    fail_on: Severity | None = None
    incomplete: Literal["neutral", "block"] = "neutral"
    escalation: Escalation = Escalation()
    budget: Budget = Budget()
    data: Data = Data()
    redaction: Patterns = ()
    labels: bool = False
    label_prefix: Annotated[str, Field(pattern=r"^[^\s,]{1,30}$")] = "reviewbot/"
    description: bool = False

    def reason_to_skip(self, pull: PullRequest) -> str | None:
        """Why this pull request is not reviewed by itself, or None."""
        auto = self.auto_review
        title = pull.title.casefold()
        reasons = (
            (not self.enabled, Phrase("reviews are switched off by the policy")),
            (pull.is_draft and not auto.drafts, Phrase("it is a draft")),
            (pull.author.is_bot and not auto.bots, Phrase("its author is a bot")),
            (
                pull.author.outside and not auto.outside_contributors,
                Phrase("its author is an outside contributor"),
            ),
            (
                pull.author.login.casefold() in map(str.casefold, auto.ignore_authors),
                Phrase("its author is on the policy's list"),
            ),
            (
                any(word.casefold() in title for word in auto.ignore_title_keywords),
                Phrase("its title holds a keyword of the policy"),
            ),
            (
                bool(auto.labels) and not set(auto.labels) & set(pull.labels),
                Phrase("it has none of the policy's labels"),
            ),
        )
        return next((why for applies, why in reasons if applies), None)

    def tightened_by(self, other: Policy) -> Policy:
        """This policy, narrowed by *other*: whatever could loosen it is left out, words too."""
        return self.model_copy(
            update={
                "min_severity": max(self.min_severity, other.min_severity, key=_rank),
                "fail_on": _stricter_gate(self.fail_on, other.fail_on),
                "incomplete": "block"
                if "block" in (self.incomplete, other.incomplete)
                else "neutral",
                "redaction": _first(self.redaction + other.redaction, MAX_PATTERNS),
                "budget": self.budget.within(other.budget),
                "data": self.data.within(other.data),
            }
        )

    def bounded_by(self, server: Policy) -> Policy:
        """These wishes, without more money, places or escalation than *server* allows."""
        share = min(self.escalation.max_share, server.escalation.max_share)
        return self.model_copy(
            update={
                "budget": self.budget.within(server.budget),
                "data": self.data.within(server.data),
                "redaction": tuple(dict.fromkeys(server.redaction + self.redaction)),
                "escalation": self.escalation.model_copy(update={"max_share": share}),
            }
        )


def _rank(severity: Severity) -> int:
    return severity.rank


def _stricter_gate(one: Severity | None, other: Severity | None) -> Severity | None:
    gates = [gate for gate in (one, other) if gate is not None]
    return max(gates, key=_rank, default=None)


def _first(items: tuple[Any, ...], most: int) -> tuple[Any, ...]:
    return items[:most]


def _both(one: Words | None, other: Words | None) -> Words | None:
    if one is None or other is None:
        return other if one is None else one
    return tuple(word for word in one if word in other)
