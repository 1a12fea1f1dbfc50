"""Looks at the pinned settings repositories: whether they are there, and what they say is valid."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from reviewbot.domain.errors import PolicyError, ReviewbotError
from reviewbot.github.client import GitHubClient
from reviewbot.github.organisation import OrganisationPolicies
from reviewbot.review.policy_file import effective_policy
from reviewbot.review.ports import BaseFiles
from reviewbot.runtime.diagnosis import Diagnosis, Health
from reviewbot.runtime.service import app_auth, app_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reviewbot.runtime.settings import Organisation, Settings


def examine_organisations(settings: Settings) -> Iterator[Diagnosis]:
    """Each organisation that is configured."""
    for organisation in settings.values.organisations:
        part = f"organisation {organisation.owner}"
        installation = _installation(settings, organisation.owner)
        if installation is None:
            says = "the App is not installed there, so its settings repository cannot be read"
            yield Diagnosis(part, Health.WRONG, says, "Install the App on it, or leave it out.")
        else:
            yield _read(part, settings, organisation, installation)


def _read(part: str, settings: Settings, organisation: Organisation, at: int) -> Diagnosis:
    try:
        return Diagnosis(part, Health.FINE, _told(settings, organisation, at))
    except PolicyError as error:
        return Diagnosis(part, Health.WRONG, str(error), error.advice)
    except ReviewbotError as error:
        return Diagnosis(part, Health.DOWN, str(error), error.advice)


def _installation(settings: Settings, owner: str) -> int | None:
    """The App's installation at an owner; 0 where a plain token is used."""
    if not settings.github.app_id:
        return 0
    with closing(GitHubClient(settings.github.api_url, app_auth(settings))) as client:
        for found in client.pages("/app/installations"):
            account = found.get("account")
            if isinstance(account, dict) and str(account.get("login")).lower() == owner.lower():
                return int(found["id"])
    return None


def _told(settings: Settings, organisation: Organisation, installation: int) -> str:
    tokens = app_tokens(settings)
    pins = {organisation.owner.lower(): organisation.settings_repository_id}
    with closing(GitHubClient(settings.github.api_url, tokens, installation)) as client:
        document = OrganisationPolicies(pins).of(client, f"{organisation.owner}/")
    if document is None:
        return "its settings repository holds no policy"
    effective_policy(BaseFiles(None, None, (), document), settings.values.policy)
    return f"{document.path} is read and valid"
