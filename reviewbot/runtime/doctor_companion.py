"""Looks at the companion from both sides: as its operator, and as a workflow's job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.domain.money import PicoUsd
from reviewbot.github.id_token import request_id_token
from reviewbot.github.oidc_keys import fetch_keys
from reviewbot.github.runner import EVENTS, read_pull_event
from reviewbot.runtime.companion_session import buy_session, companion_address, greet
from reviewbot.runtime.diagnosis import Diagnosis, Health, asked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reviewbot.runtime.companion_settings import Companion
    from reviewbot.runtime.settings import Settings

_PART = "companion"
_GITHUB = "https://github.com"


def examine_companion(settings: Settings) -> Iterator[Diagnosis]:
    """The operator's side; nothing where no companion is configured."""
    section = settings.values.companion
    if section.url is None:
        return
    yield Diagnosis(_PART, Health.FINE, f"workflows reach it at {section.url}")
    yield _lists(section)
    if settings.github.server_url != _GITHUB and "issuer" not in section.model_fields_set:
        says = f"{section.issuer} signs for github.com, not for {settings.github.server_url}"
        advice = "Set companion.issuer to https://HOST/_services/token."
        yield Diagnosis("companion issuer", Health.WRONG, says, advice)
    else:
        yield asked("companion issuer", lambda: _keys_told(section.issuer))


def _keys_told(issuer: str) -> str:
    count = len(fetch_keys(issuer))
    return f"{issuer} lists {count} {'key' if count == 1 else 'keys'}"


def _lists(section: Companion) -> Diagnosis:
    part = "companion enrolment"
    repositories, installations = len(section.repositories), len(section.installations)
    if not repositories and not installations:
        advice = "Set companion.repositories or companion.installations to ids."
        return Diagnosis(part, Health.WRONG, "no repository is enrolled", advice)
    if not section.workflows:
        advice = "Set companion.workflows to patterns of job_workflow_ref."
        return Diagnosis(part, Health.WRONG, "no workflow is allowed", advice)
    says = (
        f"{repositories} repositories, {installations} installations,"
        f" {len(section.workflows)} patterns of workflows"
    )
    return Diagnosis(part, Health.FINE, says)


def examine_job(environ: Mapping[str, str], named: str) -> Iterator[Diagnosis]:
    """The side of a job that would use the companion: everything but a question."""
    reached = asked(_PART, lambda: greet(companion_address(named)))
    yield reached
    if reached.health is not Health.FINE:
        return
    url = companion_address(named)
    permitted = asked("OIDC token", lambda: _permitted(environ, url))
    yield permitted
    if permitted.health is not Health.FINE:
        return
    if environ.get("GITHUB_EVENT_NAME") not in EVENTS:
        says = "not tried: this job runs for no pull request"
        advice = "Run `reviewbot doctor --companion` in the workflow that reviews."
        yield Diagnosis("session", Health.WARNING, says, advice)
    else:
        yield asked("session", lambda: _bought(environ, url))


def _permitted(environ: Mapping[str, str], url: str) -> str:
    request_id_token(environ, url)
    return "GitHub gives this job tokens"


def _bought(environ: Mapping[str, str], url: str) -> str:
    """A session that may spend nothing."""
    number = read_pull_event(environ).number
    session = buy_session(url, lambda: request_id_token(environ, url), number, PicoUsd(0))
    models = ", ".join(f"{tier.value}: {model.name}" for tier, model in session.models.items())
    return f"it is given one ({models})"
