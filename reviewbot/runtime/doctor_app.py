"""Looks at the App's registration: where GitHub delivers, and whether it arrives."""

from __future__ import annotations

from contextlib import closing
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reviewbot.domain.errors import Forbidden, NotFound, ReviewbotError
from reviewbot.github.client import GitHubClient
from reviewbot.github.errors import Rejected
from reviewbot.github.hook import read_hook, read_log
from reviewbot.github.identity import installed, lacking, may_create_labels
from reviewbot.runtime.diagnosis import Diagnosis, Health
from reviewbot.runtime.service import app_auth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reviewbot.github.identity import Installed, Lacking
    from reviewbot.runtime.settings import Settings

_PATH = "/webhook"
_SETTINGS = "under the App's settings on GitHub"
_RIGHTS = "permissions and events"
_INSTALLATIONS = "installations"


def examine_app(settings: Settings) -> Iterator[Diagnosis]:
    """Every part of the App's registration."""
    looks: tuple[tuple[str, Callable[[GitHubClient], Iterator[Diagnosis]]], ...] = (
        (_RIGHTS, _rights),
        (_INSTALLATIONS, _installations),
        ("webhook", lambda client: _webhook(client, settings.values.server.public_url or "")),
        ("deliveries", _deliveries),
    )
    if settings.values.policy.labels:
        looks = (*looks, ("labels", _labels))
    with closing(GitHubClient(settings.github.api_url, app_auth(settings))) as client:
        for part, look in looks:
            try:
                yield from look(client)
            except ReviewbotError as error:
                yield Diagnosis(part, Health.DOWN, str(error), error.advice)


def _rights(client: GitHubClient) -> Iterator[Diagnosis]:
    found = lacking(client)
    advice = f"Add it {_SETTINGS}, Permissions & events; owners then accept it."
    if found.necessary:
        says = f"reviews lack {', '.join(found.necessary)}"
        yield Diagnosis(_RIGHTS, Health.WRONG, says, advice)
    if found.further:
        says = f"commands in comments, or merge queues, lack {', '.join(found.further)}"
        yield Diagnosis(_RIGHTS, Health.WARNING, says, advice)
    if not found.necessary and not found.further:
        yield Diagnosis(_RIGHTS, Health.FINE, "nothing is missing")


def _installations(client: GitHubClient) -> Iterator[Diagnosis]:
    """What owners have not accepted holds in no installation of theirs, whatever the App asks."""
    asked = lacking(client)
    try:
        found = installed(client)
    except (Forbidden, NotFound, Rejected):
        return  # a server that does not tell
    if not found:
        says, advice = "the App is installed nowhere", f"Install it {_SETTINGS}, Install App."
        yield Diagnosis(_INSTALLATIONS, Health.WARNING, says, advice)
    troubles = [trouble for each in found for trouble in _troubles(each, asked)]
    yield from troubles
    if found and not troubles:
        yield Diagnosis(_INSTALLATIONS, Health.FINE, f"{len(found)}, as they should be")


def _troubles(installation: Installed, asked: Lacking) -> Iterator[Diagnosis]:
    """What is amiss with one installation, beside what the App does not even ask for."""
    owner = installation.account
    if installation.is_suspended:
        advice = "Only who suspended it can let it work again."
        yield Diagnosis(_INSTALLATIONS, Health.WARNING, f"{owner} has suspended it", advice)
    known = {*asked.necessary, *asked.further}
    necessary = [each for each in installation.lacks.necessary if each not in known]
    further = [each for each in installation.lacks.further if each not in known]
    if necessary or further:
        health = Health.WRONG if necessary else Health.WARNING
        says = f"{owner} has not accepted {', '.join((*necessary, *further))}"
        advice = f"An owner of {owner} accepts it under Settings, GitHub Apps, Review request."
        yield Diagnosis(_INSTALLATIONS, health, says, advice)


def _labels(client: GitHubClient) -> Iterator[Diagnosis]:
    if may_create_labels(client):
        yield Diagnosis("labels", Health.FINE, "the App may create labels that are missing")
        return
    advice = f"Create them by hand, or give the App Issues: write {_SETTINGS}."
    says = "the App may set labels, but create none that a repository lacks"
    yield Diagnosis("labels", Health.WARNING, says, advice)


def _webhook(client: GitHubClient, public_url: str) -> Iterator[Diagnosis]:
    hook = read_hook(client)
    url = hook.url
    expected = f"{public_url.rstrip('/')}{_PATH}" if public_url else ""
    if not url:
        advice = f"Write this service's address, https://YOUR-HOST{_PATH}, {_SETTINGS}, Webhook."
        yield Diagnosis("webhook", Health.WRONG, "the App has no webhook URL", advice)
    elif (expected and url != expected) or urlsplit(url).path != _PATH:
        says = f"GitHub delivers to {url}"
        advice = f"Write {expected or f'https://YOUR-HOST{_PATH}'} {_SETTINGS}, Webhook."
        yield Diagnosis("webhook", Health.WRONG, says, advice)
    elif not hook.sends_json:
        advice = f"Choose application/json as its content type {_SETTINGS}, Webhook."
        yield Diagnosis("webhook", Health.WRONG, "GitHub delivers forms, not JSON", advice)
    else:
        yield Diagnosis("webhook", Health.FINE, f"GitHub delivers to {url}")


def _deliveries(client: GitHubClient) -> Iterator[Diagnosis]:
    log = read_log(client)
    says = f"{log.arrived} arrived in the last three days, {len(log.missed)} did not"
    if not log.missed:
        yield Diagnosis("deliveries", Health.FINE, says)
        return
    last = log.missed[-1]
    says = f"{says}; the last of these was answered {last.status} at {last.at:%Y-%m-%d %H:%M UTC}"
    if last.status == HTTPStatus.UNAUTHORIZED:
        advice = f"Write the same webhook secret here and {_SETTINGS}, Webhook."
    else:
        advice = "Is the webhook's URL reachable? `reviewbot serve` has them sent again, hourly."
    yield Diagnosis("deliveries", Health.WARNING, says, advice)
