"""Webhook deliveries: verified over their raw bytes, before anything is parsed."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Iterable

_SIGNATURE = re.compile(r"sha256=[0-9a-f]{64}")
_DELIVERY_ID = re.compile(r"[A-Za-z0-9-]{1,100}")
_EVENT = re.compile(r"[a-z0-9_]{1,64}")


@dataclass(frozen=True, slots=True)
class VerifiedDelivery:
    """The raw body of a signed delivery; only `verify_delivery` makes one."""

    body: bytes


def verify_delivery(
    secrets: Iterable[str], signature: str | None, body: bytes
) -> VerifiedDelivery | None:
    """The proof that ``X-Hub-Signature-256`` fits the raw body under one of the secrets, or None.

    Two secrets hold while one replaces the other. An empty secret fits nothing.
    """
    if not is_signature(signature):
        return None
    given = signature.encode()
    # All are tried, so that the time tells nothing about which one fits.
    fits = [hmac.compare_digest(_signed(secret, body), given) for secret in secrets if secret]
    return VerifiedDelivery(body) if any(fits) else None


def is_signature(text: str | None) -> TypeGuard[str]:
    """Whether *text* has the form of a signature, so that its body is worth receiving."""
    return text is not None and _SIGNATURE.fullmatch(text) is not None


def is_delivery_id(text: str | None) -> TypeGuard[str]:
    """Whether *text* can be a delivery's id: GitHub's are GUIDs."""
    return text is not None and _DELIVERY_ID.fullmatch(text) is not None


def is_event(text: str | None) -> TypeGuard[str]:
    """Whether *text* can be an event's name."""
    return text is not None and _EVENT.fullmatch(text) is not None


def _signed(secret: str, body: bytes) -> bytes:
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}".encode()
