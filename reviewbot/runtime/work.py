"""Works one row of the desk: claim, review what is current, say how it ended."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from reviewbot.domain.errors import NotFound, PolicyError, RateLimited, ReviewbotError
from reviewbot.domain.money import PICO_PER_USD
from reviewbot.domain.outcome import Reviewed, Skipped, Superseded
from reviewbot.domain.pull_request import ReviewRequest
from reviewbot.review import notices
from reviewbot.runtime.backoff import Backoff
from reviewbot.runtime.heartbeat import Heartbeat

if TYPE_CHECKING:
    from collections.abc import Callable

    from reviewbot.domain.outcome import Outcome
    from reviewbot.ledger.desk import Claim, Desk
    from reviewbot.review.ports import Forge, Observer, Stage
    from reviewbot.runtime.clerk import Clerk
    from reviewbot.runtime.metrics import Metrics

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 1.0  # how often a review asks the desk whether it is still wanted
_BACKOFF = Backoff(first=5.0, longest=900.0)
_MOST_ASKERS = 5


@dataclass(frozen=True, slots=True)
class Workshop:
    """What a worker needs: the desk, a way to GitHub by installation, and the review itself."""

    desk: Desk
    forge: Callable[[int], Forge]
    review: Callable[[ReviewRequest, Forge, Observer], Outcome]
    metrics: Metrics
    review_seconds: float
    clerk: Clerk
    may_write: Callable[[int, str, str], bool]  # installation, repository, login
    errands: tuple[Callable[[str], bool], ...] = ()  # other work, by a worker's name
    when_idle: tuple[Callable[[str], bool], ...] = ()  # the same, for when nothing else waits


class Watch:
    """Observes a claimed review: renews its lease, and knows when it should stop."""

    def __init__(self, desk: Desk, claim: Claim, stopping: threading.Event, seconds: float) -> None:
        self._desk, self._claim, self._stopping = desk, claim, stopping
        self._end = time.monotonic() + seconds
        self._next_look = 0.0
        self._unwanted = False
        self._lock = threading.Lock()
        self._heart = Heartbeat(lambda: desk.renew(claim), desk.rules.lease)

    def __enter__(self) -> Self:
        self._heart.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._heart.__exit__()

    @property
    def is_lost(self) -> bool:
        """Whether another worker owns the row now."""
        return self._heart.is_lost

    def begins(self, stage: Stage, questions: int) -> None:
        """Logged."""
        _log.info("stage", extra={"stage": stage.value, "questions": questions})

    def advances(self, stage: Stage) -> None:
        """Not shown."""

    def interrupted(self) -> bool:
        """Whether the service or all spending stops, or this review is not wanted any more."""
        if self._stopping.is_set() or self._heart.is_lost:
            return True
        with self._lock:
            if time.monotonic() >= self._next_look:
                self._next_look = time.monotonic() + _LOOK_SECONDS
                self._unwanted = self._desk.superseded(self._claim) or self._desk.halted(
                    self._claim
                )
            return self._unwanted

    def out_of_time(self) -> bool:
        """Whether the deadline is over."""
        return time.monotonic() > self._end


def work_once(shop: Workshop, owner: str, stopping: threading.Event) -> bool:
    """Do one piece of work that is due; False if there is none."""
    if any(errand(owner) for errand in shop.errands):
        return True
    claim = shop.desk.claim(owner)
    if claim is None:
        return any(errand(owner) for errand in shop.when_idle)
    about = {"pull": str(claim.key), "attempt": claim.attempt}
    if claim.attempt > shop.desk.rules.attempts:
        _bury(shop, claim)
        _log.error("gave up", extra=about)
        return True
    _log.info("claimed", extra=about)
    begin = time.monotonic()
    with Watch(shop.desk, claim, stopping, shop.review_seconds) as watch:
        ending = _work(shop, claim, watch, stopping)
    shop.metrics.reviews.labels(ending).inc()
    shop.metrics.seconds.observe(time.monotonic() - begin)
    _log.info("ended", extra={**about, "outcome": ending})
    return True


def _work(shop: Workshop, claim: Claim, watch: Watch, stopping: threading.Event) -> str:
    try:
        full = claim.full or _asked_with_right(shop, claim)
        if claim.only_asked and not full:
            shop.desk.finish(claim)
            return "refused"
        outcome = shop.review(_request(claim, full=full), shop.forge(claim.installation_id), watch)
    except ReviewbotError as error:
        return _failed(shop, claim, error)
    except Exception as error:  # noqa: BLE001 - one bug must not end the worker
        _log.exception("bug", extra={"pull": str(claim.key)})
        shop.desk.postpone(claim, _BACKOFF.after(claim.attempt), f"a bug: {type(error).__name__}")
        return "failed"
    return _end(shop, claim, outcome, stopping)


def _request(claim: Claim, *, full: bool) -> ReviewRequest:
    return ReviewRequest(
        repository=claim.repository,
        number=claim.key.number,
        trigger=f"desk {claim.wanted}",
        installation_id=claim.installation_id,
        full=full,
        only_framing=claim.only_framing,
    )


def _asked_with_right(shop: Workshop, claim: Claim) -> bool:
    """Whether somebody who may write asked by a button: looked up now, for rights change."""
    return any(
        shop.may_write(claim.installation_id, claim.repository, login)
        for login in claim.askers[:_MOST_ASKERS]
    )


def _failed(shop: Workshop, claim: Claim, error: ReviewbotError) -> str:
    if shop.desk.halted(claim):
        shop.desk.release(claim)  # nobody's fault; it is worked on when that is over
        return "halted"
    match error:
        case PolicyError():
            shop.desk.finish(claim)  # the check has said so; the next event looks again
            return "unusable policy"
        case NotFound():
            shop.desk.finish(claim)  # deleted, or the App was removed from it
            return "gone"
        case RateLimited(seconds=seconds):
            shop.desk.postpone(claim, seconds, str(error))
            return "rate limited"
        case _:
            _log.warning("failed", extra={"pull": str(claim.key), "kind": type(error).__name__})
            shop.desk.postpone(claim, _BACKOFF.after(claim.attempt), str(error))
            return "failed"


def _end(shop: Workshop, claim: Claim, outcome: Outcome, stopping: threading.Event) -> str:
    match outcome:
        case Reviewed(report=report):
            shop.desk.finish(claim)
            for judged in report.open_findings:
                shop.metrics.findings.labels(judged.finding.severity.value).inc()
            shop.metrics.spent.inc(report.bill.spent / PICO_PER_USD)
            return "published"
        case Skipped():
            shop.desk.finish(claim)
            return "skipped"
        case Superseded():
            return _interrupted(shop, claim, stopping)


def _interrupted(shop: Workshop, claim: Claim, stopping: threading.Event) -> str:
    if shop.desk.halted(claim):
        shop.desk.release(claim)
        return "halted"
    if shop.desk.superseded(claim):
        shop.desk.finish(claim)  # what is wanted now is on the desk
    elif stopping.is_set():
        shop.desk.release(claim)
    else:  # a push whose event has not come: its head is reviewed in any case
        shop.desk.postpone(claim, shop.desk.rules.debounce, "")
    return "superseded"


def _bury(shop: Workshop, claim: Claim) -> None:
    """Say politely, once, that nobody tries any more; then do not try any more."""
    shop.desk.bury(claim, "it failed again and again")
    request = ReviewRequest(
        claim.repository, claim.key.number, "desk", claim.installation_id, full=True
    )
    try:
        forge = shop.forge(claim.installation_id)
        pull = forge.pull_request(request)
        notice = notices.gave_up(shop.clerk.words(forge, pull))
        forge.say(pull, notice.summary)
        forge.conclude(pull, notice)
    except ReviewbotError as error:
        _log.warning("no notice", extra={"kind": type(error).__name__})
