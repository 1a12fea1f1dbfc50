"""The table of answers: journal and cache at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.ledger.clock import Clock
from reviewbot.review.ports import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reviewbot.ledger.database import Database, Session

_KEYS_AT_ONCE = 400
_HOUR = 3_600
_LIVE_SECONDS = 86_400.0  # in which a review that was not closed may be started again
_ROW_BYTES = 400  # of an answer beside its text: its key in the table and in its indexes
# The reviews of every pull request of which a review is under way, or is still to come.
_LIVE = (
    "SELECT mine.id FROM reviews live JOIN reviews mine"
    " ON mine.repository_id = live.repository_id AND mine.number = live.number"
    " WHERE live.state = 'open' AND live.opened_at >= ?"
    " UNION SELECT mine.id FROM desk JOIN reviews mine"
    " ON mine.repository_id = desk.repository_id AND mine.number = desk.number"
    " WHERE desk.wanted > desk.done AND desk.dead = 0"
)


def preferred(
    session: Session, keys: Sequence[str], models: Sequence[str], now: int
) -> Mapping[str, Answer]:
    """The stored answers to *keys*; where several models answered, the preferred one's.

    That they were used is noted, but not more often than hourly: most look-ups write nothing.
    """
    found: dict[str, Answer] = {}
    for begin in range(0, len(keys), _KEYS_AT_ONCE):
        some = keys[begin : begin + _KEYS_AT_ONCE]
        unnoted = False
        for answer, used_at in _answers(session, some, models):
            unnoted |= used_at < now - _HOUR * 1_000
            known = found.get(answer.key)
            if known is None or models.index(answer.model) < models.index(known.model):
                found[answer.key] = answer
        if unnoted:
            _note_use(session, some, now)
    return found


def store(session: Session, answer: Answer, at: int) -> None:
    """Keep an answer; the first one of a model stays."""
    # No database takes a NUL, or half of a surrogate pair; JSON can name both.
    raw = answer.text.replace("\0", "").encode(errors="replace")
    session.change(
        "INSERT INTO answers (key, model, text, cost, tokens, review_id, at, used_at, bytes)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        answer.key,
        answer.model,
        raw.decode(),
        answer.cost,
        answer.tokens,
        answer.review_id,
        at,
        at,
        len(raw) + _ROW_BYTES,
    )


def _answers(
    session: Session, keys: Sequence[str], models: Sequence[str]
) -> list[tuple[Answer, int]]:
    of_keys, of_models = ", ".join("?" * len(keys)), ", ".join("?" * len(models))
    rows = session.rows(
        "SELECT used_at, key, text, model, cost, tokens, review_id FROM answers"  # noqa: S608 - only placeholders
        f" WHERE key IN ({of_keys}) AND model IN ({of_models})",
        *keys,
        *models,
    )
    return [(Answer(*row[1:]), int(row[0])) for row in rows]


def _note_use(session: Session, keys: Sequence[str], now: int) -> None:
    of_keys = ", ".join("?" * len(keys))
    session.change(
        f"UPDATE answers SET used_at = ? WHERE used_at < ? AND key IN ({of_keys})",  # noqa: S608 - only placeholders
        now,
        now,
        *keys,
    )


# --- the limit -------------------------------------------------------------------------------


def shrink(database: Database, most_bytes: int, clock: Clock | None = None) -> int:
    """Remove the answers whose last use is longest ago until the rest fits; returns how many.

    What a review that is under way, or is started again, may look up stays, and so does what
    was used within the hour.
    """
    at = clock or Clock()
    with database.snapshot() as session:
        [(held,)] = session.rows("SELECT COALESCE(SUM(bytes), 0) FROM answers")
    excess, removed = int(held) - most_bytes, 0
    while excess > 0:
        with database.transaction() as session:  # one a handful: nobody waits long
            freed = _remove_oldest(session, excess, at)
        if not freed:
            break
        excess, removed = excess - sum(freed), removed + len(freed)
    return removed


def _remove_oldest(session: Session, excess: int, clock: Clock) -> list[int]:
    """Remove a few; the sizes of what was removed."""
    rows = session.rows(
        "SELECT key, model, bytes FROM answers WHERE used_at < ?"  # noqa: S608 - a constant
        f" AND review_id NOT IN ({_LIVE}) ORDER BY used_at LIMIT ?",
        clock.milliseconds(-_HOUR),
        clock.milliseconds(-_LIVE_SECONDS),
        _KEYS_AT_ONCE,
    )
    freed: list[int] = []
    for key, model, size in rows:
        if sum(freed) >= excess:
            break
        session.change("DELETE FROM answers WHERE key = ? AND model = ?", key, model)
        freed.append(int(size))
    return freed
