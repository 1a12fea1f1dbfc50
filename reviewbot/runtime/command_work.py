"""Works one command: claim, carry out, say how it ended."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from reviewbot.domain.errors import NotFound, RateLimited, ReviewbotError
from reviewbot.github.errors import Rejected
from reviewbot.runtime.backoff import Backoff
from reviewbot.runtime.heartbeat import Heartbeat

if TYPE_CHECKING:
    from reviewbot.ledger.commands import CommandClaim, Commands
    from reviewbot.runtime.clerk import Clerk
    from reviewbot.runtime.metrics import Metrics

_log = logging.getLogger(__name__)
_BACKOFF = Backoff(first=2.0, longest=300.0)


def carry_out_once(clerk: Clerk, metrics: Metrics, owner: str) -> bool:
    """Claim one command and carry it out; False if none is due."""
    commands = clerk.commands
    claim = commands.claim(owner)
    if claim is None:
        return False
    about = {"pull": str(claim.wish.key), "comment": claim.wish.name, "attempt": claim.attempt}
    with Heartbeat(lambda: commands.renew(claim), commands.rules.lease):
        if claim.attempt > commands.rules.attempts:
            ending = _bury(clerk, claim)
        else:
            ending = _carry_out(clerk, commands, claim)
    metrics.commands.labels(ending).inc()
    _log.info("command ended", extra={**about, "outcome": ending})
    return True


def _carry_out(clerk: Clerk, commands: Commands, claim: CommandClaim) -> str:
    try:
        clerk.carry_out(claim)
    except ReviewbotError as error:
        return _failed(commands, claim, error)
    except Exception as error:  # noqa: BLE001 - one bug must not end the worker
        _log.exception("bug", extra={"comment": claim.wish.name})
        commands.postpone(claim, _BACKOFF.after(claim.attempt), f"a bug: {type(error).__name__}")
        return "failed"
    commands.finish(claim)
    return "done"


def _failed(commands: Commands, claim: CommandClaim, error: ReviewbotError) -> str:
    if commands.halted(claim):
        commands.release(claim)  # nobody's fault; it is carried out when that is over
        return "halted"
    match error:
        case NotFound() | Rejected():
            commands.finish(claim)  # the comment is gone or locked, or the App was removed
            return "gone"
        case RateLimited(seconds=seconds):
            commands.postpone(claim, seconds, str(error))
            return "rate limited"
        case _:
            about = {"comment": claim.wish.name, "kind": type(error).__name__}
            _log.warning("failed", extra=about)
            commands.postpone(claim, _BACKOFF.after(claim.attempt), str(error))
            return "failed"


def _bury(clerk: Clerk, claim: CommandClaim) -> str:
    clerk.commands.bury(claim, "it failed again and again")
    try:
        clerk.give_up(claim.wish)
    except ReviewbotError as error:
        _log.warning("no notice", extra={"kind": type(error).__name__})
    return "given up"
