"""What a review needs of the world, and the values that pass between."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Protocol, TypeVar

from reviewbot.domain.feedback import Feedback
from reviewbot.domain.question import Answer, Prompt, Question
from reviewbot.review.words import ENGLISH, Words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from reviewbot.domain.diff import Anchor, Diff
    from reviewbot.domain.egress import Egress
    from reviewbot.domain.extras import Extras
    from reviewbot.domain.finding import Severity, Tier
    from reviewbot.domain.forecast import Forecast, Past
    from reviewbot.domain.money import PicoUsd, Price, Usage
    from reviewbot.domain.policy import Data
    from reviewbot.domain.posted import PostedFinding
    from reviewbot.domain.pull_request import PullKey, PullRequest, ReviewRequest
    from reviewbot.domain.ruling import Rulings
    from reviewbot.domain.spent import Money

__all__ = ["Answer", "Prompt", "Question"]  # what passes through ports, from the domain

T = TypeVar("T")
R = TypeVar("R")


# --- money ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds in 10**-12 USD; *per_review* is ``--max-cost``, None without it."""

    per_pr: PicoUsd
    per_day: PicoUsd
    per_month: PicoUsd
    per_installation: PicoUsd
    per_server: PicoUsd
    per_review: PicoUsd | None = None
    per_author: PicoUsd | None = None  # an author's share of the repository's day
    per_repository: PicoUsd | None = None  # the repository's share of the installation's month
    escalation_share: Decimal = Decimal(1)  # how far second looks may fill each limit


@dataclass(frozen=True, slots=True)
class Purse:
    """Who pays: the review and the limits of every scope that it falls under."""

    review_id: str
    pull: PullKey
    repository: str  # owner/name, for the costs pages
    installation_id: int
    head_sha: str
    limits: Limits
    data: Data | None = None  # where the policy lets code go; None is anywhere
    author_id: int = 0  # who opened the pull request


@dataclass(frozen=True, slots=True)
class Charge:
    """What one HTTP attempt may cost at the most, and at which price it will be billed."""

    purse: Purse
    tier: Tier
    model: str  # the name in the configuration
    endpoint: str
    upstream: str  # the name the endpoint knows the model by
    jurisdiction: str
    price: Price
    worst: PicoUsd
    lease_seconds: float  # after this the attempt's end counts as unknown
    label: str  # the chunks, for people
    reason: str = ""  # why it was escalated
    egress: Egress | None = None  # None where nothing of a repository leaves
    waits: bool = True  # for other reservations that may still shrink
    by_report: bool = False  # the endpoint is believed in what it says that it billed

    def cost(self, attempt: Attempt) -> PicoUsd:
        """What an attempt is entered at that was billed, or may have been."""
        if attempt.usage is None or attempt.ending is Ending.UNKNOWN:
            return self.worst
        if self.by_report and attempt.reported is not None:
            return attempt.reported
        return self.price.cost(attempt.usage)


@dataclass(frozen=True, slots=True)
class Grant:
    """The ledger's leave to spend; made only by ``Ledger.reserve``, one per HTTP attempt."""

    id: str
    charge: Charge


class Ending(StrEnum):
    """How an HTTP attempt ended, as far as the bill is concerned."""

    ANSWERED = "answered"  # billed by its usage
    GARBLED = "garbled"  # billed by its usage, but the answer cannot be used
    REFUSED = "refused"  # a status that vendors do not bill, or never sent
    UNKNOWN = "unknown"  # sent, and no trustworthy usage came back: presumed at the worst case


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of an HTTP attempt. *usage* is None unless the endpoint counted."""

    ending: Ending
    usage: Usage | None = None
    model_answered: str = ""
    latency_ms: int = 0
    error: str = ""  # a short code such as "http-429", never foreign text
    first_token_ms: int = 0  # 0 where the answer was not streamed
    reported: PicoUsd | None = None  # what the endpoint says that it billed, where it does


# --- questions and answers -----------------------------------------------------------------


class Answers(Protocol):
    """The table of answers: journal and cache at once."""

    def known(self, keys: Sequence[str], models: Sequence[str]) -> Mapping[str, Answer]:
        """The stored answers to *keys* by any of *models*, by key."""


class Ledger(Answers, Protocol):
    """The memory of money."""

    def reserve(self, charge: Charge) -> Grant:
        """Set the worst case aside in all scopes.

        Raises BudgetExhausted, EndpointQuarantined or EndpointDrained.
        """

    def settle(self, grant: Grant, attempt: Attempt, answers: Sequence[Answer] = ()) -> PicoUsd:
        """Record what came of a grant, with its answers, in one commit; returns the cost."""


class Model(Protocol):
    """Asks a tier; every attempt is reserved, sent and settled."""

    def models(self, tier: Tier) -> Sequence[str]:
        """The tier's models, in order of preference; empty if the tier has none."""

    def price(self, tier: Tier) -> Price | None:
        """What the tier's first model costs at its dearest; None if the tier has none."""

    def ask(self, question: Question, purse: Purse) -> Sequence[Answer]:
        """One answer a key; raises ModelError or BudgetExhausted."""


# --- the forge -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Document:
    """A file of a base branch; *path* is what people call it."""

    path: str
    text: str


GUIDANCE_BYTES = 2_500  # more context makes reviews worse, and every request pays for it


@dataclass(frozen=True, slots=True)
class BaseFiles:
    """What organisation and branches say; documents are None where they are absent.

    *ruling* is the default branch's policy; *narrowing* is that of a base branch which is not
    the default one; *organisation* holds the defaults of all repositories of its owner.
    """

    ruling: Document | None
    narrowing: Document | None
    guidance: tuple[Document, ...]
    organisation: Document | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """An inline comment, ready to post."""

    anchor: Anchor
    body: str
    finding: PostedFinding  # what it will be known by


@dataclass(frozen=True, slots=True)
class Annotation:
    """A line of a check run."""

    path: str
    start_line: int
    end_line: int
    severity: Severity
    title: str
    message: str


class Conclusion(StrEnum):
    """Conclusions of a check run that reviewbot uses, in GitHub's words."""

    SUCCESS = "success"
    FAILURE = "failure"
    NEUTRAL = "neutral"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    ACTION_REQUIRED = "action_required"


@dataclass(frozen=True, slots=True)
class Check:
    """The check run's end. *summary* is Markdown."""

    conclusion: Conclusion
    title: str
    summary: str
    annotations: tuple[Annotation, ...] = ()
    say: Words = ENGLISH  # what it is worded with, and its button


@dataclass(frozen=True, slots=True)
class Publication:
    """Everything that a review writes: one review, one sticky summary, one check run.

    There is no review without comments. *review_id* is part of its marker; *fixed* are earlier
    findings whose threads are to say so.
    """

    pull: PullRequest
    review_id: str
    body: str  # of the review
    comments: tuple[Comment, ...]
    fallback: str  # the review's body if GitHub refuses the comments: everything as text
    summary: str
    check: Check
    fixed: tuple[PostedFinding, ...] = ()
    extras: Extras | None = None


class Forge(Protocol):
    """GitHub, or what stands for it when a local diff is reviewed."""

    def pull_request(self, request: ReviewRequest) -> PullRequest:
        """The pull request as it is now."""

    def base_files(self, pull: PullRequest) -> BaseFiles:
        """Policy and guidance, from the base branch only."""

    def diff(self, pull: PullRequest) -> Diff:
        """The whole diff of the pinned head."""

    def posted(self, pull: PullRequest) -> Sequence[PostedFinding]:
        """What was posted on lines before; trusted only in comments of our own author id."""

    def begin(self, pull: PullRequest, says: str) -> None:
        """Show that a review of this head is under way, with a line of text."""

    def conclude(self, pull: PullRequest, check: Check) -> None:
        """End the check run without a review."""

    def say(self, pull: PullRequest, text: str) -> None:
        """Put *text* where the summary of the pull request stands."""

    def publish(self, publication: Publication) -> str:
        """Write everything once, however often it is called; returns the review's address."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the review of one pull request's head concluded; None while it is under way.

    *shown* is the conclusion that its check run shows: that of the worst pull request with
    the same head.
    """

    number: int
    conclusion: Conclusion | None
    title: str
    shown: Conclusion | None


class Verdicts(Protocol):
    """Remembers what the reviews of a commit concluded, by pull request."""

    def record(self, pull: PullRequest, conclusion: Conclusion | None, title: str = "") -> None:
        """Record what the review of a head concluded; None says that it is under way."""

    def shown(self, pull: PullRequest, conclusion: Conclusion) -> None:
        """Record which conclusion the pull request's check run shows."""

    def elsewhere(self, pull: PullRequest) -> Sequence[Verdict]:
        """The verdicts of other pull requests on the same commit."""


class Stage(Enum):
    """What a review is doing, for progress bars."""

    CHEAP = "cheap reading"
    STRONG = "second look"


class Observer(Protocol):
    """Is told how far a review is; may say that it should stop."""

    def begins(self, stage: Stage, questions: int) -> None:
        """A stage with so many questions begins."""

    def advances(self, stage: Stage) -> None:
        """One question of a stage is done."""

    def interrupted(self) -> bool:
        """Whether the review should stop: a newer push waits, or the service is stopping."""

    def out_of_time(self) -> bool:
        """Whether the review's deadline is over: what is unread then stays unread."""


class Journal(Feedback, Protocol):
    """The ledger's record of reviews."""

    def is_open(self, pull: PullRequest, trigger: str) -> bool:
        """Whether a review of this head and trigger was opened and not closed: it is resumed."""

    def open(self, pull: PullRequest, trigger: str) -> str:
        """The id of the review of this head and trigger: the same one until it is closed."""

    def close(
        self, review_id: str, state: str, report: str, raised: Sequence[PostedFinding] = ()
    ) -> None:
        """Record how it ended, and what it told people; what was listed and is fixed goes."""

    def past(self, pull: PullKey) -> Sequence[Past]:
        """The latest reviews of the repository that read what they planned, to learn from."""

    def foresee(self, review_id: str, forecast: Forecast) -> Forecast:
        """Record what a review is forecast to cost; what was recorded first stands."""

    def raised(self, pull: PullKey) -> Sequence[PostedFinding]:
        """What reviews posted on a pull request's lines, standing or not, and what they listed."""

    def money(self, review_id: str, pull: PullKey) -> Money:
        """What the review and its pull request have cost so far."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Every effect that a review may have."""

    forge: Forge
    model: Model
    answers: Answers
    journal: Journal
    observer: Observer
    side_by_side: SideBySide
    rulings: Rulings


class SideBySide(Protocol):
    """Runs calls side by side, bounded."""

    def __call__(
        self, work: Callable[[T], R], tasks: Iterable[T]
    ) -> Iterator[tuple[T, Callable[[], R]]]:
        """Each task with a call that returns its result or raises its error, in task order."""
