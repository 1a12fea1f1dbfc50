"""GitHub's issuer of workflow tokens on loopback, and the runner's side of it.

A job gets tokens only with its own credential, and only with the claims of its event: nobody
talks the issuer into another repository or pull request. Keys can be changed, and tokens
forged, as attackers would.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask, Response, jsonify, request

from reviewbot.sandbox.serving import Loopback, Served

if TYPE_CHECKING:
    from collections.abc import Mapping

JsonObject = dict[str, Any]
WORKFLOW = ".github/workflows/review.yml"
_LIFE = 300  # seconds


class SandboxIssuer(Served):
    """An issuer at ``url``, alive inside a ``with``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[str, JsonObject] = {}
        self.requests: list[str] = []  # paths
        self.audiences: list[str] = []  # of the tokens that jobs got
        self.rotate()
        self._server = Loopback(self._application())
        self.url = self._server.url

    def rotate(self) -> None:
        """Sign with a new key from now on."""
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.key_name = secrets.token_hex(8)

    def job(self, event: str, payload: Mapping[str, Any], **claims: str) -> dict[str, str]:
        """The variables of a job with ``id-token: write`` that runs for a pull request's event."""
        credential = secrets.token_urlsafe(24)
        with self._lock:
            self._jobs[credential] = claims_of(event, payload) | claims
        return {
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.url}/token?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": credential,
        }

    def sign(
        self,
        claims: Mapping[str, Any],
        audience: str,
        *,
        key: Any = None,  # noqa: ANN401 - of any kind, for forgeries
        algorithm: str = "RS256",
        **changed: Any,
    ) -> str:
        """A token with these claims, valid now unless *changed* says otherwise."""
        now = int(time.time())
        timed = {
            "jti": str(uuid.uuid4()),
            "iss": self.url,
            "aud": audience,
            "iat": now,
            "nbf": now - 300,
            "exp": now + _LIFE,
        }
        said = {name: v for name, v in (timed | dict(claims) | changed).items() if v is not None}
        headers = {"kid": self.key_name}
        return jwt.encode(said, self.key if key is None else key, algorithm, headers)

    def _application(self) -> Flask:
        app = Flask(__name__, static_folder=None)

        @app.before_request
        def note() -> None:
            with self._lock:
                self.requests.append(request.path)

        @app.get("/.well-known/jwks")
        def jwks() -> Response:
            return jsonify({"keys": [self._public_key()]})

        @app.get("/token")
        def token() -> tuple[Response, int]:
            return self._token()

        return app

    def _public_key(self) -> JsonObject:
        public: JsonObject = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.key_name} | {
            name: public[name] for name in ("n", "e")
        }

    def _token(self) -> tuple[Response, int]:
        credential = request.headers.get("Authorization", "").removeprefix("Bearer ")
        audience = request.args.get("audience", "")
        with self._lock:
            claims = self._jobs.get(credential)
            if claims is None or request.args.get("api-version") != "2.0":
                return jsonify({"message": "Unauthorized"}), 401
            self.audiences.append(audience)
        return jsonify({"count": 1, "value": self.sign(claims, audience)}), 200


def claims_of(event: str, payload: Mapping[str, Any], run: str = "77") -> JsonObject:
    """What GitHub says of a job; every identity is a text, and no number is named."""
    repository, pull = payload["repository"], payload["pull_request"]
    name, number = repository["full_name"], payload["number"]
    base = pull["base"]["ref"]
    ref = f"refs/pull/{number}/merge" if event == "pull_request" else f"refs/heads/{base}"
    owner = name.partition("/")[0]
    return {
        "sub": f"repo:{name}:{event}",
        "ref": ref,
        "ref_type": "branch",
        "sha": "c" * 40,
        "repository": name,
        "repository_id": str(repository["id"]),
        "repository_owner": owner,
        "repository_owner_id": "99",
        "repository_visibility": "public",
        "run_id": run,
        "run_number": "1",
        "run_attempt": "1",
        "actor": payload["sender"]["login"],
        "actor_id": str(payload["sender"]["id"]),
        "workflow": "Review",
        "head_ref": pull["head"]["ref"],
        "base_ref": base,
        "event_name": event,
        "workflow_ref": f"{name}/{WORKFLOW}@{ref}",
        "job_workflow_ref": f"{name}/{WORKFLOW}@{ref}",
        "runner_environment": "github-hosted",
    }
