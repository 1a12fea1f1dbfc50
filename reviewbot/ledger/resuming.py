"""Puts a pull request on the desk again, as after a raised limit."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from reviewbot.domain.errors import UsageError
from reviewbot.domain.pull_request import PullKey, Wish
from reviewbot.ledger.audit import Decision, note
from reviewbot.ledger.clock import Clock

if TYPE_CHECKING:
    from reviewbot.ledger.database import Database
    from reviewbot.ledger.desk import Desk


def resume(database: Database, desk: Desk, repository: str, number: int, who: str) -> None:
    """Want a pull request anew, whatever its policy skips, and write down who said so.

    What was read of it is known and costs nothing: only the rest is asked. Raises UsageError.
    """
    with database.transaction() as session:
        rows = session.rows(
            "SELECT repository_id, repository, installation_id FROM desk"
            " WHERE LOWER(repository) = ? AND number = ?"
            " ORDER BY wanted_since DESC, repository_id DESC LIMIT 1",
            repository.lower(),
            number,
        )
    if not rows:
        message = f"{repository}#{number} was never on this ledger's desk"
        raise UsageError(message, "Only pull requests that the service knows are resumed.")
    repository_id, name, installation_id = rows[0]
    wish = Wish(PullKey(repository_id, number), name, installation_id, "resumed", full=True)
    decision = Decision(Clock().milliseconds(), who, "resume", f"{name}#{number}", "")
    with database.transaction() as session:
        note(session, decision)
    desk.record(f"resume:{uuid.uuid4().hex}", wish)
