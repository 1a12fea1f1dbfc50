"""The ledger alone, for commands that need nothing else, and who sits at the console."""

from __future__ import annotations

import getpass
import socket
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from reviewbot.entrypoints.cli.options import settings_from

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reviewbot.ledger.database import Database
    from reviewbot.ledger.switch import Switch


@contextmanager
def opened_ledger(config: Path | None) -> Iterator[Database]:
    """The configured ledger, at this version's schema."""
    from reviewbot.ledger.database import open_database
    from reviewbot.ledger.migrate import migrate

    with closing(open_database(settings_from(config).database_url())) as database:
        migrate(database)
        yield database


@contextmanager
def opened_switch(config: Path | None) -> Iterator[Switch]:
    """The switch of the configured ledger."""
    from reviewbot.ledger.switch import Switch

    with opened_ledger(config) as database:
        yield Switch(database)


def actor() -> str:
    """Who sits at the console, for the log."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        name = "somebody"
    return f"{name}@{socket.gethostname()}"
