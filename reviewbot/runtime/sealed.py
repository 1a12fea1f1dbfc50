"""A ledger that lies sealed between the runs of a workflow.

A workflow's cache can be read by forks and comes back old, foreign or not at all. So the ledger
lies in it encrypted for one pull request, under a key derived from a secret that the job has;
whatever does not open is as if nothing had been there.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from reviewbot.ledger.database import open_database
from reviewbot.ledger.house import adopt_secret
from reviewbot.ledger.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NONCE_BYTES = 12
_NAME, _LEDGER = "ledger.sealed", "ledger.db"
_OWNER_ONLY = 0o600


def derived(secret: str, purpose: str) -> bytes:
    """A key of its own for each purpose."""
    info = f"reviewbot {purpose}".encode()
    return HKDF(hashes.SHA256(), 32, salt=None, info=info).derive(secret.encode())


def seal(state: bytes, secret: str, scope: str) -> bytes:
    """*state*, readable with the same secret for the same *scope* only."""
    nonce = os.urandom(_NONCE_BYTES)
    key = AESGCM(derived(secret, "sealed ledger"))
    return nonce + key.encrypt(nonce, zlib.compress(state), scope.encode())


def unseal(sealed: bytes, secret: str, scope: str) -> bytes | None:
    """What was sealed, or None where the seal is not ours."""
    nonce, text = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        state = AESGCM(derived(secret, "sealed ledger")).decrypt(nonce, text, scope.encode())
    except (InvalidTag, ValueError):
        return None
    return zlib.decompress(state)


@contextmanager
def sealed_ledger(folder: Path, scratch: Path, secret: str, scope: str) -> Iterator[str]:
    """The address of a ledger that is taken out of *folder*, and put back however it ends.

    Its own secret, which marks comments on GitHub, is derived as well: the bot knows its
    comments again when the cache is gone.
    """
    ledger, stored = scratch / _LEDGER, folder / _NAME
    known = unseal(stored.read_bytes(), secret, scope) if stored.is_file() else None
    os.close(os.open(ledger, os.O_RDWR | os.O_CREAT | os.O_EXCL, _OWNER_ONLY))
    ledger.write_bytes(known or b"")
    url = f"sqlite:///{ledger}"
    with closing(open_database(url)) as database:
        migrate(database)
        adopt_secret(database, derived(secret, "comment marks"))
    try:
        yield url
    finally:
        put_back(folder, scratch, secret, scope)


def put_back(folder: Path, scratch: Path, secret: str, scope: str) -> None:
    """Seal the ledger as it is now; somebody may still write to it.

    Best effort: what is not kept is asked again, at its price.
    """
    with suppress(OSError, sqlite3.Error):
        with closing(sqlite3.connect(scratch / _LEDGER)) as connection:
            with suppress(sqlite3.OperationalError):  # somebody does
                connection.execute("VACUUM")  # else what was thrown away would still be carried
            state = connection.serialize()
        folder.mkdir(parents=True, exist_ok=True)
        new = folder / f"{_NAME}.new"
        new.write_bytes(seal(state, secret, scope))
        new.replace(folder / _NAME)
