"""The session that a job buys from a companion, where its workflow names one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.domain.errors import UsageError
from reviewbot.github.id_token import may_ask, request_id_token

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reviewbot.domain.money import PicoUsd
    from reviewbot.github.runner import PullEvent, Runner
    from reviewbot.runtime.companion_session import Session
    from reviewbot.runtime.settings import Settings


def session_for(
    environ: Mapping[str, str], runner: Runner, settings: Settings, event: PullEvent, cost: PicoUsd
) -> Session | None:
    """A session for the event's pull request; None without a companion, and for forks.

    Raises UsageError, CompanionError or ForgeUnavailable: there is no other key to go on with.
    """
    if not (named := environ.get("INPUT_COMPANION_URL", "").strip()):
        return None
    from reviewbot.runtime.companion_session import (  # noqa: PLC0415 - slow, and few need it
        buy_session,
        companion_address,
    )

    url = companion_address(named)
    _refuse_other_models(settings)
    _refuse_own_places(settings)
    if event.without_secrets and not may_ask(environ):
        return None  # GitHub gives such jobs no token either

    def id_token() -> str:
        token = request_id_token(environ, url)
        runner.mask(token)
        return token

    session = buy_session(url, id_token, event.number, cost)
    runner.mask(session.token)
    runner.mask(session.seal)
    return session


def under(session: Session, settings: Settings) -> Settings:
    """The settings under the companion's limits and patterns; workflow and policy only narrow."""
    policy, bounds = settings.values.policy, session.bounds
    within = {name: getattr(bounds, name) for name in type(bounds).model_fields}
    for name in within.keys() & policy.budget.model_fields_set:
        within[name] = min(within[name], getattr(policy.budget, name))
    return settings.with_policy(
        budget=policy.budget.model_copy(update=within),
        redaction=tuple(dict.fromkeys((*session.redaction, *policy.redaction))),
    )


def _refuse_other_models(settings: Settings) -> None:
    """Never a second way out: code goes where the companion lets it go."""
    values = settings.values
    if values.quick.model_fields_set or values.endpoints or values.models:
        message = "companion-url is set, and models, a key or an endpoint besides"
        advice = "The companion asks its own models: remove api-key, base-url and the models."
        raise UsageError(message, advice)


def _refuse_own_places(settings: Settings) -> None:
    """The companion knows the repository's policy, and could not keep to what a workflow says."""
    data = settings.values.policy.data
    if data.allowed_jurisdictions is not None or data.allowed_endpoints is not None:
        message = "companion-url is set, and policy.data in the workflow besides"
        advice = "Write where code may go into .reviewbot.yml, or where the companion runs."
        raise UsageError(message, advice)
