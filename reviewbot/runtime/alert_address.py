"""Where alerts are posted, as JSON."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import httpx2

if TYPE_CHECKING:
    from collections.abc import Mapping

_log = logging.getLogger(__name__)
_POST_SECONDS = 5.0


def client() -> httpx2.Client:
    """Follows nobody elsewhere, and waits for nobody long."""
    return httpx2.Client(timeout=_POST_SECONDS, follow_redirects=False, trust_env=False)


def posted(line: httpx2.Client, url: str, said: Mapping[str, object]) -> bool:
    """Whether the address took it."""
    try:
        answer = line.post(url, json=said)
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
        _log.warning("alert not told", extra={"kind": type(error).__name__})
        return False
    if not answer.is_success:
        _log.warning("alert not told", extra={"status": answer.status_code})
    return answer.is_success
