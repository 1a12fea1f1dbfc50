"""The token by which a workflow's job proves where it runs: verified before it is believed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reviewbot.domain.session_refusal import Why

if TYPE_CHECKING:
    from reviewbot.github.oidc_keys import IssuerKeys

LONGEST_TOKEN = 16 * 1024  # characters
_LONGEST_NAME = 200
_LEEWAY = 30  # seconds, for clocks that differ
_ALGORITHM = "RS256"
_REQUIRED = ["iss", "aud", "exp", "nbf", "iat", "jti"]


class BadToken(Exception):
    """A token that does not hold."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class JobIdentity:
    """What GitHub vouches for of one job; made only by ``verify_job``."""

    token_id: str
    ends: int  # seconds since 1970
    repository_id: int
    repository: str  # owner/name
    event: str
    ref: str
    head_ref: str
    base_ref: str
    workflow: str  # path and ref of the file that defines the job
    run: str  # its id and attempt


_Id = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,17}$")]
_Text = Annotated[str, Field(max_length=1024)]


class _Claims(BaseModel):
    """Identities are texts in GitHub's tokens; others than these claims are not looked at."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    jti: Annotated[str, Field(min_length=8, max_length=_LONGEST_NAME)]
    exp: Annotated[int, Field(gt=0, lt=2**40)]
    repository_id: _Id
    repository: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}$")]
    event_name: Annotated[str, Field(max_length=100)]
    ref: _Text
    head_ref: _Text = ""
    base_ref: _Text = ""
    job_workflow_ref: Annotated[str, Field(min_length=1, max_length=1024)]
    run_id: _Id
    run_attempt: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,5}$")]


def verify_job(token: str, keys: IssuerKeys, audience: str) -> JobIdentity:
    """The job that holds *token*; raises BadToken, or ForgeUnavailable without any keys.

    Signed with RS256 by a key of the issuer, for *audience* alone, and in its time.
    """
    import jwt

    key = keys.key(_key_name(token))
    if key is None:
        raise BadToken(Why.TOKEN_KEY_UNKNOWN)
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            audience=audience,
            issuer=keys.issuer,
            leeway=_LEEWAY,
            options={"require": _REQUIRED, "strict_aud": True},
        )
    except jwt.PyJWTError as error:
        raise BadToken(_why(error)) from None
    return _identity(claims)


def _key_name(token: str) -> str:
    """The key that a token names, which proves nothing yet."""
    import jwt

    if len(token) > LONGEST_TOKEN or not re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", token, re.ASCII):
        raise BadToken(Why.TOKEN_MALFORMED)
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise BadToken(Why.TOKEN_MALFORMED) from None
    if header.get("alg") != _ALGORITHM or "crit" in header:
        raise BadToken(Why.TOKEN_ALGORITHM)
    name = header.get("kid")
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME:
        raise BadToken(Why.TOKEN_MALFORMED)
    return name


def _why(error: Exception) -> Why:
    import jwt

    known = {
        jwt.ExpiredSignatureError: Why.TOKEN_EXPIRED,
        jwt.ImmatureSignatureError: Why.TOKEN_EARLY,
        jwt.InvalidAudienceError: Why.TOKEN_AUDIENCE,
        jwt.InvalidIssuerError: Why.TOKEN_ISSUER,
        jwt.MissingRequiredClaimError: Why.TOKEN_INCOMPLETE,
        jwt.InvalidSignatureError: Why.TOKEN_SIGNATURE,
    }
    return known.get(type(error), Why.TOKEN_MALFORMED)


def _identity(raw: dict[str, Any]) -> JobIdentity:
    try:
        claims = _Claims.model_validate(raw)
    except ValidationError:
        raise BadToken(Why.TOKEN_INCOMPLETE) from None
    return JobIdentity(
        token_id=claims.jti,
        ends=claims.exp + _LEEWAY,
        repository_id=int(claims.repository_id),
        repository=claims.repository,
        event=claims.event_name,
        ref=claims.ref,
        head_ref=claims.head_ref,
        base_ref=claims.base_ref,
        workflow=claims.job_workflow_ref,
        run=f"{claims.run_id}.{claims.run_attempt}",
    )
