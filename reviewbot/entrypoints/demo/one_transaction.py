"""Many steps in one commit: a database inside a transaction of another one."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from reviewbot.ledger.database import Database, Session


class OneTransaction:
    """A ledger inside one transaction that somebody else commits."""

    def __init__(self, database: Database, session: Session) -> None:
        self.url, self.is_shared = database.url, database.is_shared
        self.dialect = database.dialect
        self._database, self._session = database, session

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """See Database; what fails here fails before it changed anything that stays."""
        self._session.change("SAVEPOINT step")
        try:
            yield self._session
        except BaseException:
            self._session.change("ROLLBACK TO SAVEPOINT step")
            raise
        self._session.change("RELEASE SAVEPOINT step")

    def snapshot(self) -> AbstractContextManager[Session]:
        """See Database."""
        return self.transaction()

    def script(self, session: Session, sql: str) -> None:
        """See Database."""
        self._database.script(session, sql)

    def backup(self, to: Path) -> None:
        """See Database."""
        self._database.backup(to)

    def close(self) -> None:
        """See Database."""
