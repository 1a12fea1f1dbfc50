"""The configuration's section about the companion."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def _checked(text: str) -> str:
    """Sessions, code and keys travel over it; without a slash, as tokens name it to the letter."""
    address = urlsplit(text)
    safe = address.scheme == "https" or (address.scheme == "http" and address.hostname in _LOOPBACK)
    if not safe or not address.hostname or "@" in address.netloc or set(text) & set(" ?#"):
        message = "write an address that begins with https://"
        raise ValueError(message)
    return text.rstrip("/")


SafeAddress = Annotated[str, AfterValidator(_checked)]
Id = Annotated[int, Field(gt=0)]


class Companion(BaseModel):
    """The service as the model endpoint of workflows, without a key in their repositories.

    *url* is where workflows reach it, and the audience that their tokens must name. Nobody is
    served who is not on the lists: a repository's or its installation's id, and a pattern of
    ``job_workflow_ref`` in which ``*`` stands for anything but ``/`` and ``@``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    url: SafeAddress | None = None
    issuer: SafeAddress = "https://token.actions.githubusercontent.com"
    repositories: tuple[Id, ...] = ()
    installations: tuple[Id, ...] = ()
    workflows: tuple[Annotated[str, Field(min_length=1, max_length=512)], ...] = ()
    session_minutes: Annotated[int, Field(ge=1, le=60)] = 20
    calls: Annotated[int, Field(ge=1, le=1_000)] = 32
