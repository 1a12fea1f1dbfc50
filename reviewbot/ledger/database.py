"""One database, SQLite or PostgreSQL, behind the same few calls and the same SQL."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from reviewbot.domain.errors import LedgerError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

_BUSY_SECONDS = 30
_OWNER_ONLY = 0o600


class Session(Protocol):
    """One transaction. Placeholders are ``?`` on both databases."""

    def rows(self, sql: str, *values: object) -> Sequence[tuple[Any, ...]]:
        """All rows of a query."""

    def change(self, sql: str, *values: object) -> int:
        """How many rows a statement changed."""

    def exclusively(self, purpose: int) -> None:
        """Let no other transaction pass the same point until this one ends."""

    def raw(self) -> Any:  # noqa: ANN401 - the driver's own connection
        """The driver's connection, for what must happen in the same transaction."""


class Database(Protocol):
    """Where the ledger is kept."""

    url: str  # without a password
    is_shared: bool  # whether many machines may use it
    dialect: str  # whose SQL it speaks, where that differs

    def transaction(self) -> AbstractContextManager[Session]:
        """A transaction that commits at its end, or rolls back on any exception."""

    def snapshot(self) -> AbstractContextManager[Session]:
        """A transaction that only reads: it sees one moment, and no writer waits for it."""

    def script(self, session: Session, sql: str) -> None:
        """Run several statements that take no values."""

    def backup(self, to: Path) -> None:
        """Write a consistent copy while others go on writing; raises LedgerError."""

    def close(self) -> None:
        """Give all connections back."""


def open_database(url: str) -> Database:
    """Open ``sqlite:///PATH`` or ``postgresql://…``; raises SettingsError or LedgerError."""
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite" and rest.startswith("/"):
        return SqliteDatabase(Path(rest[1:]))
    if scheme in {"postgresql", "postgres"}:
        from reviewbot.ledger.postgres import PostgresDatabase  # noqa: PLC0415 - an extra

        return PostgresDatabase(url)
    message = f"database.url begins with {scheme!r}"
    raise SettingsError(message, "Write sqlite:///PATH or postgresql://USER@HOST/NAME.")


class _SqliteSession:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, *values: object) -> Sequence[tuple[Any, ...]]:
        with closing(self._connection.execute(sql, values)) as cursor:
            return cursor.fetchall()

    def change(self, sql: str, *values: object) -> int:
        with closing(self._connection.execute(sql, values)) as cursor:
            return cursor.rowcount

    def exclusively(self, purpose: int) -> None:
        """A writing transaction of SQLite is alone anyway."""

    def raw(self) -> sqlite3.Connection:
        return self._connection


class SqliteDatabase:
    """A file in WAL mode; every transaction takes the writer's place at once."""

    is_shared = False
    dialect = "sqlite"

    def __init__(self, path: Path) -> None:
        self.url = f"sqlite:///{path}"
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        # SQLite lets those who wait for the writer's place poll, and some for very long.
        self._writing = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, _OWNER_ONLY))
            self._give_back(self._connect())
        except (OSError, sqlite3.Error) as error:
            raise _unusable(self.url, error) from error

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """See Database."""
        try:
            connection = self._take()
            try:
                with self._writing:
                    yield from self._within(connection, "BEGIN IMMEDIATE")
            finally:
                self._give_back(connection)
        except sqlite3.Error as error:
            raise _unusable(self.url, error) from error

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """See Database."""
        try:
            connection = self._take()
            try:
                connection.execute("PRAGMA query_only = ON")
                yield from self._within(connection, "BEGIN")
            finally:
                connection.execute("PRAGMA query_only = OFF")
                self._give_back(connection)
        except sqlite3.Error as error:
            raise _unusable(self.url, error) from error

    def _within(self, connection: sqlite3.Connection, begin: str) -> Iterator[Session]:
        try:
            connection.execute(begin)
            yield _SqliteSession(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def script(self, session: Session, sql: str) -> None:
        """See Database; sqlite3's own executescript would commit first."""
        for statement in filter(str.strip, sql.split(";\n")):
            session.change(statement)

    def backup(self, to: Path) -> None:
        """See Database; writers wait only for single pages."""
        try:
            os.close(os.open(to, os.O_RDWR | os.O_CREAT | os.O_EXCL, _OWNER_ONLY))
            with closing(sqlite3.connect(to)) as copy, closing(self._connect()) as source:
                source.backup(copy)
        except FileExistsError as error:
            message = f"{to} is there already"
            raise LedgerError(message, "Name a file that is not.") from error
        except (OSError, sqlite3.Error) as error:
            raise _unusable(str(to), error) from error

    def close(self) -> None:
        """See Database."""
        with self._lock:
            while self._idle:
                self._idle.pop().close()

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return self._connect()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            self._idle.append(connection)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        return connection


def _unusable(url: str, error: Exception) -> LedgerError:
    message = f"the database {url} cannot be used: {str(error).strip().splitlines()[0]}"
    return LedgerError(message, "Check database.url, the file's rights and the free space.")
