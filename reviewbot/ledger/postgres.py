"""The ledger on PostgreSQL, for any number of machines."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from reviewbot.domain.errors import LedgerError, SettingsError

try:
    import psycopg
    from psycopg_pool import ConnectionPool, PoolTimeout
except ImportError as error:  # pragma: no cover - the tests install the extra
    message = "PostgreSQL needs packages that are not installed"
    raise SettingsError(message, "Run: pip install 'reviewbot[postgres]'") from error

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import LiteralString

    from reviewbot.ledger.database import Session

_MOST_CONNECTIONS = 16
_WAIT_SECONDS = 10.0


class _PostgresSession:
    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, *values: object) -> Sequence[tuple[Any, ...]]:
        return self._connection.execute(_translated(sql), values).fetchall()

    def change(self, sql: str, *values: object) -> int:
        return self._connection.execute(_translated(sql), values).rowcount

    def exclusively(self, purpose: int) -> None:
        self._connection.execute("SELECT pg_advisory_xact_lock(%s)", (purpose,))

    def raw(self) -> psycopg.Connection:
        return self._connection


class PostgresDatabase:
    """A pool of connections; READ COMMITTED, with rows locked by their own updates."""

    is_shared = True
    dialect = "postgresql"

    def __init__(self, url: str) -> None:
        self.url = _without_password(url)
        try:
            # Tried alone first: the pool would retry for long, and say less.
            psycopg.connect(url, connect_timeout=int(_WAIT_SECONDS)).close()
            self._pool = ConnectionPool(
                url,
                min_size=1,
                max_size=_MOST_CONNECTIONS,
                timeout=_WAIT_SECONDS,
                # After a restart of the server no delivery is lost to a dead connection.
                check=ConnectionPool.check_connection,
                open=True,
            )
        except psycopg.Error as error:
            raise self._unusable(error) from error

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """See Database."""
        try:
            with self._pool.connection() as connection:
                yield _PostgresSession(connection)
        except (psycopg.Error, PoolTimeout) as error:
            raise self._unusable(error) from error

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """See Database."""
        with self.transaction() as session:
            session.change("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield session

    def script(self, session: Session, sql: str) -> None:
        """See Database."""
        session.raw().execute(sql)

    def backup(self, to: Path) -> None:
        """See Database; PostgreSQL has its own tools, which do it better."""
        message = f"{self.url} is no file that could be copied to {to}"
        raise LedgerError(message, "Use pg_dump; docs/operations.md says how.")

    def close(self) -> None:
        """See Database."""
        self._pool.close()

    def _unusable(self, error: Exception) -> LedgerError:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        message = f"the database {self.url} cannot be used: {first}"
        return LedgerError(message, "Check database.url and that PostgreSQL is up.")


def _translated(sql: str) -> LiteralString:
    return sql.replace("?", "%s")


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    user = parts.username or ""
    return urlunsplit((parts.scheme, f"{user}@{host}" if user else host, parts.path, "", ""))
