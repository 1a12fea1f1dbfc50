"""Tokens of workflows' jobs: what verifies them, and what tries to get past that."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from flask import Flask, Response, redirect

from reviewbot.domain.errors import ForgeUnavailable
from reviewbot.domain.session_refusal import Why
from reviewbot.github.oidc import BadToken, verify_job
from reviewbot.github.oidc_keys import IssuerKeys, fetch_keys
from reviewbot.sandbox.actions_oidc import SandboxIssuer, claims_of
from reviewbot.sandbox.serving import Loopback

if TYPE_CHECKING:
    from collections.abc import Iterator

AUDIENCE = "https://reviews.example.org"
PAYLOAD: dict[str, Any] = {
    "number": 5,
    "repository": {"id": 1001, "full_name": "acme/shop"},
    "pull_request": {"head": {"ref": "topic"}, "base": {"ref": "main"}},
    "sender": {"login": "alice", "id": 7},
}
CLAIMS = claims_of("pull_request", PAYLOAD)


@pytest.fixture
def issuer() -> Iterator[SandboxIssuer]:
    with SandboxIssuer() as issuer:
        yield issuer


@pytest.fixture
def keys(issuer: SandboxIssuer) -> IssuerKeys:
    return IssuerKeys(issuer.url)


def refused(token: str, keys: IssuerKeys) -> Why:
    with pytest.raises(BadToken) as caught:
        verify_job(token, keys, AUDIENCE)
    return caught.value.why


def test_a_jobs_token_says_what_github_vouches_for(issuer: SandboxIssuer, keys: IssuerKeys) -> None:
    job = verify_job(issuer.sign(CLAIMS, AUDIENCE), keys, AUDIENCE)
    assert (job.repository_id, job.repository, job.run) == (1001, "acme/shop", "77.1")
    assert (job.event, job.ref) == ("pull_request", "refs/pull/5/merge")
    assert job.workflow == "acme/shop/.github/workflows/review.yml@refs/pull/5/merge"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"iss": "https://evil.example"}, Why.TOKEN_ISSUER),
        ({"aud": "https://other.example.org"}, Why.TOKEN_AUDIENCE),
        ({"aud": [AUDIENCE, "https://other.example.org"]}, Why.TOKEN_AUDIENCE),
        ({"aud": f"{AUDIENCE}/"}, Why.TOKEN_AUDIENCE),
        ({"exp": 1_700_000_000}, Why.TOKEN_EXPIRED),
        ({"nbf": 4_000_000_000}, Why.TOKEN_EARLY),
        ({"iat": 4_000_000_000}, Why.TOKEN_EARLY),
        ({"exp": None}, Why.TOKEN_INCOMPLETE),
        ({"nbf": None}, Why.TOKEN_INCOMPLETE),
        ({"jti": None}, Why.TOKEN_INCOMPLETE),
        ({"jti": ""}, Why.TOKEN_INCOMPLETE),
        ({"repository_id": None}, Why.TOKEN_INCOMPLETE),
        ({"repository_id": 1001}, Why.TOKEN_INCOMPLETE),
        ({"repository_id": "1001 OR 1"}, Why.TOKEN_INCOMPLETE),
        ({"repository": "acme/shop/../other"}, Why.TOKEN_INCOMPLETE),
        ({"job_workflow_ref": None}, Why.TOKEN_INCOMPLETE),
        ({"event_name": None}, Why.TOKEN_INCOMPLETE),
    ],
)
def test_a_token_that_is_signed_well_must_hold_all_the_same(
    issuer: SandboxIssuer, keys: IssuerKeys, changed: dict[str, Any], why: Why
) -> None:
    assert refused(issuer.sign(CLAIMS, AUDIENCE, **changed), keys) is why


def test_small_differences_of_clocks_are_forgiven(issuer: SandboxIssuer, keys: IssuerKeys) -> None:
    now = int(time.time())
    late: dict[str, Any] = {"exp": now - 10}
    for changed in (late, {"iat": now + 10, "nbf": now + 10}):
        verify_job(issuer.sign(CLAIMS, AUDIENCE, **changed), keys, AUDIENCE)


def test_another_key_does_not_sign(issuer: SandboxIssuer, keys: IssuerKeys) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert refused(issuer.sign(CLAIMS, AUDIENCE, key=other), keys) is Why.TOKEN_SIGNATURE


def signed_by_secret(issuer: SandboxIssuer, secret: bytes) -> str:
    """A token whose HMAC the library would not make, as an attacker makes it."""
    _, body, _ = issuer.sign(CLAIMS, AUDIENCE).split(".")
    head = encoded(json.dumps({"alg": "HS256", "kid": issuer.key_name, "typ": "JWT"}).encode())
    mac = hmac.digest(secret, f"{head}.{body}".encode(), hashlib.sha256)
    return f"{head}.{body}.{encoded(mac)}"


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_no_algorithm_but_rs256_is_taken(issuer: SandboxIssuer, keys: IssuerKeys) -> None:
    public = issuer.key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    curve = ec.generate_private_key(ec.SECP256R1())
    tokens = [
        # The public key as the secret of an HMAC is the oldest confusion of all.
        signed_by_secret(issuer, public),
        issuer.sign(CLAIMS, AUDIENCE, key="", algorithm="none"),
        issuer.sign(CLAIMS, AUDIENCE, algorithm="RS512"),
        issuer.sign(CLAIMS, AUDIENCE, algorithm="PS256"),
        issuer.sign(CLAIMS, AUDIENCE, key=curve, algorithm="ES256"),
    ]
    for token in tokens:
        assert refused(token, keys) in {Why.TOKEN_ALGORITHM, Why.TOKEN_MALFORMED}
    assert issuer.requests == []  # nor is any of them worth a request


def test_claims_changed_after_signing_are_noticed(issuer: SandboxIssuer, keys: IssuerKeys) -> None:
    head, _, signature = issuer.sign(CLAIMS, AUDIENCE).split(".")
    said = jwt.decode(issuer.sign(CLAIMS, AUDIENCE), options={"verify_signature": False})
    forged = encoded(json.dumps(said | {"repository_id": "9"}).encode())
    assert refused(f"{head}.{forged}.{signature}", keys) is Why.TOKEN_SIGNATURE


@pytest.mark.parametrize(
    "token", ["", "a", "a.b", "a.b.c.d", "ä.b.c", "a.b.c\n", "..", "a" * 20_000]
)
def test_what_is_no_token_is_refused_unread(keys: IssuerKeys, token: str) -> None:
    assert refused(token, keys) is Why.TOKEN_MALFORMED


def test_a_token_cannot_bring_its_own_key(issuer: SandboxIssuer, keys: IssuerKeys) -> None:
    own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    headers = {
        "kid": "own",
        "jku": "https://evil.example/jwks",
        "jwk": json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(own.public_key())),
    }
    said = {**CLAIMS, "iss": issuer.url, "aud": AUDIENCE, "exp": 2**33, "nbf": 1, "iat": 1}
    token = jwt.encode({**said, "jti": "12345678"}, own, "RS256", headers)
    assert refused(token, keys) is Why.TOKEN_KEY_UNKNOWN


# --- the issuer's keys -----------------------------------------------------------------------


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_new_key_is_found_and_unknown_ones_ask_once_a_minute(issuer: SandboxIssuer) -> None:
    clock = Clock()
    keys = IssuerKeys(issuer.url, monotonic=clock)
    verify_job(issuer.sign(CLAIMS, AUDIENCE), keys, AUDIENCE)
    issuer.rotate()
    fresh = issuer.sign(CLAIMS, AUDIENCE)
    for _ in range(20):
        assert refused(fresh, keys) is Why.TOKEN_KEY_UNKNOWN
    assert len(issuer.requests) == 1
    clock.now = 61
    verify_job(fresh, keys, AUDIENCE)
    assert len(issuer.requests) == 2


def test_keys_that_are_no_longer_listed_end_within_the_hour(issuer: SandboxIssuer) -> None:
    clock = Clock()
    keys = IssuerKeys(issuer.url, monotonic=clock)
    old = issuer.sign(CLAIMS, AUDIENCE)
    verify_job(old, keys, AUDIENCE)
    issuer.rotate()
    clock.now = 3_601
    assert refused(old, keys) is Why.TOKEN_KEY_UNKNOWN


def test_an_issuer_that_is_away_leaves_known_keys_in_use() -> None:
    clock = Clock()
    with SandboxIssuer() as issuer:
        keys = IssuerKeys(issuer.url, monotonic=clock)
        token = issuer.sign(CLAIMS, AUDIENCE)
        verify_job(token, keys, AUDIENCE)
    clock.now = 3_601
    verify_job(token, keys, AUDIENCE)


def test_without_any_keys_nobody_is_let_in() -> None:
    with SandboxIssuer() as issuer:
        token = issuer.sign(CLAIMS, AUDIENCE)
    keys = IssuerKeys(issuer.url)
    for _ in range(2):
        with pytest.raises(ForgeUnavailable):
            verify_job(token, keys, AUDIENCE)


def served(answer: Any) -> Loopback:  # noqa: ANN401 - whatever Flask takes
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/.well-known/jwks", "jwks", lambda: answer)
    return Loopback(app)


@pytest.mark.parametrize("body", ["", "<html>", "[]", '{"keys": 5}', '{"keys": "x"}', "[" * 5_000])
def test_an_answer_that_is_no_key_set_is_none(body: str) -> None:
    with served(Response(body)) as server, pytest.raises(ForgeUnavailable):
        fetch_keys(server.url)


def test_a_flood_in_place_of_keys_is_cut_off() -> None:
    with served(Response(b" " * 2**20)) as server, pytest.raises(ForgeUnavailable):
        fetch_keys(server.url)


def test_the_issuer_redirects_nobody(issuer: SandboxIssuer) -> None:
    elsewhere = redirect(f"{issuer.url}/.well-known/jwks")
    with served(elsewhere) as server, pytest.raises(ForgeUnavailable):
        fetch_keys(server.url)
    assert issuer.requests == []


def test_keys_of_other_kinds_are_left_out(issuer: SandboxIssuer) -> None:
    good = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(issuer.key.public_key()))
    listed = [
        good | {"kid": "good", "use": "sig"},
        good | {"kid": "for-secrets", "use": "enc"},
        good | {"kid": 5},
        {"kty": "oct", "kid": "secret", "k": "AAAA"},
        {"kty": "RSA", "kid": "broken", "n": "!", "e": "AQAB"},
        "nonsense",
    ]
    with served(Response(json.dumps({"keys": listed}))) as server:
        assert set(fetch_keys(server.url)) == {"good"}
